"""Kinds of jobs: functions by name, and what a running one may ask and tell."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import TypeAlias

from sayso.errors import ConfigError
from sayso.jobs.job import Json
from sayso.watch import Watch

_PROGRESS_S, _CANCEL_S = 1.0, 0.5
"""How often the database is told of progress, and asked whether the job was cancelled."""


class Context:
    """What a running job knows of itself.

    Args:
        id: the job's.
        tell: stores progress, 0 to 1.
        stopped: asks the database, or the worker, whether the job should stop.
        worker: the id of the worker that runs it, which runs no other at the same time.
        threads: how many processor threads it may use, so that workers do not get in each
            other's way; None for all.
        options: what the worker was told of its machine, such as where models lie.
    """

    def __init__(
        self,
        id: str,
        tell: Callable[[float], None],
        stopped: Callable[[], bool],
        *,
        worker: str = "worker",
        threads: int | None = None,
        options: Mapping[str, str] | None = None,
    ) -> None:
        self.id = id
        self.worker = worker
        self.threads = threads
        self.options = options or {}
        self._tell, self._stopped = tell, stopped
        self._told_s = self._asked_s = time.monotonic()
        self._is_stopped = False

    @property
    def watch(self) -> Watch:
        """Progress, stored once a second, and cancelling; cheap enough for every block."""
        return Watch(self._progress, self._cancelled)

    def _progress(self, done: float) -> None:
        now = time.monotonic()
        if now - self._told_s >= _PROGRESS_S:
            self._told_s = now
            self._tell(min(1.0, max(0.0, done)))

    def _cancelled(self) -> bool:
        now = time.monotonic()
        if not self._is_stopped and now - self._asked_s >= _CANCEL_S:
            self._asked_s = now
            self._is_stopped = self._stopped()
        return self._is_stopped


Function: TypeAlias = Callable[[Mapping[str, Json], Context], Json]
_KINDS: dict[str, tuple[str, Function]] = {}


def kind(name: str) -> Callable[[Function], Function]:
    """Registers a function `(arguments, context) -> result` as the kind of job called `name`.

    Arguments and result are what JSON can hold. The function's module is what `Workers` imports.
    """

    def register(function: Function) -> Function:
        _KINDS[name] = (function.__module__, function)
        return function

    return register


def load_kinds(modules: Iterable[str]) -> Mapping[str, Function]:
    """The kinds that these modules register, by name.

    Raises: ConfigError for a module that is not there, or registers none.
    """
    found: dict[str, Function] = {}
    for module in modules:
        try:
            import_module(module)
        except ImportError as error:
            raise ConfigError(
                f"the module {module!r} of jobs cannot be imported: {error}"
            ) from None
        mine = {name: function for name, (home, function) in _KINDS.items() if home == module}
        if not mine:
            raise ConfigError(f"the module {module!r} registers no kind of job")
        found |= mine
    return found
