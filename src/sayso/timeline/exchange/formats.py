"""The table of edit formats: what each is called, which adapter knows it, and what it can hold.

A new format is an adapter beside this module, with `parse` and `dump`, and a row here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from sayso.errors import OutputError

if TYPE_CHECKING:
    from sayso.timeline.editlist import EditList
    from sayso.timeline.exchange.project import Project


class Adapter(Protocol):
    """What a module of a format offers; `parse` is only ever called in a process of its own."""

    def parse(self, text: str, suffix: str, rate: Fraction | None) -> Project:
        """What `text` says. Raises: FormatError, MissingExtraError."""
        ...

    def dump(self, edit: EditList, suffix: str, rate: Fraction) -> str:
        """`edit` as text, at `rate` pictures a second. Raises: RequestError."""
        ...


@dataclass(frozen=True)
class EditFormat:
    """One kind of edit file.

    Attributes:
        suffix: of its names.
        name: of the program or format.
        module: the adapter beside this module.
        exact: how fine its times are, in words.
        loses: what of an edit it has no place for: "gains", "gaps", "crossfades", "fades",
            "tempo"; an edit with "speeds" of clips is not written where they are lost.
        takes_rate: whether a person chooses how many frames a second it counts.
    """

    suffix: str
    name: str
    module: str
    exact: str = "to the sample"
    loses: tuple[str, ...] = ()
    takes_rate: bool = False

    @property
    def adapter(self) -> Adapter:
        """Its adapter, loaded when first asked for."""
        return cast(Adapter, import_module(f"sayso.timeline.exchange.{self.module}"))


_ALL = ("gains", "gaps", "crossfades", "fades", "tempo")
FORMATS: Mapping[str, EditFormat] = {
    row.suffix: row
    for row in (
        EditFormat(".otio", "OpenTimelineIO", "otio"),
        EditFormat(".rpp", "Reaper", "reaper", loses=("tempo",)),
        EditFormat(".txt", "Audacity labels", "labels", "to the microsecond", (*_ALL, "speeds")),
        EditFormat(
            ".xml", "Final Cut Pro 7", "otio", "to a picture",
            ("gains", "fades", "tempo", "speeds"), takes_rate=True,
        ),
        EditFormat(
            ".edl", "EDL (CMX 3600)", "edl", "to a picture",
            ("gains", "crossfades", "fades", "tempo", "speeds"), takes_rate=True,
        ),
        EditFormat(".json", "auto-editor", "auto_editor", "to a picture", _ALL),
    )
}  # fmt: skip
NAMES = ", ".join(FORMATS)


def format_of(name: str | Path) -> EditFormat | None:
    """The format that a file's name asks for, None for any other name."""
    return FORMATS.get(Path(name).suffix.lower())


def check_name(path: str | Path) -> EditFormat:
    """As `format_of`; raises OutputError for a name that is none's, worth asking before long work.

    >>> check_name("cut.edl").name
    'EDL (CMX 3600)'
    """
    found = format_of(path)
    if found is None:
        raise OutputError(f"{Path(path).name}: expected a name that ends in {NAMES}")
    return found
