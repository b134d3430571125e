"""auto-editor's timelines: written in version 1, read in versions 1, 2 and 3.

Version 1 is the whole recording in chunks, each with a speed; 99999 (or 0) cuts a chunk out. Times
are frames of the recording's own picture, 1/30 s where it has none; newer files say it themselves.
Version 2 has a list of effects that its clips point to, version 3 tracks of clips.
"""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from sayso.errors import FormatError, RangeError, RequestError
from sayso.timeline.exchange import timecode
from sayso.timeline.exchange.project import Piece, Project, Row, number

if TYPE_CHECKING:
    from sayso.timeline.editlist import EditList

_CUT = 99999
_NOT_HEARD = ("zoom", "hflip", "vflip", "invert", "rotate", "pos", "scale", "opacity", "blur")


def dump(edit: EditList, suffix: str, rate: Fraction) -> str:
    """`edit` as chunks. Raises: RequestError where clips repeat or change places."""
    hz, clips = edit.timeline.sample_rate, edit.timeline.clips
    chunks: list[list[float]] = []
    at = 0
    for place, clip in enumerate(clips, 1):
        start, stop = (round(frames * rate / hz) for frames in (clip.start, clip.stop))
        if start < at:
            raise RequestError(
                f"clip {place} repeats or goes back in the recording, which auto-editor's format "
                "cannot hold; export .otio, .rpp or .txt"
            )
        if start > at:
            chunks.append([at, start, float(_CUT)])
        if stop > start:
            chunks.append([start, stop, clip.speed])
        at = max(stop, at)
    end = round((edit.source_frames or clips[-1].stop) * rate / hz)
    if end > at:
        chunks.append([at, end, float(_CUT)])
    timebase = f"{rate.numerator}/{rate.denominator}"
    document = {
        "version": "1", "source": edit.sources[0], "timebase": timebase, "chunks": chunks
    }  # fmt: skip
    return json.dumps(document, indent=2) + "\n"


def parse(text: str, suffix: str, rate: Fraction | None) -> Project:
    """The edit in a timeline of any version. Raises: FormatError."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"not readable as JSON ({error})") from None
    version = str(document.get("version")) if isinstance(document, dict) else ""
    if version == "1" and isinstance(document.get("chunks"), list):
        return _linear(document, "timebase", document["chunks"], None)
    if version == "2" and isinstance(document.get("clips"), list):
        return _linear(document, "tb", document["clips"], _list(document.get("effects"), "effects"))
    if version == "3" and ("a" in document or "v" in document):
        return _tracks(document)
    raise FormatError(
        'expected auto-editor\'s {"version": "1", "source": ..., "chunks": ...}, or its version 2 '
        "or 3"
    )


def _timebase(document: dict[str, Any], key: str) -> Fraction | None:
    if document.get(key) is None:
        return None
    try:
        return timecode.frame_rate(str(document[key]))
    except RangeError as error:
        raise FormatError(f"{key}: {error}") from None


def _list(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise FormatError(f"{what} is {str(value)[:40]}; expected a list")
    return value


def _linear(
    document: dict[str, Any], key: str, chunks: list[Any], effects: list[Any] | None
) -> Project:
    source = document.get("source")
    media = source if isinstance(source, str) and source else None
    pieces: list[Piece] = []
    notes: list[str] = []
    now = Fraction(0)
    for at, chunk in enumerate(chunks, 1):
        if not isinstance(chunk, list) or len(chunk) != 3:
            raise FormatError(f"chunk {at} is {str(chunk)[:60]}; expected [start, end, speed]")
        start, stop, last = (number(value, f"chunk {at}: a value") for value in chunk)
        speed = last if effects is None else _speed(_effects_of(effects, last, at), notes)
        if speed <= 0 or speed >= _CUT:
            continue
        if stop <= start:
            raise FormatError(f"chunk {at} ends before it starts")
        length = (stop - start) / speed
        held = pieces[-1] if pieces else None
        if held and speed == held.speed == 1 and held.start + held.length == start:
            pieces[-1] = replace(held, length=held.length + length)
        else:
            pieces.append(Piece(at=now, length=length, start=start, media=media, speed=speed))
        now += length
    if not pieces:
        raise FormatError("keeps nothing; expected at least one chunk with the speed 1")
    return Project(
        rows=(Row(name="chunks", pieces=tuple(pieces)),),
        rate=_timebase(document, key),
        notes=tuple(dict.fromkeys(notes)),
    )


def _effects_of(effects: list[Any], index: Fraction, at: int) -> Any:
    if not 0 <= index < len(effects) or index.denominator != 1:
        raise FormatError(f"clip {at} has the effect {index}; there are {len(effects)}")
    return effects[int(index)]


def _speed(effects: Any, notes: list[str]) -> Fraction:
    """How fast a list of effects plays; 0 for a cut. What is left out is noted."""
    speed = Fraction(1)
    for effect in effects if isinstance(effects, list) else [effects]:
        kind, _, value = str(effect).partition(":")
        if kind == "cut":
            return Fraction(0)
        if kind in ("speed", "varispeed"):
            speed *= number(value, "a speed")
        elif kind not in ("nil", "None", *_NOT_HEARD):
            notes.append(f"the effect {kind[:30]!r} is left out")
    return speed


def _tracks(document: dict[str, Any]) -> Project:
    rate = _timebase(document, "timebase")
    if rate is None:
        raise FormatError("says no timebase; expected one such as 30/1")
    notes: list[str] = []
    rows = []
    for key, picture in (("v", True), ("a", False)):
        for at, track in enumerate(_list(document.get(key, []), f"the tracks {key!r}"), 1):
            name = f"{key}{at}"
            pieces = tuple(_clip(clip, name, notes) for clip in _list(track, f"the track {name}"))
            rows.append(Row(name=name, picture=picture, pieces=pieces))
    if document.get("transitions"):
        notes.append("its transitions are left out")
    return Project(rows=tuple(rows), rate=rate, notes=tuple(dict.fromkeys(notes)))


def _clip(clip: Any, track: str, notes: list[str]) -> Piece:
    if not isinstance(clip, dict):
        raise FormatError(f"the track {track} holds {str(clip)[:40]}; expected clips")
    start, length, offset = (
        number(clip.get(key), f"{key!r} of a clip of {track}") for key in ("start", "dur", "offset")
    )
    if length <= 0 or start < 0 or offset < 0:
        raise FormatError(f"a clip of {track} has a negative time, or no length")
    speed = _speed(clip.get("effects") or [], notes) * number(clip.get("speed", 1), "a speed")
    source = clip.get("src")
    if clip.get("stream"):
        notes.append(f"{track} is another sound track of {source}; its first one is taken")
    if number(clip.get("volume", 1), "a volume") != 1:
        notes.append("the volumes of clips are left out")
    return Piece(
        at=start,
        length=length,
        start=offset * speed,  # it counts in pictures that are heard
        media=source if isinstance(source, str) and source else None,
        enabled=0 < speed < _CUT,
        speed=speed,
    )
