"""OpenTimelineIO, and EDL and Final Cut Pro 7 XML through its adapters.

In `.otio`, times count sample frames, so nothing is rounded; what OTIO has no schema for (gain,
fades) lies in the metadata under "sayso" and is optional when read.
"""

from __future__ import annotations

import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlparse

from sayso.errors import FormatError, RequestError
from sayso.optional import require
from sayso.timeline.editlist import EditList, Insert
from sayso.timeline.exchange.clipping import COARSE_HZ, clip_of, coarse, inner_reach
from sayso.timeline.exchange.files import Find, Media
from sayso.timeline.timeline import CROSSFADE_S, Clip, Timeline

_ADAPTERS = {".otio": "otio_json", ".edl": "cmx_3600", ".xml": "fcp_xml"}
_NEW = "new"
_MOST_EDL_EVENTS = 999


def dump(edit: EditList, suffix: str) -> str:
    """`edit` as text. Raises: MissingExtraError, RequestError."""
    otio = _library()
    if suffix == ".edl" and len(edit.timeline.clips) > _MOST_EDL_EVENTS:
        raise RequestError(
            f"an EDL holds {_MOST_EDL_EVENTS} events; this edit has {len(edit.timeline.clips)}. "
            "Export .otio or .xml"
        )
    timeline = _timeline(otio, edit, exact=suffix == ".otio", edl=suffix == ".edl")
    options = {"rate": COARSE_HZ} if suffix == ".edl" else {}
    text: str = otio.adapters.write_to_string(timeline, _ADAPTERS[suffix], **options)
    if suffix == ".edl":
        # The adapter writes only picture tracks; the column says which track an event is for.
        text = "\n".join(
            f"{line[:14]}{'A':<6}{line[20:]}" if line[:3].isdigit() else line
            for line in text.split("\n")
        )
    return text


def load(text: str, suffix: str, find: Find) -> EditList:
    """The edit in `text`. Raises: FormatError, MissingExtraError."""
    otio = _library()
    try:
        if suffix == ".otio":
            json.loads(text)  # refuses what is nested so deeply that the library would crash
        options = {"rate": COARSE_HZ} if suffix == ".edl" else {}
        timeline = otio.adapters.read_from_string(text, _ADAPTERS[suffix], **options)
    except Exception as error:  # adapters let out whatever their parsers raise
        first = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise FormatError(
            f"damaged, or no {suffix[1:]} file ({first}). Export it again from where it was made"
        ) from None
    if isinstance(timeline, otio.schema.SerializableCollection) and len(timeline):
        timeline = timeline[0]
    if not isinstance(timeline, otio.schema.Timeline):
        raise FormatError(f"holds a {type(timeline).__name__}; expected a timeline")
    try:
        return _edit(otio, timeline, find, exact=suffix == ".otio")
    except (
        TypeError,
        AttributeError,
        ValueError,
        KeyError,
        RuntimeError,
        ArithmeticError,
    ) as error:
        # A timeline may lack any part, and the library does not mind when it reads it.
        raise FormatError(f"damaged: {error}") from None


def _library() -> Any:
    return require("opentimelineio", extra="edit", purpose="reading and writing timelines")


def _timeline(otio: Any, edit: EditList, *, exact: bool, edl: bool) -> Any:
    schema, rate = otio.schema, edit.timeline.sample_rate
    to_time = _times(otio, rate, exact=exact)
    timeline = schema.Timeline(Path(edit.sources[0]).stem)
    timeline.metadata["sayso"] = {
        "speed": edit.speed,
        "sample_rate": rate,
        "crossfade_frames": edit.timeline.crossfade_frames,
        "fade_out_frames": edit.timeline.fade_out_frames,
    }
    for source in edit.sources[:1] if edl else edit.sources:
        kind = schema.TrackKind.Video if edl else schema.TrackKind.Audio
        track = schema.Track(Path(source).stem, kind=kind)
        timeline.tracks.append(track)
        inserts = {insert.before: insert.frames for insert in edit.new}
        at = 0
        for number, clip in enumerate(edit.timeline.clips):
            # Rounding where clips begin and end, not their lengths, keeps later ones in place.
            if number in inserts:
                track.append(_gap(otio, to_time(at, at + inserts[number])))
                at += inserts[number]
            elif number and not edl:
                track.extend(_transition(otio, edit.timeline, number, to_time))
            track.append(_clip(otio, edit, source, number, to_time, at))
            at += clip.frames
        if len(edit.timeline.clips) in inserts:
            track.append(_gap(otio, to_time(at, at + inserts[len(edit.timeline.clips)])))
    return timeline


def _times(otio: Any, rate: int, *, exact: bool) -> Any:
    """A function that makes a duration from two positions."""

    def between(start: int, stop: int) -> Any:
        if exact:
            return otio.opentime.RationalTime(stop - start, rate)
        return otio.opentime.RationalTime(coarse(stop, rate) - coarse(start, rate), COARSE_HZ)

    return between


def _gap(otio: Any, duration: Any) -> Any:
    return otio.schema.Gap(name=_NEW, duration=duration)


def _transition(otio: Any, timeline: Timeline, number: int, to_time: Any) -> list[Any]:
    length = to_time(0, inner_reach(timeline, number - 1))
    if length.value < 1:
        return []
    kind = otio.schema.TransitionTypes.SMPTE_Dissolve
    fade = otio.schema.Transition(transition_type=kind, in_offset=length, out_offset=length)
    return [fade]


