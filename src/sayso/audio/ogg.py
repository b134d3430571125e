"""The pages of an Ogg file: where its links begin, and whether all of them are as they were made.

Source: RFC 3533. Links are whole streams one after the other in one file.
"""

from __future__ import annotations

import mmap
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

MAGIC = b"OggS"
_HEADER = 27
_FIRST, _LAST = 2, 4  # flags of a page
_NO_GRANULE = -1  # no packet ends in the page
_TURNED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))


@dataclass(frozen=True)
class Page:
    """A whole page: bytes from `start` to `stop` of the file, and what its header says."""

    start: int
    stop: int
    flags: int
    granule: int
    serial: bytes
    number: int


@dataclass(frozen=True)
class Pages:
    """What the pages of a file tell.

    Attributes:
        links: byte positions (start, stop).
        whole: no page is damaged or missing.
        ended: the last link has its last page.
        there: all whole pages.
    """

    links: tuple[tuple[int, int], ...]
    whole: bool
    ended: bool
    there: tuple[Page, ...] = ()

    def runs(self, link: tuple[int, int]) -> list[list[Page]]:
        """The pages of a link of one stream, parted where some are missing, without its headers.

        Returns: first the headers, then the runs; empty where several streams are interleaved.
        """
        pages = [page for page in self.there if link[0] <= page.start < link[1]]
        if len({page.serial for page in pages}) != 1:
            return []
        count = 0
        while count < len(pages) and pages[count].granule in (0, _NO_GRANULE):
            count += 1
        while count and pages[count - 1].granule != 0:
            count -= 1
        runs, number = [pages[:count]], -1
        for page in pages[count:]:
            if page.number != number:
                runs.append([])
            runs[-1].append(page)
            number = page.number + 1
        return runs


def scan(path: Path) -> Pages:
    """Goes through the pages of an Ogg file."""
    starts, whole, before_first = [0], True, False
    there = list[Page]()
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
            flags, granule, serial, number = struct.unpack("<Bq4sI", data[at + 5 : at + 22])
            there.append(Page(at, at + size, flags, granule, serial, number))
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
    return Pages(tuple(links), whole, not streams, tuple(there))


def not_last(page: bytes) -> bytes:
    """A page without the mark that it is the last, so that its place is told by its granule."""
    open_ended = page[:5] + bytes([page[5] & ~_LAST]) + page[6:]
    return open_ended[:22] + _checksum(open_ended).to_bytes(4, "little") + open_ended[26:]


def _page_size(data: mmap.mmap, at: int) -> int:
    """Bytes of the page at `at`; 0 where there is none, or not all of it."""
    if data[at : at + 5] != MAGIC + b"\0" or at + _HEADER > len(data):
        return 0
    segments = data[at + _HEADER : at + _HEADER + data[at + 26]]
    size = _HEADER + data[at + 26] + sum(segments)
    return size if at + size <= len(data) else 0


def _is_whole(page: bytes) -> bool:
    return _checksum(page) == int.from_bytes(page[22:26], "little")


def _checksum(page: bytes) -> int:
    # The checksum's bits run the other way round than those of zlib, from a register of zeros.
    turned = (page[:22] + bytes(4) + page[26:]).translate(_TURNED)
    register = zlib.crc32(turned, 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{register:032b}"[::-1], 2)
