"""Opening the database and bringing its tables up to date."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy.exc import SQLAlchemyError

from sayso.errors import ConfigError
from sayso.jobs.database import write_ahead

_MIGRATIONS = Path(__file__).with_name("migrations")
_LOCK = 0x5A1350


def connect(url: str) -> sa.Engine:
    """Connections to the database at `url`, whose tables are made or brought up to date.

    Raises: ConfigError when it does not answer, or a newer version wrote it.
    """
    try:
        engine = _engine(sa.make_url(url))
        migrate(engine)
    except CommandError:
        raise ConfigError(
            f"the database {url.partition('@')[2] or url} was written by a newer version of Sayso; "
            "install that one, or take another folder or database"
        ) from None
    except (SQLAlchemyError, OSError) as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise ConfigError(
            f"the database {url.partition('@')[2] or url} does not answer ({reason}); "
            "is SAYSO_DATABASE_URL right?"
        ) from None
    return engine


def migrate(engine: sa.Engine, revision: str = "head") -> None:
    """Brings the tables to a revision, "head" or "base" or one between.

    Processes that start together wait for each other.
    """
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        else:
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        config.attributes["connection"] = connection
        if revision != "base" and (revision == "head" or revision > _current(connection)):
            command.upgrade(config, revision)
        else:
            command.downgrade(config, revision)
    engine.dispose()  # so that nobody is given the connection whose foreign keys are off


def _current(connection: sa.Connection) -> str:
    from alembic.migration import MigrationContext

    return MigrationContext.configure(connection).get_current_revision() or ""


def _engine(url: sa.URL) -> sa.Engine:
    if url.get_backend_name() != "sqlite":
        return sa.create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=10)
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(url, connect_args={"timeout": 30}, pool_size=10, max_overflow=30)
    sa.event.listen(engine, "connect", _set_up_sqlite)
    return engine


def _set_up_sqlite(connection: Any, record: object) -> None:
    write_ahead(connection)
    for pragma in ("synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
