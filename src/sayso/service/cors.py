"""Letting pages of other sites ask the service, as far as whoever runs it names them."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

_PREFLIGHT_S = 600
_TAKEN = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "Range",
    "Tus-Resumable",
    "Upload-Length",
    "Upload-Metadata",
    "Upload-Offset",
)
_TOLD = (
    "Content-Disposition",
    "Content-Range",
    "Link",
    "Location",
    "Retry-After",
    "Sayso-Gain",
    "Sayso-Reply",
    "Tus-Resumable",
    "Upload-Length",
    "Upload-Offset",
    "X-Request-ID",
)
"""Headers that another site's pages may send, and read."""


def install(app: FastAPI, origins: Sequence[str]) -> None:
    """Answers browsers that ask whether a page of one of `origins` may send a request.

    Cookies are not for other sites, so such a page sends a token.
    """
    app.add_middleware(
        CORSMiddleware,
        allow_origins=origins,
        allow_methods=["GET", "HEAD", "POST", "PATCH", "DELETE"],
        allow_headers=_TAKEN,
        expose_headers=_TOLD,
        max_age=_PREFLIGHT_S,
    )
