"""One way in and one way out, whatever the format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from sayso.atomic import put
from sayso.errors import FormatError, MoveError, OutputError, RangeError, SaysoError
from sayso.timeline.editlist import EditList

SUFFIXES: Mapping[str, str] = {
    ".otio": "otio",
    ".edl": "otio",
    ".xml": "otio",
    ".rpp": "reaper",
    ".txt": "labels",
    ".json": "chunks",
}
"""Suffixes and the modules beside this one that know them."""
_LARGEST = 256 << 20


@dataclass(frozen=True)
class Media:
    """What a format that does not say it itself must be told of the recording."""

    path: str
    sample_rate: int
    frames: int


Find = Callable[[str | None], Media]
"""Gives the recording, by the path that the file names or None where it names none."""


def check_name(path: str | Path) -> None:
    """Raises OutputError for a name whose suffix is no format's: worth asking before long work."""
    if Path(path).suffix.lower() not in SUFFIXES:
        raise OutputError(f"{Path(path).name}: expected a name that ends in {', '.join(SUFFIXES)}")


def write_edit(path: str | Path, edit: EditList) -> Path:
    """Writes `edit` in the format that the suffix names, and returns the path.

    Raises: as `check_name` and `dumps`; OutputError for a folder that cannot be written.
    """
    check_name(path)
    return put(path, dumps(edit, Path(path).suffix.lower()))


def dumps(edit: EditList, suffix: str) -> str:
    """`edit` in the format of a suffix of `SUFFIXES`.

    Raises: RequestError for an order that the format cannot hold, MissingExtraError for
        OpenTimelineIO.
    """
    text: str = _format_of(suffix).dump(edit, suffix)
    return text


def read_edit(path: str | Path, *, find: Find) -> EditList:
    """The edit in a file of a format that `SUFFIXES` names.

    Args:
        path: the file.
        find: gives the recording that it is cut from.

    Raises: FormatError where it cannot be read; as `loads`.
    """
    path = Path(path)
    try:
        if path.stat().st_size > _LARGEST:
            raise FormatError(f"{path.name}: larger than any edit (256 MiB)")
        return loads(path.read_bytes(), path.name, find=find)
    except OSError as error:
        raise FormatError(f"{path}: cannot be read ({error.strerror})") from None


def loads(content: bytes, name: str, *, find: Find) -> EditList:
    """The edit that a file called `name` holds.

    Raises: FormatError where it is damaged or of another kind, DataError where its times do not
        fit the recording, MissingExtraError for OpenTimelineIO.
    """
    suffix = Path(name).suffix.lower()
    if suffix not in SUFFIXES:
        raise FormatError(f"{name}: expected an edit whose name ends in {', '.join(SUFFIXES)}")
    try:
        edit: EditList = _format_of(suffix).load(content.decode(), suffix, find)
    except UnicodeDecodeError:
        raise FormatError(f"{name}: this is no text; expected an edit") from None
    except SaysoError as error:
        # What a value on the desk refuses is here a fault of the file.
        refused = isinstance(error, MoveError | RangeError)
        raise (FormatError if refused else type(error))(f"{name}: {error}") from None
    return edit


def _format_of(suffix: str) -> Any:
    return import_module(f"sayso.timeline.exchange.{SUFFIXES[suffix]}")
