"""The tables: up, down and up again, on both databases, and the same as the models say."""

from __future__ import annotations

import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlmodel import SQLModel

from sayso.desk import History
from sayso.errors import ConfigError
from sayso.service.database import connect, migrate
from sayso.service.store import Store, plain
from sayso.service.tables import Message, Session

TABLES = {"alembic_version", "message", "render", "session", "token", "upload"}


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'deep' / 'x.sqlite'}"
    server = request.getfixturevalue("postgres")
    name = f"migrations_{time.monotonic_ns()}"
    admin = f"{server}/postgres".replace("postgresql://", "postgresql+psycopg://")
    engine = sa.create_engine(admin, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return admin.replace("/postgres", f"/{name}")


def test_up_down_and_up_again(url):
    engine = connect(url)
    try:
        assert set(sa.inspect(engine).get_table_names()) == TABLES
        with engine.connect() as connection:
            context = MigrationContext.configure(connection)
            assert compare_metadata(context, SQLModel.metadata) == []
        migrate(engine, "base")
        assert set(sa.inspect(engine).get_table_names()) == {"alembic_version"}
        migrate(engine)
        assert set(sa.inspect(engine).get_table_names()) == TABLES
    finally:
        engine.dispose()


def test_what_hangs_on_a_session_goes_with_it(url):
    engine = connect(url)
    try:
        store = Store(engine)
        session = Session(name="song", sample_rate=8_000, channels=1, frames=8_000)
        session.history = plain(History())
        store.add(session, most=1)
        said = Message(session_id=session.id, text="hello")
        store.change(session.id, None, lambda history: (history, said, None))
        assert len(store.messages(session.id)) == 1
        store.delete(session.id, None)
        assert store.messages(session.id) == []
    finally:
        engine.dispose()


def test_processes_that_start_together_wait_for_each_other(url):
    with ThreadPoolExecutor(4) as pool:
        engines = list(pool.map(lambda _: connect(url), range(4)))
    assert set(sa.inspect(engines[0]).get_table_names()) == TABLES
    for engine in engines:
        engine.dispose()


def test_whoever_comes_while_a_new_database_is_written_waits(tmp_path):
    path = tmp_path / "x.sqlite"
    writer = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    writer.execute("BEGIN IMMEDIATE")
    later = threading.Timer(0.3, writer.execute, ("COMMIT",))
    later.start()
    connect(f"sqlite:///{path}").dispose()
    later.join()
    writer.close()


@pytest.mark.parametrize(
    "url", ["postgresql+psycopg://me:secret@127.0.0.1:9/none", "nonsense", "sqlite:////proc/x/y"]
)
def test_a_database_that_does_not_answer_is_named_without_its_password(url):
    with pytest.raises(ConfigError) as caught:
        connect(url)
    assert "secret" not in str(caught.value)
    assert "SAYSO_DATABASE_URL" in str(caught.value)
