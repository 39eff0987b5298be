"""What DRM vendors say of keys to players

Revision: 0014, after 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "drm_signals",
        sa.Column("version_id", sa.String(length=40), nullable=False),
        sa.Column("kid", sa.String(length=36), nullable=False),
        sa.Column("system", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("pssh", sa.LargeBinary(), nullable=False),
        sa.Column("elements", sa.Text(), nullable=False),
        sa.Column("hls", sa.Text(), nullable=False),
        sa.Column("imported_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["title_versions.id"],
            name=op.f("fk_drm_signals_version_id_title_versions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("version_id", "kid", "system", name=op.f("pk_drm_signals")),
    )


def downgrade() -> None:
    op.drop_table("drm_signals")
