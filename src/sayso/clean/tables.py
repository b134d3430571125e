"""Rows as files: `metrics.json`, `metrics.csv` and `summary.md`."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from sayso.clean.rows import AFTER, BEFORE, CleanRow
from sayso.errors import ConfigError, OutputError

METRICS_JSON, METRICS_CSV, SUMMARY = "metrics.json", "metrics.csv", "summary.md"


def write_tables(out: Path, rows: Sequence[CleanRow]) -> None:
    """Writes the three files into `out`, each whole or not at all. Raises: OutputError."""
    dumped = [row.model_dump(mode="json") for row in rows]
    put(out / METRICS_JSON, json.dumps(dumped, indent=1, ensure_ascii=False) + "\n")
    put(out / METRICS_CSV, _csv(rows))
    put(out / SUMMARY, summary(rows))


def read_rows(out: Path) -> list[CleanRow]:
    """The rows in `metrics.json` of a folder. Raises: ConfigError."""
    path = out / METRICS_JSON
    try:
        return TypeAdapter(list[CleanRow]).validate_json(path.read_bytes())
    except OSError:
        raise ConfigError(f"{path}: not there; expected the folder of a finished batch") from None
    except ValidationError as error:
        raise ConfigError(f"{path}: no rows of a batch: {error.errors()[0]['msg']}") from None


def figure_names(rows: Sequence[CleanRow]) -> list[str]:
    """Every figure that a row has, in the order of their first appearance."""
    return list(dict.fromkeys(name for row in rows for name in row.figures))


def values(rows: Sequence[CleanRow], name: str) -> list[float]:
    """One figure of all rows that have it."""
    return [row.figures[name] for row in rows if name in row.figures]


def summary(rows: Sequence[CleanRow]) -> str:
    """A short page of Markdown: how many, how good on average, what was passed over."""
    cleaned = [row for row in rows if row.status == "cleaned"]
    passed = [row for row in rows if row.status != "cleaned"]
    hours = sum(row.duration_s for row in cleaned) / 3600
    lines = [
        "# Cleaned speech",
        "",
        f"{len(cleaned)} of {len(rows)} files, {hours:.2f} hours; {len(passed)} passed over.",
        "",
        "| figure | before | after | worst after |",
        "|---|---:|---:|---:|",
    ]
    names = figure_names(rows)
    for name in [name for name in names if name.endswith(AFTER)]:
        stem = name.removesuffix(AFTER)
        before, after = values(rows, stem + BEFORE), values(rows, name)
        worst = max(after) if lower_is_better(stem) else min(after)
        first = f"{np.mean(before):.2f}" if before else ""
        lines.append(f"| {stem} | {first} | {np.mean(after):.2f} | {worst:.2f} |")
    if passed:
        lines += ["", "## Passed over", ""]
        lines += [f"- `{row.source}`: {row.reason}" for row in passed]
    noted = [row for row in cleaned if row.notes]
    if noted:
        lines += ["", "## Notes", ""]
        lines += [f"- `{row.source}`: {'; '.join(row.notes)}" for row in noted]
    return "\n".join(lines) + "\n"


def lower_is_better(stem: str) -> bool:
    """Whether a figure improves downwards."""
    return stem.startswith(("music", "clipped", "background", "wer"))


def put(path: Path, text: str) -> Path:
    """Writes `text` so that `path` holds all of it or is not there. Raises: OutputError."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise OutputError(f"{path}: cannot be written ({error.strerror})") from None
    return path


def _csv(rows: Sequence[CleanRow]) -> str:
    names = figure_names(rows)
    text = io.StringIO()
    plain = [name for name in CleanRow.model_fields if name != "figures"]
    writer = csv.DictWriter(text, [*plain, *names], lineterminator="\n")
    writer.writeheader()
    for row in rows:
        cells: dict[str, Any] = row.model_dump(exclude={"figures"}) | row.figures
        cells["notes"] = "; ".join(row.notes)
        writer.writerow(cells)
    return text.getvalue()
