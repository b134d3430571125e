"""Damaged containers as they would be if what is damaged were filler.

FFmpeg gives up a Matroska cluster or the rest of a file where the structure is damaged. What is no
element is found here, and taken away or replaced by filler of the same length, so that all that is
whole is found.

Sources: RFC 8794 and 9559 (Matroska), ISO/IEC 14496-12 (MP4), the WavPack 4 and 5 file format.
"""

from __future__ import annotations

import mmap
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

Parts = list[tuple[int, int] | bytes]
"""What `Piece` takes: byte positions (start, stop) of the file, or bytes instead."""

_MOST_BOXES = 1_000_000
_BOXES = re.compile(
    rb"ftyp|moov|moof|mdat|sidx|ssix|styp|free|skip|wide|uuid|mfra|emsg|prft|pdin|meta|udta"
)
_TRACK_BOXES = re.compile(rb"mfhd|traf|tfhd|tfdt|trun|sbgp|sgpd|subs|saiz|saio|senc|uuid|meta|pssh")


def mended(path: Path, form: str) -> Parts | None:
    """A file of FFmpeg's format `form` without its damage; None where none is found."""
    ways: dict[str, Callable[[mmap.mmap], Parts]] = {
        "matroska": _matroska, "mov": _fragments, "wv": _wavpack
    }  # fmt: skip
    if form not in ways:
        return None
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        parts = ways[form](data)
    return parts if len(parts) > 1 else None


def _fragments(data: mmap.mmap) -> Parts:
    """An MP4 of fragments, each with its own index; damaged ones are free space."""
    parts, kept, at = Parts(), 0, 0
    for _ in range(_MOST_BOXES):
        if at >= len(data):
            break
        stop = _box_end(data, at, len(data), _BOXES)
        if stop and (data[at + 4 : at + 8] != b"moof" or _is_index(data, at, stop)):
            at = stop
            continue
        again = data.find(b"moof", at + 12) - 4
        while again >= 0 and not _is_fragment(data, again):
            again = data.find(b"moof", again + 5) - 4
        if again < 0:
            break
        parts += [(kept, at), (again - at).to_bytes(4, "big") + b"free"]
        kept, at = at + 8, again
    return [*parts, (kept, len(data))]


def _box_end(data: mmap.mmap, at: int, end: int, names: re.Pattern[bytes]) -> int:
    """Where the box at `at` ends; 0 where there is none."""
    if at + 8 > end or not names.fullmatch(data[at + 4 : at + 8]):
        return 0
    size, head = int.from_bytes(data[at : at + 4], "big"), 8
    if size == 1:
        size, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
    if size == 0:
        return end
    return at + size if head <= size <= end - at else 0


def _is_index(data: mmap.mmap, at: int, stop: int) -> bool:
    """Whether boxes fill the one from `at` to `stop`."""
    at += 8
    while at < stop:
        end = _box_end(data, at, stop, _TRACK_BOXES)
        if not end or (data[at + 4 : at + 8] == b"traf" and not _is_index(data, at, end)):
            return False
        at = end
    return True


def _is_fragment(data: mmap.mmap, at: int) -> bool:
    stop = _box_end(data, at, len(data), _BOXES)
    return bool(stop) and _is_index(data, at, stop) and data[stop + 4 : stop + 8] == b"mdat"


def _wavpack(data: mmap.mmap) -> Parts:
    """WavPack's blocks, each with its own place; what is none is left out."""
    parts, at = Parts(), 0
    while 0 <= at < len(data):
        start = at
        while (stop := _block_end(data, at)) and stop <= len(data):
            at = stop
        if at > start:
            parts.append((start, at))
        at = data.find(b"wvpk", at + 1)
    return parts


def _block_end(data: mmap.mmap, at: int) -> int:
    head = data[at : at + 32]
    if len(head) < 32 or head[:4] != b"wvpk" or head[9] != 4:
        return 0
    size = int.from_bytes(head[4:8], "little")
    return at + 8 + size if 24 <= size < 1 << 20 else 0


_CLUSTER, _BLOCK, _GROUP, _SEGMENT = 0x1F43B675, 0xA3, 0xA0, 0x18538067
_TRACKS, _TRACK, _TRACK_NUMBER, _VOID = 0x1654AE6B, 0xAE, 0xD7, 0xEC
_IN_SEGMENT = {0x1C53BB6B, 0x1254C367, 0x1043A770, 0x1941A469, 0x1549A966, _TRACKS, 0x114D9B74}
_IN_CLUSTER = {_BLOCK, _GROUP, 0xE7, 0xAB, 0xA7, 0x5854, _VOID, 0xBF}
_CANDIDATE = re.compile(rb"\x1f\x43\xb6\x75|\xa3|\xa0")
_LONGEST_BLOCK, _LONGEST = 1 << 26, {0xE7: 8, 0xA7: 8, 0xAB: 8, 0xBF: 4}
_LACING = 0x06  # several frames in a block
_PLAIN = 8  # blocks of one frame each, behind which none of several is expected
_LONGEST_VOID = 256  # among blocks
_CHAIN, _MOST_IN_GROUP = 3, 64
_NOWHERE, _LONGEST_STEP = -1 << 15, 5_000  # in ticks of the file, mostly of 1 ms


