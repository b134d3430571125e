"""What the API takes: the models of the JSON that is sent to it."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sayso.described import describe
from sayso.desk import Desk, Extract, Move, Reset, Set, Strip, Target, move_to
from sayso.desk.effect import Db
from sayso.desk.effects import Effect
from sayso.desk.moves import MOST_EFFECTS
from sayso.value import Text


class Body(BaseModel):
    """What is sent; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=describe)


class Say(Body):
    """Words.

    Attributes:
        text: what should happen, in English.
        render: whether what they lead to is rendered at once.
    """

    text: Annotated[Text, Field(max_length=20_000)]
    render: bool = True


class Do(Body):
    """Moves, applied as one turn.

    Attributes:
        moves: what should happen, as plain data, in order.
        render: whether what they lead to is rendered at once.
    """

    moves: Annotated[list[Move], Field(min_length=1, max_length=256)]
    render: bool = False


class StripPatch(Body):
    """Controls of a strip; those that are left out stay.

    One without any gives the sound a strip, so that it is not part of "rest".

    Attributes:
        gain_db: the fader, -60 to 24 dB.
        mute: whether it is silent.
        solo: whether it, and others with solo, are heard alone.
        effects: the whole chain, in place of the one before.
    """

    gain_db: Db | None = None
    mute: bool | None = None
    solo: bool | None = None
    effects: Annotated[list[Effect], Field(max_length=MOST_EFFECTS)] | None = None


class DeskPatch(Body):
    """Changes by hand, made as one turn.

    Attributes:
        strips: by sound; None puts one back as it was at first.
        deliver: the tracks to make: "mix", a sound, or "no SOUND" for the rest.
        render: whether what they lead to is rendered at once.
    """

    strips: Annotated[dict[Target, StripPatch | None], Field(max_length=64)] = {}
    deliver: Annotated[list[Target], Field(min_length=1, max_length=32)] | None = None
    render: bool = False

    def moves(self, desk: Desk) -> list[Move]:
        """The moves that carry this out on `desk`. Raises: RangeError, MoveError."""
        moves: list[Move] = []
        for target, change in self.strips.items():
            if change is None:
                if target in desk.strips:
                    moves.append(Reset(target=target))
                continue
            old = desk.strip(target)
            given = {name: getattr(change, name) for name in change.model_fields_set}
            strip = Strip(**{**dict(old), **{k: v for k, v in given.items() if v is not None}})
            if strip != old:
                moves.append(move_to(desk, target, strip))
            elif not given and target not in desk.strips:
                moves.append(Set(target=target))
        if self.deliver is not None and tuple(self.deliver) != desk.deliver:
            moves.append(Extract(targets=tuple(self.deliver)))
        return moves


class RenderRequest(Body):
    """What to render: the desk as it stands, another, or untouched stems.

    Another desk is how a player hears what that of the session does not deliver.

    Attributes:
        targets: the sounds, as they are in the recording.
        desk: another desk.
    """

    targets: Annotated[list[Target], Field(min_length=1, max_length=32)] | None = None
    desk: Desk | None = None

    @model_validator(mode="after")
    def _is_one(self) -> RenderRequest:
        if self.targets is not None and self.desk is not None:
            raise ValueError("both targets and a desk arrived; expected one of them, or neither")
        return self

    def wanted(self) -> Desk | None:
        """The desk to render; None for that of the session."""
        if self.targets is None:
            return self.desk
        return Desk(deliver=tuple(dict.fromkeys(self.targets)))


class Rename(Body):
    """What a session is to be called.

    Attributes:
        name: its name; characters that no file name can hold are left out.
    """

    name: Annotated[Text, Field(min_length=1, max_length=200)]
