"""`Written`: which files of a folder Sayso wrote itself; no other is replaced or deleted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from sayso.atomic import put
from sayso.errors import OutputError
from sayso.outputs.names import inside

RECORD = ".sayso/written.json"
"""Names below the folder, and the SHA-256 of what was written."""


class Written:
    """The small files that Sayso renews in a folder, such as those of a report.

    Args:
        folder: may not be there yet.

    `is_kept` tells whether there is a record of it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._hashes = _read(folder / RECORD)
        self.is_kept = bool(self._hashes)

    def check(self, names: Iterable[str]) -> None:
        """Raises OutputError where one of `names` is there and not as Sayso has left it."""
        for name in names:
            if not self.is_free(name):
                raise OutputError(
                    f"{self.folder / name} is there already, and Sayso did not write it as it is; "
                    "move it away, choose another folder with -o, or replace it with --overwrite"
                )

    def adopt(self, names: Iterable[str]) -> None:
        """Takes files that are there for our own."""
        for name in names:
            content = _content(inside(self.folder, name))
            if content is not None:
                self._hashes[name] = _hash(content)

    def is_free(self, name: str) -> bool:
        """Whether `name` is not there, or is what was written last."""
        content = _content(inside(self.folder, name))
        return content is None or self._hashes.get(name) == _hash(content)

    def put(self, files: Mapping[str, str | bytes], *, below: str) -> None:
        """Writes files, and removes those that were written below `below` and are in use no more.

        Raises: OutputError.
        """
        for name, content in files.items():
            plain = content.encode() if isinstance(content, str) else content
            put(inside(self.folder, name), plain)
            self._hashes[name] = _hash(plain)
        for name in [n for n in self._hashes if n.startswith(below) and n not in files]:
            if self.is_free(name):
                inside(self.folder, name).unlink(missing_ok=True)
            del self._hashes[name]
        put(self.folder / RECORD, json.dumps(self._hashes, indent=1) + "\n")


def _content(path: Path) -> bytes | None:
    """What a path holds; b"" for what is no readable file, None where nothing is."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError:
        return b""


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _read(path: Path) -> dict[str, str]:
    """A record; an empty one where it is missing or damaged, so that nothing counts as ours."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: str(hash) for name, hash in found.items()}
