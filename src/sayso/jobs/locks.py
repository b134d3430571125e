"""Locks that a worker holds while it lives, by which others know that it does.

A lock is let go of by the operating system, or by PostgreSQL, when its holder dies, however it
dies. So whoever can take the lock of a worker knows that this worker runs no more.
"""

from __future__ import annotations

import sqlite3
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sayso.jobs.database import in_words, sqlite_path

if TYPE_CHECKING:
    import sqlalchemy as sa

_CLASS = 0x5A150
"""The first key of our advisory locks, so that they meet no other application's."""

_KEEPALIVE = "; ".join(
    f"SET tcp_keepalives_{name} = {value}"
    for name, value in (("idle", 10), ("interval", 5), ("count", 3))
)
"""The server finds out within half a minute that the holder of a lock cannot be reached."""


class Lock(Protocol):
    """A lock that is held."""

    def is_held(self) -> bool:
        """Whether it still is: the connection that holds it may be gone."""
        ...

    def release(self) -> None:
        """Lets go of it."""
        ...


def take(worker: str, url: str, engine: sa.Engine) -> Lock | None:
    """The lock of a worker's id, or None while another process, or another of us, holds it.

    Args:
        worker: the id.
        url: the queue's.
        engine: connects to it.

    Raises: QueueError.
    """
    path = sqlite_path(url)
    if path is None:
        return _take_advisory(worker, url, engine)
    return _take_file(path.with_name(f"{path.name}.workers") / f"{_digest(worker).hex()}.lock")


def _digest(worker: str) -> bytes:
    return blake2b(worker.encode(), digest_size=8).digest()


def _take_advisory(worker: str, url: str, engine: sa.Engine) -> Lock | None:
    import sqlalchemy as sa

    # Two 32-bit keys: ours, and the worker's.
    key = int.from_bytes(_digest(worker)[:4], signed=True)
    with in_words(url):
        connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        taken = False
        try:
            # A machine that loses its power says no goodbye: the server has to ask.
            connection.execute(sa.text(_KEEPALIVE))
            taken = bool(
                connection.execute(
                    sa.text("SELECT pg_try_advisory_lock(:ours, :key)"),
                    {"ours": _CLASS, "key": key},
                ).scalar()
            )
        finally:
            if not taken:
                connection.close()
    return _AdvisoryLock(connection, key) if taken else None


class _AdvisoryLock:
    """Held by a connection of its own: it goes when the connection does."""

    def __init__(self, connection: sa.Connection, key: int) -> None:
        self._connection, self._key = connection, key

    def is_held(self) -> bool:
        import sqlalchemy as sa

        try:
            self._connection.execute(sa.text("SELECT 1"))
        except sa.exc.SQLAlchemyError:
            return False
        return True

    def release(self) -> None:
        # Closed for good: a connection that goes back to its pool would go on holding the lock.
        self._connection.invalidate()
        self._connection.close()


def _take_file(path: Path) -> Lock | None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # An SQLite file of its own, locked whole: the one lock that every system lets go of.
    connection = sqlite3.connect(path, timeout=0.0, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError:
        connection.close()
        return None
    return _FileLock(connection)


class _FileLock:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def is_held(self) -> bool:
        return True

    def release(self) -> None:
        self._connection.close()
