"""What is said of one file: a row of the reports."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

BEFORE, AFTER = "_before", "_after"


class CleanRow(BaseModel):
    """One file of a batch. It says nothing of time or machine: the same work gives the same row.

    Attributes:
        source: the file, as it was named.
        output: where its speech was written; None where it was passed over.
        status: "cleaned", or "passed_over" for a reason.
        reason: why it was passed over.
        notes: what a person should know of a cleaned one.
        config: name of the configuration.
        duration_s: length; 0 where it could not be read.
        sample_rate: of the source, in Hz; 0 where it could not be read.
        channels: of the source; 0 where it could not be read.
        figures: metrics by name. Of those taken twice, "_before" is of the source and "_after" of
            the output; a figure that is undefined for this file is missing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    output: str | None = None
    status: Literal["cleaned", "passed_over"]
    reason: str | None = None
    notes: tuple[str, ...] = ()
    config: str
    duration_s: float = 0.0
    sample_rate: int = 0
    channels: int = 0
    figures: dict[str, float] = {}
