"""Keys by name, and how far it is from one to another."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

TONICS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
Way: TypeAlias = Literal["nearest", "up", "down"]
_LETTERS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_KEY = re.compile(
    r"([a-g])\s*-?\s*(#|♯|sharp|b|♭|flat)?\s*-?\s*(m|min|minor|maj|major)?", re.IGNORECASE
)
_RELATIVE = 3


def named(text: str) -> str:
    """A key in our spelling: a tonic, and "major" or "minor" where that is said.

    Raises: ValueError for what is no key.

    >>> named("d minor"), named("F#m"), named("B flat"), named("Db major")
    ('D minor', 'F# minor', 'Bb', 'C# major')
    """
    found = _KEY.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text[:40]!r} is no key; expected one such as D minor, Bb or F# major")
    letter, sign, mode = found.groups()
    shift = 0 if sign is None else 1 if sign.lower() in ("#", "♯", "sharp") else -1
    tonic = TONICS[(_LETTERS[letter.lower()] + shift) % 12]
    if mode is None:
        return tonic
    minor = mode == "m" or mode.lower().startswith("min")
    return f"{tonic} {'minor' if minor else 'major'}"


def semitones(now: str, to: str, way: Way = "nearest") -> int:
    """How far music in the key `now` is moved to be in `to`.

    A transposition keeps the mode: to the other one, it goes to the key with the same notes.

    Args:
        now: with its mode.
        to: with or without one.
        way: up, down, or whichever is nearer; a tritone goes up.

    >>> semitones("A minor", "D minor"), semitones("C major", "G", "up")
    (5, 7)
    >>> semitones("C major", "D minor"), semitones("A minor", "A minor", "up")
    (5, 0)
    """
    from_tonic, _, from_mode = now.partition(" ")
    to_tonic, _, to_mode = to.partition(" ")
    goal = TONICS.index(to_tonic)
    if to_mode and to_mode != from_mode:
        goal += _RELATIVE if to_mode == "minor" else -_RELATIVE
    up = (goal - TONICS.index(from_tonic)) % 12
    if way == "up" or up == 0:
        return up
    return up - 12 if way == "down" or up > 6 else up
