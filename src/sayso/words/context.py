"""What was said before, as far as it matters: what "it" is, what the rest is, what changed last."""

from __future__ import annotations

from collections.abc import Iterable

from sayso.desk import (
    MIX,
    Adjust,
    Clean,
    Desk,
    Edit,
    Extract,
    History,
    Move,
    Remove,
    Reset,
    Set,
    complement_of,
)


def about(moves: Iterable[Move]) -> list[str]:
    """The targets that a turn was about: what "it" and "them" mean after it.

    What was taken out is gone, so after that "it" is the mix.
    """
    found: list[str] = []
    for move in moves:
        match move:
            case Adjust(target=target) | Set(target=target) | Reset(target=str(target)):
                found.append(target)
            case Extract(targets=targets):
                found.extend(targets)
            case Remove() | Clean() | Edit() | Reset():
                found.append(MIX)
    named = [target for target in dict.fromkeys(found) if target != MIX]
    return named or list(dict.fromkeys(found))


def last_turn(history: History) -> tuple[Move, ...]:
    """The moves of the last turn that still stands."""
    return history.turns[-1] if history.turns else ()


def last_extracted(history: History) -> tuple[str, ...]:
    """The targets of the last extraction, or of the last turn that named any."""
    for turn in reversed(history.turns):
        for move in reversed(turn):
            if isinstance(move, Extract):
                return move.targets
    named = [target for target in about(last_turn(history)) if target != MIX]
    return tuple(named)


def before(history: History) -> History:
    """The history without its last turn."""
    return History(start=history.start, turns=history.turns[:-1])


def rest_of(targets: Iterable[str]) -> list[str]:
    """What is left when `targets` are taken away, as targets; empty if no one target says it.

    >>> rest_of(["vocals"]), rest_of(["vocals", "drums", "other"]), rest_of(["no bass"])
    (['no vocals'], ['other'], ['bass'])
    """
    sounds = list(targets)
    if len(sounds) == 1:
        return [complement_of(sounds[0]) or f"no {sounds[0]}"]
    return ["other"] if "other" in sounds else []


def with_effect(desk: Desk, kind: type) -> list[str]:
    """The targets whose chain holds an effect of `kind`."""
    return [
        name
        for name, strip in desk.strips.items()
        if any(isinstance(effect, kind) for effect in strip.effects)
    ]
