"""Aligning two files: the edit that makes one of the other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sayso.align.align import Alignment, align
from sayso.audio import Notice, read
from sayso.timeline.editlist import EditList, Insert
from sayso.watch import SILENT, Watch


def align_files(
    raw: str | Path,
    edited: str | Path,
    *,
    tracks: Sequence[str | Path] = (),
    notice: Notice | None = None,
    watch: Watch = SILENT,
) -> tuple[EditList, Alignment]:
    """The edit that makes `edited` of `raw`, and how sure that is.

    Args:
        raw: the whole recording.
        edited: made of it.
        tracks: recordings that run beside `raw`, such as its stems.
        notice: told of damaged files.
        watch: progress and cancelling, polled between steps.

    Raises: as `sayso.align.align.align`.
    """
    recording = read(raw, notice=notice)
    made = read(edited, notice=notice)
    found = align(recording, made, watch=watch)
    speeds = sorted(
        match.speed for match in found.matches for _ in range(match.clip.frames // 1000)
    )
    new = []
    for start, stop in found.new:
        before = sum(match.start < start for match in found.matches)
        frames = round((stop - start) * recording.sample_rate / made.sample_rate)
        new.append(Insert(before=before, frames=max(1, frames)))
    edit = EditList(
        sources=(str(raw), *map(str, tracks)),
        source_frames=recording.frames,
        timeline=found.timeline,
        new=tuple(new),
        speed=speeds[len(speeds) // 2] if speeds else 1.0,
    )
    return edit, found
