"""Which request opened a session, so that a repetition of it opens no other."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """To this revision."""
    op.add_column("session", sa.Column("asked_key", sa.String(64)))
    op.add_column("session", sa.Column("asked_print", sa.String(64)))
    op.create_index("ix_session_asked_key", "session", ["asked_key"], unique=True)


def downgrade() -> None:
    """Back to the one before."""
    op.drop_index("ix_session_asked_key", "session")
    op.drop_column("session", "asked_print")
    op.drop_column("session", "asked_key")
