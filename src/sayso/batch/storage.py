"""Files wherever they lie: local paths, and any URL that fsspec knows (s3://, sftp://, ...)."""

from __future__ import annotations

import glob
import hashlib
import os
import re
import shutil
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from sayso.audio.formats import READABLE
from sayso.errors import FormatError, InputError, MissingExtraError, OutputError, SaysoError
from sayso.optional import require
from sayso.outputs import inside, leaves, local_path, shown, text_of

_OBJECT_STORES = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "oss", "memory"})
"""Where a file that is put appears whole, or not at all."""
_MAGIC = re.compile(r"[*?\[]")


@dataclass(frozen=True)
class Source:
    """A file to work on.

    Attributes:
        url: an absolute local path, as `sayso.outputs.text_of` has it, or a URL.
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
    return text_of(_local(text).absolute())


def _local(text: str) -> Path:
    """The path that a person, or a manifest, means by a name without a remote scheme."""
    plain = Path(re.sub(r"^(file|local)://", "", text))
    return plain if plain.exists() or not text.startswith("file://") else local_path(text)


def find_sources(
    inputs: Sequence[str | Path], *, pattern: str | None = None, without: str | None = None
) -> list[Source]:
    """The files that the inputs name, each once, in the order of their names.

    Args:
        inputs: files, folders, or paths with wildcards; local or URLs.
        pattern: of the paths below a folder, such as "**/*.wav"; None takes every audio or video
            file. Hidden ones (".name") are left alone.
        without: a folder to leave out where it lies in another, such as that of the outputs.

    Raises: InputError when nothing matches, MissingExtraError when a URL's file system is not
        installed.
    """
    found: dict[str, Source] = {}
    barred = None if without is None or is_remote(str(without)) else _real(_local(str(without)))
    for given in inputs:
        everything = _find(str(given), pattern)
        sources = [source for source in everything if not _is_below(source, barred, given)]
        if not sources:
            raise InputError(_nothing(given, pattern, without if everything else None))
        for source in sources:
            found.setdefault(source.url, source)
    return sorted(found.values(), key=lambda source: source.url)


def _is_below(source: Source, barred: Path | None, given: str | Path) -> bool:
    """Whether a file was found in a folder that is left out, and not named by itself."""
    if barred is None or is_remote(source.url) or source.url == absolute(given):
        return False
    place = _real(local_path(source.url).parent)
    top = place
    for _ in PurePosixPath(source.relative).parts[1:]:
        top = top.parent
    return place.is_relative_to(barred) and barred != top and barred.is_relative_to(top)


def _real(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # links in a circle
        return path.absolute()


def _nothing(given: str | Path, pattern: str | None, without: str | None) -> str:
    if without is not None:
        return f"{given} lies in the output folder {without}; choose another with -o"
    if pattern is not None:
        return f"{given}: no file in it matches {pattern!r}"
    return f"{given}: there is no audio or video file in it; see --pattern"


def _find(given: str, pattern: str | None) -> list[Source]:
    if is_remote(given):
        return _find_remote(given.rstrip("/"), pattern)
    path = _local(given)
    text = str(path)
    magic = _MAGIC.search(text)
    if magic and not path.exists():
        folder = text[: magic.start()].rpartition("/")[0] or ("/" if text[0] == "/" else ".")
        pattern = text.removeprefix(folder if folder != "." else "").lstrip("/")
        path = Path(folder)
    if not path.is_dir():
        return [_local_source(_real(path.parent) / path.name, path.name)]
    root = _real(path)
    if pattern is None:
        names = list(_walk(root))
    else:
        names = sorted(glob.iglob(pattern, root_dir=root, recursive=True))  # noqa: PTH207
    places = ((root / name, name) for name in names)
    return [_local_source(place, name) for place, name in places if _is_item(place)]


def _walk(root: Path) -> Iterator[str]:
    """Every audio and video file below `root` but hidden ones, by its relative name.

    A folder that may not be looked into is named, too, so that it is listed as what fails.
    """
    closed: list[str] = []
    for folder, folders, files in os.walk(root, onerror=lambda e: closed.append(e.filename)):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith(".") and _suffix(name) in READABLE:
                yield os.path.relpath(Path(folder) / name, root)
    for folder in closed:
        yield os.path.relpath(folder, root)


def _is_item(path: Path) -> bool:
    """Whether a name is of a file, of a link to nothing, or of a folder that is closed to us."""
    try:
        if stat.S_ISDIR(path.stat().st_mode):
            return not os.access(path, os.R_OK | os.X_OK)
        return path.is_file()
    except OSError:
        return path.is_symlink()


def _local_source(path: Path, relative: str) -> Source:
    size, stamp = 0, ""
    with suppress(OSError, ValueError):
        status = path.stat()
        size, stamp = status.st_size, str(status.st_mtime)
    return Source(text_of(path), PurePosixPath(Path(relative)).as_posix(), size, stamp)


def _find_remote(url: str, pattern: str | None) -> list[Source]:
    with _told(url):
        system, root = file_system(url)
        from fsspec.utils import glob_translate

        magic = _MAGIC.search(url)
        if magic and not system.exists(root):
            folder = url[: magic.start()].rpartition("/")[0]
            return _find_remote(folder, url.removeprefix(f"{folder}/"))
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
    require("fsspec", extra="batch", purpose=f"{shown(url)}: a URL")
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
        return local_path(url)
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
            if leaves(relative):
                raise OutputError(f"{relative} would lie outside of {out}")
            _put(path, f"{out}/{relative}")
            path.unlink()
            return
        place = inside(local_path(out), relative)
        place.parent.mkdir(parents=True, exist_ok=True)
        with path.open("rb+") as stream:
            os.fsync(stream.fileno())
        path.replace(place)
        _sync_folder(place.parent)
    except OutputError:
        raise
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
