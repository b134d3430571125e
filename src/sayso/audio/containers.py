"""Sizes as the headers of uncompressed files and of some containers state them, and as they are.

Recorders leave sizes at 0 when the power goes, pipes cannot go back to fill them in, 32 bits wrap
at 4 GiB, and copies end early. A header that is wrong is replaced by one that fits what is there.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

# Programs that write to a pipe put one of these less what the header takes up.
_UNKNOWN = (0x8000_0000, 0xFFFF_FFFF)
_UNKNOWN_64 = 1 << 56
_MOST_CHUNKS = 10_000
_TAGS = (b"TAG", b"ID3", b"APETAGEX", b"<?xml", b"<BWFXML")
_LEAST_BEHIND = 4096  # bytes; less is a tag or padding of some program's own
_W64 = {
    "riff": b"riff.\x91\xcf\x11\xa5\xd6(\xdb\x04\xc1\0\0",
    "tail": b"\xf3\xac\xd3\x11\x8c\xd1\0",
}
_EBML, _SEGMENT = b"\x1aE\xdf\xa3", b"\x18S\x80g"


@dataclass(frozen=True)
class SoundBytes:
    """Where the samples of an uncompressed file lie.

    Attributes:
        start: of the first byte.
        stop: after the last byte.
        stated: bytes by the header; None where it does not know.
        header: in place of what is before `start`, where the file's own is wrong; else empty.
        unfinished: the header was never filled in.
        joined: where another whole file of the kind begins behind, or -1.
    """

    start: int
    stop: int
    stated: int | None
    header: bytes = b""
    unfinished: bool = False
    joined: int = -1


def sound_bytes(path: Path, start: int = 0) -> SoundBytes | None:
    """Where the samples lie in the WAV, RF64, AIFF, AU, CAF or W64 file that begins at `start`.

    Returns: None for other files, and for those whose chunks make no sense.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(start)
        head = file.read(40)
        if head[:4] in (b"RIFF", b"RF64", b"BW64") and head[8:12] == b"WAVE":
            return _riff(file, start, size, head[:4])
        if head[:4] == b"FORM" and head[8:11] == b"AIF":
            return _aiff(file, start, size)
        if head[:4] == b".snd":
            return _au(file, start, size, head)
        if head[:4] == b"caff":
            return _caf(file, start, size)
        if head[:16] == _W64["riff"]:
            return _w64(file, start, size)
    return None


def breaks_off(path: Path) -> bool:
    """Whether a Matroska or AVI file is shorter than its header says."""
    with path.open("rb") as file:
        head = file.read(256)
        size = file.seek(0, 2)
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        stated = int.from_bytes(head[4:8], "little")
        return size < stated and not _is_unknown(stated)
    if head[:4] != _EBML:
        return False
    begin = head.find(_SEGMENT, 4)
    if begin < 0 or begin + 5 > len(head) or head[begin + 4] == 0:
        return False
    width = 9 - head[begin + 4].bit_length()
    field = int.from_bytes(head[begin + 4 : begin + 4 + width], "big")
    stated = field & ((1 << 7 * width) - 1)
    unknown = stated == (1 << 7 * width) - 1
    return not unknown and begin + 4 + width + stated > size


def _is_unknown(stated: int) -> bool:
    return any(0 <= value - stated <= 1 << 16 for value in _UNKNOWN)


def _riff(file: BinaryIO, start: int, size: int, kind: bytes) -> SoundBytes | None:
    found = _chunks(file, start + 12, size, "<I", stop_at=b"data")
    if not found or found[-1][0] != b"data":
        return None
    fmt = next((_body(file, at, length) for name, at, length in found if name == b"fmt "), None)
    if fmt is None or len(fmt) < 16:
        return None
    _, at, stated = found[-1]
    if kind != b"RIFF":
        ds64 = next((_body(file, a, n) for name, a, n in found if name == b"ds64"), b"")
        if len(ds64) >= 16 and (stated == 0xFFFF_FFFF or stated == 0):
            stated = int.from_bytes(ds64[8:16], "little")
    unknown = at + stated > size and (
        _is_unknown(stated) if kind == b"RIFF" else stated >= _UNKNOWN_64
    )
    stop, unfinished, joined = _end(file, at, stated, size, "<I", unknown)
    wide = kind != b"RIFF" and (unknown or stop != min(at + stated, size))
    header = b""
    if unfinished or wide or stop > at + stated:
        header = _rf64_header(fmt, stop - at)
    return SoundBytes(at, stop, None if unknown else stated, header, unfinished, joined)


def _rf64_header(fmt: bytes, length: int) -> bytes:
    frames = length // max(1, int.from_bytes(fmt[12:14], "little"))
    sizes = struct.pack("<QQQI", length + 28 + 8 + len(fmt) + 8 + 12, length, frames, 0)
    padded = fmt + b"\0" * (len(fmt) % 2)
    return b"".join(
        (
            b"RF64\xff\xff\xff\xffWAVEds64",
            struct.pack("<I", len(sizes)),
            sizes,
            b"fmt ",
            struct.pack("<I", len(fmt)),
            padded,
            b"data\xff\xff\xff\xff",
        )
    )


