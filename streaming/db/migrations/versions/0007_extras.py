"""What is added to a published film: subtitle tracks under new names, pictures to choose the poster from.

Revision: 0007, after 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("title_versions") as batch:
        batch.add_column(sa.Column("texts_made", sa.Integer(), nullable=False, server_default="0"))
    for name in ("poster_bytes", "poster_sha256"):
        # Not in a batch: that would make the table anew, and lose what refers to it.
        op.execute(f"ALTER TABLE title_versions DROP COLUMN {name}")
    op.create_table(
        "poster_candidates",
        sa.Column("version_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.Column("object", sa.String(length=200), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["title_versions.id"],
            name=op.f("fk_poster_candidates_version_id_title_versions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("version_id", "number", name=op.f("pk_poster_candidates")),
    )