class _Clusters:
    """A walk through the clusters and blocks of a Matroska file, over what is neither."""

    def __init__(self, data: mmap.mmap) -> None:
        self.data = data
        self.cluster_stop = len(data)
        self.place = _NOWHERE  # of the last block within its cluster
        self.tracks: set[int] = set()
        self.plain = Counter[int]()  # blocks of each track that hold one frame

    def parts(self) -> Parts:
        data, kept, parts = self.data, 0, Parts()
        at = self._segment()
        while 0 < at < len(data):
            stop = self._step(at)
            if stop:
                at = stop
                continue
            again = next(self._candidates(at), 0)
            if not again or again - at < 9:
                break
            # An element that says nothing, with its size in eight bytes.
            filler = b"\xec\x01" + (again - at - 9).to_bytes(7, "big")
            parts += [(kept, at), filler]
            kept, at = at + 9, again
        return [*parts, (kept, len(data))]

    def _segment(self) -> int:
        head = _element(self.data, 0)
        body = _element(self.data, head[2]) if head else None
        return body[1] if body and body[0] == _SEGMENT else 0

    def _step(self, at: int) -> int:
        """Where the walk goes on behind the element at `at`; 0 where there is none."""
        found = self._valid(at)
        if found is None:
            return 0
        name, body, stop = found
        if name == _CLUSTER:
            self.cluster_stop, self.place = stop, _NOWHERE
            return body
        if name == _TRACKS:
            self.tracks = set(self._numbers(body, stop))
        if name == _BLOCK:
            if not self.data[body + 3] & _LACING:
                self.plain[self.data[body]] += 1
            place = _place(self.data, body)
            # A header that is damaged itself may say anything.
            if self.place == _NOWHERE or self.place <= place < self.place + _LONGEST_STEP:
                self.place = place
        return stop

    def _valid(self, at: int) -> tuple[int, int, int] | None:
        found = _element(self.data, at)
        if found is None:
            return None
        name, body, stop = found
        if name in _IN_CLUSTER:
            within = stop <= self.cluster_stop or at >= self.cluster_stop
            if not within:
                return None
            if name == _BLOCK and (stop - body < 5 or self.data[body + 3] & 0x70):
                return None
            if name == _BLOCK and self.tracks and self.data[body] & 0x7F not in self.tracks:
                return None
            laced = name == _BLOCK and self.data[body + 3] & _LACING
            if laced and self.plain[self.data[body]] >= _PLAIN:
                return None
            if name == _VOID and self.place != _NOWHERE and stop - body > _LONGEST_VOID:
                return None
            if stop - body > _LONGEST.get(name, _LONGEST_BLOCK):
                return None
            if name == _GROUP and not self._is_full(body, stop):
                return None
            return found
        return found if name in _IN_SEGMENT or name == _CLUSTER else None

    def _numbers(self, at: int, stop: int) -> Iterator[int]:
        """The numbers of the tracks that are described from `at` to `stop`."""
        while at < stop and (found := _element(self.data, at)) is not None:
            name, body, end = found
            if name == _TRACK_NUMBER:
                yield int.from_bytes(self.data[body:end], "big")
            at = body if name == _TRACK else end

    def _is_full(self, at: int, stop: int) -> bool:
        """Whether a few elements fill the one whose body goes from `at` to `stop`."""
        for _ in range(_MOST_IN_GROUP):
            found = _element(self.data, at) if at < stop else None
            if found is None:
                break
            at = found[2]
        return at == stop

    def _candidates(self, bad: int) -> Iterator[int]:
        """Places behind `bad` at which whole elements follow one another again."""
        for match in _CANDIDATE.finditer(self.data, bad + 9):
            at = match.start()
            found = self._valid(at)
            if found is None:
                continue
            name, body, stop = found
            # A block of another cluster would be placed wrongly.
            within = at < self.cluster_stop and _place(self.data, body) >= self.place
            if (name != _BLOCK or within) and self._is_followed(body if name == _CLUSTER else stop):
                yield at

    def _is_followed(self, at: int) -> bool:
        """Whether elements lie at `at` one after the other, or the file ends."""
        for _ in range(_CHAIN):
            if at >= len(self.data):
                break
            found = self._valid(at)
            if found is None:
                return False
            at = found[1] if found[0] == _CLUSTER else found[2]
        return True


def _matroska(data: mmap.mmap) -> Parts:
    return _Clusters(data).parts()


def _place(data: mmap.mmap, body: int) -> int:
    """When a block is heard, counted from its cluster's time."""
    return int.from_bytes(data[body + 1 : body + 3], "big", signed=True)


def _element(data: mmap.mmap, at: int) -> tuple[int, int, int] | None:
    """The name of the element at `at`, where its body begins and ends; None for none."""
    if at + 2 > len(data) or not data[at] & 0xF0:
        return None
    width = 9 - data[at].bit_length()
    name = int.from_bytes(data[at : at + width], "big")
    at += width
    if at >= len(data) or data[at] == 0:
        return None
    width = 9 - data[at].bit_length()
    most = (1 << 7 * width) - 1
    size = int.from_bytes(data[at : at + width], "big") & most
    body = at + width
    if size == most:
        # Of no stated size, as in a stream: it ends where the next begins.
        return (name, body, len(data)) if name in (_CLUSTER, _SEGMENT) else None
    stop = body + size
    if stop > len(data) and name not in (_CLUSTER, _SEGMENT):
        return None
    return name, body, min(stop, len(data))
