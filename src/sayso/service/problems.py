"""Errors as RFC 9457 problems, by the one table of `sayso.errors`."""

from __future__ import annotations

import errno
import re
import sqlite3
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from sayso.errors import HTTP_STATUSES, OutputError, SaysoError, lookup
from sayso.service.schemas import Problem

MEDIA_TYPE = "application/problem+json"
_CONTENT = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
_ANSWERS = {
    "401": ("Unauthorized", "no token that works"),
    "403": ("Forbidden", "another site's request"),
    "404": ("NotFound", "no such thing, or another's"),
    "409": ("Conflict", "a move that does not fit the desk"),
    "413": ("TooLarge", "more than may be sent"),
    "422": ("Unfit", "what was sent does not fit"),
    "429": ("TooMany", "more than may be asked for; `Retry-After` says when to come again"),
    "4XX": ("Problem", "what is wrong, and what to do"),
    "503": ("Away", "a model, the queue or the database does not answer"),
    "507": ("Full", "the disk of the service is full"),
}
PARTS = {name: {"description": said, "content": _CONTENT} for name, said in _ANSWERS.values()}
"""The answers that are errors, for the OpenAPI document."""
RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"$ref": f"#/components/responses/{name}"} for status, (name, _) in _ANSWERS.items()
}
"""Those that every route may give."""
_RETRY_S = "5"
_NO_ROOM = (
    "the disk of the service is full, or may not be written to; delete sessions that you no longer "
    "need, or tell whoever runs it"
)
_UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_SQLITE_UNWRITABLE = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY)


def problem_of(error: SaysoError, request_id: str = "") -> Problem:
    """An error of ours as a problem, which names no folder of this machine."""
    name = re.sub(r"(?<!^)(?=[A-Z])", "-", type(error).__name__).lower()
    title = (type(error).__doc__ or "").partition("\n")[0].rstrip(".")
    status = lookup(error, HTTP_STATUSES, 500)
    return Problem(
        type=f"urn:sayso:{name}",
        title=title,
        status=status,
        detail=_NO_ROOM if isinstance(error, OutputError) else str(error),
        request_id=request_id,
    )


def answer(problem: Problem) -> JSONResponse:
    """A problem as a response."""
    headers = {}
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if problem.status == 429:
        headers["Retry-After"] = _RETRY_S
    return JSONResponse(
        problem.model_dump(), problem.status, headers=headers, media_type=MEDIA_TYPE
    )


def install(app: FastAPI) -> None:
    """Has every error of `app` answered as a problem."""
    app.add_exception_handler(SaysoError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(OSError, _of_disk)
    app.add_exception_handler(OperationalError, _of_database)
    app.add_exception_handler(Exception, _unexpected)


def request_id(request: Request) -> str:
    """What the log knows the request by."""
    return str(request.scope.get("request_id", ""))


def _ours(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, SaysoError)
    if isinstance(error, OutputError):
        structlog.get_logger("sayso").error("no room", why=str(error))
    return answer(problem_of(error, request_id(request)))


def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    parts = []
    for detail in error.errors()[:5]:
        where = ".".join(str(part) for part in detail["loc"])
        parts.append(f"{where}: {detail['msg'].removeprefix('Value error, ')}")
    return answer(
        Problem(
            type="urn:sayso:request-error",
            title="The request does not fit",
            status=422,
            detail="; ".join(parts),
            request_id=request_id(request),
        )
    )


def _of_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return answer_http(error, request_id(request))


def answer_http(error: HTTPException, request_id: str) -> JSONResponse:
    """An error of the protocol as a problem."""
    title = HTTPStatus(error.status_code).phrase
    response = answer(
        Problem(
            type="about:blank",
            title=title,
            status=error.status_code,
            detail=str(error.detail or title),
            request_id=request_id,
        )
    )
    response.headers.update(error.headers or {})
    return response


def _of_disk(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, OSError)
    if error.errno in _UNWRITABLE:
        return _ours(request, OutputError(str(error)))
    return _unexpected(request, error)


def _of_database(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, OperationalError)
    if getattr(error.orig, "sqlite_errorcode", None) in _SQLITE_UNWRITABLE:
        return _ours(request, OutputError(str(error.orig)))
    structlog.get_logger("sayso").error("the database is away", why=str(error.orig))
    return answer(
        Problem(
            type="about:blank",
            title=HTTPStatus.SERVICE_UNAVAILABLE.phrase,
            status=HTTPStatus.SERVICE_UNAVAILABLE,
            detail="the database of the service does not answer; try again in a while",
            request_id=request_id(request),
        )
    )


def _unexpected(request: Request, error: Exception) -> JSONResponse:
    structlog.get_logger("sayso").error("mistake", exc_info=error)
    return answer(
        Problem(
            type="about:blank",
            title="Internal Server Error",
            status=500,
            detail="this should not have happened; it is a mistake of ours. The log has the "
            "details under the id of the request",
            request_id=request_id(request),
        )
    )
