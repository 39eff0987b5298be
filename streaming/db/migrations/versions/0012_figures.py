"""What players report of playbacks, and a title's sums by day

Revision: 0012, after 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0014"
branch_labels = None
depends_on = None

SUMS = (
    ("startups", sa.Integer),
    ("slow_startups", sa.Integer),
    ("startup_ms", sa.BigInteger),
    ("stalls", sa.Integer),
    ("stalled_ms", sa.BigInteger),
    ("played_ms", sa.BigInteger),
    ("rated_ms", sa.BigInteger),
    ("kilobits", sa.BigInteger),
    ("errors", sa.Integer),
)


def upgrade() -> None:
    op.create_table(
        "playback_quality",
        sa.Column("playback_id", sa.String(length=40), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=1), nullable=False),
        sa.Column("moved", sa.Boolean(), nullable=False),
        sa.Column("bitrate", sa.Integer(), nullable=False),
        sa.Column("startups", sa.Integer(), nullable=False),
        sa.Column("slow_startups", sa.Integer(), nullable=False),
        sa.Column("startup_ms", sa.Integer(), nullable=False),
        *(sa.Column(name, kind(), nullable=False) for name, kind in SUMS[3:]),
        sa.ForeignKeyConstraint(
            ["playback_id"],
            ["playback_sessions.id"],
            name=op.f("fk_playback_quality_playback_id_playback_sessions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("playback_id", name=op.f("pk_playback_quality")),
    )
    op.create_table(
        "title_days",
        sa.Column("title_id", sa.String(length=40), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("plays", sa.Integer(), nullable=False),
        sa.Column("watched_s", sa.Double(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        *(sa.Column(name, kind(), nullable=False) for name, kind in SUMS),
        sa.ForeignKeyConstraint(
            ["title_id"], ["titles.id"], name=op.f("fk_title_days_title_id_titles"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("title_id", "day", name=op.f("pk_title_days")),
    )
