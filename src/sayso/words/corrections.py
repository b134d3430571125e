"""Going back on the last turn in part: another number, another sound, one sound less."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sayso.desk import (
    MIX,
    NO,
    Adjust,
    AnyEffect,
    Desk,
    Gain,
    History,
    Move,
    Remove,
    Reset,
    Strip,
    complement_of,
    move_to,
)
from sayso.desk.effects import ADDITIVE, slot
from sayso.words.actions.changes import Declined
from sayso.words.context import about, before, last_turn
from sayso.words.numbers import Quantity

# Of what is named by a number in the last turn: effect -> field, and the units that fit it.
_FIELDS = {
    "gain": ("db", ("db", "")), "eq": ("gain_db", ("db", "")),
    "pitch": ("semitones", ("semitone", "interval", "")), "reverb": ("amount", ("percent", "")),
    "delay": ("mix", ("percent", "")), "pan": ("position", ("percent", "")),
    "loudness": ("lufs", ("lufs", "db", "")), "limit": ("ceiling_db", ("db", "")),
    "filter": ("cutoff_hz", ("hz", "")), "stretch": ("rate", ("percent", "x", "")),
}  # fmt: skip


def reset_to(history: History, moves: Sequence[Move]) -> tuple[Move, ...]:
    """The last change set to what `moves` would have made of it; empty where it takes more."""
    if [type(move) for move in (*last_turn(history), *moves)] != [Adjust, Adjust]:
        return ()
    was, new = last_turn(history)[0], moves[0]
    assert isinstance(was, Adjust) and isinstance(new, Adjust)
    alike = was.target == new.target and list(map(slot, was.effects)) == list(
        map(slot, new.effects)
    )
    strip = before(history).push((new,)).desk.strip(new.target)
    found = [strip.find(e) if e.effect != "gain" else Gain(db=strip.gain_db) for e in new.effects]
    effects = tuple(effect for effect in found if effect is not None)
    if not alike or len(effects) < len(found) or any(e.effect == "stretch" for e in effects):
        return ()
    return (Adjust(target=new.target, effects=effects),)


def same_with(history: History, moves: Sequence[Move], quantity: Quantity) -> tuple[Move, ...]:
    """`moves`, which repeat the last turn for other sounds, with another number."""
    out: list[Move] = []
    for move in moves:
        if isinstance(move, Adjust):
            strip = history.desk.strip(move.target)
            new = [_effect_with(effect, quantity, strip, False) for effect in move.effects]
            kept = tuple(n or old for n, old in zip(new, move.effects, strict=True))
            move = Adjust(target=move.target, relative=move.relative, effects=kept)
        out.append(move)
    return tuple(out)


def turned_round(done: Sequence[Move]) -> tuple[Move, ...]:
    """What was done, the other way. Raises: Declined where it has no other way."""
    moves: list[Move] = []
    for move in done:
        if isinstance(move, Adjust):
            moves += [Adjust(target=move.target, relative=move.relative, effects=(e,))
                      for e in map(_negative, move.effects) if e is not None]  # fmt: skip
    if not moves:
        raise Declined("ambiguous", "Which way do you mean?", ("undo", "make it louder"))
    return tuple(moves)


def _negative(effect: AnyEffect) -> AnyEffect | None:
    if effect.effect == "stretch":
        return type(effect)(**{**effect.model_dump(), "rate": round(1 / effect.rate, 4)})
    field = ADDITIVE.get(effect.effect)
    if field is None or (effect.effect in {"reverb", "delay"} and getattr(effect, field) > 0):
        return None
    return type(effect)(**{**effect.model_dump(), field: -getattr(effect, field)})


def _effect_with(
    effect: AnyEffect, quantity: Quantity, strip: Strip, relative: bool
) -> AnyEffect | None:
    """The effect as it is set when its number is `quantity`, in the same direction as before."""
    field, units = _FIELDS.get(effect.effect, ("", ()))
    if quantity.unit not in units:
        return None
    old = getattr(effect, field)
    if old is None:
        return None
    value = quantity.value
    if effect.effect in {"reverb", "delay", "pan"} and (quantity.unit or abs(value) > 1):
        value /= 100
    if effect.effect == "stretch":
        if quantity.unit != "x":
            value = 1 + (1 if old >= 1 else -1) * value / 100
        return type(effect)(**{**effect.model_dump(), field: round(value, 4)})
    if old < 0 and not quantity.signed:
        value = -value
    if relative and effect.effect in ADDITIVE:
        current = strip.find(effect)
        base = strip.gain_db if isinstance(effect, Gain) else getattr(current, field, 0.0)
        value += base
    return type(effect)(**{**effect.model_dump(), field: value})


def other_of(sounds: Sequence[str], now: Sequence[str]) -> list[str]:
    """Of the sounds that were named lately, the last one that the last turn was not about."""
    return [name for name in sounds if name not in now][-1:]


def _strips_as(desk: Desk, wanted: dict[str, Strip]) -> list[Move]:
    """The moves that give targets these strips."""
    moves: list[Move] = []
    for target, strip in wanted.items():
        if strip == desk.strip(target):
            continue
        if strip == Strip():
            moves.append(Reset(target=target))
        elif strip.mute and strip.model_copy(update={"mute": False, "gain_db": 0.0}) == Strip():
            moves.append(Remove(targets=(target,)))
        else:
            heard = desk.strip(target)
            moves.append(_adjusting(target, strip, heard) or move_to(desk, target, strip))
    return moves


def _adjusting(target: str, strip: Strip, now: Strip) -> Move | None:
    """The move that sets level and effects, and so makes the target heard; None where it cannot."""
    if strip.mute or strip.solo:
        return None
    levels = now.mute or now.gain_db != strip.gain_db
    level = (Gain(db=strip.gain_db),) if levels else ()
    return Adjust(target=target, effects=(*level, *strip.effects))


def swapped(history: History, sounds: Sequence[str]) -> tuple[Move, ...]:
    """The strips of the two sounds that were named last, exchanged. Raises: Declined."""
    if len(sounds) < 2:
        raise Declined("ambiguous", "Which two sounds should be switched?", ("mute the drums",))
    first, second = sounds[-2:]
    desk = history.desk
    moves = _strips_as(desk, {first: desk.strip(second), second: desk.strip(first)})
    if not moves:
        raise Declined("help", f"The {first} and the {second} are set alike, so nothing changes.")
    return tuple(moves)


def narrowed(history: History, kept: Sequence[str]) -> tuple[Move, ...]:
    """The last turn for `kept` alone: what it did to other sounds is taken back.

    Empty where it was not about any of `kept`, or about nothing else.
    """
    now = about(last_turn(history))
    if not set(kept) <= set(now) or len(now) == len(kept):
        return ()
    start = before(history).desk
    others = {target: start.strip(target) for target in now if target not in kept}
    return tuple(_strips_as(history.desk, others))


def taken_out_of(history: History, names: Sequence[str]) -> tuple[Move, ...]:
    """The last change without these sounds: what it did to them by the way is evened out.

    Raises: Declined where that cannot be.
    """
    moves: list[Move] = []
    for name in names:
        for move in last_turn(history):
            moves += _evened_out(move, name)
    if not moves:
        raise Declined(
            "ambiguous",
            f"The last change was not about {' and '.join(f'the {name}' for name in names)}.",
            ("undo", "what did you change?"),
        )
    return tuple(moves)


def _evened_out(move: Move, name: str) -> Iterator[Move]:
    if not isinstance(move, Adjust) or not move.relative:
        return
    left_out = complement_of(move.target)
    if move.target == name or left_out == name or (left_out is None and move.target != MIX):
        return
    for effect in move.effects:
        if not isinstance(effect, Gain):
            raise Declined(
                "unsupported",
                f"I cannot keep that {effect.effect} off the {name} afterwards; "
                "take it back and name the sounds that should have it.",
                ("undo",),
            )
        yield Adjust(target=name, relative=True, effects=(Gain(db=-effect.db),))


def as_at_first(desk: Desk, target: str) -> list[Move]:
    """The moves after which `target` sounds as at first; none where it does so already.

    What was done to everything but another sound reaches it as well, so its level is evened out.
    """
    moves: list[Move] = [Reset(target=target)] if desk.strip(target) != Strip() else []
    reach = 0.0
    for name, strip in desk.strips.items():
        left_out = complement_of(name)
        if left_out is None or target in (name, left_out) or target.startswith(NO):
            continue
        if strip.effects or strip.mute:
            raise Declined(
                "unsupported",
                f"What is set on everything but the {left_out} reaches the {target} too; "
                f"reset that instead.",
                (f"reset everything but the {left_out}", "start over"),
            )
        reach += strip.gain_db
    if reach:
        moves.append(Adjust(target=target, relative=True, effects=(Gain(db=-reach),)))
    return moves