def _clip(otio: Any, edit: EditList, source: str, number: int, to_time: Any, at: int) -> Any:
    clip = edit.timeline.clips[number]
    length = to_time(at, at + clip.frames)
    if length.value < 1:
        raise RequestError(
            f"clip {number + 1} is shorter than a frame of this format (1/{COARSE_HZ} s); "
            "export .otio or .rpp"
        )
    reference = otio.schema.ExternalReference(target_url=_url(source))
    if edit.source_frames is not None:
        start = to_time(0, 0)
        reference.available_range = otio.opentime.TimeRange(start, to_time(0, edit.source_frames))
    made = otio.schema.Clip(
        name=f"{Path(source).stem} {number + 1}",
        media_reference=reference,
        source_range=otio.opentime.TimeRange(to_time(0, clip.start), length),
    )
    if clip.gain_db:
        made.metadata["sayso"] = {"gain_db": clip.gain_db}
    return made


def _url(source: str) -> str:
    return f"file://{quote(source)}" if Path(source).is_absolute() else quote(source)


def _path(url: str) -> str:
    parsed = urlparse(url)
    return unquote(parsed.path) if parsed.scheme == "file" else unquote(url)


def _edit(otio: Any, timeline: Any, find: Find, *, exact: bool) -> EditList:
    tracks = [track for track in timeline.tracks if len(list(track.find_clips()))]
    audio = [track for track in tracks if track.kind == otio.schema.TrackKind.Audio]
    tracks = audio or tracks
    if not tracks:
        raise FormatError("holds no clips; expected a track with at least one")
    media, sources = None, []
    for track in tracks:
        found = {_reference(otio, clip) for clip in track.find_clips()}
        if len(found) > 1:
            raise FormatError(
                f"the track {track.name!r} is cut from {len(found)} recordings; expected one"
            )
        here = find(found.pop())
        media = media or here
        sources.append(here.path)
    assert media is not None
    clips, new = _clips(otio, tracks[0], media)
    fields = _fields(timeline)
    scale = media.sample_rate / fields.get("sample_rate", media.sample_rate)
    if "crossfade_frames" in fields:
        crossfade = round(fields["crossfade_frames"] * scale)
    else:
        crossfade = _crossfade(otio, tracks[0], media)
    made = Timeline(
        sample_rate=media.sample_rate,
        clips=clips,
        crossfade_frames=crossfade,
        fade_out_frames=round(fields.get("fade_out_frames", 0) * scale),
    )
    return EditList(
        sources=tuple(sources),
        source_frames=media.frames,
        timeline=made,
        new=new if exact else (),
        speed=fields.get("speed", 1.0),
    )


def _fields(thing: Any) -> dict[str, Any]:
    found = thing.metadata.get("sayso", {})
    return dict(found) if hasattr(found, "keys") else {}


def _reference(otio: Any, clip: Any) -> str | None:
    reference = clip.media_reference
    if isinstance(reference, otio.schema.ExternalReference) and reference.target_url:
        return _path(reference.target_url)
    return None


def _clips(otio: Any, track: Any, media: Media) -> tuple[tuple[Clip, ...], tuple[Insert, ...]]:
    clips: list[Clip] = []
    new: list[Insert] = []
    for item in track:
        if isinstance(item, otio.schema.Gap):
            frames = round(_seconds(item.duration(), "a gap") * media.sample_rate)
            if frames > 0:
                new.append(Insert(before=len(clips), frames=frames))
        elif isinstance(item, otio.schema.Clip):
            span = item.source_range or item.available_range()
            start_s = _seconds(span.start_time, f"clip {len(clips) + 1}")
            length_s = _seconds(span.duration, f"clip {len(clips) + 1}")
            gain_db = _fields(item).get("gain_db", 0.0)
            if not isinstance(gain_db, int | float) or not math.isfinite(gain_db):
                raise FormatError(f"clip {len(clips) + 1}: gain_db {gain_db!r} is no number")
            number = len(clips) + 1
            clips.append(clip_of(number, start_s, start_s + length_s, media, float(gain_db)))
        elif not isinstance(item, otio.schema.Transition):
            raise FormatError(
                f"the track holds a {type(item).__name__}; expected clips, gaps and transitions. "
                "Flatten nested timelines first"
            )
    return tuple(clips), tuple(new)


def _seconds(time: Any, what: str) -> float:
    if time.rate <= 0 or not math.isfinite(time.value):
        raise FormatError(f"{what} has the time {time.value} at the rate {time.rate}")
    return float(time.value / time.rate)


def _crossfade(otio: Any, track: Any, media: Media) -> int:
    """The length of the transitions, which are all alike here; ours where there are none."""
    lengths = [
        _seconds(item.in_offset, "a transition") + _seconds(item.out_offset, "a transition")
        for item in track
        if isinstance(item, otio.schema.Transition)
    ]
    joins = sum(1 for _ in pairwise(track.find_clips()))
    length_s = sorted(lengths)[len(lengths) // 2] if lengths else CROSSFADE_S if joins else 0.0
    return round(min(max(length_s, 0.0), 10.0) * media.sample_rate)
