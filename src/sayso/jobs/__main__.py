"""One worker process, as `Workers` starts it: told what to do on stdin, which ends when it must.

So no password is on a command line, and no worker outlives the process that started it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import suppress

from sayso.errors import EXIT_CODES, SaysoError, lookup
from sayso.jobs.worker import run_worker

_NICENESS = 10
"""Whoever waits for an answer on this machine comes first."""


def main() -> int:
    """Runs until stdin ends; the exit status is that of the error's class."""
    # Ctrl-C reaches the whole group of processes; it is for the one that started us to say stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(AttributeError):  # Windows knows no such priorities
        os.nice(_NICENESS)
    order = json.loads(sys.stdin.readline() or "{}")
    try:
        run_worker(**order, stop=sys.stdin.read)
    except SaysoError as error:
        sys.stderr.write(f"sayso: {error}\n")
        return lookup(error, EXIT_CODES, 1)
    return 0


if __name__ == "__main__":
    status = main()
    sys.stderr.flush()
    # At once, though a job may still run that does not listen: it is safe to repeat.
    os._exit(status)
