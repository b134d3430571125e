"""Who may do what: tokens, other people's sessions, rates, and other sites' requests."""

from __future__ import annotations

import os

import pytest
from tests.service.conftest import Person

from sayso.errors import ConfigError, NotFoundError
from sayso.service import Settings, access
from sayso.service.sweeping import sweep


@pytest.fixture
def closed(make):
    """A service that asks for tokens."""
    return make(tokens=True)


def person_of(client, name="anna"):
    token, secret = access.create_token(client.app.state.service.store.engine, name)
    return Person(client, {"authorization": f"Bearer {secret}"}), token, secret


def test_without_a_token_nothing_is_told(closed):
    for method, url in (
        ("GET", "/sessions"),
        ("POST", "/sessions/demo"),
        ("GET", "/models"),
        ("GET", "/metrics"),
        ("GET", f"/sessions/{'0' * 32}"),
    ):
        for headers in ({}, {"authorization": "Bearer sayso_guess"}, {"authorization": "Basic x"}):
            response = closed.request(method, url, headers=headers)
            assert response.status_code == 401, url
            assert response.headers["www-authenticate"] == "Bearer"
            assert response.headers["content-type"] == "application/problem+json"
    assert closed.get("/health").status_code == 200
    assert closed.get("/about").json()["tokens"] is True


def test_a_session_is_its_owners_alone(closed):
    (anna, _, _), (ben, _, _) = person_of(closed), person_of(closed, "ben")
    session = anna.open()
    at = f"/sessions/{session['id']}"
    render = anna.say(session, "mute the bass")["render"]
    for method, url, body in (
        ("GET", at, None),
        ("DELETE", at, None),
        ("GET", f"{at}/events", None),
        ("GET", f"{at}/messages", None),
        ("POST", f"{at}/messages", {"text": "undo"}),
        ("PATCH", f"{at}/desk", {}),
        ("POST", f"{at}/undo", None),
        ("GET", f"{at}/source", None),
        ("POST", f"{at}/renders", {}),
        ("GET", render["url"], None),
        ("POST", f"{render['url']}/cancel", None),
        ("GET", f"{render['url']}/tracks/0", None),
        ("GET", f"{render['url']}/archive", None),
    ):
        problem = ben.ask(method, url, json=body, status=404)
        assert problem["detail"] == "there is no such session", url
    assert ben.ask("GET", "/sessions") == []
    other = ben.open()
    stolen = f"/sessions/{other['id']}/renders/{render['id']}"
    ben.ask("GET", stolen, status=404)
    assert [one["id"] for one in anna.ask("GET", "/sessions")] == [session["id"]]


def test_only_the_hash_of_a_secret_is_kept_and_revoking_ends_it(closed, tmp_path):
    anna, token, secret = person_of(closed)
    engine = closed.app.state.service.store.engine
    anna.ask("GET", "/sessions")
    for file in tmp_path.glob("sayso.sqlite*"):
        assert secret.encode() not in file.read_bytes()
    access.revoke_token(engine, token.id[:8])
    anna.ask("GET", "/sessions", status=401)
    with pytest.raises(NotFoundError, match="names 0 tokens"):
        access.revoke_token(engine, "anna")
    assert [t.revoked_s is None for t in access.list_tokens(engine)] == [False]


def test_a_browser_carries_its_token_in_a_cookie(closed):
    _, _, secret = person_of(closed)
    assert closed.post("/login", json={"token": "sayso_wrong"}).status_code == 401
    entered = closed.post("/login", json={"token": secret})
    assert entered.status_code == 204
    cookie = entered.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert closed.get("/sessions").json() == []
    closed.post("/logout")
    assert closed.get("/sessions").status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_another_site_cannot_use_a_persons_browser(make, headers):
    client = make()
    response = client.post("/sessions/demo", headers=headers)
    assert response.status_code == 403
    assert response.json()["type"] == "urn:sayso:access-error"
    assert client.get("/sessions").json() == []
    mine = {"origin": "http://127.0.0.1", "sec-fetch-site": "same-origin"}
    assert client.post("/logout", headers=mine).status_code == 204


def test_every_answer_is_dressed(make):
    client = make()
    for url in ("/", "/health", "/nothing", "/openapi.json"):
        headers = client.get(url).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in headers
        assert len(headers["x-request-id"]) == 16


def test_requests_a_minute(make):
    client = make(limits={"requests_a_minute": 5})
    found = [client.get("/sessions").status_code for _ in range(8)]
    assert found[:5] == [200] * 5
    assert 429 in found[5:]
    refused = client.get("/sessions")
    assert "more than 5 requests a minute" in refused.json()["detail"]
    assert int(refused.headers["retry-after"]) > 0


