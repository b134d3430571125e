"""The OpenAPI document: whatever can be sent by it, no answer is a mistake of ours."""

from __future__ import annotations

import os

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.service.conftest import LOCAL, Person
from tests.service.test_resuming import Sender

schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
LAX = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
ENDLESS = "/events"
MOSTLY = st.sampled_from([True, True, True, False])
"""Whether a request goes to a session that is there."""
EXAMPLES = int(os.environ.get("SAYSO_TEST_EXAMPLES", "6"))
"""Of requests to each operation; more of them search for longer."""


@pytest.fixture
def client(make):
    return make(limits={"upload_bytes": 1 << 18, "seconds": 2, "decoding_s": 5})


def test_whatever_is_sent_no_answer_is_a_mistake_of_ours(client):
    person = Person(client)
    session = person.ask("POST", "/sessions/demo", status=201)
    render = person.say(session, "mute the bass")["render"]
    upload = Sender(person).url.rpartition("/")[2]
    mine = {"session_id": session["id"], "render_id": render["id"], "number": 0}
    mine["upload_id"] = upload
    schema = schemathesis.openapi.from_dict(client.get("/openapi.json").json())
    codes: dict[str, set[int]] = {}

    def send(case, known):
        deletes = case.method.upper() == "DELETE"
        if known and not deletes:
            case.path_parameters = {name: mine[name] for name in case.path_parameters or {}}
        asked = case.as_transport_kwargs(base_url=LOCAL)
        asked.pop("cookies", None)
        if isinstance(asked.get("data"), bytes):
            asked["content"] = asked.pop("data")
        headers = {k: v for k, v in asked.pop("headers").items() if k.lower() != "host"}
        response = client.request(headers=headers, **asked)
        codes.setdefault(case.operation.label, set()).add(response.status_code)
        assert response.status_code < 500, (case.as_curl_command(), response.text)
        if response.status_code >= 400:
            assert response.headers["content-type"] == "application/problem+json"
            assert case.method.upper() == "HEAD" or response.json()["detail"]

    for found in schema.get_all_operations():
        operation = found.ok()
        if not operation.path.endswith(ENDLESS):
            check = given(operation.as_strategy(), MOSTLY)(send)
            settings(
                max_examples=EXAMPLES,
                database=None,
                suppress_health_check=LAX,
                phases=[Phase.generate],
            )(check)()
    assert len(codes) > 25
    assert 200 in codes["POST /sessions/{session_id}/messages"]
    assert person.ask("GET", f"/sessions/{session['id']}")["id"] == session["id"]
