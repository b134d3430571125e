"""How wide a band of the equaliser is, in words: "with a Q of 4", "a narrow cut", "make it wider".

The words are taken out before the rest is read, and the width goes to the bands that the rest
leads to; where there are none, to the last that was changed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from sayso.desk import Adjust, Eq, History, Move, Reply
from sayso.words.actions import Declined

LOWEST_Q, HIGHEST_Q = 0.1, 10.0
_NARROW, _WIDE = 4.0, 0.4
_STEP = 2.0
_LITTLE_WORDS = r"(?:with|at|using|use|and|give it|set)? ?(?:a|an|the|its)? ?"
_WAY = (
    r"(?P<way>narrower|tighter|sharper|wider|broader|narrow|tight|sharp|surgical|wide|broad|gentle)"
)
_NUMBER = re.compile(
    rf"{_LITTLE_WORDS}\b(?:q|q factor|quality factor)\b ?(?:of|=|to|at|is|:)? ?"
    r"(?P<number>\d+(?:[.,]\d+)?)\b"
)
_NAMED = re.compile(rf"{_LITTLE_WORDS}\b{_WAY} (?:q|bandwidth|bell|eq band)\b")
_BEFORE = re.compile(rf"\b{_WAY} (?=(?:eq )?(?:boost|cut|dip|bump|lift)\b)")
_AFTER = re.compile(r"\b(?P<way>narrowly|tightly|surgically|broadly|widely)\b")
_AGAIN = re.compile(
    r"(?:please )?(?:make|set|have) (?:the|that|this|its) (?:eq|q|eq band|band|bell|boost|cut)\b"
    rf"(?: (?:on|of) (?:the )?[a-z ]+?)? (?:a (?:bit|little) |much )?{_WAY}(?: please)?[.!]?"
)
_GOES_ON = re.compile(r", ?(?:on|to|of|in|for|from)\b")
_NARROWING = ("narrow", "tight", "sharp", "surgical")


class Width(NamedTuple):
    """A width that was said: `q` as a number, or how many times the one that is there."""

    q: float
    relative: bool = False

    def of(self, band: Eq) -> Eq:
        """`band` with this width, held within its range."""
        q = band.q * self.q if self.relative else self.q
        return band.model_copy(update={"q": round(min(max(q, LOWEST_Q), HIGHEST_Q), 2)})


def without_width(text: str) -> tuple[str, Width | None]:
    """An already normalised text without the width of a band, and that width.

    >>> without_width("cut 3 khz by 4 db with a q of 4")
    ('cut 3 khz by 4 db', Width(q=4.0, relative=False))
    >>> without_width("make the eq wider")
    ('', Width(q=0.5, relative=True))
    """
    if (whole := _AGAIN.fullmatch(text.strip())) is not None:
        return "", _width(whole["way"])
    for pattern in (_NUMBER, _NAMED, _BEFORE, _AFTER):
        if (found := pattern.search(text)) is not None:
            rest = _joined(text[: found.start()], text[found.end() :])
            said = found.groupdict()
            number = said.get("number")
            width = Width(float(number.replace(",", "."))) if number else _width(said["way"])
            return rest, width
    return text, None


def with_width(moves: Sequence[Move], width: Width) -> tuple[tuple[Move, ...], str] | None:
    """`moves` with their bands that wide, and what is to be said; None where they have no band."""
    adjusts = [move for move in moves if isinstance(move, Adjust)]
    bands = [e for move in adjusts for e in move.effects if isinstance(e, Eq)]
    if not bands:
        return None
    changed = tuple(
        move.model_copy(
            update={"effects": tuple(width.of(e) if isinstance(e, Eq) else e for e in move.effects)}
        )
        if isinstance(move, Adjust)
        else move
        for move in moves
    )
    told = dict.fromkeys(f"{width.of(band).q:g}" for band in bands)
    return changed, f"The Q of that band is {' and '.join(told)}."


def rewidened(history: History, width: Width) -> tuple[tuple[Move, ...], str]:
    """The bands of the last change that wide. Raises: Declined where there was none."""
    for turn in reversed(history.turns):
        bands = [
            (move.target, width.of(now))
            for move in turn
            if isinstance(move, Adjust)
            for effect in move.effects
            if isinstance(now := history.desk.strip(move.target).find(effect), Eq)
        ]
        if bands:
            told = dict.fromkeys(f"{band.q:g}" for _, band in bands)
            moves = tuple(Adjust(target=target, effects=(band,)) for target, band in bands)
            return moves, f"The Q of that band is {' and '.join(told)} now."
    raise Declined(
        "ambiguous",
        "Which band should be that wide? There is none yet.",
        ("cut 3 kHz by 4 dB with a Q of 4", "boost 100 Hz by 3 dB with a wide Q"),
    )


def out_of_range(width: Width) -> Reply | None:
    """The answer to a Q that no band has."""
    if width.relative or LOWEST_Q <= width.q <= HIGHEST_Q:
        return None
    return Reply(
        reason="unsupported",
        text=f"A Q goes from {LOWEST_Q:g} to {HIGHEST_Q:g}, not to {width.q:g}.",
        suggestions=("cut 3 kHz by 4 dB with a Q of 4",),
    )


def _joined(before: str, after: str) -> str:
    """Both sides of what was taken out, without a comma that only set it off."""
    before, after = before.rstrip(" ,"), after.strip()
    if after.startswith(",") and (not before or _GOES_ON.match(after)):
        after = after[1:]
    return " ".join(f"{before} {after}".split())


def _width(way: str) -> Width:
    narrowing = way.startswith(_NARROWING)
    if way.endswith("er"):
        return Width(_STEP if narrowing else 1 / _STEP, relative=True)
    return Width(_NARROW if narrowing else _WIDE)
