"""One way in and one way out, whatever the format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from sayso.edit.editlist import EditList
from sayso.errors import FormatError, MoveError, OutputError, RangeError, SaysoError
from sayso.whole import put

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

    Raises: OutputError for a suffix that is not known or a folder that cannot be written,
        RequestError for an order that the format cannot hold, MissingExtraError for OpenTimelineIO.
    """
    path = Path(path)
    check_name(path)
    module = SUFFIXES[path.suffix.lower()]
    text: str = import_module(f"sayso.edit.exchange.{module}").dump(edit, path.suffix.lower())
    return put(path, text)


def read_edit(path: str | Path, *, find: Find) -> EditList:
    """The edit in a file of a format that `SUFFIXES` names.

    Args:
        path: the file.
        find: gives the recording that it is cut from.

    Raises: FormatError where it is damaged or of another kind, DataError where its times do not
        fit the recording, MissingExtraError for OpenTimelineIO.
    """
    path = Path(path)
    module = SUFFIXES.get(path.suffix.lower())
    if module is None:
        raise FormatError(f"{path.name}: expected an edit whose name ends in {', '.join(SUFFIXES)}")
    try:
        if path.stat().st_size > _LARGEST:
            raise FormatError(f"{path.name}: larger than any edit (256 MiB)")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise FormatError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise FormatError(f"{path.name}: this is no text; expected an edit") from None
    load = import_module(f"sayso.edit.exchange.{module}").load
    try:
        edit: EditList = load(text, path.suffix.lower(), find)
    except SaysoError as error:
        # What a value on the desk refuses is here a fault of the file.
        refused = isinstance(error, MoveError | RangeError)
        raise (FormatError if refused else type(error))(f"{path.name}: {error}") from None
    return edit
