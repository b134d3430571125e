"""MP3 files joined to one: where each begins, and the tags that lie between.

Each file that an encoder made may begin with a frame that says how many follow (Xing, Info), and
with a tag (ID3v2), which may hold pictures that a decoder would take for sound.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_COUNTED = (b"Xing", b"Info")
_TAG = re.compile(rb"ID3[\x02-\x04][^\xff][\0\x10\x20\x40\x80\xc0\xe0][\0-\x7f]{4}")
_KBPS_1 = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBPS_2 = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_LEAST_BYTES, _MOST_BYTES = 24, 2_881  # of a frame
_SIDE = {True: (17, 9), False: (32, 17)}  # bytes of side information: (stereo, mono)


@dataclass(frozen=True)
class Joined:
    """One of the files joined: its byte stretches without tags, and the frames that it claims."""

    stretches: tuple[tuple[int, int], ...]
    frames: int | None


def joined(path: Path) -> tuple[Joined, ...]:
    """The MP3 files in one; a single one has one stretch, that of the file, as it is."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        tags = _tags(data)
        starts, frames = [0], list[int | None]([None])
        for place in sorted(at for word in _COUNTED for at in _places(data, word)):
            count = _frames_of(data, place)
            if count is None or any(start <= place < stop for start, stop in tags):
                continue
            begin = _frame_before(data, place)
            if frames == [None] and not _sound_before(data, begin, tags):
                frames = [count]
            else:
                starts.append(begin)
                frames.append(count)
        size = len(data)
    if len(starts) == 1 and (not tags or tags[-1][0] == 0):
        return (Joined(((0, size),), frames[0]),)
    bounds = zip(starts, [*starts[1:], size], strict=True)
    return tuple(
        Joined(_without(start, stop, tags), count)
        for (start, stop), count in zip(bounds, frames, strict=True)
    )


def frame_bytes(head: bytes) -> int | None:
    """How long the MP3 frame with this header is; None where it is none or does not tell."""
    if len(head) < 4 or not is_sync(head):
        return None
    version, rate, place = head[1] >> 3 & 3, head[2] >> 2 & 3, head[2] >> 4
    if rate == 3 or version == 1 or place in (0, 15):
        return None
    first = version == 3  # MPEG-1; the others work at a half and a quarter of its rates
    kbps = (_KBPS_1 if first else _KBPS_2)[place - 1]
    hz = (44_100, 48_000, 32_000)[rate] >> {3: 0, 2: 1, 0: 2}[version]
    return (144 if first else 72) * 1000 * kbps // hz + (head[2] >> 1 & 1)


def skip_tag(data: bytes | mmap.mmap, at: int = 0) -> int:
    """Where the ID3v2 tag that begins at `at` ends; `at` itself where there is none."""
    head = data[at : at + 10]
    if not _TAG.fullmatch(head):
        return at
    size = 0
    for byte in head[6:]:
        size = size << 7 | byte
    return at + 10 + size + (10 if head[5] & 0x10 else 0)


def _tags(data: mmap.mmap) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start in _places(data, b"ID3"):
        stop = skip_tag(data, start)
        if stop == start or (found and start < found[-1][1]):
            continue
        # Followed by sound, by another tag or by nothing: not by chance among the sound.
        after = data[stop : stop + 3]
        if stop <= len(data) and (after in (b"", b"ID3", b"TAG") or is_sync(after)):
            found.append((start, stop))
    return found


def _places(data: mmap.mmap, word: bytes) -> Iterator[int]:
    at = data.find(word)
    while at >= 0:
        yield at
        at = data.find(word, at + 1)


def is_sync(head: bytes) -> bool:
    """Whether the header of an MP3 frame begins `head`."""
    return len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2


def _frame_before(data: mmap.mmap, at: int) -> int:
    """Where the frame begins whose count of frames lies at `at`; -1 where there is none."""
    for side in (32, 17, 9):
        begin = at - side - 4
        head = data[max(begin, 0) : begin + 4]
        if begin < 0 or not is_sync(head):
            continue
        lower, mono = not head[1] & 0x08, head[3] >> 6 == 3
        if _SIDE[lower][mono] == side:
            return begin
    return -1


def _frames_of(data: mmap.mmap, at: int) -> int | None:
    """Samples that the count at `at` promises, padding included."""
    begin = _frame_before(data, at)
    if begin < 0 or at + 12 > len(data) or not data[at + 7] & 1:
        return None
    each = 1152 if data[begin + 1] & 0x08 else 576
    count, size = (int.from_bytes(data[at + n : at + n + 4], "big") for n in (8, 12))
    if data[at + 7] & 2 and not _LEAST_BYTES * count <= size <= _MOST_BYTES * count:
        return None  # one of both is damaged
    return each * count


def _sound_before(data: mmap.mmap, begin: int, tags: list[tuple[int, int]]) -> bool:
    """Whether frames of sound may lie before the one at `begin`."""
    free = begin - sum(stop - start for start, stop in tags if stop <= begin)
    return free > 4096


def _without(start: int, stop: int, tags: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    stretches, at = [], start
    for first, last in tags:
        if start <= first and last <= stop:
            stretches.append((at, first))
            at = last
    stretches.append((at, stop))
    return tuple((a, b) for a, b in stretches if b > a)
