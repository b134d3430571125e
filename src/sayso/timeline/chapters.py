"""Chapters of a recording, where they are heard once it was cut."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sayso.audio import Chapter, Tags
from sayso.audio.tagging import holds_chapters

if TYPE_CHECKING:  # the process that decodes an upload needs none
    from sayso.timeline.timeline import Timeline


def carried(
    tags: Tags, path: Path, timeline: Timeline | None = None, *, speed: float = 1.0
) -> tuple[Tags, str | None]:
    """What a file may say of a recording once that was edited, and what of it was changed.

    Args:
        tags: of the recording.
        path: of the file to be.
        timeline: what is heard of the recording; None for all, as it is.
        speed: how much faster that is played.
    """
    count = len(tags.chapters)
    if not count:
        return tags, None
    several = f"{count} chapter{'s' * (count > 1)}"
    if not holds_chapters(path.suffix.lower().removeprefix(".")):
        return tags.moved([]), f"{path.name}: its {several} were left out; {path.suffix} holds none"
    if timeline is None:
        return tags, None
    moved = tags.moved(list(_played(timeline, speed)))
    left = len(moved.chapters)
    if left == count and all(map(_alike, moved.chapters, tags.chapters)):
        return tags, None
    if not left:
        return (
            moved,
            f"{path.name}: its {several} were left out, since the edit plays another order",
        )
    return moved, f"{path.name}: {left} of its {several} moved with the edit"


def _played(timeline: Timeline, speed: float) -> Iterator[tuple[float, float, float, float]]:
    """As `Tags.moved` takes it."""
    rate, at = timeline.sample_rate, 0
    for clip in timeline.clips:
        if clip.stop > clip.start:
            begins_s = (at + clip.gap) / rate / speed
            yield clip.start / rate, clip.stop / rate, begins_s, clip.speed * speed
        at += clip.length


def _alike(one: Chapter, other: Chapter) -> bool:
    return abs(one.start_s - other.start_s) < 0.01
