"""An edit as it goes in and out of files: a timeline, and the recordings that it is cut from."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sayso.errors import DataError
from sayso.timeline.timeline import Timeline
from sayso.value import Value


class Insert(Value):
    """Room for `frames` of material that is in no source, before clip number `before`."""

    before: Annotated[int, Field(ge=0)]
    frames: Annotated[int, Field(ge=1)]


class EditList(Value):
    """What is kept of one or several recordings that run side by side.

    Attributes:
        sources: paths of the tracks; all are cut at the same places. The first is what was
            listened to.
        source_frames: length of the recording, where it is known.
        timeline: the clips.
        new: what an aligned edit holds that is not in the sources; rendering leaves it out.
        speed: how much faster than the sources it plays at the same pitch.
    """

    sources: Annotated[tuple[str, ...], Field(min_length=1, max_length=256)]
    source_frames: Annotated[int, Field(ge=1)] | None = None
    timeline: Timeline
    new: tuple[Insert, ...] = ()
    speed: Annotated[float, Field(ge=0.25, le=4.0)] = 1.0


def check_inside(edit: EditList, frames: int, name: str) -> None:
    """Raises DataError where a clip of `edit` lies beyond the `frames` of the file `name`."""
    for number, clip in enumerate(edit.timeline.clips, 1):
        if clip.stop > frames:
            rate = edit.timeline.sample_rate
            raise DataError(
                f"clip {number} ends at {clip.stop / rate:.3f} s, but {name} has only "
                f"{frames / rate:.3f} s. Does the edit belong to this recording?"
            )
