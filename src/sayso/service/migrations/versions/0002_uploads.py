"""Uploads that arrive in pieces."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "upload",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("token_id", sa.String(32), sa.ForeignKey("token.id")),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("created_s", sa.Float(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_upload_token_id", "upload", ["token_id"])


def downgrade() -> None:
    """Back to the one before."""
    op.drop_table("upload")
