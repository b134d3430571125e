"""What happens around every request: an id, a check of its origin, headers, log, metrics."""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Collection

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sayso.errors import AccessError, LimitError, TokenError, TooLargeError
from sayso.service.access import check_site
from sayso.service.metrics import Metrics
from sayso.service.presence import Presence
from sayso.service.problems import answer, answer_http, problem_of

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
_BRINGS_FILE = re.compile(r"/(sessions|ask|separate|uploads/[^/]+)/?$")
_WORDS_BYTES = 4 << 20
_BODY_S = 60.0
"""How long a sender may be silent in the middle of a body."""
_OPEN = ("/login", "/logout")
"""What takes a body from somebody who has no token yet."""
Check = Callable[[Headers, str], Awaitable[str | None]]
"""`check(headers, address)` is who may send a body, by the id of the token; it raises TokenError or
LimitError for others."""


class Doorkeeper:
    """ASGI middleware.

    Args:
        app: what it stands before.
        local, origins: see `sayso.service.access.check_site`.
        most_bytes: of a request that brings a file; others may have 4 MiB. One that declares more
            is refused before it is sent.
        metrics: told of every request.
        check: asked before any of a body is read.
        body_s: how long a sender may be silent in the middle of a body.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        local: bool,
        most_bytes: int,
        metrics: Metrics,
        check: Check,
        origins: Collection[str] = (),
        body_s: float = _BODY_S,
    ) -> None:
        self._app, self._local, self._metrics = app, local, metrics
        self._check, self._body_s = check, body_s
        self._most_bytes, self._origins = most_bytes, origins
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
                headers = Headers(scope=scope)
                _check_framing(headers)
                check_site(scope["method"], headers, local=self._local, origins=self._origins)
                most_bytes = self._most_bytes if _BRINGS_FILE.match(scope["path"]) else _WORDS_BYTES
                _check_length(headers.get("content-length", ""), most_bytes)
                if _has_body(headers) and scope["path"] not in _OPEN:
                    address = (scope.get("client") or ("",))[0]
                    scope["token_id"] = await self._check(headers, address)
            except (AccessError, TokenError, LimitError, TooLargeError) as error:
                await answer(problem_of(error, request_id))(scope, receive, dressed)
            except HTTPException as error:
                await answer_http(error, request_id)(scope, receive, dressed)
            else:
                bounded = _bounded(receive, most_bytes, self._body_s)
                async with Presence(bounded) as client:
                    scope["watch"] = client.watch
                    await self._app(scope, client.receive, dressed)
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


def _check_framing(headers: Headers) -> None:
    """Refuses a body with two lengths, of which a proxy before us may have believed the other.

    RFC 9112, 6.1: the connection ends with it, so that what follows is no request.
    """
    if "transfer-encoding" in headers and "content-length" in headers:
        raise HTTPException(
            400,
            "a body has a Content-Length or a Transfer-Encoding, not both",
            {"Connection": "close"},
        )


def _has_body(headers: Headers) -> bool:
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


def _bounded(receive: Receive, most_bytes: int, silent_s: float) -> Receive:
    """`receive`, until more has come than may, or nothing more comes."""
    left, complete = most_bytes, False

    async def bounded() -> Message:
        nonlocal left, complete
        # Not errors of ours: parsers of bodies only let this kind pass.
        try:
            async with asyncio.timeout(None if complete else silent_s):
                message = await receive()
        except TimeoutError:
            raise HTTPException(408, f"nothing more came for {silent_s:g} s") from None
        complete = not message.get("more_body", False)
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(413, f"more than {most_bytes:,} bytes were sent")
        return message

    return bounded


def _check_length(declared: str, most_bytes: int) -> None:
    if declared.isdecimal() and int(declared) > most_bytes:
        raise TooLargeError(
            f"{int(declared):,} bytes were announced; expected at most {most_bytes:,}"
        )


def _named(scope: Scope) -> dict[str, str]:
    """The session and the render that the path names."""
    return {k: str(v) for k, v in scope.get("path_params", {}).items() if k.endswith("_id")}
