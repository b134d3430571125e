"""The kind of job that renders: what it leaves, and what it leaves behind."""

from __future__ import annotations

import pytest
from tests.service.conftest import Person, wav_bytes

from sayso.audio import read
from sayso.desk import Desk
from sayso.errors import Cancelled
from sayso.jobs import Context
from sayso.service import renders
from sayso.service.renders import make_tracks


@pytest.fixture
def arguments(tmp_path):
    folder = tmp_path / "session"
    folder.mkdir()
    (folder / "source.wav").write_bytes(wav_bytes())
    return {
        "source": str(folder / "source.wav"),
        "out": str(folder / "renders" / "one"),
        "desk": Desk(deliver=("vocals", "mix")).model_dump(mode="json"),
        "model": "simple",
        "cache": str(tmp_path / "stems"),
        "models": None,
    }


def context(cancelled=lambda: False):
    return Context("one", tell=lambda done: None, stopped=cancelled, threads=1)


def test_repeating_it_leaves_the_same_and_nothing_of_earlier_attempts(arguments, tmp_path):
    renders = tmp_path / "session" / "renders"
    killed = renders / ".new-one-abc"
    killed.mkdir(parents=True)
    others = renders / ".new-two-abc"
    others.mkdir()
    first = make_tracks(arguments, context())
    sound = (renders / "one" / "0.wav").read_bytes()
    assert make_tracks(arguments, context()) == first
    assert (renders / "one" / "0.wav").read_bytes() == sound
    assert {path.name for path in renders.iterdir()} == {"one", ".new-two-abc"}
    assert [track["target"] for track in first["tracks"]] == ["vocals", "mix"]
    assert read(renders / "one" / "1.wav").frames == first["tracks"][1]["frames"]


def test_a_session_that_is_deleted_meanwhile_stays_deleted(arguments, tmp_path, monkeypatch):
    made = renders.render_desk

    def deleting(*arguments, **options):
        result = made(*arguments, **options)
        for path in sorted((tmp_path / "session").rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
        (tmp_path / "session").rmdir()
        return result

    monkeypatch.setattr(renders, "render_desk", deleting)
    with pytest.raises(Cancelled, match="deleted"):
        make_tracks(arguments, context())
    assert not (tmp_path / "session").exists()


def test_a_session_keeps_its_last_desks_and_the_stems_of_a_player(make):
    person = Person(make())
    session = person.open()
    at = f"/sessions/{session['id']}/renders"
    stems = person.ask("POST", at, json={"targets": ["vocals", "drums"]}, status=202)
    made = [
        person.patch(session, strips={"bass": {"gain_db": number}}, render=True)["render"]["id"]
        for number in range(1, 23)
    ]
    kept = [render["id"] for render in person.ask("GET", at)]
    assert kept == [*reversed(made[2:]), stems["id"]]
    person.ask("GET", f"{at}/{made[0]}", status=404)
