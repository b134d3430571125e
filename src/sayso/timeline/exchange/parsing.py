"""Parsing a stranger's edit in a process of its own: parsers crash, hang and grow.

Run as a module, this file is that process: bytes come in, a `Project` or an error goes out.
"""

from __future__ import annotations

import json
import os
import sys
from fractions import Fraction

from sayso import errors
from sayso.bounded import bound, run_bounded
from sayso.errors import FormatError
from sayso.timeline.exchange.formats import FORMATS
from sayso.timeline.exchange.project import Project
from sayso.timeline.exchange.text import decode
from sayso.watch import SILENT, Watch

MOST_PIECES = 50_000
_CPU_S, _LONGEST_S, _MEMORY_BYTES = 60, 120.0, 2 << 30


def parse_bounded(
    content: bytes, suffix: str, rate: Fraction | None, watch: Watch = SILENT
) -> Project:
    """What a file of the format `suffix` says, read where it can do no harm.

    Args:
        content: the file.
        suffix: of `FORMATS`.
        rate: frames a second, where the format does not say.
        watch: cancelling, polled while it is parsed.

    Raises: FormatError, also where its parser crashes; MissingExtraError, RangeError, Cancelled.
    """
    arguments = (suffix, str(rate or ""))
    said = run_bounded(__name__, *arguments, content=content, longest_s=_LONGEST_S, watch=watch)
    if not said:
        raise FormatError(
            f"damaged, or no {FORMATS[suffix].name} file: its parser gave up on it. "
            "Export it again from where it was made"
        )
    answer = json.loads(said)
    if "error" in answer:
        raise getattr(errors, answer["error"])(answer["message"])
    return Project.loads(said)


def parse(content: bytes, suffix: str, rate: Fraction | None) -> Project:
    """As `parse_bounded`, in this process."""
    project = FORMATS[suffix].adapter.parse(decode(content), suffix, rate)
    if sum(len(row.pieces) for row in project.rows) > MOST_PIECES:
        raise FormatError(f"holds more than {MOST_PIECES} clips; expected at most that")
    return project


def _main(suffix: str, rate: str) -> None:
    bound(_CPU_S, _MEMORY_BYTES)
    # What a library prints must not get into the answer.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    try:
        said = parse(sys.stdin.buffer.read(), suffix, Fraction(rate) if rate else None)
        answer = said.dumps()
    except errors.SaysoError as error:
        answer = json.dumps({"error": type(error).__name__, "message": str(error)})
    with out:
        out.write(answer)


if __name__ == "__main__":
    _main(*sys.argv[1:])
