"""Reaper projects, written: a track a recording, an item a clip, overlaps by the crossfade.

Source: the plain-text project format as Reaper itself writes it; `reaper_items` reads it.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from sayso.timeline.exchange.reaper_items import read_project

if TYPE_CHECKING:
    from sayso.timeline.editlist import EditList
    from sayso.timeline.exchange.project import Project

_TYPES = {".wav": "WAVE", ".flac": "FLAC", ".mp3": "MP3", ".ogg": "VORBIS"}
_EQUAL_POWER = 1
"""Reaper's number for a fade of that shape."""


def parse(text: str, suffix: str, rate: Fraction | None) -> Project:
    """The edit in a project. Raises: FormatError."""
    return read_project(text)


def dump(edit: EditList, suffix: str, rate: Fraction) -> str:
    """`edit` as a project."""
    hz = edit.timeline.sample_rate
    lines = ['<REAPER_PROJECT 0.1 "7.0" 0', f"  SAMPLERATE {hz} 0 0"]
    inserts = {insert.before: insert.frames for insert in edit.new}
    for source in edit.sources:
        lines += ["  <TRACK", f"    NAME {_quoted(Path(source).stem)}", "    NCHAN 2"]
        at = 0
        for number, clip in enumerate(edit.timeline.clips):
            at += inserts.get(number, 0) + clip.gap
            if clip.frames:
                lines += _item(edit, source, number, at)
            at += clip.frames
        lines.append("  >")
    return "\n".join([*lines, ">", ""])


def _item(edit: EditList, source: str, number: int, at: int) -> list[str]:
    from sayso.timeline.exchange.joining import inner_reach

    timeline = edit.timeline
    clip, hz = timeline.clips[number], timeline.sample_rate
    inserted = {insert.before for insert in edit.new}
    last = number + 1 == len(timeline.clips)
    before = inner_reach(timeline, number - 1) if number and number not in inserted else 0
    after = 0 if last or number + 1 in inserted else inner_reach(timeline, number)
    in_s = timeline.fade_in_frames / hz if not number else 2 * before / hz
    out_s = timeline.fade_out_frames / hz if last else 2 * after / hz
    return [
        "    <ITEM",
        f"      POSITION {(at - before) / hz:.9f}",
        f"      LENGTH {(before + clip.frames + after) / hz:.9f}",
        f"      FADEIN {_EQUAL_POWER} {in_s:.9f} 0",
        f"      FADEOUT {_EQUAL_POWER} {out_s:.9f} 0",
        f"      NAME {_quoted(f'{Path(source).stem} {number + 1}')}",
        f"      VOLPAN {10 ** (clip.gain_db / 20):.9f} 0 1 -1",
        f"      SOFFS {(clip.start - before * clip.speed) / hz:.9f}",
        f"      PLAYRATE {clip.speed:.12g} 1 0 -1",
        f"      <SOURCE {_TYPES.get(Path(source).suffix.lower(), 'VIDEO')}",
        f"        FILE {_quoted(source)}",
        "      >",
        "    >",
    ]


def _quoted(text: str) -> str:
    """Reaper takes the first kind of quotes that the text does not hold."""
    text = text.replace("\n", " ").replace("\r", " ")
    mark = next((mark for mark in ('"', "'", "`") if mark not in text), "`")
    return f"{mark}{text.replace('`', chr(39)) if mark == '`' else text}{mark}"
