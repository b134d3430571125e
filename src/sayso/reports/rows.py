"""What is said of one file: a row of the reports."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, model_validator

from sayso.errors import OutputError
from sayso.outputs import inside, is_same, local_path

BEFORE, AFTER = "_before", "_after"
_NAMES_BEFORE = {"figures": "metrics"}


class CleanRow(BaseModel):
    """One file of a batch. It says nothing of time or machine: the same work gives the same row.

    Attributes:
        source: the file, as it was named; absolute where a command wrote the row.
        output: where its speech was written, below the folder of the reports; None where it was
            skipped.
        status: "cleaned", or "skipped" for a reason.
        reason: why it was skipped.
        notes: what a person should know of a cleaned one.
        config: name of the configuration.
        duration_s: length; 0 where it could not be read.
        sample_rate: of the source, in Hz; 0 where it could not be read.
        channels: of the source; 0 where it could not be read.
        metrics: metrics by name. Of those taken twice, "_before" is of the source and "_after" of
            the output; a metric that is undefined for this file is missing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    output: str | None = None
    status: Literal["cleaned", "skipped"]
    reason: str | None = None
    notes: tuple[str, ...] = ()
    config: str
    duration_s: float = 0.0
    sample_rate: int = 0
    channels: int = 0
    metrics: dict[str, float] = {}

    @model_validator(mode="before")
    @classmethod
    def _of_before(cls, given: Any) -> Any:
        """Take a row as earlier versions wrote it: the same, under another name and word."""
        if not isinstance(given, dict):
            return given
        row = {_NAMES_BEFORE.get(name, name): value for name, value in given.items()}
        if row.get("status") == "passed_over":
            row["status"] = "skipped"
        return row


def located(out: Path, row: CleanRow) -> Path | None:
    """Where in `out` the output of a row lies, also when the folder was moved; None when nowhere.

    Rows name their outputs below the folder; those of earlier versions, and those that were made
    in Python, with the folders above it.
    """
    if row.output is None:
        return None
    given, source = local_path(row.output), local_path(row.source)
    parts = given.relative_to(given.anchor).parts
    for at in range(len(parts)):
        try:
            place = inside(out, str(Path(*parts[at:])))
        except OutputError:
            continue
        if place.is_file() and not (source.is_absolute() and is_same(place, source)):
            return place
    return None


def source_of(row: CleanRow, output: Path) -> Path | None:
    """Where the source of a row lies; None where that cannot be told from here.

    Rows of earlier versions name it as it was given, which may be another file by now.
    """
    source = local_path(row.source)
    return source if source.is_file() and not is_same(source, output) else None
