"""The desk: one value that says all that should happen to a sound, and how moves change it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, reduce
from itertools import chain
from typing import Annotated, Any, Self

from pydantic import Field

from sayso.desk.edits import Arrange, EditStep
from sayso.desk.effects import AbsoluteEffect, AnyEffect, Gain, combine, field_range, slot
from sayso.desk.moves import (
    MIX,
    Adjust,
    Clean,
    Edit,
    Extract,
    Move,
    Remove,
    Reply,
    Reset,
    Set,
    Target,
    Undo,
)
from sayso.errors import MoveError
from sayso.value import Value


class Strip(Value):
    """One target's channel strip: fader, mute, solo and a chain of effects in order."""

    gain_db: Annotated[float, Field(ge=-60.0, le=24.0)] = 0.0
    mute: bool = False
    solo: bool = False
    effects: tuple[AbsoluteEffect, ...] = ()

    def find(self, like: AnyEffect) -> AnyEffect | None:
        """The effect in the chain that sits where `like` would sit."""
        return next((effect for effect in self.effects if slot(effect) == slot(like)), None)


class Desk(Value):
    """Everything that was asked for, ready to be rendered.

    `deliver` names the tracks to make: "mix" (the remix), a target, or "no TARGET" for the rest.
    A target without a strip is untouched. The strip "mix" is the master.
    """

    strips: dict[Target, Strip] = Field(default_factory=dict)
    deliver: Annotated[tuple[Target, ...], Field(min_length=1)] = (MIX,)
    clean: bool = False
    edits: tuple[EditStep, ...] = ()
    limiter: bool = True

    def strip(self, target: str) -> Strip:
        """The strip of `target`, a neutral one if nothing was asked of it."""
        return self.strips.get(target, _NEUTRAL)

    def targets(self) -> tuple[str, ...]:
        """Every sound that must be separated to render this desk, in the order of asking."""
        wanted = [
            *self.deliver,
            *(name for name, strip in self.strips.items() if strip != _NEUTRAL),
        ]
        names = (complement_of(name) or name for name in wanted)
        return tuple(dict.fromkeys(name for name in names if name != MIX))


_NEUTRAL = Strip()
NO = "no "


def complement_of(target: str) -> str | None:
    """What a "no TARGET" leaves out, or None for an ordinary target.

    >>> complement_of("no vocals"), complement_of("vocals")
    ('vocals', None)
    """
    return target.removeprefix(NO) if target.startswith(NO) else None


def apply(desk: Desk, move: Move) -> Desk:
    """The desk after a move; the one before stays as it was.

    Relative adjustments stop at the ends of their ranges. Raises: MoveError for `undo`, which
    needs a `History`.
    """
    match move:
        case Extract(targets=targets):
            return desk.model_copy(update={"deliver": tuple(dict.fromkeys(targets))})
        case Remove(targets=targets):
            muted = {t: desk.strip(t).model_copy(update={"mute": True}) for t in targets}
            return desk.model_copy(update={"strips": desk.strips | muted, "deliver": (MIX,)})
        case Adjust(target=target):
            changed = _adjust(desk.strip(target), move)
            strips = {**desk.strips, target: changed}
            return _heard(desk, target).model_copy(update={"strips": strips})
        case Set(target=target):
            given = {name: getattr(move, name) for name in Strip.model_fields}
            controls = {name: value for name, value in given.items() if value is not None}
            strips = {**desk.strips, target: desk.strip(target).model_copy(update=controls)}
            return _heard(desk, target).model_copy(update={"strips": strips})
        case Clean():
            return desk.model_copy(update={"clean": True})
        case Edit(steps=steps):
            edits = desk.edits + steps
            arranged = [at for at, step in enumerate(edits) if isinstance(step, Arrange)]
            # Whatever was done before a new arrangement does not count any more.
            return desk.model_copy(update={"edits": edits[arranged[-1] if arranged else 0 :]})
        case Reset(target=None):
            return Desk(limiter=desk.limiter)
        case Reset(target=target):
            strips = {name: strip for name, strip in desk.strips.items() if name != target}
            return desk.model_copy(update={"strips": strips})
        case Reply():
            return desk
        case Undo():
            raise MoveError("undo takes back a turn of a history; use History.push")


