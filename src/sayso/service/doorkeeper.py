"""What happens around every request: an id, a check of its origin, headers, log, metrics."""

from __future__ import annotations

import time
import uuid

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sayso.errors import AccessError
from sayso.service.access import check_site
from sayso.service.metrics import Metrics
from sayso.service.problems import answer, problem_of

_HEADERS = {
    # Nothing from elsewhere, no inline scripts or styles, and never within another's page.
    "Content-Security-Policy": (
        "default-src 'self'; media-src 'self' blob:; img-src 'self' blob: data:; "
        "worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class Doorkeeper:
    """ASGI middleware.

    Args:
        app: what it stands before.
        local: see `sayso.service.access.check_site`.
        metrics: told of every request.
    """

    def __init__(self, app: ASGIApp, *, local: bool, metrics: Metrics) -> None:
        self._app, self._local, self._metrics = app, local, metrics
        self._log = structlog.get_logger("sayso")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["request_id"] = request_id = uuid.uuid4().hex[:16]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        began, status = time.perf_counter(), 500

        async def dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store" if status >= 400 else "no-cache")
            await send(message)

        try:
            try:
                check_site(scope["method"], Headers(scope=scope), local=self._local)
            except AccessError as error:
                await answer(problem_of(error, request_id))(scope, receive, dressed)
            else:
                await self._app(scope, receive, dressed)
        finally:
            took_s = time.perf_counter() - began
            route = getattr(scope.get("route"), "path", "page" if status < 400 else "unknown")
            self._metrics.request(scope["method"], route, status, took_s)
            self._log.info(
                "request",
                method=scope["method"],
                path=scope["path"],
                status=status,
                took_ms=round(1000 * took_s, 1),
                **_named(scope),
            )


def _named(scope: Scope) -> dict[str, str]:
    """The session and the render that the path names."""
    return {k: str(v) for k, v in scope.get("path_params", {}).items() if k.endswith("_id")}
