"""One-shot requests: a recording and what should happen to it, once however often it is sent."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from threading import Lock
from typing import IO

from sqlalchemy.exc import IntegrityError

from sayso.errors import RequestError
from sayso.service.service import Service
from sayso.service.store import Owner
from sayso.service.tables import Message, Session
from sayso.watch import Watch

_LOCKS = tuple(Lock() for _ in range(64))
"""So that a repetition waits for what it repeats; chosen by the key."""
Change = Callable[[str], tuple[Session, Message]]
"""What is done to the session with an id."""


def begin(
    service: Service,
    upload: IO[bytes],
    name: str,
    owner: Owner,
    *,
    wanted: str,
    change: Change,
    key: str | None,
    watch: Watch,
) -> tuple[Session, Message]:
    """Opens a session on a recording and changes it; or finds the one that this request opened.

    Args:
        service: what keeps it.
        upload: the recording.
        name: what it was called.
        owner: who asks.
        wanted: what is asked for, in any form that tells it from other requests.
        change: carries it out.
        key: what the client calls the request; None makes each a new one.
        watch: cancelling, polled while the recording is decoded.

    Raises: RequestError when the key stands for another request; see `Service.open`.
    """
    if key is None:
        return change(service.open(upload, name, owner, watch=watch).id)
    mark = _hash(f"{owner}\0{key}".encode())
    content = hashlib.file_digest(upload, "sha256").hexdigest()  # type: ignore[arg-type]
    print_ = _hash(f"{wanted}\0{name}\0{content}".encode())
    upload.seek(0)
    with _LOCKS[int(mark[:2], 16) % len(_LOCKS)]:
        session = service.store.asked(mark)
        if session is None:
            try:
                asked = (mark, print_)
                session = service.open(upload, name, owner, asked=asked, watch=watch)
            except IntegrityError:  # another process was sent the same
                session = service.store.asked(mark)
        assert session is not None
        if session.asked_print != print_:
            raise RequestError(
                f"the Idempotency-Key {key[:50]!r} stands for another request; take a new one"
            )
        said = service.store.messages(session.id, most=1)
        return (session, said[0]) if said else change(session.id)


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
