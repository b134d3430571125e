"""Where a queue lies: an SQLite file or a PostgreSQL database, and how it is reached."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sayso.errors import QueueError
from sayso.optional import require_all

if TYPE_CHECKING:
    import sqlalchemy as sa

APPLICATION = "sayso"
VERSION = "1"
"""Of what jobs mean to each other; workers take only jobs of their own."""
_SQLITE = "sqlite:///"
_PORTABLE = "portable_json"
_PATIENCE_S = 30
_COUNTS_FRACTIONS = (3, 42)
"""The version of SQLite since which `unixepoch('subsec')` is a time, and not null."""


def database_url(where: str | Path) -> str:
    """The URL of a queue.

    Args:
        where: "postgresql://..." or the path of an SQLite file, whose folder is made.

    Raises: QueueError for another kind of URL, or a folder that cannot be made.

    >>> database_url("postgres://db.example/jobs")
    'postgresql://db.example/jobs'
    """
    text = str(where)
    scheme, separator, rest = text.partition("://")
    if separator and scheme in ("postgresql", "postgres"):
        return f"postgresql://{rest}"
    if separator and not text.startswith(_SQLITE):
        raise QueueError(
            f"{scheme}:// is no queue; expected postgresql://USER@HOST/DATABASE or the path of "
            "an SQLite file"
        )
    path = Path(text.removeprefix(_SQLITE)).absolute()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise QueueError(
            f"the folder {path.parent} of the queue cannot be made ({error})"
        ) from None
    return _SQLITE + str(path)


def sqlite_path(url: str) -> Path | None:
    """The file of an SQLite queue, None for PostgreSQL."""
    return Path(url.removeprefix(_SQLITE)) if url.startswith(_SQLITE) else None


def open_engine(url: str) -> sa.Engine:
    """Connections to a queue, which is made, or brought up to date, where that is needed.

    Raises: MissingExtraError, QueueError.
    """
    require_all("dbos", "sqlalchemy", "psycopg", extra="batch", purpose="a queue of jobs")
    import sqlalchemy as sa
    from dbos import DBOS

    quieten()
    _count_fractions()
    with in_words(url):
        path = sqlite_path(url)
        if path is None:
            engine = sa.create_engine(
                sa.make_url(url).set(drivername="postgresql+psycopg"),
                pool_pre_ping=True,
                connect_args={"connect_timeout": 10, "tcp_user_timeout": 30_000},
            )
        else:
            engine = sa.create_engine(url)
            sa.event.listen(engine, "connect", _set_up_sqlite)
        try:
            DBOS.migrate(url)
            _forbid_pickles()
            require_portable(engine, url)
        except BaseException:
            engine.dispose()
            raise
    return engine


def require_portable(engine: sa.Engine, url: str) -> None:
    """Looks at how everything in a queue is serialised, before the engine reads any of it.

    Queues lie in folders that people hand on, and a pickle runs whatever code it likes.

    Raises: QueueError for anything that is not portable JSON.
    """
    import sqlalchemy as sa

    schema = None if engine.dialect.name == "sqlite" else "dbos"
    known = sa.inspect(engine)
    with engine.connect() as connection:
        if schema is None:
            _require_tables_alone(connection, url)
        for name in known.get_table_names(schema=schema):
            columns = {column["name"] for column in known.get_columns(name, schema=schema)}
            if "serialization" not in columns:
                continue
            kind = sa.column("serialization", sa.Text)
            query = sa.select(kind).select_from(sa.table(name, schema=schema))
            found = connection.execute(query.where(kind != _PORTABLE).limit(1)).first()
            if found is not None:
                raise QueueError(
                    f"the queue {shown(url)} holds something serialised as {found[0]!r}, which "
                    f"could run code when it is read; expected {_PORTABLE!r}, the only kind that "
                    "Sayso writes. Nothing of it was read. If you do not know where it comes "
                    "from, delete the queue; finished files stay"
                )


def _require_tables_alone(connection: sa.Connection, url: str) -> None:
    """Raises QueueError for a trigger or a view: it would do something with what is written."""
    query = "SELECT type, name FROM sqlite_master WHERE type IN ('trigger', 'view') LIMIT 1"
    found = connection.exec_driver_sql(query).first()
    if found is not None:
        raise QueueError(
            f"the queue {shown(url)} holds the {found[0]} {found[1]!r}, which Sayso does not make; "
            "if you do not know where it comes from, delete the queue; finished files stay"
        )


def _forbid_pickles() -> None:
    """Takes from the engine its way to read pickles, should one be put in while it runs."""
    from dbos import _serialization

    def refuse(serializer: object, text: str) -> Any:
        raise QueueError("the queue holds a pickle, which could run code; it was not read")

    setattr(_serialization.DefaultSerializer, "deserialize", refuse)  # noqa: B010


@cache
def _count_fractions() -> None:
    """Has every SQLite of this process know the time that the engine asks for.

    The engine takes Python 3.12 for a sign of a recent SQLite; Debian 12 has both, and 3.40.
    """
    import sqlalchemy as sa

    if sqlite3.sqlite_version_info >= _COUNTS_FRACTIONS:
        return

    def teach(connection: Any, record: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.create_function("unixepoch", 1, _unixepoch)

    sa.event.listen(sa.Engine, "connect", teach)


def _unixepoch(modifier: str) -> float:
    if modifier != "subsec":
        raise ValueError(f"unixepoch({modifier!r}): expected subsec")
    return time.time()


def _set_up_sqlite(connection: Any, record: object) -> None:
    # As DBOS does: writers queue up instead of failing; and readers do not block them.
    connection.isolation_level = "IMMEDIATE"
    connection.execute(f"PRAGMA busy_timeout={_PATIENCE_S * 1000}")
    write_ahead(connection)


def write_ahead(connection: sqlite3.Connection) -> None:
    """Has an SQLite database keep a write-ahead log: readers and a writer do not block each other.

    SQLite does not wait here for others who make this change or write at this very moment, whatever
    its timeout, so we do.

    Raises: sqlite3.OperationalError when they take longer than half a minute.
    """
    end = time.monotonic() + _PATIENCE_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
        time.sleep(0.02)


def quieten() -> None:
    """Keeps the engine's own log from the terminal: what a job ends with is kept with the job."""
    import logging

    log = logging.getLogger("dbos")
    if not log.handlers:
        log.addHandler(logging.NullHandler())
        log.propagate = False


