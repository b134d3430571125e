"""The reports of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sayso.atomic import put
from sayso.reports.page import page
from sayso.reports.rows import AFTER, CleanRow
from sayso.reports.snippets import Snippet, as_mp3, telling
from sayso.reports.tables import HIGHER_IS_BETTER, LOWER_IS_BETTER, write_tables

REPORT, SNIPPETS = "report.html", "snippets"
_WORST = 10


def write_report(out: Path, rows: Sequence[CleanRow]) -> None:
    """Writes the tables, the page and the snippets of a batch.

    `metrics.json` and `metrics.csv` have a row a file, `summary.md` is short, `report.html` holds
    plots and the ten worst files to look at and to listen to, `snippets/` the seconds of these.

    Args:
        out: a folder, made if it is not there.
        rows: one a file, in the order in which they are to be listed.
    Raises: OutputError.
    """
    out = Path(out)
    write_tables(out, rows)
    shown: list[tuple[CleanRow, Snippet, bytes, bytes]] = []
    for row in worst_first(rows):
        output = located(out, row)
        snippet = None if output is None else telling(row, output)
        if snippet is not None:
            shown.append((row, snippet, as_mp3(snippet.before), as_mp3(snippet.after)))
        if len(shown) == _WORST:
            break
    put(out / REPORT, page(rows, shown))
    for old in (out / SNIPPETS).glob("*.mp3"):
        old.unlink()
    for rank, (row, _, before, after) in enumerate(shown, start=1):
        for word, sound in (("before", before), ("after", after)):
            name = f"{rank:02}-{Path(row.output or row.source).stem}-{word}.mp3"
            put(out / SNIPPETS / name, sound)


def located(out: Path, row: CleanRow) -> Path | None:
    """Where the output of a row lies now, also when its folder was moved; None when nowhere."""
    if row.output is None:
        return None
    given = Path(row.output)
    places = (given, out / given, out / given.name)
    return next((place for place in places if place.is_file()), None)


def worst_first(rows: Sequence[CleanRow]) -> list[CleanRow]:
    """Cleaned rows by their mean rank over all figures that say how good the output is."""
    cleaned = [row for row in rows if row.status == "cleaned"]
    badness = np.zeros(len(cleaned))
    for stems, sign in ((LOWER_IS_BETTER, 1), (HIGHER_IS_BETTER, -1)):
        for stem in stems:
            name = stem + AFTER
            found = np.array([sign * row.figures.get(name, np.nan) for row in cleaned])
            if found.size and np.isfinite(found).any():
                # A file without the figure ranks in the middle.
                filled = np.where(np.isnan(found), np.nanmedian(found), found)
                badness += np.argsort(np.argsort(filled, kind="stable"), kind="stable")
    return [cleaned[at] for at in np.argsort(-badness, kind="stable")]
