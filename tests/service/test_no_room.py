"""A disk that is full and a database that is away: told as what they are, and gone when they go."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from tests.service.conftest import Person
from tests.service.test_resuming import Sender

from sayso.errors import OutputError
from sayso.service.problems import problem_of


@pytest.fixture
def person(make):
    return Person(make())


def test_an_upload_to_a_full_disk(person, tmp_path):
    sender = Sender(person)
    file = tmp_path / sender.url[1:]
    file.parent.mkdir(exist_ok=True)
    file.symlink_to("/dev/full")
    sender.add(b"x" * 1000, 0, status=507)
    file.unlink()
    sender.add(b"x" * 1000, 0)


def test_a_database_on_a_full_disk(person):
    session = person.open()
    engine = person.client.app.state.service.store.engine

    def no_more_pages(connection, record):
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages}")

    sa.event.listen(engine, "connect", no_more_pages)
    engine.dispose()
    url = f"/sessions/{session['id']}"
    words = {"json": {"text": "mute the drums and the bass. " * 600, "render": False}}
    refused = person.ask("POST", f"{url}/messages", status=507, **words)
    assert "the disk of the service is full" in refused["detail"]
    assert person.ask("GET", url)["version"] == 0
    sa.event.remove(engine, "connect", no_more_pages)
    engine.dispose()
    assert person.ask("POST", f"{url}/messages", **words)["version"] == 1


def test_a_database_that_is_away(person, tmp_path):
    store = person.client.app.state.service.store
    here, store.engine = store.engine, sa.create_engine(f"sqlite:///{tmp_path}/none/a.sqlite")
    refused = person.ask("GET", "/sessions", status=503)
    assert "the database of the service does not answer" in refused["detail"]
    store.engine = here
    assert person.ask("GET", "/sessions") == []


def test_no_folder_of_the_machine_is_named():
    assert "/srv" not in problem_of(OutputError("/srv/sayso/a.wav: cannot be written")).detail