@contextmanager
def in_words(url: str) -> Iterator[None]:
    """Turns what the database says into a QueueError; passwords stay out of it."""
    import sqlalchemy as sa
    from dbos import error

    try:
        yield
    except sa.exc.ArgumentError:
        raise QueueError(
            f"{shown(url)} is no address of a queue; expected postgresql://USER@HOST/DATABASE"
        ) from None
    except sa.exc.DBAPIError as found:
        reason = str(found.orig or found).strip().splitlines()[0]
        raise QueueError(
            f"the queue {shown(url)} does not answer ({reason}); is the address right, the "
            "database there, and the folder writable?"
        ) from None
    except sa.exc.SQLAlchemyError as found:
        raise QueueError(f"the queue {shown(url)}: {found}") from None
    except error.DBOSException as found:
        raise QueueError(f"the queue {shown(url)}: {found}") from None


def shown(url: str) -> str:
    """A queue's URL without its password; an SQLite file's path.

    >>> shown("postgresql://me:secret@db/jobs")
    'postgresql://me@db/jobs'
    """
    if url.startswith(_SQLITE):
        return url.removeprefix(_SQLITE)
    scheme, _, rest = url.partition("://")
    login, at, place = rest.rpartition("@")
    return f"{scheme}://{login.partition(':')[0]}{at}{place}"
