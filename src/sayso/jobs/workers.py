"""`Workers`: worker processes, kept running, that end with the one that started them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from sayso.errors import EXIT_CODES, QueueError
from sayso.jobs.database import database_url
from sayso.jobs.kinds import load_kinds
from sayso.jobs.queue import MAX_STARTS, POLLING_S

_LOOK_S = 0.2
_PATIENCE_S = 30.0
"""How long workers may go on failing to start, or a stopping one may take."""


class Workers:
    """Processes that take jobs from a queue while the `with` block runs.

    One that crashes is started anew; the job that it had starts anew, too.

    Args:
        where: as `JobQueue` takes it.
        modules: dotted names of the modules that register the kinds of jobs that they take.
        processes: how many, each with one job at a time.
        machine: what their ids begin with; None for the machine's own name.
        threads: processor threads a job; None shares the processor among the processes.
        options: what `Context.options` tells the jobs of this machine.
        polling_s: how often each looks for a job.
        max_starts: so often is a job begun whose worker dies each time.

    Raises: ConfigError for modules that register nothing.
    """

    def __init__(
        self,
        where: str | Path,
        modules: Sequence[str],
        *,
        processes: int = 1,
        machine: str | None = None,
        threads: int | None = None,
        options: Mapping[str, str] | None = None,
        polling_s: float = POLLING_S,
        max_starts: int = MAX_STARTS,
    ) -> None:
        load_kinds(modules)
        if threads is None:
            threads = max(1, (os.cpu_count() or 1) // processes)
        self._order = {
            "where": database_url(where),
            "modules": list(modules),
            "machine": machine,
            "threads": threads,
            "options": dict(options or {}),
            "polling_s": polling_s,
            "max_starts": max_starts,
        }
        self._processes = processes
        self._running: list[subprocess.Popen[str]] = []
        self._stopping = threading.Event()
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self.restarts = 0
        """How often a worker had to be started anew."""
        self.failure: QueueError | None = None
        """Why there are none any more, if they could not be kept running."""

    def start(self) -> None:
        """Starts them; returns at once."""
        self._running = [self._spawn() for _ in range(self._processes)]
        self._keeper.start()

    def stop(self) -> None:
        """Ends them: their jobs are told to stop, and go back in the queue."""
        self._stopping.set()
        self._keeper.join()
        for process in self._running:
            assert process.stdin is not None
            process.stdin.close()
        until = time.monotonic() + _PATIENCE_S
        for process in self._running:
            try:
                process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                # It does not listen; its job is safe to repeat.
                process.kill()
                process.wait()

    @property
    def pids(self) -> list[int]:
        """The process ids, in the order of their numbers."""
        return [process.pid for process in self._running]

    @property
    def alive(self) -> bool:
        """Whether there are workers, or will be again."""
        return self.failure is None

    def _spawn(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "sayso.jobs"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(self._order) + "\n")
            process.stdin.flush()
        except BrokenPipeError:
            pass  # it died at once; the keeper sees that
        return process

    def _keep(self) -> None:
        began_s = time.monotonic()
        while not self._stopping.wait(_LOOK_S):
            for at, process in enumerate(self._running):
                status = process.poll()
                if status is None:
                    continue
                if status in EXIT_CODES.values() and time.monotonic() - began_s > _PATIENCE_S:
                    self.failure = QueueError("the workers cannot be started; see what they said")
                    return
                assert process.stdin is not None
                process.stdin.close()
                self.restarts += 1
                self._running[at] = self._spawn()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()
