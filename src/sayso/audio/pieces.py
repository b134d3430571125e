"""Pieces of a file, seen by a library as a file of its own."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path


class Piece(io.RawIOBase):
    """Some stretches of a file, one after the other, behind a header of our own.

    Args:
        path: of the file.
        stretches: byte positions (start, stop), or bytes to be there instead.
        header: what comes before them.
    """

    def __init__(
        self, path: Path, stretches: Sequence[tuple[int, int] | bytes], header: bytes = b""
    ) -> None:
        super().__init__()
        self._file = path.open("rb")
        self._stretches = [header, *stretches]
        self._starts = [0]
        for part in self._stretches:
            length = len(part) if isinstance(part, bytes) else part[1] - part[0]
            self._starts.append(self._starts[-1] + length)
        self._at = 0
        self.name = str(path)

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """The position of the next byte."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Moves, and returns the position."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._starts[-1]}[whence]
        self._at = max(0, base + offset)
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes, fewer only at the end."""
        left = self._starts[-1] - self._at
        left = max(0, left if size < 0 else min(size, left))
        parts = []
        while left > 0:
            part = self._from_here(left)
            if not part:  # the file has become shorter
                break
            parts.append(part)
            self._at += len(part)
            left -= len(part)
        return b"".join(parts)

    def _from_here(self, most: int) -> bytes:
        number = bisect_right(self._starts, self._at) - 1
        part, within = self._stretches[number], self._at - self._starts[number]
        if isinstance(part, bytes):
            return part[within : within + most]
        start, stop = part
        place = start + within
        self._file.seek(place)
        return self._file.read(min(most, stop - place))

    def readinto(self, buffer: object) -> int:
        """Fills `buffer`, and returns how many bytes it got."""
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Closes the file."""
        self._file.close()
        super().close()
