"""Who may use the service: tokens, rates, and requests that a browser was tricked into."""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
import time
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from threading import Lock
from urllib.parse import urlsplit

import sqlalchemy as sa
import sqlmodel
from sqlmodel import col, select

from sayso.errors import AccessError, LimitError, NotFoundError, TokenError
from sayso.service.tables import Token

COOKIE = "sayso_token"
_MARK = "sayso_"
_CALLERS = 10_000
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address.

    >>> [is_loopback(host) for host in ("127.0.0.1", "localhost", "::1", "0.0.0.0")]
    [True, True, True, False]
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def create_token(engine: sa.Engine, name: str) -> tuple[Token, str]:
    """A new token, and its secret, which is nowhere kept and cannot be shown again."""
    secret = _MARK + secrets.token_urlsafe(32)
    token = Token(name=name, hash=_hash(secret))
    with sqlmodel.Session(engine, expire_on_commit=False) as db:
        db.add(token)
        db.commit()
    return token, secret


def list_tokens(engine: sa.Engine) -> Sequence[Token]:
    """All tokens, the oldest first; revoked ones, too."""
    with sqlmodel.Session(engine) as db:
        return db.exec(select(Token).order_by(col(Token.created_s))).all()


def revoke_token(engine: sa.Engine, which: str) -> Token:
    """Ends a token, given its id, the beginning of its id, or its name.

    Raises: NotFoundError unless that is exactly one that still works.
    """
    with sqlmodel.Session(engine, expire_on_commit=False) as db:
        works = db.exec(select(Token).where(col(Token.revoked_s).is_(None))).all()
        found = [t for t in works if which == t.name or (which and t.id.startswith(which))]
        if len(found) != 1:
            names = ", ".join(f"{token.id[:8]} ({token.name})" for token in works) or "none"
            raise NotFoundError(
                f"{which!r} names {len(found)} tokens; expected the id or name of one of: {names}"
            )
        found[0].revoked_s = time.time()
        db.add(found[0])
        db.commit()
        return found[0]


def owner_of(engine: sa.Engine, secret: str | None) -> str:
    """The id of the token with this secret. Raises: TokenError."""
    if not secret:
        raise TokenError(
            "this service asks for a token; send it as `Authorization: Bearer TOKEN`. "
            "`sayso token create NAME` makes one"
        )
    with sqlmodel.Session(engine) as db:
        token = db.exec(select(Token).where(col(Token.hash) == _hash(secret))).first()
    if token is None or token.revoked_s is not None:
        raise TokenError("the token is unknown or was revoked; `sayso token create` makes one")
    return token.id


def owner_or_guess(engine: sa.Engine, secret: str | None, address: str, guesses: Rates) -> str:
    """As `owner_of`; a wrong token counts as a guess of `address`. Raises: TokenError, LimitError.

    A right one is let in even where too many wrong ones came from the same address, which may be
    that of a whole school.
    """
    try:
        return owner_of(engine, secret)
    except TokenError:
        guesses.take(address)
        raise


def _hash(secret: str) -> str:
    # The secret is random and long, so a quick hash without salt gives nothing away.
    return hashlib.sha256(secret.encode()).hexdigest()


def check_site(
    method: str, headers: Mapping[str, str], *, local: bool, origins: Collection[str] = ()
) -> None:
    """Refuses requests that another site made a person's browser send.

    Args:
        method: of the request.
        headers: by lower-case name.
        local: whether the service has no tokens and so must only be spoken to as this machine;
            else a name that an attacker points to 127.0.0.1 would be let in.
        origins: other sites that may send requests.

    Raises: AccessError.
    """
    host = headers.get("host", "")
    if local and not is_loopback(_name_of(host)):
        raise AccessError(
            f"the request is for {host[:100]!r}; without tokens the service only answers to "
            "localhost or 127.0.0.1"
        )
    origin = headers.get("origin")
    if method in _SAFE or origin in origins:
        return
    if origin is not None and urlsplit(origin).netloc != host:
        raise AccessError(f"the request comes from another site, {origin[:100]!r}")
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise AccessError("the request comes from another site")


def _name_of(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


class Rates:
    """So many requests a minute for each caller, refilled steadily; kept in this process."""

    def __init__(self, a_minute: int) -> None:
        self._a_minute = a_minute
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def take(self, caller: str) -> None:
        """Counts one request of `caller`. Raises: LimitError."""
        now = time.monotonic()
        with self._lock:
            left, then = self._left.pop(caller, (float(self._a_minute), now))
            left = min(self._a_minute, left + (now - then) * self._a_minute / 60)
            self._left[caller] = (max(0.0, left - 1), now)
            if len(self._left) > _CALLERS:
                self._left.popitem(last=False)
        if left < 1:
            raise LimitError(
                f"more than {self._a_minute} requests a minute; wait a moment and try again"
            )
