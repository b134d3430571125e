"""What a bench prints: tables in Markdown, and the machine that they were made on."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("numpy", "onnxruntime", "torch", "demucs", "librosa", "noisereduce")


class SkippedError(Exception):
    """A part that cannot be measured here; the message says what it lacks."""


@dataclass(frozen=True)
class Table:
    """One comparison.

    Attributes:
        title: what is compared.
        columns: their headings.
        rows: a cell a column.
        notes: how it was measured.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: str = ""

    def markdown(self) -> str:
        """The table under its title, with its notes."""
        lines = [f"## {self.title}", ""]
        if self.notes:
            lines += [self.notes, ""]
        if self.columns:
            lines += [_row(self.columns), _row(["---"] * len(self.columns))]
            lines += [_row(row) for row in self.rows]
        return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def machine() -> Table:
    """Where it ran, and the versions that count."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    rows = [
        ("processor", _processor()),
        ("cores that may be used", str(cores)),
        ("memory", f"{memory:.0f} GiB"),
        ("system", platform.platform(terse=True)),
        ("Python", platform.python_version()),
        *((name, _version(name)) for name in ("sayso", *PACKAGES)),
        ("load when it began", f"{os.getloadavg()[0]:.1f}"),
        ("day", date.today().isoformat()),
    ]
    return Table("The machine", ("", ""), rows)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
