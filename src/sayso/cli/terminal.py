"""What a terminal shows: progress on stderr, results on stdout."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sayso.outputs import shown
from sayso.watch import Watch

_LINE_S = 30.0
"""How often progress is written where no bar can be drawn."""


@contextmanager
def progress_bar(label: str) -> Iterator[Watch]:
    """A bar on stderr that the yielded watch moves; nothing where stderr is no terminal."""
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    console = Console(stderr=True)
    quiet = _quiet or not console.is_terminal
    with Bar(
        *columns, TimeRemainingColumn(), console=console, transient=True, disable=quiet
    ) as bar:
        task = bar.add_task(escape(shown(label)), total=1.0)
        yield Watch(lambda done: bar.update(task, completed=done))


@contextmanager
def progress_line(label: str) -> Iterator[Callable[[float, str], None]]:
    """A bar with a text that the yielded function changes; every so often a line elsewhere."""
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    told_s = time.monotonic()
    columns = (BarColumn(), TaskProgressColumn(), TextColumn("{task.description}"))
    with Bar(
        *columns, console=console, transient=True, disable=_quiet or not console.is_terminal
    ) as bar:
        task = bar.add_task(escape(shown(label)), total=1.0)

        def show(done: float, text: str) -> None:
            nonlocal told_s
            bar.update(task, completed=done, description=text)
            if not console.is_terminal and time.monotonic() - told_s >= _LINE_S:
                told_s = time.monotonic()
                note(text)

        yield show


def show_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], *, headed: bool = False
) -> None:
    """Rows on stdout: drawn in a terminal, tab-separated for another program.

    That one is told the columns, too, where the table is `headed`.
    """
    if not sys.stdout.isatty():
        for row in [columns, *rows] if headed else rows:
            _print("\t".join(map(shown, row)))
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(shown(cell)) for cell in row))
    Console().print(table)


def show_json(value: Any) -> None:
    """One JSON document on stdout."""
    # What UTF-8 cannot hold, JSON can: names of files that are not UTF-8.
    text = json.dumps(value, indent=2, ensure_ascii=False)
    _print("".join(c if c.isascii() or c.isprintable() else json.dumps(c)[1:-1] for c in text))


def say(text: str) -> None:
    """A sentence on stdout."""
    _print(_lines(text))


def show_files(columns: Sequence[str], rows: Sequence[Sequence[str]], *, as_json: bool) -> None:
    """A table; or a JSON list with an object for each row."""
    if as_json:
        show_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        show_table(columns, rows)


_quiet = False


def be_quiet(quiet: bool) -> None:
    """Whether `note` and progress are left out from now on."""
    global _quiet
    _quiet = quiet


def note(text: str) -> None:
    """A sentence on stderr, beside the results."""
    if not _quiet:
        complain(text)


def complain(text: str) -> None:
    """What went wrong, on stderr."""
    sys.stderr.write(f"sayso: {_lines(text)}\n")


def _lines(text: str) -> str:
    return "\n".join(map(shown, text.split("\n")))


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")


def duration(seconds: float) -> str:
    """Minutes and seconds.

    >>> duration(83.456)
    '1:23.5'
    """
    minutes, rest = divmod(round(seconds, 1), 60)
    return f"{int(minutes)}:{rest:04.1f}"


def level(db: float) -> str:
    """A level to a tenth of a decibel, without its unit.

    >>> level(-3.14159), level(float("-inf"))
    ('-3.1', 'silent')
    """
    return "silent" if db == float("-inf") else f"{db:.1f}"
