"""The report of a batch of cleaned files, in its output folder."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

from sayso.batch.manifest import Item
from sayso.batch.storage import deliver, is_remote
from sayso.outputs import local_path


def report(out: str, items: Iterable[Item], *, overwrite: bool) -> None:
    """Writes the report where items were cleaned.

    Args:
        out: a folder as `sayso.outputs.text_of` has it, or a URL of one.
        items: of the batch.
        overwrite: whether a report of others in a local folder is replaced.
    Raises: OutputError.
    """
    rows = [item.row for item in items if item.row is not None]
    if not rows:
        return
    from sayso.reports import CleanRow, write_report

    clean_rows = [CleanRow.model_validate(row) for row in rows]
    if not is_remote(out):
        write_report(local_path(out), clean_rows, overwrite=overwrite)
        return
    with tempfile.TemporaryDirectory(prefix="sayso-report-") as folder:
        write_report(Path(folder), clean_rows)
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file():
                deliver(path, out, path.relative_to(folder).as_posix())
