"""Audacity labels: what is kept, as labels on the raw recording.

A label's text is the number under which its stretch is heard, so that order and repeats survive;
labels without numbers are heard in the order of their times.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING

from sayso.errors import FormatError
from sayso.timeline.exchange.project import Piece, Project, Row, number

if TYPE_CHECKING:
    from sayso.timeline.editlist import EditList

_NUMBER = re.compile(r"\s*(\d{1,9})\b")


def dump(edit: EditList, suffix: str, rate: Fraction) -> str:
    """`edit` as labels in the order of the raw recording."""
    hz = edit.timeline.sample_rate
    clips = [clip for clip in edit.timeline.clips if clip.frames]
    numbered = sorted(enumerate(clips, 1), key=lambda pair: pair[1].start)
    return "".join(
        f"{clip.start / hz:.6f}\t{clip.stop / hz:.6f}\t{place}\n" for place, clip in numbered
    )


def parse(text: str, suffix: str, rate: Fraction | None) -> Project:
    """The edit in labels, of a recording that they do not name. Raises: FormatError."""
    rows: list[tuple[int | None, Fraction, Fraction]] = []
    for at, line in enumerate(text.splitlines(), 1):
        # A backslash begins the line with the frequencies of a spectral selection.
        if not line.strip() or line.startswith("\\"):
            continue
        fields = line.split("\t")
        try:
            start, stop = (number(field, "a time") for field in fields[:2])
        except (FormatError, ValueError):
            raise FormatError(
                f"line {at} is no label; expected start, end and text with tabs"
            ) from None
        if stop < start:
            raise FormatError(f"the label in line {at} ends before it starts")
        if stop == start:
            continue  # a mark, not a stretch
        name = _NUMBER.match(fields[2]) if len(fields) > 2 else None
        rows.append((int(name.group(1)) if name else None, start, stop))
    if not rows:
        raise FormatError("holds no labels; expected at least one with a start and an end")
    if all(row[0] is not None for row in rows):
        rows.sort(key=lambda row: row[0] or 0)
    else:
        rows.sort(key=lambda row: row[1])
    pieces, now = [], Fraction(0)
    for _, start, stop in rows:
        pieces.append(Piece(at=now, length=stop - start, start=start))
        now += stop - start
    return Project(rows=(Row(name="labels", pieces=tuple(pieces)),))
