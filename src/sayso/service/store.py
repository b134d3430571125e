"""Sessions and what was said in them, in SQL."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar

import sqlalchemy as sa
import sqlmodel
from pydantic import BaseModel
from sqlalchemy.orm import defer
from sqlalchemy.sql.base import ExecutableOption
from sqlmodel import col, select

from sayso.conversation import Conversation
from sayso.errors import LimitError, NotFoundError, RequestError, TooLargeError
from sayso.service.tables import Message, Render, Session, Token, Upload

_TRIES, _PAUSE_S = 40, 0.02
_HISTORY_BYTES = 8 << 20
Order = Literal["touched", "created"]
Asked = tuple[str | None, str | None]
"""The mark of the request that opened a session, and the print of what it asked for."""
NOT_ASKED: Asked = (None, None)
Owner = str | None
"""The id of the token that asks; None on a service without tokens."""
_Owned = TypeVar("_Owned", Session, Upload)
Change = Callable[[Conversation], tuple[Conversation, Message, Render | None]]


class Store:
    """What is kept of every session. All methods are safe in many threads and processes."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine

    def add(self, new: Session | Upload, *, most: int) -> None:
        """Keeps a new session or upload, unless its owner has `most`. Raises: LimitError."""
        table = type(new)
        with self._open() as db:
            query = select(sa.func.count()).where(_of(table, new.token_id))
            if (db.scalar(query) or 0) >= most:
                kind = table.__name__.lower()
                raise LimitError(f"there are {most} {kind}s already; delete one of them first")
            db.add(new)
            db.commit()

    def get(self, id: str, owner: Owner) -> Session:
        """The session, if it is its owner who asks. Raises: NotFoundError."""
        with self._open() as db:
            return _owned(db, Session, id, owner)

    def asked(self, key: str) -> Session | None:
        """The session that a request with this mark opened."""
        with self._open() as db:
            return db.exec(select(Session).where(col(Session.asked_key) == key)).first()

    def of(
        self,
        owner: Owner,
        *,
        most: int,
        order: Order = "touched",
        after: tuple[float, str] | None = None,
    ) -> Sequence[Session]:
        """The sessions of `owner`, the latest first, without their histories.

        Args:
            owner: whose they are.
            most: how many, at most.
            order: by which of their times.
            after: that time, and the id, of the one that they come after.
        """
        by = (col(Session.touched_s if order == "touched" else Session.created_s), col(Session.id))
        with self._open() as db:
            query = select(Session).where(_of(Session, owner)).options(_brief())
            if after is not None:
                query = query.where(sa.tuple_(*by) < sa.tuple_(*after))
            return db.exec(query.order_by(*(one.desc() for one in by)).limit(most)).all()

    def change(self, id: str, owner: Owner, make: Change) -> tuple[Session, Message]:
        """Replaces the conversation of a session by what `make` makes of it.

        `make` is called again when another change came in between, so it must be pure.
        Raises: NotFoundError, TooLargeError for a conversation beyond all measure, RequestError
            when others never stop changing it.
        """
        for tries in range(_TRIES):
            if tries:
                time.sleep(random.uniform(0, _PAUSE_S * min(tries, 10)))
            with self._open() as db:
                session = _owned(db, Session, id, owner)
                conversation, version = conversation_of(session), session.version
                db.rollback()  # hold no lock while words are interpreted
                changed, message, render = make(conversation)
                _require_brief(changed)
                now = time.time()
                update = (
                    sa.update(Session)
                    .where(col(Session.id) == id, col(Session.version) == version)
                    .values(history=plain(changed), version=version + 1, touched_s=now)
                )
                if isinstance(done := db.execute(update), sa.CursorResult) and done.rowcount == 1:
                    db.add(message)
                    if render is not None:
                        db.add(render)
                    db.commit()
                    return _owned(db, Session, id, owner), message
        raise RequestError("the session is being changed by others all the time; try again")

    def rename(self, id: str, owner: Owner, name: str) -> Session:
        """Gives a session another name. Raises: NotFoundError."""
        with self._open() as db:
            session = _owned(db, Session, id, owner)
            session.name = name
            db.add(session)
            db.commit()
            return session

    def delete(self, id: str, owner: Owner) -> None:
        """Forgets a session. Raises: NotFoundError."""
        with self._open() as db:
            db.delete(_owned(db, Session, id, owner))
            db.commit()

    def untouched_since(self, then_s: float) -> Sequence[Session]:
        """Sessions that nobody has changed since then."""
        with self._open() as db:
            query = select(Session).where(col(Session.touched_s) < then_s).options(_brief())
            return db.exec(query).all()

    def ids(self) -> set[str]:
        """Of all sessions."""
        with self._open() as db:
            return set(db.exec(select(Session.id)))

    def glance(self, sessions: Sequence[str]) -> dict[str, tuple[int, list[str]]]:
        """The version and the renders, the oldest first, of those sessions that are there.

        A session whose token was revoked is there for nobody.
        """
        found: dict[str, tuple[int, list[str]]] = {}
        with self._open() as db:
            versions = (
                select(Session.id, Session.version)
                .outerjoin(Token, col(Token.id) == col(Session.token_id))
                .where(col(Session.id).in_(sessions), col(Token.revoked_s).is_(None))
            )
            for id, version in db.exec(versions):
                found[id] = (version, [])
            renders = select(Render.session_id, Render.id).where(col(Render.session_id).in_(found))
            for session, render in db.exec(renders.order_by(col(Render.created_s))):
                found[session][1].append(render)
        return found

    def upload(self, id: str, owner: Owner) -> Upload:
        """The upload, if it is its owner who asks. Raises: NotFoundError."""
        with self._open() as db:
            return _owned(db, Upload, id, owner)

    def uploads_of(self, owner: Owner) -> Sequence[Upload]:
        """The unfinished uploads of `owner`."""
        with self._open() as db:
            return db.exec(select(Upload).where(_of(Upload, owner))).all()

    def uploads_before(self, then_s: float) -> Sequence[Upload]:
        """Uploads that were begun before then."""
        with self._open() as db:
            return db.exec(select(Upload).where(col(Upload.created_s) < then_s)).all()

    def delete_upload(self, id: str) -> None:
        """Forgets an upload."""
        with self._open() as db:
            db.execute(sa.delete(Upload).where(col(Upload.id) == id))
            db.commit()

    def messages(self, session: str, *, after: int = 0, most: int = 1000) -> Sequence[Message]:
        """What was said and done in a session, in order, from after `after`; at most `most`."""
        with self._open() as db:
            query = select(Message).where(col(Message.session_id) == session)
            query = query.where(col(Message.id) > after).order_by(col(Message.id)).limit(most)
            return db.exec(query).all()

    def add_render(self, render: Render) -> None:
        """Keeps a render that no message led to."""
        with self._open() as db:
            db.add(render)
            db.commit()

    def renders(self, session: str) -> Sequence[Render]:
        """The renders of a session, the latest first."""
        with self._open() as db:
            query = select(Render).where(col(Render.session_id) == session)
            return db.exec(query.order_by(col(Render.created_s).desc())).all()

    def render_ids(self, ids: Sequence[str]) -> set[str]:
        """Those of `ids`, some hundreds at most, that are renders of any session."""
        with self._open() as db:
            return set(db.exec(select(Render.id).where(col(Render.id).in_(ids))))

    def render(self, session: str, id: str) -> Render:
        """One of them. Raises: NotFoundError."""
        with self._open() as db:
            found = db.get(Render, id)
            if found is None or found.session_id != session:
                raise NotFoundError("there is no such render in this session")
            return found

    def delete_render(self, id: str) -> None:
        """Forgets a render."""
        with self._open() as db:
            db.execute(sa.delete(Render).where(col(Render.id) == id))
            db.commit()

    def _open(self) -> sqlmodel.Session:
        return sqlmodel.Session(self.engine, expire_on_commit=False)


def plain(value: BaseModel) -> dict[str, Any]:
    """A value of the desk as JSON keeps it."""
    return value.model_dump(mode="json", exclude_none=True)


def conversation_of(session: Session) -> Conversation:
    """The conversation of a session, whichever version kept it."""
    return Conversation.model_validate(session.history)


def _require_brief(conversation: Conversation) -> None:
    if len(conversation.model_dump_json(exclude_none=True)) > _HISTORY_BYTES:
        raise TooLargeError(
            f"the changes of this session take more than {_HISTORY_BYTES >> 20} MiB; go on in "
            "another session"
        )


def _brief() -> ExecutableOption:
    """Leaves out what may be large: a history of some megabytes, a hundred times."""
    return defer(Session.history, raiseload=True)  # type: ignore[arg-type]


def _of(table: type[Session | Upload], owner: Owner) -> sa.ColumnElement[bool]:
    mine = col(table.token_id)
    return mine.is_(None) if owner is None else mine == owner


def _owned(db: sqlmodel.Session, table: type[_Owned], id: str, owner: Owner) -> _Owned:
    found = db.get(table, id, populate_existing=True)
    if found is None or found.token_id != owner:
        raise NotFoundError(f"there is no such {table.__name__.lower()}")
    return found