def _aiff(file: BinaryIO, start: int, size: int) -> SoundBytes | None:
    found = _chunks(file, start + 12, size, ">I", stop_at=b"SSND")
    if not found or found[-1][0] != b"SSND":
        return None
    _, at, stated = found[-1]
    unknown = _is_unknown(stated) and at + stated > size
    stop, unfinished, joined = _end(file, at, stated, size, ">I", unknown)
    header = b""
    if unfinished or stop > at + stated:
        # A chunk of no size is taken to go on to the end.
        header = _read(file, start, at - 4) + bytes(4) + _read(file, at, at + 8)
    return SoundBytes(at + 8, stop, None if unknown else stated - 8, header, unfinished, joined)


def _au(file: BinaryIO, start: int, size: int, head: bytes) -> SoundBytes | None:
    offset, stated = struct.unpack(">II", head[4:12])
    if offset < 24 or start + offset > size:
        return None
    unknown = _is_unknown(stated) and offset + stated > size - start
    unfinished = stated == 0 and not unknown
    header = b""
    if (
        unfinished
        or (unknown and stated != 0xFFFF_FFFF)
        or start + offset + stated + _LEAST_BEHIND < size
    ):
        before = _read(file, start, start + offset)
        header = before[:8] + b"\xff\xff\xff\xff" + before[12:]
    return SoundBytes(start + offset, size, None if unknown else stated, header, unfinished)


def _caf(file: BinaryIO, start: int, size: int) -> SoundBytes | None:
    found = _chunks(file, start + 8, size, ">Q", stop_at=b"data")
    if not found or found[-1][0] != b"data":
        return None
    if not any(_body(file, at, 12)[8:12] == b"lpcm" for name, at, _ in found if name == b"desc"):
        return None
    _, at, stated = found[-1]
    unknown = stated >= _UNKNOWN_64  # -1: to the end of the file, which the format allows
    stop, unfinished = size, stated < 4
    if not unfinished:
        stop, _, _ = _end(file, at, stated, size, ">Q", unknown)
    header = b""
    if stop != at + stated:
        header = _read(file, start, at - 8) + struct.pack(">Q", stop - at) + _read(file, at, at + 4)
    return SoundBytes(at + 4, stop, None if unknown else stated - 4, header, unfinished)


def _w64(file: BinaryIO, start: int, size: int) -> SoundBytes | None:
    at = start + 40
    for _ in range(_MOST_CHUNKS):
        head = _read(file, at, at + 24)
        if len(head) < 24:
            return None
        length = int.from_bytes(head[16:], "little")
        if head[:4] == b"data":
            # The library reads to the end whatever is stated.
            known = 24 < length < _UNKNOWN_64
            return SoundBytes(at + 24, size, length - 24 if known else None)
        if length < 24:
            return None
        at += length + -length % 8
    return None


def _end(
    file: BinaryIO, at: int, stated: int, size: int, form: str, unknown: bool
) -> tuple[int, bool, int]:
    """Where sound that begins at `at` ends, whether it was left unfinished, and what is joined."""
    stop = at + stated
    if unknown:
        return size, False, -1
    if stop >= size:
        return size, False, -1
    behind = stop + (stated % 2 if struct.calcsize(form) == 4 else 0)
    head = _read(file, behind, behind + 12)
    whole_file = head[:4] in (b"RIFF", b"RF64", b"FORM") and head[8:12] in (
        b"WAVE", b"AIFF", b"AIFC"
    )  # fmt: skip
    if stated and whole_file:
        return stop, False, behind
    if size - behind < _LEAST_BEHIND or _are_chunks(file, behind, size, form):
        return stop, False, -1
    if head.startswith(_TAGS) or not _read(file, behind, behind + (1 << 16)).strip(b"\0"):
        return stop, False, -1
    return size, stated == 0, -1


def _are_chunks(file: BinaryIO, at: int, size: int, form: str) -> bool:
    """Whether chunks, and nothing else, fill the file from `at` to its end."""
    found = list(_walk(file, at, size, form))
    if not found:
        return False
    _, last, length = found[-1]
    return size - 16 <= last + length <= size + 1


def _chunks(
    file: BinaryIO, at: int, size: int, form: str, *, stop_at: bytes
) -> list[tuple[bytes, int, int]]:
    found = []
    for chunk in _walk(file, at, size, form):
        found.append(chunk)
        if chunk[0] == stop_at:
            break
    return found


def _walk(file: BinaryIO, at: int, size: int, form: str) -> Iterator[tuple[bytes, int, int]]:
    """Names, places and lengths of chunks, as long as they look like such."""
    width = struct.calcsize(form)
    for _ in range(_MOST_CHUNKS):
        head = _read(file, at, at + 4 + width)
        if len(head) < 4 + width or not all(32 <= byte < 127 for byte in head[:4]):
            return
        (length,) = struct.unpack(form, head[4:])
        at += 4 + width
        yield head[:4], at, length
        at += length + (length % 2 if width == 4 else 0)
        if at >= size:
            return


def _body(file: BinaryIO, at: int, length: int) -> bytes:
    return _read(file, at, at + min(length, 1 << 16))


def _read(file: BinaryIO, start: int, stop: int) -> bytes:
    try:
        file.seek(start)
    except (OSError, ValueError):  # farther than any file reaches, by a damaged size
        return b""
    return file.read(max(0, stop - start))
