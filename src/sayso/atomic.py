"""Files that are there with all of their content or not at all, whenever a process may end."""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import IO

from sayso.errors import OutputError

try:
    from fcntl import LOCK_EX, LOCK_NB, flock
except ImportError:
    # On Windows nothing tells what a killed process left from what is being written.
    flock = None  # type: ignore[assignment]

_MOST_BYTES = 255 - len("..01234567.part")
_PART = re.compile(r"\..+\.[0-9a-f]{8}\.part", re.DOTALL)


@contextmanager
def writing(path: str | Path) -> Iterator[Path]:
    """A file beside `path` to write into, which takes its place when the block ends well.

    Threads and processes may write the same file at the same time; the last to end wins.

    Raises: OutputError for a folder that cannot be made or written to, or a full disk, whether we
        or the block found out.
    """
    with in_words(path), beside(path) as part:
        yield part


def put(path: str | Path, content: str | bytes) -> Path:
    """Writes `content`, text as UTF-8, and returns the path. Raises: OutputError."""
    path = Path(path)
    with writing(path) as part:
        part.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def kept(path: str | Path, most_bytes: int) -> bytes:
    """The content of a plain file that we come upon by ourselves, as in a folder of outputs.

    Raises: OSError; ValueError for a pipe or a device, which may have no end, or too much.
    """
    # A pipe that nobody writes to would keep even whoever opens it.
    opened = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(opened, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ValueError("it is no plain file")
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise ValueError(f"it holds more than {most_bytes:,} bytes")
    return content


@contextmanager
def beside(path: str | Path) -> Iterator[Path]:
    """As `writing`, but errors of the block itself stay what they are."""
    path = Path(path)
    part = path.with_name(_part_of(path.name))
    try:
        with in_words(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            _sweep(path.parent.absolute())
            held = part.open("xb")
        with held:
            lock(held)
            if flock is None:
                held.close()  # what is open cannot be renamed there
            yield part
            with in_words(path):
                part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _part_of(name: str) -> str:
    """A hidden name like `name` that no other has, within the 255 bytes that a name may have."""
    begun = os.fsencode(name)[:_MOST_BYTES].decode("utf-8", "ignore")
    return f".{begun}.{secrets.token_hex(4)}.part"


def lock(file: IO[bytes]) -> bool:
    """Keeps an open file to ourselves until it is closed; False where another process has it."""
    if flock is not None:
        try:
            flock(file, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a file system without locks
            pass
    return True


@contextmanager
def in_words(path: str | Path) -> Iterator[None]:
    """Turns what the system says while `path` is written into an OutputError."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            why = "the disk is full; free some room, or choose another folder"
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST):
            why = f"the folder {Path(path).parent} may not be written to; choose another"
        else:
            why = error.strerror or str(error)
        raise OutputError(f"{path}: cannot be written: {why}") from None


@lru_cache(maxsize=1024)
def _sweep(folder: Path) -> None:
    """Removes what killed processes left in `folder`: once, since it takes a look at every file."""
    if flock is None:
        return
    with suppress(OSError):  # one may write to a folder without reading it
        for part in filter(lambda path: _PART.fullmatch(path.name), folder.iterdir()):
            # Whoever still writes it holds its lock; a process that ends gives it up.
            with suppress(OSError), part.open("rb") as file:
                flock(file, LOCK_EX | LOCK_NB)
                part.unlink()
