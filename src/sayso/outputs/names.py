"""Names of files: made from patterns, fitted to the file system, kept in their folder, shown."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from pathlib import Path, PurePosixPath, PureWindowsPath
from string import Formatter
from urllib.parse import quote_from_bytes, unquote_to_bytes

from sayso.errors import OutputError

PATTERN = "{track}/{target}.{ext}"
_MOST_BYTES = 255
"""Of one part of a path, on nearly every file system."""
_DIGITS = 8
_FORBIDDEN = frozenset('\\:*?"<>|')
# Characters that turn the direction of writing can make a name look like another.
_TURNING = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_FILE = "file://"
_FIELDS = ("track", "target", "ext")


def file_name(pattern: str, track: str, target: str, ext: str) -> str:
    """A relative file name from a pattern such as "{track}/{target}.{ext}".

    The track keeps its spelling, but for bytes that are not UTF-8, which become "%FF"; of the
    target, blanks and all signs become "_". What is too long for a file system is shortened.

    Raises: OutputError for other fields in the pattern, or a name that leaves the folder.

    >>> file_name("{track}/{target}.{ext}", "1.5b song", "no vocals", "wav")
    '1.5b song/no_vocals.wav'
    """
    safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in target)
    try:
        _require_plain(pattern)
        name = pattern.format(track=named(track), target=safe, ext=ext)
    except ValueError:
        raise OutputError(
            f"the file name pattern {pattern!r} does not work; "
            "it may use {track}, {target} and {ext}"
        ) from None
    if name.endswith("/") or not PurePosixPath(name).name:
        raise OutputError(f"the file name pattern {pattern!r} names no file")
    if leaves(name):
        raise OutputError(f"the file name pattern {pattern!r} leaves the output folder")
    *folders, file = PurePosixPath(name).parts
    suffix = PurePosixPath(file).suffix
    return "/".join((*map(fitting, folders), fitting(file, keep=suffix)))


def _require_plain(pattern: str) -> None:
    """Raises ValueError for what `str.format` knows beyond our fields, such as a width of 1e9."""
    for _, field, width, conversion in Formatter().parse(pattern):
        if field is not None and (field not in _FIELDS or width or conversion):
            raise ValueError(field)


def named(track: str) -> str:
    """The track as parts of a path: text, of which none is empty or a step up.

    >>> named("day 1/1.5b take"), named("..")
    ('day 1/1.5b take', '_')
    """
    text = "".join(map(_encodable, track))
    parts = [part if part.strip(". ") else "_" for part in text.split("/")]
    if os.name == "nt":
        parts = ["".join("_" if c in _FORBIDDEN or c < " " else c for c in p) for p in parts]
    return "/".join(parts)


def _encodable(sign: str) -> str:
    """A sign that UTF-8 holds; a byte of a name that was none is spelt out."""
    if "\udc80" <= sign <= "\udcff":
        return f"%{ord(sign) - 0xDC00:02X}"
    return "_" if "\ud800" <= sign <= "\udfff" else sign


def leaves(name: str) -> bool:
    """Whether a name by itself, links aside, leads out of the folder that it is joined to."""
    posix, windows = PurePosixPath(name), PureWindowsPath(name)
    backslashes = windows.parts if os.name == "nt" else ()
    return (
        posix.is_absolute()
        or bool(os.name == "nt" and (windows.drive or windows.root))
        or ".." in (*posix.parts, *backslashes)
        or "\0" in name
    )


def fitting(name: str, *, keep: str = "") -> str:
    """One part of a path within 255 bytes: a longer one ends with a hash of itself and `keep`.

    >>> len(fitting("n" * 300 + ".wav", keep=".wav")), fitting("take.wav")
    (255, 'take.wav')
    """
    content = os.fsencode(name)
    if len(content) <= _MOST_BYTES:
        return name
    end = f"-{hashlib.sha256(content).hexdigest()[:_DIGITS]}{keep}"
    room = _MOST_BYTES - len(os.fsencode(end))
    # A character of several bytes is kept whole or not at all.
    return content[: max(1, room)].decode("utf-8", "ignore") + end


def folded(name: str) -> str:
    """What names are compared by: some file systems tell no capitals, some no accents apart."""
    return unicodedata.normalize("NFKC", name).casefold()


def numbered(name: str, number: int) -> str:
    """`name` itself for the number 1, else with the number at the end of its stem.

    >>> numbered("a/take.wav", 1), numbered("a/take.wav", 2)
    ('a/take.wav', 'a/take-2.wav')
    """
    if number == 1:
        return name
    path = PurePosixPath(name)
    return str(path.with_name(fitting(f"{path.stem}-{number}{path.suffix}", keep=path.suffix)))


def inside(folder: str | Path, name: str) -> Path:
    """The path of `name` below `folder`, for names that others may have written.

    Raises: OutputError for one that is absolute, steps up, or leads out through a link.
    """
    place = Path(folder) / name
    if not name or leaves(name) or not _resolved(place).is_relative_to(_resolved(folder)):
        raise OutputError(
            f"{shown(str(name))!r} would lie outside of {shown(str(folder))}; it is left alone"
        )
    return place


def _resolved(path: str | Path) -> Path:
    try:
        return Path(path).resolve()
    except (OSError, RuntimeError):  # links in a circle
        return Path(path).absolute()


def shown(text: str) -> str:
    r"""`text` fit for a terminal or a log: signs that would steer it are spelt out.

    >>> shown("take\x1b[2J.wav")
    'take\\x1b[2J.wav'
    """
    return "".join(c if _harmless(c) else ascii(c)[1:-1] for c in text)


def _harmless(sign: str) -> bool:
    return unicodedata.category(sign) not in ("Cc", "Cs", "Zl", "Zp") and sign not in _TURNING


def text_of(path: str | Path) -> str:
    r"""A local path as text that any database or JSON file holds; `local_path` reads it back.

    Names that are not UTF-8 become a URL of their bytes.

    >>> text_of("takes/a b.wav"), text_of(os.fsdecode(b"/takes/\xff.wav"))
    ('takes/a b.wav', 'file:///takes/%FF.wav')
    """
    content = os.fsencode(path)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return _FILE + quote_from_bytes(content)


def local_path(text: str) -> Path:
    """The path that `text_of` has put into words."""
    if not text.startswith(_FILE):
        return Path(text)
    plain = text.removeprefix(_FILE)
    return Path(os.fsdecode(unquote_to_bytes(plain)))
