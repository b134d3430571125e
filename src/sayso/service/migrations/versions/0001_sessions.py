"""Tokens, sessions, messages and renders."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "token",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("created_s", sa.Float(), nullable=False),
        sa.Column("revoked_s", sa.Float()),
    )
    op.create_index("ix_token_hash", "token", ["hash"], unique=True)
    op.create_table(
        "session",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("token_id", sa.String(32), sa.ForeignKey("token.id")),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("created_s", sa.Float(), nullable=False),
        sa.Column("touched_s", sa.Float(), nullable=False),
        sa.Column("sample_rate", sa.Integer(), nullable=False),
        sa.Column("channels", sa.Integer(), nullable=False),
        sa.Column("frames", sa.BigInteger(), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.Column("history", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    op.create_index("ix_session_token_id", "session", ["token_id"])
    op.create_index("ix_session_touched_s", "session", ["touched_s"])
    op.create_table(
        "message",
        sa.Column("id", sa.Integer(), primary_key=True),
        _of_session(),
        sa.Column("created_s", sa.Float(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("reply", sa.String(), nullable=False),
        sa.Column("moves", sa.JSON(), nullable=False),
        sa.Column("desk", sa.JSON(), nullable=False),
        sa.Column("interpreter", sa.String(100), nullable=False),
        sa.Column("render_id", sa.String(32)),
    )
    op.create_index("ix_message_session_id", "message", ["session_id"])
    op.create_table(
        "render",
        sa.Column("id", sa.String(32), primary_key=True),
        _of_session(),
        sa.Column("created_s", sa.Float(), nullable=False),
        sa.Column("desk", sa.JSON(), nullable=False),
    )
    op.create_index("ix_render_session_id", "render", ["session_id"])


def _of_session() -> sa.Column[str]:
    key = sa.ForeignKey("session.id", ondelete="CASCADE")
    return sa.Column("session_id", sa.String(32), key, nullable=False)


def downgrade() -> None:
    """Back to the one before."""
    for name in ("render", "message", "session", "token"):
        op.drop_table(name)
