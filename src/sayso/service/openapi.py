"""The OpenAPI document: what FastAPI makes of the routes, and what it cannot know of them."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from sayso.service import problems
from sayso.service.access import COOKIE
from sayso.service.examples import EXAMPLES

DESCRIPTION = """\
Audio and words go in; what you asked for comes out. Open a session on a recording, say what should
happen or move a fader, follow the render, and fetch its tracks.

Every error is a problem (RFC 9457, `application/problem+json`); its `detail` says what arrived,
what was expected and what to do. Every answer carries `X-Request-ID`, by which the log of the
service knows the request.
"""
TAGS = [
    {"name": "one-shot", "description": "A recording and words in; the sound out."},
    {"name": "sessions", "description": "A recording, what was said of it, and its desk."},
    {"name": "renders", "description": "The sound of a desk, made by workers."},
    {"name": "events", "description": "What changes, as server-sent events."},
    {"name": "cuts", "description": "What is heard of a recording, and other programs' edits."},
    {"name": "uploads", "description": "Long recordings in pieces, by tus 1.0 (https://tus.io)."},
    {"name": "service", "description": "What the service is, and who may use it."},
]
OPEN = frozenset({"get_about", "get_health", "login", "logout", "describe_uploads"})
"""Operations that ask for no token."""
_SCHEMES = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "what `sayso token create NAME` printed",
    },
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "how a browser carries the token that it sent to /login",
    },
}

_STREAM = {
    "schema": {"type": "string"},
    "example": 'event: render\ndata: {"id": "0a1b...", "progress": 0.4, ...}\n\n',
}
"""Of server-sent events; the `itemSchema` that FastAPI writes is of OpenAPI 3.2."""


def operation_id(route: APIRoute) -> str:
    """The name of a route's function, which no other has."""
    return route.name


def install(app: FastAPI, *, tokens: bool) -> None:
    """Has `/openapi.json` say whatever there is to say.

    Args:
        app: with all its routes.
        tokens: whether requests must carry one.
    """
    made = app.openapi

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            _complete(made(), tokens=tokens)
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _complete(schema: dict[str, Any], *, tokens: bool) -> None:
    parts = schema["components"]
    parts["securitySchemes"] = _SCHEMES
    parts["responses"] = problems.PARTS
    for name, example in EXAMPLES.items():
        parts["schemas"][name]["examples"] = [example]
    for path in schema["paths"].values():
        for operation in path.values():
            operation["security"] = [{name: []} for name in _SCHEMES]
            if not tokens or operation["operationId"] in OPEN:
                operation["security"].append({})
            if "text/event-stream" in (
                content := operation["responses"].get("200", {}).get("content", {})
            ):
                content["text/event-stream"] = _STREAM
    for name in ("HTTPValidationError", "ValidationError"):  # answered as problems
        parts["schemas"].pop(name, None)
