"""The OpenAPI document as a generator of clients reads it: whole, valid, and true."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

OPERATIONS = """
    GET /sessions list_sessions, POST /sessions open_session, POST /sessions/demo open_demo,
    GET /sessions/{session_id} get_session, PATCH /sessions/{session_id} rename_session,
    DELETE /sessions/{session_id} delete_session, GET /sessions/{session_id}/source get_source,
    GET /sessions/{session_id}/source/peaks get_source_peaks,
    GET /sessions/{session_id}/messages list_messages, POST /sessions/{session_id}/messages say,
    POST /sessions/{session_id}/moves make_moves, GET /sessions/{session_id}/desk get_desk,
    PATCH /sessions/{session_id}/desk patch_desk, POST /sessions/{session_id}/undo undo,
    POST /sessions/{session_id}/redo redo, POST /ask ask, POST /separate separate,
    OPTIONS /uploads describe_uploads, POST /uploads begin_upload,
    HEAD /uploads/{upload_id} get_upload, PATCH /uploads/{upload_id} append_to_upload,
    DELETE /uploads/{upload_id} delete_upload, POST /uploads/{upload_id}/session open_upload,
    GET /sessions/{session_id}/cuts get_cuts, POST /sessions/{session_id}/cuts/choose choose_cuts,
    GET /sessions/{session_id}/cuts/export export_cuts,
    POST /sessions/{session_id}/cuts/import import_cuts,
    POST /sessions/{session_id}/renders start_render,
    GET /sessions/{session_id}/renders list_renders,
    GET /sessions/{session_id}/renders/{render_id} get_render,
    POST /sessions/{session_id}/renders/{render_id}/cancel cancel_render,
    GET /sessions/{session_id}/renders/{render_id}/tracks/{number} get_track,
    GET /sessions/{session_id}/renders/{render_id}/tracks/{number}/peaks get_peaks,
    GET /sessions/{session_id}/renders/{render_id}/archive get_archive,
    GET /sessions/{session_id}/events follow_session,
    GET /sessions/{session_id}/renders/{render_id}/events follow_render,
    GET /sessions/{session_id}/source/segment get_source_segment,
    GET /sessions/{session_id}/renders/{render_id}/tracks/{number}/segment get_segment,
    GET /about get_about, GET /usage get_usage, GET /models list_models, GET /health get_health,
    GET /metrics get_metrics, POST /login login, POST /logout logout
"""
"""What clients call by name: none of these may change or go."""
SAYS_ITSELF = ("const", "enum")
FILLED = {"session_id": "0" * 32, "render_id": "0" * 32, "upload_id": "0" * 32, "number": "0"}


@pytest.fixture
def document(make):
    return make().get("/openapi.json").json()


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def test_the_document_is_valid(document):
    validate(document)


def test_operations_keep_their_names(document):
    named = {(m, p): operation["operationId"] for m, p, operation in operations(document)}
    assert len(set(named.values())) == len(named)
    for entry in OPERATIONS.split(","):
        method, path, name = entry.split()
        assert named[method, path] == name


def test_everything_is_described(document):
    lacking = []
    for method, path, operation in operations(document):
        at = f"{method} {path}"
        if not operation.get("description") or not operation.get("tags"):
            lacking.append(at)
        for parameter in operation.get("parameters", []):
            if not parameter.get("description"):
                lacking.append(f"{at}: {parameter['name']}")
    for name, schema in document["components"]["schemas"].items():
        for field, about in schema.get("properties", {}).items():
            if not about.get("description"):
                lacking.append(f"{name}.{field}")
    assert lacking == []


def test_every_field_and_parameter_has_an_example_that_fits(document):
    lacking = []
    for name, schema in document["components"]["schemas"].items():
        root = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        shown = set()
        for example in schema.get("examples", []):
            Draft202012Validator(root).validate(example)
            shown |= set(example)
        for field, about in schema.get("properties", {}).items():
            says = any(word in json.dumps(about) for word in SAYS_ITSELF)
            is_file = "contentMediaType" in about or about.get("format") == "binary"
            if field not in shown and not (says or is_file or "examples" in about):
                lacking.append(f"{name}.{field}")
    for method, path, operation in operations(document):
        for parameter in operation.get("parameters", []):
            about = parameter["schema"]
            says = "default" in about or any(word in json.dumps(about) for word in SAYS_ITSELF)
            if not (says or "examples" in json.dumps(parameter) or "example" in parameter):
                lacking.append(f"{method} {path}: {parameter['name']}")
    assert lacking == []


def test_what_asks_for_a_token_says_so(make):
    client = make(tokens=True)
    document = client.get("/openapi.json").json()
    schemes = document["components"]["securitySchemes"]
    assert schemes["token"]["scheme"] == "bearer" and schemes["cookie"]["in"] == "cookie"
    for method, path, operation in operations(document):
        wants = {} not in operation["security"]
        headers = {"Tus-Resumable": "1.0.0"}
        asked = client.request(method, path.format(**FILLED), headers=headers).status_code
        assert (asked == 401) == wants, (method, path, asked)


def test_errors_have_the_shape_that_is_written_down(document, make):
    client = make()
    problem = {"$ref": "#/components/schemas/Problem", "components": document["components"]}
    for _, _, operation in operations(document):
        for status, answer in operation["responses"].items():
            if not status.startswith("2"):
                name = answer.get("$ref", "").rpartition("/")[2]
                assert name in document["components"]["responses"] or status == "416"
    for method, path, options in (
        ("GET", f"/sessions/{'0' * 32}", {}),
        ("GET", "/nowhere", {}),
        ("POST", "/sessions", {}),
        ("GET", "/sessions?limit=0", {}),
        ("GET", "/sessions?after=x", {}),
        ("PUT", "/sessions", {}),
    ):
        answer = client.request(method, path, **options)
        assert answer.status_code >= 400, path
        assert answer.headers["content-type"] == "application/problem+json"
        Draft202012Validator(problem).validate(answer.json())
        assert answer.json()["request_id"] == answer.headers["x-request-id"]
