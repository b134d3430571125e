"""Reaper projects: a track a recording, an item a clip, items that overlap by the crossfade.

Source: the plain-text project format as Reaper itself writes it. Read are TRACK, ITEM, POSITION,
LENGTH, SOFFS, PLAYRATE, VOLPAN, the last FADEOUT and the FILE of a SOURCE; all else is left alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

from sayso.errors import FormatError
from sayso.timeline.editlist import EditList, Insert
from sayso.timeline.exchange.clipping import clip_of, inner_reach
from sayso.timeline.exchange.files import Find
from sayso.timeline.timeline import Clip, Timeline

_TYPES = {".wav": "WAVE", ".flac": "FLAC", ".mp3": "MP3", ".ogg": "VORBIS"}
_EQUAL_POWER = 1
"""Reaper's number for a fade of that shape."""
_NEAR_S = 0.0005


def dump(edit: EditList, suffix: str) -> str:
    """`edit` as a project."""
    rate = edit.timeline.sample_rate
    lines = ['<REAPER_PROJECT 0.1 "7.0" 0', f"  SAMPLERATE {rate} 0 0"]
    for source in edit.sources:
        lines += ["  <TRACK", f"    NAME {_quoted(Path(source).stem)}", "    NCHAN 2"]
        at = 0
        inserts = {insert.before: insert.frames for insert in edit.new}
        for number, clip in enumerate(edit.timeline.clips):
            at += inserts.get(number, 0)
            lines += _item(edit, source, number, at)
            at += clip.frames
        lines.append("  >")
    return "\n".join([*lines, ">", ""])


def _item(edit: EditList, source: str, number: int, at: int) -> list[str]:
    timeline = edit.timeline
    clip, rate = timeline.clips[number], timeline.sample_rate
    inserted = {insert.before for insert in edit.new}
    joined = number > 0 and number not in inserted
    goes_on = number + 1 < len(timeline.clips) and number + 1 not in inserted
    fade_in = inner_reach(timeline, number - 1) if joined else 0
    fade_out = inner_reach(timeline, number) if goes_on else 0
    start, stop = clip.start - fade_in, clip.stop + fade_out
    last = number + 1 == len(timeline.clips)
    out_s = timeline.fade_out_frames / rate if last else 2 * fade_out / rate
    return [
        "    <ITEM",
        f"      POSITION {(at - fade_in) / rate:.9f}",
        f"      LENGTH {(stop - start) / rate:.9f}",
        f"      FADEIN {_EQUAL_POWER} {2 * fade_in / rate:.9f} 0",
        f"      FADEOUT {_EQUAL_POWER} {out_s:.9f} 0",
        f"      NAME {_quoted(f'{Path(source).stem} {number + 1}')}",
        f"      VOLPAN {10 ** (clip.gain_db / 20):.9f} 0 1 -1",
        f"      SOFFS {start / rate:.9f}",
        "      PLAYRATE 1 1 0 -1",
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


@dataclass
class _Block:
    """A bracketed block: its words, its lines and the blocks in it."""

    name: str
    lines: dict[str, list[str]] = field(default_factory=dict)
    blocks: list[_Block] = field(default_factory=list)


@dataclass
class _Item:
    position: float
    length: float
    offset: float
    gain_db: float
    fade_out: float
    file: str | None


def load(text: str, suffix: str, find: Find) -> EditList:
    """The edit in a project. Raises: FormatError."""
    root = _parse(text)
    tracks = [block for block in root.blocks if block.name == "TRACK"]
    items = [[_read_item(b) for b in t.blocks if b.name == "ITEM"] for t in tracks]
    items = [sorted(track, key=lambda item: item.position) for track in items if track]
    if not items:
        raise FormatError("holds no items; expected a track with at least one")
    media, sources = None, []
    for track in items:
        files = {item.file for item in track}
        if len(files) > 1:
            raise FormatError(f"a track is cut from {len(files)} recordings; expected one a track")
        here = find(files.pop())
        media = media or here
        sources.append(here.path)
    assert media is not None
    clips: list[Clip] = []
    new: list[Insert] = []
    overlaps: list[float] = []
    lead = 0.0
    for number, item in enumerate(items[0]):
        after = items[0][number + 1] if number + 1 < len(items[0]) else None
        overlap = max(0.0, item.position + item.length - after.position) if after else 0.0
        start_s, stop_s = item.offset + lead, item.offset + item.length - overlap / 2
        clips.append(clip_of(number + 1, start_s, stop_s, media, item.gain_db))
        gap_s = after.position - item.position - item.length if after else 0.0
        if gap_s > _NEAR_S:
            new.append(Insert(before=number + 1, frames=round(gap_s * media.sample_rate)))
        elif after:
            overlaps.append(overlap)
        lead = overlap / 2
    crossfade = sorted(overlaps)[len(overlaps) // 2] if overlaps else 0.0
    timeline = Timeline(
        sample_rate=media.sample_rate,
        clips=tuple(clips),
        crossfade_frames=round(crossfade * media.sample_rate),
        fade_out_frames=round(items[0][-1].fade_out * media.sample_rate),
    )
    return EditList(
        sources=tuple(sources), source_frames=media.frames, timeline=timeline, new=tuple(new)
    )


def _parse(text: str) -> _Block:
    stack: list[_Block] = []
    root: _Block | None = None
    for line in text.splitlines():
        words = line.strip()
        if words.startswith("<"):
            block = _Block(words[1:].split(" ", 1)[0])
            if stack:
                stack[-1].blocks.append(block)
            elif root is None:
                root = block
            stack.append(block)
        elif words == ">":
            if not stack:
                raise FormatError("a block is closed that was never opened; the file is damaged")
            stack.pop()
        elif words and stack:
            key, _, rest = words.partition(" ")
            stack[-1].lines.setdefault(key, _words(rest))
    if root is None or root.name != "REAPER_PROJECT" or stack:
        raise FormatError("not a whole Reaper project; the file is damaged or of another kind")
    return root


def _words(text: str) -> list[str]:
    text = text.strip()
    if text[:1] in ('"', "'", "`"):
        end = text.find(text[0], 1)
        return [text[1:end] if end > 0 else text[1:]]
    return text.split()


def _read_item(block: _Block) -> _Item:
    rate = _number(block, "PLAYRATE", 1.0)
    if abs(rate - 1.0) > 1e-6:
        raise FormatError(f"an item plays at {rate:g} times its speed; expected 1")
    sources = [inner for inner in block.blocks if inner.name == "SOURCE"]
    file = sources[0].lines.get("FILE") if sources else None
    volume = max(_number(block, "VOLPAN", 1.0), 1e-3)
    position, length = _number(block, "POSITION", None), _number(block, "LENGTH", None)
    gain_db = 20 * math.log10(volume)
    return _Item(
        position=position,
        length=length,
        offset=_number(block, "SOFFS", 0.0),
        gain_db=0.0 if abs(gain_db) < 1e-6 else round(gain_db, 6),
        fade_out=min(max(_number(block, "FADEOUT", 0.0, word=1), 0.0), length),
        file=file[0] if file else None,
    )


def _number(block: _Block, key: str, default: float | None, word: int = 0) -> float:
    words = block.lines.get(key, [])[word:]
    if not words:
        if default is None:
            raise FormatError(f"an item has no {key}; the file is damaged")
        return default
    try:
        value = float(words[0])
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise FormatError(f"{key} {words[0]!r} is no number; the file is damaged")
    return value
