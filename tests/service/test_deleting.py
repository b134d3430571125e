"""A session that is deleted while it is worked with: it is gone, and nothing of it stays."""

from __future__ import annotations

import pytest
from tests.service.conftest import Person

from sayso.jobs import JobQueue
from sayso.service import downloads
from sayso.service.renders import KIND
from sayso.service.store import Store
from sayso.service.sweeping import sweep


@pytest.fixture
def client(make):
    return make()


@pytest.mark.parametrize(
    ("where", "name", "method", "path", "options"),
    [
        (downloads, "attended", "GET", "/source?format=flac", {}),
        (downloads, "attended", "GET", "/source/peaks?buckets=3", {}),
        (Store, "renders", "POST", "/renders", {"json": {}}),
        (Store, "add_render", "POST", "/renders", {"json": {}}),
        (JobQueue, "enqueue", "POST", "/renders", {"json": {}}),
        (JobQueue, "enqueue", "POST", "/messages", {"json": {"text": "mute the bass"}}),
        (Store, "delete", "DELETE", "", {}),
    ],
)
def test_it_is_gone_for_all_that_is_under_way(
    client, tmp_path, monkeypatch, where, name, method, path, options
):
    person = Person(client)
    session = person.open()
    url, service, work = (
        f"/sessions/{session['id']}",
        client.app.state.service,
        getattr(where, name),
    )

    def deleting(*args, **given):
        monkeypatch.undo()
        service.delete(session["id"], None)
        return work(*args, **given)

    monkeypatch.setattr(where, name, deleting)
    gone = person.ask(method, url + path, status=404, **options)
    assert gone["type"] == "urn:sayso:not-found-error"
    assert service.queue.find(kind=KIND) == []
    assert list((tmp_path / "sessions").iterdir()) == []


def test_a_render_that_is_asked_for_too_often_is_gone_for_whoever_fetches_it(client, monkeypatch):
    person = Person(client)
    session = person.open()
    render = person.say(session, "mute the bass")["render"]
    service, find = client.app.state.service, JobQueue.get

    def forgetting(self, id):
        monkeypatch.undo()
        service.queue.remove([id])
        service.store.delete_render(id)
        return find(self, id)

    monkeypatch.setattr(JobQueue, "get", forgetting)
    gone = person.ask("POST", f"{render['url']}/cancel", status=404)
    assert gone["detail"] == "there is no such render in this session"
    assert service.queue.find(kind=KIND) == []


def test_jobs_that_a_worker_brought_back_are_swept(client):
    person = Person(client)
    render = person.say(person.open(), "mute the bass")["render"]
    service = client.app.state.service
    service.queue.enqueue(KIND, {}, id="of a render that is gone")
    for id in (render["id"], "of a render that is gone"):
        service.queue.cancel(id)
    sweep(service)
    assert [job.id for job in service.queue.find(kind=KIND)] == [render["id"]]
