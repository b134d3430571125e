"""What a file of another program says, before its recordings are found: rows of pieces in time.

Adapters read a file into a `Project`; `placing` makes an edit of it. All times are exact fractions
of the project's own unit, so that nothing is rounded before the sample rate is known.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, fields, is_dataclass, replace
from fractions import Fraction
from typing import Any

from sayso.errors import FormatError

LONGEST = 10**9
"""No time, rate or factor is larger."""
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d{1,3})?")
_FINEST = 10**12
"""The largest denominator: a picosecond is finer than any sample."""


@dataclass(frozen=True)
class Piece:
    """A stretch of a recording in a row, or a hole in it.

    Attributes:
        at: where it is heard.
        length: how long it is heard.
        start: where it begins in its recording.
        media: the recording as the file names it; None where it names none.
        enabled: False for what is muted or switched off.
        gain_db: louder by this.
        speed: units of the recording in one of the row: negative backwards, 0 a frozen moment.
        fade_in: from silence.
        fade_out: to silence.
        window: where it is part of a section of the recording, that section's start and length.
        loops: whether it begins again where the recording or the window ends.
        timecoded: whether `start` counts as the recording's own time code does.
        join: length of the crossfade with the piece before, where a file of ours says it.
    """

    at: Fraction
    length: Fraction
    start: Fraction
    media: str | None = None
    enabled: bool = True
    gain_db: float = 0.0
    speed: Fraction = Fraction(1)
    fade_in: Fraction = Fraction(0)
    fade_out: Fraction = Fraction(0)
    window: tuple[Fraction, Fraction] | None = None
    loops: bool = False
    timecoded: bool = False
    join: Fraction | None = None

    @property
    def end(self) -> Fraction:
        """Where it is no longer heard."""
        return self.at + self.length

    def within(self, low: Fraction, high: Fraction) -> Piece | None:
        """The part of it that is heard from `low` up to `high`; None for none."""
        at, end = max(self.at, low), min(self.end, high)
        if at >= end:
            return None
        start = self.start + (at - self.at) * self.speed
        return replace(self, at=at, length=end - at, start=start)


@dataclass(frozen=True)
class Row:
    """A track: pieces that are heard one after another. `picture` rows may have no sound."""

    name: str = ""
    picture: bool = False
    enabled: bool = True
    pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True)
class Project:
    """All that was read of a file.

    Attributes:
        rows: its tracks.
        rate: units a second; None counts pictures of the recording itself.
        joins: whether the format tells how pieces are joined; where it does not, they are joined
            by our usual crossfade.
        notes: what a person should know that the adapter left out.
        new: holes in which something was heard that is in no recording: where, and how long.
        crossfade_s, fade_in_s, fade_out_s, tempo: what only a file of our own says.
    """

    rows: tuple[Row, ...]
    rate: Fraction | None = Fraction(1)
    joins: bool = False
    notes: tuple[str, ...] = ()
    new: tuple[tuple[Fraction, Fraction], ...] = ()
    crossfade_s: Fraction | None = None
    fade_in_s: Fraction | None = None
    fade_out_s: Fraction | None = None
    tempo: float = 1.0

    def dumps(self) -> str:
        """As JSON, fractions as text."""
        return json.dumps(_plain(self))

    @classmethod
    def loads(cls, text: str | bytes) -> Project:
        """What `dumps` wrote."""
        document = json.loads(text)
        rows = tuple(
            Row(**row | {"pieces": tuple(Piece(**_exact(piece)) for piece in row["pieces"])})
            for row in document.pop("rows")
        )
        return cls(rows=rows, **_exact(document))


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return {"exact": str(value)} if isinstance(value, Fraction) else value


def _exact(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_exact(one) for one in value)
    if isinstance(value, dict):
        if "exact" in value:
            return Fraction(value["exact"])
        return {key: _exact(one) for key, one in value.items()}
    return value


def number(value: Any, what: str) -> Fraction:
    """A number of a file, exactly; a comma may stand for the point.

    Raises: FormatError for what is none, or not below 1e9.
    """
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = value.strip().replace(",", ".")
    elif isinstance(value, bool) or not isinstance(value, int | float):
        raise FormatError(f"{what} is {str(value)[:40]!r}; expected a number")
    # First as a float: the fraction of 1e999 would have a thousand digits.
    if not math.isfinite(float(value)) or abs(float(value)) >= LONGEST:
        raise FormatError(f"{what} is {str(value)[:40]}; expected a number below 1e9")
    return Fraction(value).limit_denominator(_FINEST)
