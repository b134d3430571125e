"""The reports of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sayso.clean.rows import CleanRow
from sayso.clean.tables import write_tables


def write_report(out: Path, rows: Sequence[CleanRow]) -> None:
    """Writes `metrics.json`, `metrics.csv` and `summary.md` into `out`.

    Args:
        out: a folder, made if it is not there.
        rows: one a file, in the order in which they are to be listed.
    Raises: OutputError.
    """
    write_tables(Path(out), rows)
