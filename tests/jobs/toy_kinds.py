"""Kinds of jobs for the tests, in a module of their own as worker processes import them."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from sayso.errors import FormatError
from sayso.jobs import Context, kind


@kind("toy.write")
def write(arguments, context: Context):
    """Writes a file in its place, and a line for every time that it does."""
    path = Path(arguments["path"])
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_text(arguments["text"])
    time.sleep(arguments.get("seconds", 0.0))
    part.replace(path)
    return {"length": len(arguments["text"])}


@kind("toy.slow")
def slow(arguments, context: Context):
    """Waits until it is cancelled, or for long, and tells how far it is."""
    until = time.monotonic() + arguments["seconds"]
    while (left := until - time.monotonic()) > 0:
        context.watch.report(1 - left / arguments["seconds"])
        context.watch.check()
        time.sleep(0.02)
    return "slept"


@kind("toy.fail")
def fail(arguments, context: Context):
    raise FormatError(arguments["message"])


@kind("toy.bug")
def bug(arguments, context: Context):
    return {}["missing"]


@kind("toy.crash")
def crash(arguments, context: Context):
    os.kill(os.getpid(), signal.SIGKILL)
