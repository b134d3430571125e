"""Files that are there with all of their content or not at all, whenever a process may end."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sayso.errors import OutputError


@contextmanager
def writing(path: str | Path) -> Iterator[Path]:
    """A file beside `path` to write into, which takes its place when the block ends well.

    Threads and processes may write the same file at the same time; the last to end wins.

    Raises: OutputError for a folder that cannot be made or written to, or a full disk.
    """
    path = Path(path)
    part = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        part.replace(path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror or error})") from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def put(path: str | Path, content: str | bytes) -> Path:
    """Writes `content`, text as UTF-8, and returns the path. Raises: OutputError."""
    path = Path(path)
    with writing(path) as part:
        part.write_bytes(content.encode() if isinstance(content, str) else content)
    return path
