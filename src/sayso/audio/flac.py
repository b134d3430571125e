"""What the frames of a FLAC file say of their place, which its header may not know.

Source: RFC 9639.
"""

from __future__ import annotations

import mmap
import re
from pathlib import Path

MAGIC = b"fLaC"
_SYNC = re.compile(rb"\xff[\xf8\xf9]")
_TAIL_BYTES = 1 << 20  # no frame of eight channels of 24 bits is longer, as encoders make them


def stated_frames(path: Path, start: int = 0) -> int:
    """Samples of each channel as the header at byte `start` states them; 0 is not known."""
    with path.open("rb") as file:
        file.seek(start + 8 + 10)
        packed = file.read(8)
    return int.from_bytes(packed, "big") & ((1 << 36) - 1)


def files(path: Path, start: int = 0) -> list[tuple[int, int]]:
    """Byte positions (start, stop) of each of the FLAC files that are joined to one."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        starts, at = [start], start
        while (at := data.find(MAGIC, at + 4)) >= 0:
            # The marker, and the header that must come first: by chance once in 2^60 bytes.
            if data[at + 4 : at + 8] in (b"\0\0\0\x22", b"\x80\0\0\x22"):
                starts.append(at)
        return list(zip(starts, [*starts[1:], len(data)], strict=True))


def last_frame_end(path: Path, start: int = 0, stop: int | None = None) -> int | None:
    """How many samples there are by the last frame that has a whole header; None without one."""
    with path.open("rb") as file:
        file.seek(start + 8)
        block_size = int.from_bytes(file.read(2), "big")
        stop = file.seek(0, 2) if stop is None else stop
        file.seek(max(start, stop - _TAIL_BYTES))
        tail = file.read(stop - file.tell())
    for found in reversed(list(_SYNC.finditer(tail))):
        place = frame_place(tail[found.start() : found.start() + 16], block_size)
        if place is not None:
            return sum(place)
    return None


def frame_place(head: bytes, block_size: int) -> tuple[int, int] | None:
    """The first sample of the frame that begins with `head`, and how many it holds.

    Args:
        head: at least the 16 first bytes, where the file has as many.
        block_size: what the header of the file gives for frames of equal size.
    Returns: None where no frame begins.
    """
    if len(head) < 6 or head[0] != 0xFF or head[1] & 0xFE != 0xF8 or head[3] & 1:
        return None
    number, at = _number(head)
    code, rate = head[2] >> 4, head[2] & 15
    if number is None or code == 0 or rate == 15:
        return None
    extra = {6: 1, 7: 2}.get(code, 0)
    held = int.from_bytes(head[at : at + extra], "big") + 1 if extra else _size_of(code)
    at += extra + {12: 1, 13: 2, 14: 2}.get(rate, 0)
    if at >= len(head) or _crc8(head[:at]) != head[at]:
        return None
    first = number if head[1] & 1 else number * block_size
    return first, held


def _size_of(code: int) -> int:
    if code == 1:
        return 192
    return 576 << (code - 2) if code < 6 else 256 << (code - 8)


def _number(head: bytes) -> tuple[int | None, int]:
    """The number coded as in UTF-8 from byte 4 on, and where it ends."""
    first = head[4]
    if first < 0x80:
        return first, 5
    length = 8 - (first ^ 0xFF).bit_length()  # ones at its beginning
    if not 2 <= length <= 7 or len(head) < 4 + length:
        return None, 5
    number = first & (0x7F >> length)
    for byte in head[5 : 4 + length]:
        if byte & 0xC0 != 0x80:
            return None, 5
        number = number << 6 | byte & 0x3F
    return number, 4 + length


def _crc8(data: bytes) -> int:
    register = 0
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = (register << 1 ^ (0x07 if register & 0x80 else 0)) & 0xFF
    return register
