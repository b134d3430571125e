"""Moves: everything that can be asked for, as plain data.

Their JSON is that of `sayso ask --plan --json`, of the HTTP API and of a language model's output.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from sayso.desk.cleaning import Cleaning
from sayso.desk.edits import EditStep
from sayso.desk.effect import MIX, Db, Target, Targets
from sayso.desk.effects import AbsoluteEffect, AnyEffect, Duck, Effect, Stretch, require_absolute
from sayso.value import Text, Value, in_words

MOST_AT_ONCE = 32
"""Effects of one adjustment."""
MOST_EFFECTS = 256
"""Effects of one strip."""


def require_fitting(effect: AnyEffect, target: str) -> None:
    """Raises ValueError for an effect that `target` cannot take."""
    if not effect.on_any and target != MIX:
        what = "the tempo" if isinstance(effect, Stretch) else f"{effect.effect}"
        raise ValueError(f'{what} belongs to the whole: {effect.effect} takes the target "mix"')
    if effect.span is not None and not effect.in_part:
        raise ValueError(f"{effect.effect} holds throughout; expected no span")
    if isinstance(effect, Duck) and effect.under == target:
        raise ValueError(f"{target} cannot be ducked under itself; name another sound")


class Extract(Value):
    """Each target as its own track; "no vocals" is everything but the vocals.

    Attributes:
        targets: sounds such as "vocals", or "no vocals", or "mix" for the remix.
    """

    do: Literal["extract"] = "extract"
    targets: Annotated[Targets, Field(min_length=1, max_length=32)]


class Remove(Value):
    """The mix without the targets.

    Attributes:
        targets: the sounds that are muted.
    """

    do: Literal["remove"] = "remove"
    targets: Annotated[Targets, Field(min_length=1, max_length=32)]


class Adjust(Value):
    """Effects on one sound, or on the whole.

    Attributes:
        target: the sound; "mix" is the whole, "rest" what has no strip of its own.
        relative: whether the numbers are added to what is set.
        effects: what is done to it, in order.
    """

    do: Literal["adjust"] = "adjust"
    target: Target
    relative: bool = False
    effects: Annotated[tuple[Effect, ...], Field(min_length=1, max_length=MOST_AT_ONCE)]

    @model_validator(mode="after")
    def _fits(self) -> Adjust:
        for effect in self.effects:
            if not self.relative:
                require_absolute(effect)
            require_fitting(effect, self.target)
        return self


class Set(Value):
    """The controls of one strip as they are to stand, as a hand on the desk leaves them.

    Attributes:
        target: the sound; "mix" is the whole, "rest" what has no strip of its own.
        gain_db: the fader, -60 to 24 dB; None leaves it.
        mute, solo: whether it is so; None leaves it.
        effects: the whole chain, in place of the one before; None leaves it.
    """

    do: Literal["set"] = "set"
    target: Target
    gain_db: Db | None = None
    mute: bool | None = None
    solo: bool | None = None
    effects: Annotated[tuple[AbsoluteEffect, ...], Field(max_length=MOST_EFFECTS)] | None = None

    @model_validator(mode="after")
    def _fits(self) -> Set:
        for effect in self.effects or ():
            require_fitting(effect, self.target)
        return self


class Clean(Value):
    """Speech only: no music, no noise.

    Attributes:
        cleaning: the stages; None keeps those of the desk, or, where it does not clean yet, takes
            the best of our own separators.
        strength: how much of the result is cleaned, 0 to 1, the rest is the recording as it came;
            0 cleans no more. None leaves it as `cleaning` has it.
    """

    do: Literal["clean"] = "clean"
    cleaning: Cleaning | None = None
    strength: Annotated[float, Field(ge=0, le=1)] | None = None


class Edit(Value):
    """Cuts, loops and moves in time.

    Attributes:
        steps: what is done, in this order, each on the result of the one before.
    """

    do: Literal["edit"] = "edit"
    steps: Annotated[tuple[EditStep, ...], Field(min_length=1, max_length=256)]


class Undo(Value):
    """Takes the last turn back."""

    do: Literal["undo"] = "undo"


class Reset(Value):
    """Puts back as it was at first.

    Attributes:
        target: the sound; None puts back everything.
    """

    do: Literal["reset"] = "reset"
    target: Target | None = None


class Reply(Value):
    """An answer instead of a change, naming what can be done.

    Attributes:
        reason: why nothing changes.
        text: what is said.
        suggestions: requests that can be carried out.
    """

    do: Literal["reply"] = "reply"
    reason: Literal["unsupported", "off_topic", "ambiguous", "help"]
    text: Text
    suggestions: tuple[Text, ...] = ()


Move: TypeAlias = Annotated[
    Extract | Remove | Adjust | Set | Clean | Edit | Undo | Reset | Reply, Field(discriminator="do")
]
_MOVES: TypeAdapter[tuple[Move, ...]] = TypeAdapter(tuple[Move, ...])


def parse_moves(data: Any) -> tuple[Move, ...]:
    """Moves from plain data (a list of dicts).

    Raises: RangeError, MoveError, naming the field.
    """
    try:
        return _MOVES.validate_python(data)
    except ValidationError as error:
        raise in_words(error) from None


def moves_schema() -> dict[str, Any]:
    """The JSON schema of a list of moves."""
    return _MOVES.json_schema()
