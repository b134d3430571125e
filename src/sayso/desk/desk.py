"""The desk: one value that says all that should happen to a sound, and how moves change it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property, reduce
from itertools import chain
from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from sayso.desk.cleaning import SPEECH_ONLY, Cleaning
from sayso.desk.edits import Arrange, EditStep
from sayso.desk.effect import MIX, REST, Target, Targets
from sayso.desk.effects import (
    AbsoluteEffect,
    AnyEffect,
    Duck,
    Gain,
    Stretch,
    combine,
    field_range,
    slot,
)
from sayso.desk.moves import (
    MOST_AT_ONCE,
    MOST_EFFECTS,
    Adjust,
    Clean,
    Edit,
    Extract,
    Move,
    Remove,
    Reply,
    Reset,
    Set,
    Undo,
    require_fitting,
)
from sayso.desk.spans import Moment
from sayso.errors import MoveError
from sayso.value import Value


class Strip(Value):
    """One target's channel strip.

    Attributes:
        gain_db: the fader, -60 to 24 dB.
        mute: whether it is silent.
        solo: whether it, and others with solo, are heard alone.
        effects: what is done to it, in order.
    """

    gain_db: Annotated[float, Field(ge=-60.0, le=24.0)] = 0.0
    mute: bool = False
    solo: bool = False
    effects: tuple[AbsoluteEffect, ...] = ()

    def find(self, like: AnyEffect) -> AnyEffect | None:
        """The effect in the chain that sits where `like` would sit."""
        return next((effect for effect in self.effects if slot(effect) == slot(like)), None)


class Desk(Value):
    """Everything that was asked for, ready to be rendered; no name of a file is in it.

    What earlier versions stored opens: their `clean` was true or false.

    Attributes:
        strips: by target: fader in dB, mute, solo, effects. A target without one is untouched;
            "mix" is the master, "rest" what is left without the sounds that have a strip here.
        deliver: the tracks to make: "mix" (the remix), a target, or "no TARGET" for the rest.
        clean: how the speech is cleaned before all else; None not at all.
        edits: what is done to time after that, each on the result of the one before, in seconds.
        limiter: whether peaks of the mix are kept below full scale.

    Raises: RangeError for a number outside its range, MoveError for what does not fit.
    """

    strips: dict[Target, Strip] = Field(default_factory=dict)
    deliver: Annotated[Targets, Field(min_length=1)] = (MIX,)
    clean: Cleaning | None = None
    edits: tuple[EditStep, ...] = ()
    limiter: bool = True

    @field_validator("clean", mode="before")
    @classmethod
    def _was_yes_or_no(cls, value: Any) -> Any:
        return (SPEECH_ONLY if value else None) if isinstance(value, bool) else value

    @model_validator(mode="after")
    def _effects_fit(self) -> Desk:
        for target, strip in self.strips.items():
            for effect in strip.effects:
                require_fitting(effect, target)
        return self

    def strip(self, target: str) -> Strip:
        """The strip of `target`, a neutral one if nothing was asked of it."""
        return self.strips.get(target, _NEUTRAL)

    def targets(self) -> tuple[str, ...]:
        """Every sound that must be separated to render this desk, in the order of asking."""
        wanted = [*self.deliver]
        for name, strip in self.strips.items():
            if strip != _NEUTRAL:
                wanted.append(name)
            wanted += (effect.under for effect in strip.effects if isinstance(effect, Duck))
        names = [complement_of(name) or name for name in wanted]
        if REST in names:
            names += self.sounds()
        return tuple(dict.fromkeys(name for name in names if name not in (MIX, REST)))

    def sounds(self) -> tuple[str, ...]:
        """The sounds that have a strip: with "rest", they make up the recording."""
        return tuple(
            name for name in self.strips if name not in (MIX, REST) and complement_of(name) is None
        )

    @property
    def tempo(self) -> float:
        """How fast all of it is played; 1 as it was recorded."""
        effects = self.strip(MIX).effects
        return math.prod(effect.rate for effect in effects if isinstance(effect, Stretch))


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
            changed = _adjust(desk.strip(target), move.relative, _anchored(move.effects, desk))
            strips = {**desk.strips, target: changed}
            return _heard(desk, target).model_copy(update={"strips": strips})
        case Set(target=target):
            given = {name: getattr(move, name) for name in Strip.model_fields}
            controls = {name: value for name, value in given.items() if value is not None}
            if move.effects is not None:
                controls["effects"] = _anchored(move.effects, desk)
            strips = {**desk.strips, target: desk.strip(target).model_copy(update=controls)}
            return _heard(desk, target).model_copy(update={"strips": strips})
        case Clean():
            return desk.model_copy(update={"clean": _cleaned(desk, move)})
        case Edit(steps=steps):
            return desk.model_copy(update={"edits": _edited(desk, steps)})
        case Reset(target=None):
            return Desk(limiter=desk.limiter)
        case Reset(target=target):
            strips = {name: strip for name, strip in desk.strips.items() if name != target}
            return desk.model_copy(update={"strips": strips})
        case Reply():
            return desk
        case Undo():
            raise MoveError("undo takes back a turn of a history; use History.push")


def _cleaned(desk: Desk, move: Clean) -> Cleaning | None:
    if move.strength is None:
        return move.cleaning or SPEECH_ONLY
    if move.strength == 0:
        return None
    cleaning = move.cleaning or desk.clean or SPEECH_ONLY
    return cleaning.model_copy(update={"dry": round(1 - move.strength, 4)})


def _heard(desk: Desk, target: str) -> Desk:
    """A change to something that is not among the delivered tracks is heard in the mix."""
    if target == MIX or target in desk.deliver or MIX in desk.deliver:
        return desk
    if any(complement_of(name) not in (None, target) for name in desk.deliver):
        return desk
    return desk.model_copy(update={"deliver": (MIX,)})


def _edited(desk: Desk, steps: tuple[EditStep, ...]) -> tuple[EditStep, ...]:
    """The edits of `desk` and then `steps`.

    What was done before a new arrangement does not count any more, except that spans of effects
    were said about it.
    """
    edits = desk.edits + steps
    arranged = [at for at, step in enumerate(edits) if isinstance(step, Arrange)]
    if not arranged:
        return edits
    effects = (effect for strip in desk.strips.values() for effect in strip.effects)
    said = [effect.span.said for effect in effects if effect.span is not None]
    needed = max((moment.edits for moment in said if moment is not None), default=0)
    return edits[:needed] + edits[max(needed, arranged[-1]) :]


def _anchored(effects: Sequence[AnyEffect], desk: Desk) -> tuple[AnyEffect, ...]:
    """`effects`, their spans marked with how the time of `desk` stands now."""
    now = Moment(edits=len(desk.edits), tempo=desk.tempo)

    def anchored(effect: AnyEffect) -> AnyEffect:
        if effect.span is None or effect.span.said is not None:
            return effect
        return effect.model_copy(update={"span": effect.span.model_copy(update={"said": now})})

    return tuple(map(anchored, effects))


def _adjust(strip: Strip, relative: bool, effects: Sequence[AnyEffect]) -> Strip:
    for effect in effects:
        if isinstance(effect, Gain) and effect.span is None:
            low, high = field_range("gain", "db")
            gain_db = effect.db + (strip.gain_db if relative else 0.0)
            # Turning something up or down means that it should be heard.
            update = {"gain_db": min(max(gain_db, low), high), "mute": False}
            strip = strip.model_copy(update=update)
            continue
        current = strip.find(effect)
        new = combine(current, effect) if relative else effect
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
    if 0 < len(adjust) <= MOST_AT_ONCE and _adjust(old, False, adjust) == strip:
        return Adjust(target=target, effects=adjust)
    given = {name: getattr(strip, name) for name in Strip.model_fields}
    return Set(target=target, **{k: v for k, v in given.items() if v != getattr(old, k)})


MOST_TURNS = 500


def _split(turn: Any) -> Any:
    """The moves of a stored turn, an adjustment with too many effects as several of them."""
    if not isinstance(turn, list):
        return turn
    moves: list[Any] = []
    for move in turn:
        effects = move.get("effects") if isinstance(move, dict) else None
        if not isinstance(effects, list) or move.get("do") != "adjust":
            moves.append(move)
            continue
        for at in range(0, max(1, len(effects)), MOST_AT_ONCE):
            moves.append({**move, "effects": effects[at : at + MOST_AT_ONCE]})
    return moves


class History(Value):
    """The turns of a conversation and the desk that they lead to; undo pops a turn.

    A turn is the moves of one utterance. `undone` holds what redo brings back, newest last.
    Only the last `MOST_TURNS` can be taken back: older ones are part of `start`.
    """

    start: Desk = Desk()
    turns: tuple[tuple[Move, ...], ...] = ()
    undone: tuple[tuple[Move, ...], ...] = ()

    @field_validator("turns", "undone", mode="before")
    @classmethod
    def _was_unbounded(cls, turns: Any) -> Any:
        """Earlier versions stored adjustments of more effects than they could read again."""
        return [_split(turn) for turn in turns] if isinstance(turns, list) else turns

    @cached_property
    def desk(self) -> Desk:
        """The desk as all turns leave it."""
        return reduce(apply, chain.from_iterable(self.turns), self.start)

    def push(self, moves: tuple[Move, ...]) -> History:
        """The history after one more turn, its `moves`; replies leave it unchanged.

        Raises: MoveError when `undo` finds nothing to take back, or a strip would have more
            effects than it can hold.
        """
        history, turn = self, list[Move]()
        for move in moves:
            if isinstance(move, Undo):
                history = history._with(tuple(turn)).undo()
                turn = []
            elif not isinstance(move, Reply):
                turn.append(move)
        history = history._with(tuple(turn))
        for target, strip in history.desk.strips.items():
            if len(strip.effects) > MOST_EFFECTS:
                raise MoveError(
                    f"{target} would have {len(strip.effects)} effects; expected at most "
                    f"{MOST_EFFECTS}. Reset it first"
                )
        return history

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
        made = History(start=reduce(apply, old, self.start), turns=turns[-MOST_TURNS:])
        # Going on from the desk that is known saves applying every turn again.
        made.__dict__["desk"] = reduce(apply, turn, self.desk)
        return made
