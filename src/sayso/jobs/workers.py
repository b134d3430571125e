"""`Workers`: worker processes, kept running, that end with the one that started them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from sayso.errors import EXIT_CODES, ConfigError, ModelError, QueueError
from sayso.jobs.database import database_url
from sayso.jobs.kinds import load_kinds
from sayso.jobs.queue import MAX_STARTS, POLLING_S

_LOOK_S = 0.1
_STOP_S = 30.0
"""How long a worker may take to stop."""
_PATIENCE_S = 300.0
"""How long a worker may go on failing to start, because its database is away, say."""
_HOPELESS = frozenset({EXIT_CODES[ConfigError], EXIT_CODES[ModelError]})
"""The exit statuses after which another start would end alike."""
_SETTLED_S = 10.0
"""A worker that has run for so long has started well."""


class _Slot:
    """One worker's place, and how starting it has gone."""

    def __init__(self) -> None:
        self.again_s: float | None = None
        """When to start its next process; None while there is one."""
        self.refused_s: float | None = None
        """Since when its processes have ended with an error of ours."""
        self._began_s = time.monotonic()
        self._quick = 0

    def started(self, now_s: float) -> None:
        self.again_s, self._began_s = None, now_s

    def ended(self, now_s: float, *, refused: bool) -> None:
        settled = now_s - self._began_s > _SETTLED_S
        self._quick = 0 if settled else self._quick + 1
        if settled or not refused:
            self.refused_s = None
        elif self.refused_s is None:
            self.refused_s = now_s
        self.again_s = now_s + min(5.0 if refused else 1.0, 0.1 * 2**self._quick)


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
        if self._keeper.is_alive():
            self._keeper.join()
        for process in self._running:
            self._close(process)
        until = time.monotonic() + _STOP_S
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

    def _spawn(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "sayso.jobs"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdin is not None
        with suppress(BrokenPipeError):  # it died at once; the keeper sees that
            process.stdin.write(json.dumps(self._order) + "\n")
            process.stdin.flush()
        return process

    def _keep(self) -> None:
        """Starts anew what has ended, the later the more often it ends at once."""
        slots = [_Slot() for _ in self._running]
        while not self._stopping.wait(_LOOK_S):
            now_s = time.monotonic()
            for at, slot in enumerate(slots):
                status = self._running[at].poll()
                if status is None:
                    continue
                if slot.again_s is None:
                    slot.ended(now_s, refused=status in EXIT_CODES.values())
                if status in _HOPELESS or now_s - (slot.refused_s or now_s) > _PATIENCE_S:
                    self.failure = QueueError(
                        f"the workers cannot be kept running (exit status {status}); see what they "
                        "said above"
                    )
                    return
                if slot.again_s is not None and now_s >= slot.again_s:
                    self._close(self._running[at])
                    self.restarts += 1
                    self._running[at] = self._spawn()
                    slot.started(now_s)

    @staticmethod
    def _close(process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        with suppress(BrokenPipeError):
            process.stdin.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()
