"""The pages of an Ogg file: where its links begin, and whether all of them are as they were made.

Source: RFC 3533. Links are whole streams one after the other in one file.
"""

from __future__ import annotations

import mmap
import zlib
from dataclasses import dataclass
from pathlib import Path

MAGIC = b"OggS"
_HEADER = 27
_FIRST, _LAST = 2, 4  # flags of a page
_TURNED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))


@dataclass(frozen=True)
class Pages:
    """What the pages of a file tell.

    Attributes:
        links: byte positions (start, stop).
        whole: no page is damaged or missing.
        ended: the last link has its last page.
    """

    links: tuple[tuple[int, int], ...]
    whole: bool
    ended: bool


def scan(path: Path) -> Pages:
    """Goes through the pages of an Ogg file."""
    starts, whole, before_first = [0], True, False
    streams: set[bytes] = set()
    numbers: dict[bytes, int] = {}
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at = 0
        while at < len(data):
            size = _page_size(data, at)
            if size == 0 or not _is_whole(data[at : at + size]):
                whole = False
                at = data.find(MAGIC, at + 1)
                if at < 0:
                    break
                continue
            flags, serial = data[at + 5], data[at + 14 : at + 18]
            number = int.from_bytes(data[at + 18 : at + 22], "little")
            if flags & _FIRST:
                if before_first:
                    starts.append(at)
                    streams.clear()
                streams.add(serial)
            elif number != numbers.get(serial, number - 1) + 1:
                whole = False
            before_first = not flags & _FIRST
            numbers[serial] = number
            if flags & _LAST:
                streams.discard(serial)
            at += size
        size = len(data)
    links = zip(starts, [*starts[1:], size], strict=True)
    return Pages(tuple(links), whole, not streams)


def _page_size(data: mmap.mmap, at: int) -> int:
    """Bytes of the page at `at`; 0 where there is none, or not all of it."""
    if data[at : at + 5] != MAGIC + b"\0" or at + _HEADER > len(data):
        return 0
    segments = data[at + _HEADER : at + _HEADER + data[at + 26]]
    size = _HEADER + data[at + 26] + sum(segments)
    return size if at + size <= len(data) else 0


def _is_whole(page: bytes) -> bool:
    # The checksum's bits run the other way round than those of zlib, from a register of zeros.
    turned = (page[:22] + bytes(4) + page[26:]).translate(_TURNED)
    register = zlib.crc32(turned, 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{register:032b}"[::-1], 2) == int.from_bytes(page[22:26], "little")
