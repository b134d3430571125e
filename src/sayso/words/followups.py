"""Going on from the last turn: again, more, too much, the same for another sound, redo."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sayso.desk import (
    MIX,
    Adjust,
    AnyEffect,
    Compress,
    Desk,
    Extract,
    Gain,
    History,
    Move,
    Remove,
    Stretch,
)
from sayso.desk.effects import ADDITIVE, difference_range, slot
from sayso.words.actions.changes import Declined, Scene
from sayso.words.actions.levels import compress
from sayso.words.amounts import STEPS, STRENGTHS, TAKEN_BACK, step
from sayso.words.context import before, last_turn
from sayso.words.wishes import Aspect

# How many times "still too much" is followed back.
_DEEPEST = 8


def softened(history: History, share: float) -> tuple[Move, ...]:
    """The moves that take back `share` of the last change.

    A change that was itself such a taking back is skipped, so that "still too much" goes on in
    the same direction. Raises: Declined where the last change has no half.
    """
    origin = _origin(history)
    if not origin.turns:
        raise Declined(
            "ambiguous",
            "Too much of what?",
            ("make it quieter", "less reverb"),
            asks="targets",
            template="too much {}",
        )
    moves = tuple(_steps_back(before(origin).desk, history.desk, share))
    if not moves:
        raise Declined(
            "ambiguous",
            "There is no half of the last change; I can take it back as a whole.",
            ("undo",),
        )
    return moves


def _origin(history: History, depth: int = _DEEPEST) -> History:
    """The history up to the change that the last turns took back parts of."""
    if depth == 0 or not all(isinstance(move, Adjust) for move in last_turn(history)):
        return history
    earlier = before(history)
    if not earlier.turns:
        return history
    root = _origin(earlier, depth - 1)
    start = before(root).desk
    backs = (tuple(_steps_back(start, earlier.desk, share)) for share in TAKEN_BACK.values())
    return root if last_turn(history) in backs else history


def _steps_back(start: Desk, now: Desk, share: float) -> Iterator[Move]:
    """Adjusts that go `share` of the way from `now` back to `start`."""
    for target in dict.fromkeys([*now.strips, *start.strips]):
        old, new = start.strip(target), now.strip(target)
        effects: list[AnyEffect] = []
        if new.gain_db != old.gain_db and not new.mute:
            effects.append(Gain(db=_held("gain", (old.gain_db - new.gain_db) * share)))
        for effect in new.effects:
            changed = _moved_back(old.find(effect), effect, share)
            if changed is not None:
                effects.append(changed)
        if effects:
            yield Adjust(target=target, relative=True, effects=tuple(effects))


def _moved_back(old: AnyEffect | None, new: AnyEffect, share: float) -> AnyEffect | None:
    if isinstance(new, Stretch):
        rate = old.rate if isinstance(old, Stretch) else 1.0
        factor = round((rate / new.rate) ** share, 4)
        return Stretch(rate=factor) if factor != 1.0 else None
    if isinstance(new, Compress):
        at = STRENGTHS.index(new.amount)
        same = isinstance(old, Compress) and old.amount == new.amount
        return Compress(amount=STRENGTHS[at - 1]) if at and not same else None
    if new.effect not in STEPS:
        return None
    field = ADDITIVE[new.effect]
    back = _held(new.effect, (getattr(old, field, 0.0) - getattr(new, field)) * share)
    return new.model_copy(update={field: back}) if back else None


def _held(effect: str, difference: float) -> float:
    """The difference as far as one move can take it."""
    low, high = difference_range(effect, ADDITIVE[effect])
    return round(min(max(difference, low), high), 4)


def again(history: History, sign: int, size: str) -> tuple[Move, ...]:
    """One more step of each thing that the last turn changed, on (+1) or back (-1).

    Raises: Declined where there was no such thing.
    """
    start, now = before(history).desk, history.desk
    moves = [
        found
        for move in last_turn(history)
        if isinstance(move, Adjust)
        for effect in move.effects
        for found in _one_more(move.target, effect, start, now, sign, size)
    ]
    if not moves:
        raise Declined(
            "ambiguous",
            "More of what? Name a sound and what should change.",
            ("make the drums louder", "more reverb on the vocals"),
            asks="targets",
            template="more {}" if sign > 0 else "less {}",
        )
    return tuple(moves)


def _one_more(
    target: str, effect: AnyEffect, start: Desk, now: Desk, sign: int, size: str
) -> list[Move]:
    scene = Scene(target, now)
    old, new = start.strip(target), now.strip(target)
    if isinstance(effect, Compress):
        return compress(Aspect("compress", sign=sign, more=True), scene)
    if isinstance(effect, Stretch):
        was, found = old.find(effect), new.find(effect)
        faster = _rate(found) >= _rate(was)
        way = sign if faster else -sign
        return scene.move_by(Stretch(rate=1 + way * step("tempo", size)))
    if effect.effect not in STEPS:
        return []
    field = ADDITIVE[effect.effect]
    if isinstance(effect, Gain):
        difference = new.gain_db - old.gain_db
    else:
        difference = getattr(new.find(effect), field, 0.0) - getattr(old.find(effect), field, 0.0)
    way = sign if (difference or getattr(effect, field)) >= 0 else -sign
    return scene.move_by(effect.model_copy(update={field: way * step(effect.effect, size)}))


def _rate(effect: AnyEffect | None) -> float:
    return effect.rate if isinstance(effect, Stretch) else 1.0


def _without_rivals(moves: Sequence[Move]) -> list[Move]:
    """`moves` without those that the last one would contradict: "vocals down 2, guitar up 1"."""
    last = moves[-1] if moves else None
    if not isinstance(last, Adjust):
        return list(moves)
    slots = {slot(effect) for effect in last.effects}
    return [
        move
        for move in moves
        if not isinstance(move, Adjust)
        or move.effects == last.effects
        or not slots & {slot(effect) for effect in move.effects}
    ]


def same_for(moves: tuple[Move, ...], targets: list[str]) -> tuple[Move, ...]:
    """What the last turn did, done to other targets.

    Raises: Declined where it did nothing that a sound can be put into.
    """
    done: list[Move] = []
    seen: set[object] = set()
    for move in _without_rivals(moves):
        match move:
            case Extract():
                done.append(Extract(targets=tuple(targets)))
            case Remove():
                done.append(Remove(targets=tuple(targets)))
            case Adjust(effects=effects, relative=relative):
                kept = tuple(effect for effect in effects if not isinstance(effect, Stretch))
                # A turn that treated two sounds alike is done once to each new one.
                key = (kept, relative)
                if kept and key not in seen:
                    done += [Adjust(target=t, relative=relative, effects=kept) for t in targets]
                seen.add(key)
            case _:
                pass
    if not done:
        raise Declined(
            "ambiguous",
            "I cannot do the last change to one sound; tell me what to do with it.",
            tuple(f"make the {target} louder" for target in targets[:1] if target != MIX),
        )
    return tuple(done)
