"""Init segments of crypto periods, for films protected by cbcs

Revision: 0013, after 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "period_inits",
        sa.Column("version_id", sa.String(length=40), nullable=False),
        sa.Column("rendition", sa.String(length=12), nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("object", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id", "rendition"],
            ["renditions.version_id", "renditions.name"],
            name=op.f("fk_period_inits_version_id_renditions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("version_id", "rendition", "period", name=op.f("pk_period_inits")),
    )


def downgrade() -> None:
    op.drop_table("period_inits")
