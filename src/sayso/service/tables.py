"""What is kept in SQL: tokens, uploads, sessions, what was said in them and rendered."""

from __future__ import annotations

import time
import uuid
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, String
from sqlmodel import Field, SQLModel


def new_id() -> str:
    """An identifier that nobody can guess: 32 hexadecimal digits."""
    return uuid.uuid4().hex


def _of_session() -> Column[str]:
    key = ForeignKey("session.id", ondelete="CASCADE")
    return Column(String(32), key, nullable=False, index=True)


class Token(SQLModel, table=True):
    """Someone who may use the service. Only the hash of the secret is kept."""

    id: str = Field(default_factory=new_id, primary_key=True, max_length=32)
    name: str = Field(max_length=100)
    hash: str = Field(unique=True, index=True, max_length=64)
    created_s: float = Field(default_factory=time.time)
    revoked_s: float | None = None


class Session(SQLModel, table=True):
    """A recording with its conversation. `version` counts changes, so that none is lost to another.

    `asked_key` and `asked_print` tell a request that is sent again (see `sayso.service.asking`).
    `history` is the `sayso.conversation.Conversation`; that of earlier versions was a `History`.
    """

    id: str = Field(default_factory=new_id, primary_key=True, max_length=32)
    token_id: str | None = Field(default=None, foreign_key="token.id", index=True, max_length=32)
    name: str = Field(max_length=200)
    created_s: float = Field(default_factory=time.time)
    touched_s: float = Field(default_factory=time.time, index=True)
    sample_rate: int
    channels: int
    frames: int = Field(sa_type=BigInteger)
    notes: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    history: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    version: int = 0
    asked_key: str | None = Field(default=None, unique=True, index=True, max_length=64)
    asked_print: str | None = Field(default=None, max_length=64)


class Upload(SQLModel, table=True):
    """A recording that arrives in pieces. How much of it is there, its file knows."""

    id: str = Field(default_factory=new_id, primary_key=True, max_length=32)
    token_id: str | None = Field(default=None, foreign_key="token.id", index=True, max_length=32)
    name: str = Field(max_length=200)
    created_s: float = Field(default_factory=time.time)
    bytes: int = Field(sa_type=BigInteger)


class Message(SQLModel, table=True):
    """One change of a session: by words, or by hand, in which case `text` is empty."""

    id: int | None = Field(default=None, primary_key=True)
    session_id: str = Field(sa_column=_of_session())
    created_s: float = Field(default_factory=time.time)
    text: str = ""
    reply: str = ""
    moves: list[Any] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    desk: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    interpreter: str = Field(default="", max_length=100)
    render_id: str | None = Field(default=None, max_length=32)


class Render(SQLModel, table=True):
    """Tracks of a desk. Its state is that of the job with the same id."""

    id: str = Field(default_factory=new_id, primary_key=True, max_length=32)
    session_id: str = Field(sa_column=_of_session())
    created_s: float = Field(default_factory=time.time)
    desk: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
