"""A browser's way to carry a token: a cookie that no script can read."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import Field

from sayso.service import access
from sayso.service.bodies import Body
from sayso.service.routes.dependencies import Serving

router = APIRouter(tags=["service"])


class Login(Body):
    """What a browser shall carry.

    Attributes:
        token: what `sayso token create` printed.
    """

    token: Annotated[str, Field(max_length=200)]


@router.post("/login", status_code=204)
def login(body: Login, request: Request, response: Response, service: Serving) -> None:
    """Has the browser carry a token until it is closed; 401 for one that does not work."""
    address = request.client.host if request.client else ""
    if service.settings.tokens:
        guesses: access.Rates = request.app.state.guesses
        access.owner_or_guess(service.store.engine, body.token, address, guesses)
        response.set_cookie(
            access.COOKIE,
            body.token,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )


@router.post("/logout", status_code=204)
def logout(response: Response) -> None:
    """Has the browser forget its token."""
    response.delete_cookie(access.COOKIE, httponly=True, samesite="strict")
