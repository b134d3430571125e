"""auto-editor's first timeline format: the whole recording in chunks, each with a speed.

Times are frames of 1/30 s, as auto-editor takes them for sound. A speed of 99999 (or 0) cuts a
chunk out. It knows neither repeats nor another order.
"""

from __future__ import annotations

import json
from typing import Any

from sayso.errors import FormatError, RequestError
from sayso.timeline.editlist import EditList
from sayso.timeline.exchange.clipping import COARSE_HZ, clip_of, coarse, edit_of
from sayso.timeline.exchange.files import Find
from sayso.timeline.timeline import Clip

_CUT = 99999.0


def dump(edit: EditList, suffix: str) -> str:
    """`edit` as chunks. Raises: RequestError where clips repeat or change places."""
    rate, clips = edit.timeline.sample_rate, edit.timeline.clips
    chunks: list[list[float]] = []
    at = 0
    for number, clip in enumerate(clips, 1):
        start, stop = coarse(clip.start, rate), coarse(clip.stop, rate)
        if start < at:
            raise RequestError(
                f"clip {number} repeats or goes back in the recording, which auto-editor's format "
                "cannot hold; export .otio, .rpp or .txt"
            )
        if start > at:
            chunks.append([at, start, _CUT])
        if stop > start:
            chunks.append([start, stop, 1.0])
        at = max(stop, at)
    end = coarse(edit.source_frames or clips[-1].stop, rate)
    if end > at:
        chunks.append([at, end, _CUT])
    document = {"version": "1", "source": edit.sources[0], "chunks": chunks}
    return json.dumps(document, indent=2) + "\n"


def load(text: str, suffix: str, find: Find) -> EditList:
    """The edit in chunks. Raises: FormatError."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"not readable as JSON ({error})") from None
    chunks = document.get("chunks") if isinstance(document, dict) else None
    if not isinstance(chunks, list) or str(document.get("version")) != "1":
        raise FormatError('expected auto-editor\'s {"version": "1", "source": ..., "chunks": ...}')
    source = document.get("source")
    media = find(source if isinstance(source, str) else None)
    clips: list[Clip] = []
    for number, chunk in enumerate(chunks, 1):
        start, stop, speed = _chunk(number, chunk)
        if speed in (0.0, _CUT):
            continue
        if speed != 1.0:
            raise FormatError(f"chunk {number} plays at {speed:g} times its speed; expected 1")
        clip = clip_of(number, start / COARSE_HZ, stop / COARSE_HZ, media)
        if clips and clips[-1].stop == clip.start:
            clip = Clip(start=clips.pop().start, stop=clip.stop)
        clips.append(clip)
    if not clips:
        raise FormatError("keeps nothing; expected at least one chunk with the speed 1")
    return edit_of(clips, media)


def _chunk(number: int, chunk: Any) -> tuple[float, float, float]:
    good = isinstance(chunk, list) and len(chunk) == 3
    if not good or not all(isinstance(v, int | float) and abs(v) < 1e12 for v in chunk):
        raise FormatError(f"chunk {number} is {str(chunk)[:60]}; expected [start, end, speed]")
    return float(chunk[0]), float(chunk[1]), float(chunk[2])
