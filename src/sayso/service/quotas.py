"""How much of the disk the sessions of one token, and all together, take and may take."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock

from sayso.errors import LimitError
from sayso.jobs import JobQueue
from sayso.service.renders import KIND
from sayso.service.settings import Settings
from sayso.service.store import Owner, Store
from sayso.service.tables import Session

_FRESH_S = 5.0
_NAMED = 3


class Quotas:
    """Looks at the disk, at most every few seconds for each owner; safe in many threads.

    Args:
        settings: of the service.
        store: knows whose sessions there are.
        folder: of a session.
    """

    def __init__(self, settings: Settings, store: Store, folder: Callable[[str], Path]) -> None:
        self._settings, self._store, self._folder = settings, store, folder
        self._lock = Lock()
        self._seen: dict[Owner, tuple[float, int]] = {}
        self._all: tuple[float, int] | None = None

    def used(self, owner: Owner) -> int:
        """The bytes that the sessions of `owner` take."""
        with self._lock:
            then_s, found = self._seen.get(owner, (float("-inf"), 0))
            if time.monotonic() - then_s > _FRESH_S:
                found = sum(bytes_of(self._folder(one.id)) for one in self._sessions(owner))
                self._seen[owner] = (time.monotonic(), found)
            return found

    def room(self, owner: Owner) -> int:
        """The bytes that `owner` may still fill.

        Raises: LimitError, naming what to delete, where there are none.
        """
        limits = self._settings.limits
        mine = limits.bytes_a_token - self.used(owner)
        everybody = limits.bytes_of_all - self._used_by_all()
        if mine <= 0:
            largest = sorted(
                self._sessions(owner), key=lambda one: -bytes_of(self._folder(one.id))
            )[:_NAMED]
            names = ", ".join(f"{one.name!r} ({one.id})" for one in largest)
            raise LimitError(
                f"your sessions take {self.used(owner):,} bytes of {limits.bytes_a_token:,}; "
                f"delete one of them first, the largest are {names}"
            )
        if everybody <= 0:
            raise LimitError(
                f"the sessions of all people take the {limits.bytes_of_all:,} bytes that they may; "
                "delete what you no longer need, or tell whoever runs the service"
            )
        return min(mine, everybody)

    def forget(self, owner: Owner) -> None:
        """Looks anew the next time: something of `owner` came or went."""
        with self._lock:
            self._seen.pop(owner, None)
            self._all = None

    def _sessions(self, owner: Owner) -> Sequence[Session]:
        return self._store.of(owner, most=self._settings.limits.sessions)

    def _used_by_all(self) -> int:
        with self._lock:
            if self._all is None or time.monotonic() - self._all[0] > _FRESH_S:
                found = bytes_of(self._settings.folder / "sessions")
                self._all = (time.monotonic(), found)
            return self._all[1]


def require_turn(queue: JobQueue, most: int) -> None:
    """Raises LimitError where `most` renders wait or run."""
    waiting = queue.find(kind=KIND, states=("queued", "running"), limit=most, with_arguments=False)
    if len(waiting) >= most:
        raise LimitError(f"{most} renders are waiting already; try again in a while")


def bytes_of(folder: Path) -> int:
    """What the files in a folder take; what goes meanwhile takes nothing."""
    total, folders = 0, [os.fspath(folder)]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    try:
                        if entry.is_dir(follow_symlinks=False):
                            folders.append(entry.path)
                        else:
                            total += entry.stat(follow_symlinks=False).st_size
                    except FileNotFoundError:
                        continue
        except (FileNotFoundError, NotADirectoryError):
            continue
    return total
