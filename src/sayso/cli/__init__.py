"""The command line: arguments in, a call of the core, a table out.

This package holds no DSP and no defaults of its own, and imports the core only once a command is
known, so that `sayso --help` answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from sayso.cli.parser import build_parser
from sayso.errors import EXIT_CODES, Cancelled, SaysoError, lookup

INTERRUPTED = EXIT_CODES[Cancelled]
UNEXPECTED = 1


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code; see `sayso.errors` for the codes."""
    arguments = build_parser().parse_args(argv)
    try:
        command = _load(arguments.command)
        return command(arguments)
    except SaysoError as error:
        _complain(str(error))
        return lookup(error, EXIT_CODES, UNEXPECTED)
    except KeyboardInterrupt:
        _complain("stopped; nothing half-written is left")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has gone (`sayso models | head`); keep the interpreter from complaining again.
        sys.stderr.close()
        return UNEXPECTED


def _load(name: str):  # type: ignore[no-untyped-def]
    from importlib import import_module

    module, _, function = name.partition(":")
    return getattr(import_module(f"sayso.cli.{module}"), function)


def _complain(message: str) -> None:
    sys.stderr.write(f"sayso: {message}\n")
