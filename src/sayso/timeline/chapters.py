"""Chapters of a recording, where they are heard once it was cut."""

from __future__ import annotations

from pathlib import Path

from sayso.audio import Tags
from sayso.audio.tagging import holds_chapters
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
    played, at = [], 0.0
    for clip in timeline.clips:
        start_s, stop_s = clip.start / timeline.sample_rate, clip.stop / timeline.sample_rate
        played.append((start_s, stop_s, at / speed, speed))
        at += stop_s - start_s
    moved = tags.moved(played)
    left = len(moved.chapters)
    if moved == tags:
        return tags, None
    if not left:
        return (
            moved,
            f"{path.name}: its {several} were left out, since the edit plays another order",
        )
    return moved, f"{path.name}: {left} of its {several} moved with the edit"
