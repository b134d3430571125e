"""Edits in and out of other programs' files; the suffix of a name says which.

`FORMATS` is the table of them. A file is parsed into a `Project` in a process of its own
(`parsing`) and made an edit of here (`placing`): what an edit cannot hold is refused, or noted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sayso.timeline.exchange.files import dumps, loads, open_edit, read_edit, write_edit
    from sayso.timeline.exchange.formats import FORMATS, check_name, format_of
    from sayso.timeline.exchange.media import Media
    from sayso.timeline.exchange.timecode import frame_rate

__all__ = [
    "FORMATS",
    "Media",
    "check_name",
    "dumps",
    "format_of",
    "frame_rate",
    "loads",
    "open_edit",
    "read_edit",
    "write_edit",
]
_HOMES = {
    "FORMATS": "formats",
    "Media": "media",
    "check_name": "formats",
    "format_of": "formats",
    "frame_rate": "timecode",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'files')}"), name)
