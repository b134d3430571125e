"""Moves of one message in the order and the form in which they belong together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from sayso.desk import MIX, NO, Adjust, Edit, Extract, Gain, Loudness, Move, Remove, Stretch
from sayso.errors import MoveError
from sayso.words.hearing import TargetResolver
from sayso.words.wording import joined, spoken


def arranged(moves: Iterable[Move]) -> list[Move]:
    """`moves` with like ones put together, and removals before extractions.

    A removal delivers the mix again, so after it an extraction would be lost.
    """
    found = _gathered(list(moves))
    removals = [move for move in found if isinstance(move, Remove)]
    extracts = [move for move in found if isinstance(move, Extract)]
    if removals and extracts and found.index(extracts[0]) < found.index(removals[0]):
        first, second = found.index(extracts[0]), found.index(removals[0])
        found[first], found[second] = found[second], found[first]
    return found


def _gathered(moves: Sequence[Move]) -> list[Move]:
    """Removals, extractions, edits and adjustments of one target, each put into one move."""
    out: list[Move] = []
    for move in moves:
        at = _partner(out, move)
        together = None if at is None else _together(out[at], move)
        if at is None or together is None:
            out.append(move)
        else:
            out[at] = together
    return out


def _partner(out: Sequence[Move], move: Move) -> int | None:
    """Where the move stands that `move` can join without overtaking another that matters."""
    for at in range(len(out) - 1, -1, -1):
        here = out[at]
        if isinstance(move, Adjust) and isinstance(here, Adjust):
            if here.target == move.target:
                return at if here.relative == move.relative else None
        elif isinstance(move, Remove | Extract) and type(here) is type(move):
            return at
        elif isinstance(move, Edit) and isinstance(here, Edit):
            return at if at == len(out) - 1 else None
        elif isinstance(move, Remove | Extract) and isinstance(here, Remove | Extract | Adjust):
            continue
        else:
            return None
    return None


def _together(first: Move, second: Move) -> Move | None:
    """Both as one move; None where one move cannot hold so much."""
    try:
        return _merged(first, second)
    except MoveError:
        return None


def _merged(first: Move, second: Move) -> Move:
    match first, second:
        case Adjust(), Adjust():
            # What is brought back at another level is brought back once.
            back = tuple(effect for effect in first.effects if effect != Gain(db=0.0))
            effects = (back if _levels(second) else first.effects) + second.effects
            # What is set twice to the same is set once.
            once = effects if first.relative else tuple(dict.fromkeys(effects))
            return first.model_copy(update={"effects": once})
        case (Remove(), Remove()) | (Extract(), Extract()):
            targets = tuple(dict.fromkeys(first.targets + second.targets))  # type: ignore[union-attr]
            return first.model_copy(update={"targets": targets})
        case Edit(), Edit():
            return first.model_copy(update={"steps": first.steps + second.steps})
        case _:
            raise AssertionError(f"{first} and {second} are not alike")


def _levels(move: Adjust) -> bool:
    return any(isinstance(effect, Gain) for effect in move.effects)


def sparing(
    moves: Sequence[Move], spared: Sequence[str], owned: Sequence[str], ear: TargetResolver
) -> tuple[list[Move], list[str]]:
    """`moves` that leave the spared sounds alone, and what had to be given up for it.

    `owned` are those of the spared that have an order of their own.
    """
    names = list(dict.fromkeys(spared))
    if not names:
        return list(moves), []
    kept: list[Move] = []
    lost: list[str] = []
    for move in moves:
        match move:
            case Adjust(target=target) if target in owned:
                kept.append(move)
            case Adjust(target=target) if target in names:
                lost.append(f"I do not change {spoken(target)}, as you asked.")
            case Adjust(target=target) if target == MIX and not _of_the_whole(move):
                rest = ear.find(NO + names[0]) if len(names) == 1 else None
                if rest is not None:
                    kept.append(move.model_copy(update={"target": rest}))
                else:
                    left = joined([spoken(name) for name in names])
                    lost.append(f"I cannot change everything but {left} in one go.")
            case Remove(targets=targets):
                others = tuple(target for target in targets if target not in names)
                if others:
                    kept.append(Remove(targets=others))
            case _:
                kept.append(move)
    return kept, [text for text, _ in groupby(lost)]


def _of_the_whole(move: Adjust) -> bool:
    return any(isinstance(effect, Stretch | Loudness) for effect in move.effects)
