"""Tracks split into parts: every track at the same places, so that the parts belong together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from sayso.audio import Audio, Tags, read_tags
from sayso.audio.picture import check_video
from sayso.desk import AtMarkers, AtPauses, AtTimes, Desk, Equal, Every, complement_of
from sayso.desk.parting import MOST_PARTS
from sayso.errors import OutputError, RangeError, RequestError
from sayso.outputs import Destination
from sayso.rendering.result import LOUD, Track
from sayso.timeline import Edited, Spans, Timeline
from sayso.timeline.chapters import heard
from sayso.timeline.silence import MARGIN_S

_STEP_S = 0.01
"""How finely pauses are found."""


def check_outputs(desk: Desk, destination: Destination, inputs: Sequence[Path]) -> None:
    """Raises OutputError where parts, or a picture that has to be cut, do not fit a destination."""
    if desk.parts is not None and destination.file is not None:
        raise OutputError(
            f"{destination.file} is one file, and splitting makes several; name a folder with "
            "-o, and their format with --format"
        )
    edited = bool(desk.edits) or desk.tempo != 1.0 or desk.parts is not None
    name = destination.file or f"x.{destination.format}"
    check_video(name, inputs, edited=edited, encode=destination.encode)


def parted(
    desk: Desk,
    tracks: Mapping[str, Track],
    makers: Mapping[str, str],
    source: Audio,
    timeline: Timeline,
    files: Sequence[Path] = (),
) -> tuple[dict[str, Track], dict[str, str]]:
    """Each part by its name, such as "vocals 02", and which model made it.

    Args:
        desk: its `parts` say where.
        tracks: whole.
        makers: which model made which sound.
        source: the recording, for its pauses.
        timeline: what is heard of it, before any tempo.
        files: that it was read from; the first may have chapters.
    Raises: RangeError for times after the end or too many parts; RequestError where there is no
        pause or no chapter to split at.
    """
    lasts_s = timeline.duration_s / desk.tempo
    cuts, titles = _cuts(desk, source, timeline, files, lasts_s)
    if len(cuts) >= MOST_PARTS:
        raise RangeError(f"split: there would be {len(cuts) + 1} parts; expected {MOST_PARTS}")
    edges = [0.0, *cuts, lasts_s]
    digits = max(2, len(str(len(cuts) + 1)))
    found: dict[str, Track] = {}
    made: dict[str, str] = {}
    for name, track in tracks.items():
        sound = complement_of(name) or name
        for number, (start_s, stop_s) in enumerate(pairwise(edges), 1):
            piece = _part(track, start_s, stop_s, last=number == len(edges) - 1)
            title = titles[number - 1] if titles else None
            called = f"{name} {number:0{digits}d}"
            found[called] = replace(piece, title=title)
            if sound in makers:
                made[called] = makers[sound]
    return found, made


def _part(track: Track, start_s: float, stop_s: float, *, last: bool) -> Track:
    audio = track.audio
    start = round(start_s * audio.sample_rate)
    stop = audio.frames if last else round(stop_s * audio.sample_rate)
    piece = audio.slice(start, max(start + 1, stop))
    peak = max(float(abs(block).max()) for block in piece.blocks())
    notes = tuple(note for note in track.notes if note not in ("silent", LOUD))
    said = ("silent",) if peak == 0.0 else (LOUD,) if peak > 1.0 else ()
    return Track(piece, peak, (*said, *notes), (start_s, stop_s))


def _cuts(
    desk: Desk, source: Audio, timeline: Timeline, files: Sequence[Path], lasts_s: float
) -> tuple[list[float], list[str]]:
    """Where to split, in seconds of what is heard, and what the parts are called."""
    match desk.parts:
        case Every(seconds=seconds):
            count = int((lasts_s - 1e-9) // seconds)
            if count >= MOST_PARTS:
                raise RangeError(
                    f"split: every {seconds:g} s would give {count + 1} parts of "
                    f"{lasts_s:.1f} s; expected at most {MOST_PARTS}"
                )
            return [seconds * number for number in range(1, count + 1)], []
        case Equal(count=count):
            if count > timeline.frames:
                raise RangeError(f"split: {lasts_s:.3f} s cannot be split into {count} parts")
            return [lasts_s * number / count for number in range(1, count)], []
        case AtTimes(times_s=times):
            late = next((at for at in times if at >= lasts_s), None)
            if late is not None:
                raise RangeError(f"split: {late:g} s lies after the end; there are {lasts_s:.2f} s")
            return list(times), []
        case AtMarkers():
            tags = read_tags(files[0]) if files else Tags()
            return _at_markers(timeline, tags, desk.tempo, lasts_s)
        case AtPauses(least_s=least_s):
            pauses = _pauses(source, timeline)
            rate = timeline.sample_rate
            cuts = [
                (start + stop) / 2 / rate / desk.tempo
                for start, stop in pauses
                if start > 0
                and stop < timeline.frames
                # A pause is found without the margins that its sounds keep.
                and (stop - start) / rate + 2 * MARGIN_S + _STEP_S >= least_s
            ]
            if not cuts:
                raise RequestError(
                    f"split: there is no pause of {least_s:g} s or more to split at; name a "
                    "shorter one, or times"
                )
            return cuts, []
        case _:
            raise AssertionError("nothing to split at")


def _pauses(source: Audio, timeline: Timeline) -> Spans:
    from sayso.autoedit.content import ContentAnalyser
    from sayso.effects import record

    untouched = len(timeline.clips) == 1 and timeline.frames == source.frames
    if untouched or any(clip.speed != 1.0 for clip in timeline.clips):
        return ContentAnalyser(source).silences()
    return ContentAnalyser(record(Edited(source, timeline))).silences()


def _at_markers(
    timeline: Timeline, tags: Tags, tempo: float, lasts_s: float
) -> tuple[list[float], list[str]]:
    if not tags.chapters:
        raise RequestError("split: the file has no chapters to split at; name times instead")
    moved = heard(tags, timeline, speed=tempo).chapters
    inside = {round(c.start_s, 6): c.title for c in moved if 0.0 < c.start_s < lasts_s}
    first = next((c.title for c in moved if c.start_s <= 0.0), "")
    return list(inside), [first, *inside.values()]
