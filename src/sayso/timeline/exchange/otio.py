"""OpenTimelineIO, and Final Cut Pro 7 XML through its adapter: writing; `otio_items` reads.

In `.otio`, times count sample frames, so nothing is rounded; what OTIO has no schema for (gain,
fades) lies in the metadata under "sayso" and is optional when read.
"""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sayso.errors import FormatError, RequestError, SaysoError
from sayso.optional import require
from sayso.timeline.exchange.otio_items import NEW, read_timeline

if TYPE_CHECKING:
    from sayso.timeline.editlist import EditList
    from sayso.timeline.exchange.project import Project
    from sayso.timeline.timeline import Timeline

_ADAPTERS = {".otio": "otio_json", ".xml": "fcp_xml"}


def dump(edit: EditList, suffix: str, rate: Fraction) -> str:
    """`edit` as text. Raises: MissingExtraError, RequestError for clips below a frame."""
    otio = _library()
    timeline = _timeline(otio, edit, None if suffix == ".otio" else rate)
    text: str = otio.adapters.write_to_string(timeline, _ADAPTERS[suffix])
    return text


def parse(text: str, suffix: str, rate: Fraction | None) -> Project:
    """The edit in `text`. Raises: FormatError, MissingExtraError."""
    otio = _library()
    try:
        if suffix == ".otio":
            json.loads(text)  # refuses what is nested so deeply that the library would crash
        timeline = otio.adapters.read_from_string(text, _ADAPTERS[suffix])
        return read_timeline(otio, timeline)
    except SaysoError:
        raise
    except Exception as error:
        # Adapters let out whatever their parsers raise, and a timeline may lack any part.
        first = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise FormatError(
            f"damaged, or no {suffix[1:]} file ({first}). Export it again from where it was made"
        ) from None


def _library() -> Any:
    return require("opentimelineio", extra="edit", purpose="reading and writing timelines")


def _timeline(otio: Any, edit: EditList, rate: Fraction | None) -> Any:
    """As the library's timeline, in frames of sound or, with a `rate`, of picture."""
    schema, hz = otio.schema, edit.timeline.sample_rate
    to_time = _times(otio, hz, rate)
    timeline = schema.Timeline(Path(edit.sources[0]).stem)
    timeline.metadata["sayso"] = {
        "speed": edit.speed,
        "sample_rate": hz,
        "crossfade_frames": edit.timeline.crossfade_frames,
        "fade_in_frames": edit.timeline.fade_in_frames,
        "fade_out_frames": edit.timeline.fade_out_frames,
    }
    inserts = {insert.before: insert.frames for insert in edit.new}
    for source in edit.sources:
        track = schema.Track(Path(source).stem, kind=schema.TrackKind.Audio)
        timeline.tracks.append(track)
        at = 0
        for number, clip in enumerate(edit.timeline.clips):
            # Rounding where clips begin and end, not their lengths, keeps later ones in place.
            gaps = [(NEW, inserts.get(number, 0)), ("", clip.gap)]
            for name, frames in gaps:
                if frames:
                    track.append(schema.Gap(name=name, duration=to_time(at, at + frames)))
                    at += frames
            if number and not any(frames for _, frames in gaps):
                track.extend(_transition(otio, edit.timeline, number, to_time))
            if clip.frames:
                track.append(_clip(otio, edit, source, number, to_time, at))
            at += clip.frames
        if rest := inserts.get(len(edit.timeline.clips), 0):
            track.append(schema.Gap(name=NEW, duration=to_time(at, at + rest)))
    return timeline


def _times(otio: Any, hz: int, rate: Fraction | None) -> Any:
    """A function that makes a duration from two positions."""

    def between(start: int, stop: int) -> Any:
        if rate is None:
            return otio.opentime.RationalTime(stop - start, hz)
        return otio.opentime.RationalTime(
            round(stop * rate / hz) - round(start * rate / hz), float(rate)
        )

    return between


def _transition(otio: Any, timeline: Timeline, number: int, to_time: Any) -> list[Any]:
    from sayso.timeline.exchange.joining import inner_reach

    length = to_time(0, inner_reach(timeline, number - 1))
    if length.value < 1:
        return []
    kind = otio.schema.TransitionTypes.SMPTE_Dissolve
    fade = otio.schema.Transition(transition_type=kind, in_offset=length, out_offset=length)
    return [fade]


def _clip(otio: Any, edit: EditList, source: str, number: int, to_time: Any, at: int) -> Any:
    from sayso.timeline.exchange.media import url_of

    clip = edit.timeline.clips[number]
    length = to_time(at, at + clip.frames)
    if length.value < 1:
        raise RequestError(
            f"clip {number + 1} is shorter than a frame of this format (1/{length.rate:g} s); "
            "export .otio or .rpp"
        )
    reference = otio.schema.ExternalReference(target_url=url_of(source))
    if edit.source_frames is not None:
        start = to_time(0, 0)
        reference.available_range = otio.opentime.TimeRange(start, to_time(0, edit.source_frames))
    made = otio.schema.Clip(
        name=f"{Path(source).stem} {number + 1}",
        media_reference=reference,
        source_range=otio.opentime.TimeRange(to_time(0, clip.start), length),
    )
    if clip.speed != 1.0:
        made.effects.append(otio.schema.LinearTimeWarp(time_scalar=clip.speed))
    ours = {} if not clip.gain_db else {"gain_db": clip.gain_db}
    if clip.crossfade_frames is not None:
        ours["crossfade_s"] = clip.crossfade_frames / edit.timeline.sample_rate
    if ours:
        made.metadata["sayso"] = ours
    return made