def _heard(desk: Desk, target: str) -> Desk:
    """A change to something that is not among the delivered tracks is heard in the mix."""
    if target == MIX or target in desk.deliver or MIX in desk.deliver:
        return desk
    if any(complement_of(name) not in (None, target) for name in desk.deliver):
        return desk
    return desk.model_copy(update={"deliver": (MIX,)})


def _adjust(strip: Strip, move: Adjust) -> Strip:
    for effect in move.effects:
        if isinstance(effect, Gain):
            low, high = field_range("gain", "db")
            gain_db = effect.db + (strip.gain_db if move.relative else 0.0)
            # Turning something up or down means that it should be heard.
            update = {"gain_db": min(max(gain_db, low), high), "mute": False}
            strip = strip.model_copy(update=update)
            continue
        current = strip.find(effect)
        new = combine(current, effect) if move.relative else effect
        kept = tuple(new if old is current else old for old in strip.effects)
        strip = strip.model_copy(update={"effects": kept if current else (*kept, new)})
    return strip


def move_to(desk: Desk, target: str, strip: Strip) -> Move:
    """The move that makes `strip` the strip of `target`.

    It is an `Adjust` wherever one can say it, so that "a bit more" and "too much" go on from a
    fader as they do from words.
    """
    old = desk.strip(target)
    changed = tuple(effect for effect in strip.effects if effect not in old.effects)
    level = (Gain(db=strip.gain_db),) if strip.gain_db != old.gain_db else ()
    adjust = (*level, *changed)
    if adjust:
        move = Adjust(target=target, effects=adjust)
        if _adjust(old, move) == strip:
            return move
    given = {name: getattr(strip, name) for name in Strip.model_fields}
    return Set(target=target, **{k: v for k, v in given.items() if v != getattr(old, k)})


MOST_TURNS = 500


class History(Value):
    """The turns of a conversation and the desk that they lead to; undo pops a turn.

    A turn is the moves of one utterance. `undone` holds what redo brings back, newest last.
    Only the last `MOST_TURNS` can be taken back: older ones are part of `start`.
    """

    start: Desk = Desk()
    turns: tuple[tuple[Move, ...], ...] = ()
    undone: tuple[tuple[Move, ...], ...] = ()

    @cached_property
    def desk(self) -> Desk:
        """The desk as all turns leave it."""
        return reduce(apply, chain.from_iterable(self.turns), self.start)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """As pydantic's, but the desk is that of the copy."""
        copied = super().model_copy(update=update, deep=deep)
        copied.__dict__.pop("desk", None)
        return copied

    def push(self, moves: tuple[Move, ...]) -> History:
        """The history after one more turn; replies leave it unchanged.

        Raises: MoveError when `undo` finds nothing to take back.
        """
        history, turn = self, list[Move]()
        for move in moves:
            if isinstance(move, Undo):
                history = history._with(tuple(turn)).undo()
                turn = []
            elif not isinstance(move, Reply):
                turn.append(move)
        return history._with(tuple(turn))

    def undo(self) -> History:
        """Without the last turn."""
        if not self.turns:
            raise MoveError("there is nothing to undo: no change has been made yet")
        return History(
            start=self.start, turns=self.turns[:-1], undone=(*self.undone, self.turns[-1])
        )

    def redo(self) -> History:
        """With the turn that was taken back last."""
        if not self.undone:
            raise MoveError("there is nothing to redo")
        return History(
            start=self.start, turns=(*self.turns, self.undone[-1]), undone=self.undone[:-1]
        )

    def _with(self, turn: tuple[Move, ...]) -> History:
        if not turn:
            return self
        turns = (*self.turns, turn)
        old = chain.from_iterable(turns[:-MOST_TURNS])
        return History(start=reduce(apply, old, self.start), turns=turns[-MOST_TURNS:])
