"""The command line: arguments in, a call of the core, a table out.

This package holds no DSP and no defaults of its own, and imports the core only once a command is
known, so that `sayso --help` answers at once.
"""

from __future__ import annotations

import errno
import os
import sys
import time
import warnings
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path

from sayso.cli.parser import build_parser
from sayso.cli.settings import set_defaults, take_file
from sayso.errors import EXIT_CODES, Cancelled, OutputError, SaysoError, lookup

INTERRUPTED = EXIT_CODES[Cancelled]
UNEXPECTED = 1
_NO_FILE = (errno.ENAMETOOLONG, errno.ELOOP, errno.EIO, errno.ESTALE)
"""What a system says of names and disks of a person's, wherever we come upon it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code; see `sayso.errors` for the codes."""
    before = set(os.environ)
    try:
        return _run(argv)
    finally:
        # What the configuration file said was for this command and those that it starts.
        for name in set(os.environ) - before:
            del os.environ[name]


def _run(argv: Sequence[str] | None) -> int:
    parser = build_parser()
    if "_ARGCOMPLETE" in os.environ:
        import argcomplete

        argcomplete.autocomplete(parser)
    try:
        file = take_file(os.environ)
        set_defaults(parser, os.environ)
    except SaysoError as error:
        _complain(str(error))
        return lookup(error, EXIT_CODES, UNEXPECTED)
    arguments = parser.parse_args(argv)
    _settle(arguments, file)
    begun_s = time.monotonic()
    if not os.environ.get("SAYSO_DEBUG"):
        # What libraries tell their developers is no answer to a person's request.
        warnings.simplefilter("ignore")
    try:
        from sayso.cli.inputs import piped

        command = _load(arguments.command)
        with piped(arguments):
            code = command(arguments)
        if arguments.verbose:
            _complain(f"took {time.monotonic() - begun_s:.1f} s")
        return code
    except SaysoError as error:
        _complain(str(error))
        return lookup(error, EXIT_CODES, UNEXPECTED)
    except BrokenPipeError:
        # The reader has gone (`sayso models | head`); keep the interpreter from complaining again.
        sys.stderr.close()
        return UNEXPECTED
    except (Exception, KeyboardInterrupt) as error:
        if _is_stop(error):
            _complain("stopped; nothing half-written is left")
            return INTERRUPTED
        if os.environ.get("SAYSO_DEBUG"):
            raise
        if isinstance(error, OSError) and error.errno in _NO_FILE:
            _complain(f"{error.filename}: {error.strerror}; choose another file or folder")
            return lookup(OutputError(), EXIT_CODES, UNEXPECTED)
        _complain(
            f"this should not have happened ({type(error).__name__}: {error}). It is a mistake of "
            "ours; SAYSO_DEBUG=1 shows where it happened, which helps in a report"
        )
        return UNEXPECTED


def _settle(arguments: Namespace, file: Path | None) -> None:
    """How much is said besides the result."""
    from sayso.cli import terminal

    terminal.be_quiet(arguments.quiet)
    if arguments.verbose:
        terminal.complain(f"settings of {file or 'the environment and the options alone'}")


def _is_stop(error: BaseException | None) -> bool:
    """Whether it was the person; a library that was being imported then raises an error of its own.

    >>> _is_stop(KeyboardInterrupt()), _is_stop(ImportError("initialization failed"))
    (True, False)
    """
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _load(name: str) -> Callable[[Namespace], int]:
    from importlib import import_module

    module, _, function = name.partition(":")
    command: Callable[[Namespace], int] = getattr(import_module(f"sayso.cli.{module}"), function)
    return command


def _complain(message: str) -> None:
    from sayso.cli.terminal import complain

    complain(message)
