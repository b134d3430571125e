"""Audacity labels: what is kept, as labels on the raw recording.

A label's text is the number under which its stretch is heard, so that order and repeats survive;
labels without numbers are heard in the order of their times.
"""

from __future__ import annotations

import math
import re

from sayso.errors import FormatError
from sayso.timeline.editlist import EditList
from sayso.timeline.exchange.clipping import clip_of, edit_of
from sayso.timeline.exchange.files import Find

_NUMBER = re.compile(r"\s*(\d+)\b")


def dump(edit: EditList, suffix: str) -> str:
    """`edit` as labels in the order of the raw recording."""
    rate = edit.timeline.sample_rate
    numbered = sorted(enumerate(edit.timeline.clips, 1), key=lambda pair: pair[1].start)
    return "".join(
        f"{clip.start / rate:.6f}\t{clip.stop / rate:.6f}\t{number}\n" for number, clip in numbered
    )


def load(text: str, suffix: str, find: Find) -> EditList:
    """The edit in labels, of a recording that they do not name. Raises: FormatError."""
    media = find(None)
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        # A backslash begins the line with the frequencies of a spectral selection.
        if not line.strip() or line.startswith("\\"):
            continue
        fields = line.split("\t")
        try:
            start_s, stop_s = float(fields[0]), float(fields[1])
        except (ValueError, IndexError):
            start_s = stop_s = math.nan
        if not (math.isfinite(start_s) and math.isfinite(stop_s)):
            raise FormatError(f"line {number} is no label; expected start, end and text with tabs")
        if stop_s == start_s:
            continue  # a mark, not a stretch
        name = _NUMBER.match(fields[2]) if len(fields) > 2 else None
        rows.append((int(name.group(1)) if name else None, start_s, stop_s))
    if not rows:
        raise FormatError("holds no labels; expected at least one with a start and an end")
    if all(row[0] is not None for row in rows):
        rows.sort(key=lambda row: row[0] or 0)
    else:
        rows.sort(key=lambda row: row[1])
    clips = [clip_of(at, start, stop, media) for at, (_, start, stop) in enumerate(rows, 1)]
    return edit_of(clips, media)