def test_sessions_and_waiting_renders_are_bounded(make):
    client = make(limits={"sessions": 2, "queue": 1})
    person = Person(client)
    session = person.open()
    person.open()
    assert (
        "there are 2 sessions already" in person.ask("POST", "/sessions/demo", status=429)["detail"]
    )
    person.say(session, "mute the bass")  # nobody renders here: it waits
    refused = person.ask(
        "POST", f"/sessions/{session['id']}/messages", json={"text": "mute the drums"}, status=429
    )
    assert "1 renders are waiting" in refused["detail"]
    assert person.say(session, "mute the drums", render=False)["reply"]


def test_what_is_asked_for_after_the_clock_was_set_back_is_the_latest_and_is_kept(make):
    client = make()
    person = Person(client)
    session = person.open()
    url = f"/sessions/{session['id']}/renders"
    asked = [
        person.patch(session, strips={"drums": {"gain_db": -n}}, render=True)["render"]["id"]
        for n in range(1, 21)
    ]
    with client.app.state.service.store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE render SET created_s = created_s + 86400")
    new = person.say(session, "mute the bass")["render"]["id"]
    kept = [render["id"] for render in person.ask("GET", url)]
    assert kept == [new, *asked[:0:-1]]


def test_what_a_session_remembers_is_bounded(make, monkeypatch):
    monkeypatch.setattr("sayso.service.store._HISTORY_BYTES", 2 << 20)
    person = Person(make())
    session = person.open()
    url = f"/sessions/{session['id']}/moves"
    long = {"do": "edit", "steps": [{"step": "arrange", "spans": [{}] * 10_000}]}
    for _ in range(3):
        person.ask("POST", url, json={"moves": [long]})
    refused = person.ask("POST", url, json={"moves": [long]}, status=413)
    assert "take more than 2 MiB" in refused["detail"]
    assert person.ask("GET", f"/sessions/{session['id']}/desk")["version"] == 3


def test_old_sessions_are_swept(make, tmp_path):
    client = make(limits={"session_days": 1e-9})
    session = Person(client).open()
    abandoned, begun = tmp_path / "sessions" / "abandoned", tmp_path / "sessions" / "begun"
    for folder in (abandoned, begun):
        folder.mkdir()
        (folder / "recording").touch()
    stems = tmp_path / "stems" / "of-one-recording"
    stems.mkdir(parents=True)
    (stems / "shape.json").touch()
    os.utime(abandoned, (0, 0))
    assert sweep(client.app.state.service) == 1
    assert client.get(f"/sessions/{session['id']}").status_code == 404
    assert list((tmp_path / "sessions").iterdir()) == [begun]
    assert not stems.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [("SECONDS", "inf"), ("RENDERED_S", "nan"), ("UPLOAD_BYTES", "9" * 50), ("DECODING_S", "1e9")],
)
def test_a_limit_that_is_none_is_refused_at_the_start(name, value):
    with pytest.raises(ConfigError, match=name.lower()):
        Settings.from_environment({"SAYSO_DATA": "x", f"SAYSO_LIMIT_{name}": value})


def test_pages_of_other_sites_may_ask_where_a_setting_says_so(make):
    site, other = "https://studio.example", "https://elsewhere.example"
    client = make(cors=f"{site}, http://localhost:5173")
    preflight = {
        "origin": site,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization, idempotency-key",
    }
    allowed = client.options("/ask", headers=preflight)
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == site
    assert client.options("/ask", headers=preflight | {"origin": other}).status_code == 400
    sent = {"origin": site, "sec-fetch-site": "cross-site"}
    answer = client.post("/sessions/demo", headers=sent)
    assert answer.status_code == 201
    assert answer.headers["access-control-allow-origin"] == site
    assert "Location" in answer.headers["access-control-expose-headers"]
    assert "access-control-allow-credentials" not in answer.headers
    refused = client.post("/sessions/demo", headers=sent | {"origin": other})
    assert refused.status_code == 403
    assert "access-control-allow-origin" not in refused.headers
    # An error is told to the page, too.
    gone = client.get(f"/sessions/{'0' * 32}", headers=sent)
    assert (gone.status_code, gone.headers["access-control-allow-origin"]) == (404, site)


def test_cors_is_off_and_takes_origins_only(make, tmp_path):
    client = make()
    answer = client.get("/about", headers={"origin": "https://studio.example"})
    assert "access-control-allow-origin" not in answer.headers
    for wrong in ("*", "studio.example", "https://studio.example/page"):
        with pytest.raises(ConfigError, match="origin"):
            Settings.from_environment({"SAYSO_CORS": wrong, "SAYSO_DATA": str(tmp_path)})


def test_text_is_compressed_and_sound_is_not(make):
    client = make()
    client.post("/sessions/demo")
    for url in ("/openapi.json", "/about", "/"):
        told = client.get(url, headers={"accept-encoding": "gzip"})
        assert told.headers["content-encoding"] == "gzip", url
        assert int(told.headers["content-length"]) < len(told.content) / 2
        assert "Accept-Encoding" in told.headers["vary"]
    source = client.get("/sessions").json()[0]["id"]
    sound = client.get(f"/sessions/{source}/source", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in sound.headers
