"""The reports of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from pathlib import Path

import numpy as np

from sayso.errors import ConfigError
from sayso.outputs import Written, fitting, numbered
from sayso.reports.page import page
from sayso.reports.rows import AFTER, CleanRow, located
from sayso.reports.snippets import Snippet, as_mp3, telling
from sayso.reports.tables import (
    HIGHER_IS_BETTER,
    LOWER_IS_BETTER,
    METRICS_CSV,
    METRICS_JSON,
    SUMMARY,
    read_rows,
    tables,
)

REPORT, SNIPPETS = "report.html", "snippets"
TABLES = (METRICS_JSON, METRICS_CSV, SUMMARY)
_WORST = 10


def check_report(out: Path) -> None:
    """Raises OutputError where a report in `out` would replace what Sayso has not written."""
    _written(Path(out)).check((*TABLES, REPORT))


def write_report(out: Path, rows: Sequence[CleanRow], *, overwrite: bool = False) -> None:
    """Writes the tables, the page and the snippets of a folder.

    `metrics.json` and `metrics.csv` have a row a file, `summary.md` is short, `report.html` holds
    plots and the ten worst files to look at and to listen to, `snippets/` the seconds of these.
    Rows of earlier runs into the same folder stay, unless they are of the same file.

    Args:
        out: a folder, made if it is not there.
        rows: one a file, in the order in which they are to be listed.
        overwrite: whether files of those names that others have written are replaced.
    Raises: OutputError.
    """
    out = Path(out)
    if not overwrite:
        check_report(out)
    rows = [*_earlier(out, rows), *rows]
    shown: list[tuple[CleanRow, Snippet, bytes, bytes]] = []
    for row in worst_first(rows):
        output = located(out, row)
        snippet = None if output is None else telling(row, output)
        if snippet is not None:
            shown.append((row, snippet, as_mp3(snippet.before), as_mp3(snippet.after)))
        if len(shown) == _WORST:
            break
    written = _written(out)
    files: dict[str, str | bytes] = {**tables(rows), REPORT: page(rows, shown)}
    for rank, (row, _, before, after) in enumerate(shown, start=1):
        for word, sound in (("before", before), ("after", after)):
            end = f"-{word}.mp3"
            name = fitting(f"{rank:02}-{Path(row.output or row.source).stem}{end}", keep=end)
            files[_free(written, f"{SNIPPETS}/{name}")] = sound
    written.put(files, below=f"{SNIPPETS}/")


def _written(out: Path) -> Written:
    """What may be replaced in `out`: also the report of a version that kept no record."""
    written = Written(out)
    if not written.is_kept and _rows_of(out):
        written.adopt((*TABLES, REPORT))
    return written


def _free(written: Written, name: str) -> str:
    names = (numbered(name, number) for number in count(1))
    return next(name for name in names if written.is_free(name))


def _rows_of(out: Path) -> list[CleanRow]:
    try:
        return read_rows(out)
    except ConfigError:
        return []


def _earlier(out: Path, rows: Sequence[CleanRow]) -> list[CleanRow]:
    """The rows of files that still lie in `out`, and that `rows` say nothing of."""
    known = {_key(out, row) for row in rows}
    earlier = [row for row in _rows_of(out) if _key(out, row) not in known]
    return [row for row in earlier if row.output is None or located(out, row) is not None]


def _key(out: Path, row: CleanRow) -> str:
    place = located(out, row)
    return f"{row.config} {row.source}" if place is None else str(place)


def worst_first(rows: Sequence[CleanRow]) -> list[CleanRow]:
    """Cleaned rows by their mean rank over all metrics that say how good the output is."""
    cleaned = [row for row in rows if row.status == "cleaned"]
    badness = np.zeros(len(cleaned))
    for stems, sign in ((LOWER_IS_BETTER, 1), (HIGHER_IS_BETTER, -1)):
        for stem in stems:
            name = stem + AFTER
            found = np.array([sign * row.metrics.get(name, np.nan) for row in cleaned])
            if found.size and np.isfinite(found).any():
                # A file without the metric ranks in the middle.
                filled = np.where(np.isnan(found), np.nanmedian(found), found)
                badness += np.argsort(np.argsort(filled, kind="stable"), kind="stable")
    return [cleaned[at] for at in np.argsort(-badness, kind="stable")]
