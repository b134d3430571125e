"""Files wherever they lie: local paths, and any URL that fsspec knows (s3://, sftp://, ...)."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from sayso.audio.formats import READABLE
from sayso.errors import FormatError, InputError, MissingExtraError, OutputError, SaysoError

_OBJECT_STORES = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "oss", "memory"})
"""Where a file that is put appears whole, or not at all."""
_MAGIC = re.compile(r"[*?\[]")


@dataclass(frozen=True)
class Source:
    """A file to work on.

    Attributes:
        url: an absolute local path, or a URL.
        relative: its path below the folder that was given, from which its alias is made.
        size: bytes; 0 when it is not there.
        stamp: differs when the content does: its time, or what the store calls its version.
    """

    url: str
    relative: str
    size: int = 0
    stamp: str = ""


def is_remote(url: str) -> bool:
    """Whether a place is a URL of another file system than this machine's.

    >>> is_remote("s3://bucket/takes"), is_remote("file:///takes"), is_remote("takes/a.wav")
    (True, False, False)
    """
    scheme, separator, _ = url.partition("://")
    return bool(separator) and scheme not in ("file", "local")


def absolute(url: str | Path) -> str:
    """A place that means the same wherever a worker runs: a URL, or an absolute path."""
    text = str(url)
    if is_remote(text):
        return text.rstrip("/")
    return str(Path(re.sub(r"^(file|local)://", "", text)).absolute())


def find_sources(
    inputs: Sequence[str | Path], *, pattern: str | None = None, without: str | None = None
) -> list[Source]:
    """The files that the inputs name, each once, in the order of their names.

    Args:
        inputs: files, folders, or paths with wildcards; local or URLs.
        pattern: of the paths below a folder, such as "**/*.wav"; None takes every audio or video
            file. Hidden ones (".name") are left alone.
        without: a folder to leave out, such as that of the outputs.

    Raises: InputError when nothing matches, MissingExtraError when a URL's file system is not
        installed.
    """
    found: dict[str, Source] = {}
    barred = None if without is None else absolute(without)
    for given in inputs:
        url = absolute(given)
        everything = _find(url, pattern)
        sources = [
            source
            for source in everything
            if barred is None or not source.url.startswith(barred.rstrip("/") + "/")
        ]
        if not sources:
            raise InputError(_nothing(given, pattern, without if everything else None))
        for source in sources:
            found.setdefault(source.url, source)
    return sorted(found.values(), key=lambda source: source.url)


def _nothing(given: str | Path, pattern: str | None, without: str | None) -> str:
    if without is not None:
        return f"{given} lies in the output folder {without}; choose another with -o"
    if pattern is not None:
        return f"{given}: no file in it matches {pattern!r}"
    return f"{given}: there is no audio or video file in it; see --pattern"


def _find(url: str, pattern: str | None) -> list[Source]:
    from fsspec.utils import glob_translate

    with _told(url):
        system, root = file_system(url)
        magic = _MAGIC.search(url)
        if magic and not system.exists(root):
            folder = url[: magic.start()].rpartition("/")[0]
            return _find(folder, url.removeprefix(f"{folder}/"))
        if not system.isdir(root):
            return [_source(url, url.rpartition("/")[2], _info(system, root))]
        matches = re.compile(glob_translate(pattern)).match if pattern else None
        sources = []
        for path, info in system.find(root, detail=True).items():
            relative = path[len(root.rstrip("/")) :].lstrip("/")
            if any(part.startswith(".") for part in relative.split("/")):
                continue
            if matches(relative) if matches else _suffix(relative) in READABLE:
                sources.append(_source(f"{url}/{relative}", relative, info))
        return sources


def _suffix(path: str) -> str:
    return PurePosixPath(path).suffix.lower().removeprefix(".")


def _info(system: Any, path: str) -> Mapping[str, Any]:
    try:
        info: Mapping[str, Any] = system.info(path)
    except FileNotFoundError:
        return {}
    return info


def _source(url: str, relative: str, info: Mapping[str, Any]) -> Source:
    stamp = next((str(info[key]) for key in ("ETag", "etag", "md5", "mtime") if key in info), "")
    return Source(url, relative, int(info.get("size") or 0), stamp.strip('"'))


def file_system(url: str) -> tuple[Any, str]:
    """The file system of fsspec for a place, and the place's path in it.

    Raises: MissingExtraError, InputError for a kind of URL that nobody knows.
    """
    from fsspec.core import url_to_fs

    try:
        system, path = url_to_fs(url)
    except ImportError as error:
        raise MissingExtraError(f"{url}: {error}") from None
    except ValueError as error:
        raise InputError(f"{url}: {error}; expected a path, or a URL such as s3://...") from None
    return system, path


@contextmanager
def _told(url: str) -> Iterator[None]:
    """Turns what a file system says into our error; its libraries raise errors of all kinds."""
    try:
        yield
    except SaysoError:
        raise
    except FileNotFoundError:
        raise FormatError(f"{url}: there is no such file") from None
    except Exception as error:
        raise InputError(f"{url}: it cannot be reached ({type(error).__name__}: {error})") from None


def fetch(url: str, folder: Path) -> Path:
    """The file as a local one: itself, or a copy in `folder`. Raises: InputError."""
    if not is_remote(url):
        return Path(url)
    copy = folder / PurePosixPath(url).name
    with _told(url):
        system, path = file_system(url)
        system.get_file(path, str(copy))
    return copy


def sha256_of(path: Path) -> str:
    """The hexadecimal SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def deliver(path: Path, out: str, relative: str) -> None:
    """Moves a finished file to its place below `out`, where it appears whole or not at all.

    When this returns, a power cut does not undo it. Raises: OutputError.
    """
    try:
        if is_remote(out):
            _put(path, f"{out}/{relative}")
            path.unlink()
            return
        place = Path(out) / relative
        place.parent.mkdir(parents=True, exist_ok=True)
        with path.open("rb+") as stream:
            os.fsync(stream.fileno())
        path.replace(place)
        _sync_folder(place.parent)
    except Exception as error:
        raise OutputError(
            f"{out}/{relative}: it cannot be written ({type(error).__name__}: {error})"
        ) from None


def _put(path: Path, url: str) -> None:
    system, place = file_system(url)
    if url.partition("://")[0] in _OBJECT_STORES:
        system.put_file(str(path), place)
        return
    system.makedirs(place.rpartition("/")[0], exist_ok=True)
    part = f"{place}.part"
    system.put_file(str(path), part)
    system.mv(part, place)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return  # folders cannot be opened there
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def fresh_folder(folder: Path) -> Path:
    """An empty folder, whatever was in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
