"""Rows as files: `metrics.json`, `metrics.csv` and `summary.md`."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from sayso.errors import ConfigError
from sayso.measure.metrics import MEANINGS as MEANT
from sayso.reports.rows import AFTER, BEFORE, CleanRow

MEANINGS = {name: meaning.text for name, meaning in MEANT.items()}
"""What each metric is, for people."""
LOWER_IS_BETTER = tuple(name for name, meaning in MEANT.items() if meaning.better == "lower")
HIGHER_IS_BETTER = tuple(name for name, meaning in MEANT.items() if meaning.better == "higher")

_MOST_LISTED = 50
METRICS_JSON, METRICS_CSV, SUMMARY = "metrics.json", "metrics.csv", "summary.md"


def tables(rows: Sequence[CleanRow]) -> dict[str, str]:
    """The three files of a batch by name."""
    dumped = [row.model_dump(mode="json") for row in rows]
    return {
        METRICS_JSON: json.dumps(dumped, indent=1, ensure_ascii=False) + "\n",
        METRICS_CSV: _csv(rows),
        SUMMARY: summary(rows),
    }


def read_rows(out: Path) -> list[CleanRow]:
    """The rows in `metrics.json` of a folder. Raises: ConfigError."""
    path = out / METRICS_JSON
    try:
        return TypeAdapter(list[CleanRow]).validate_json(path.read_bytes())
    except OSError:
        raise ConfigError(f"{path}: not there; expected the folder of a finished batch") from None
    except ValidationError as error:
        raise ConfigError(f"{path}: no rows of a batch: {error.errors()[0]['msg']}") from None


def metric_names(rows: Sequence[CleanRow]) -> list[str]:
    """Every metric that a row has, in the order of their first appearance."""
    return list(dict.fromkeys(name for row in rows for name in row.metrics))


def values(rows: Sequence[CleanRow], name: str) -> list[float]:
    """One metric of all rows that have it."""
    return [row.metrics[name] for row in rows if name in row.metrics]


def summary(rows: Sequence[CleanRow]) -> str:
    """A short page of Markdown: how many, how good on average, what was skipped."""
    cleaned = [row for row in rows if row.status == "cleaned"]
    passed = [row for row in rows if row.status != "cleaned"]
    hours = sum(row.duration_s for row in cleaned) / 3600
    lines = [
        "# Cleaned speech",
        "",
        f"{len(cleaned)} of {len(rows)} files, {hours:.2f} hours; {len(passed)} skipped.",
        "",
        "| metric | before | after | worst after |",
        "|---|---:|---:|---:|",
    ]
    lines += [
        f"| {MEANINGS.get(name, name)} | {before} | {after} | {worst} |"
        for name, before, after, worst in averages(rows)
    ]
    if passed:
        lines += ["", "## Skipped", ""]
        lines += [f"- `{row.source}`: {row.reason}" for row in passed[:_MOST_LISTED]]
        if len(passed) > _MOST_LISTED:
            lines.append(f"- {len(passed) - _MOST_LISTED} more are in {METRICS_CSV}")
    counts = Counter(note for row in cleaned for note in row.notes)
    if counts:
        lines += ["", "## Notes", ""]
        lines += [f"- {note}" + f" ({n} files)" * (n > 1) for note, n in counts.most_common()]
    return "\n".join(lines) + "\n"


def averages(rows: Sequence[CleanRow]) -> list[tuple[str, str, str, str]]:
    """For each metric its name, the means before and after, and the worst after, as text."""
    lines = []
    names = metric_names(rows)
    stems = dict.fromkeys(name.removesuffix(BEFORE).removesuffix(AFTER) for name in names)
    for stem in stems:
        before = values(rows, stem + BEFORE)
        after = values(rows, stem + AFTER) or values(rows, stem)
        first = f"{np.mean(before):.2f}" if before else ""
        if not after:
            lines.append((stem, first, "", ""))
            continue
        ranked = stem in LOWER_IS_BETTER or stem in HIGHER_IS_BETTER
        worst = max(after) if stem in LOWER_IS_BETTER else min(after)
        lines.append((stem, first, f"{np.mean(after):.2f}", f"{worst:.2f}" if ranked else ""))
    return lines


def _csv(rows: Sequence[CleanRow]) -> str:
    names = metric_names(rows)
    text = io.StringIO()
    plain = [name for name in CleanRow.model_fields if name != "metrics"]
    writer = csv.DictWriter(text, [*plain, *names], lineterminator="\n")
    writer.writeheader()
    for row in rows:
        cells: dict[str, Any] = row.model_dump(exclude={"metrics"}) | row.metrics
        cells["notes"] = "; ".join(row.notes)
        writer.writerow(cells)
    return text.getvalue()
