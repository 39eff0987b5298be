"""Chunks as a queue for every worker: priorities, phases of versions, chunks that were given up

Revision: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("titles", schema=None) as batch_op:
        batch_op.add_column(sa.Column("priority", sa.Integer(), server_default=sa.text("0"), nullable=False))
        batch_op.add_column(
            sa.Column("house_priority", sa.Integer(), server_default=sa.text("0"), nullable=False)
        )
    with op.batch_alter_table("title_versions", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("phase", sa.String(length=8), server_default=sa.text("'rest'"), nullable=False)
        )
        batch_op.create_index("ix_title_versions_phase", ["phase"], unique=False)
    op.execute(
        "UPDATE title_versions SET phase = CASE (SELECT state FROM titles WHERE titles.version_id ="
        " title_versions.id) WHEN 'queued' THEN 'queued' WHEN 'encoding' THEN 'making' ELSE 'rest' END"
    )
    with op.batch_alter_table("chunks", schema=None) as batch_op:
        batch_op.add_column(sa.Column("faults", sa.Integer(), server_default=sa.text("0"), nullable=False))
        batch_op.add_column(sa.Column("deaths", sa.Integer(), server_default=sa.text("0"), nullable=False))
        batch_op.add_column(sa.Column("failure_code", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("failure_sentence", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("failure_hint", sa.Text(), nullable=True))
    with op.batch_alter_table("chunk_attempts", schema=None) as batch_op:
        batch_op.drop_index("ix_chunk_attempts_version_id")
        batch_op.create_index("ix_chunk_attempts_chunk", ["version_id", "number", "part"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("chunk_attempts", schema=None) as batch_op:
        batch_op.drop_index("ix_chunk_attempts_chunk")
        batch_op.create_index("ix_chunk_attempts_version_id", ["version_id"], unique=False)
    with op.batch_alter_table("chunks", schema=None) as batch_op:
        for name in ("failure_hint", "failure_sentence", "failure_code", "deaths", "faults"):
            batch_op.drop_column(name)
    with op.batch_alter_table("title_versions", schema=None) as batch_op:
        batch_op.drop_index("ix_title_versions_phase")
        batch_op.drop_column("phase")
    with op.batch_alter_table("titles", schema=None) as batch_op:
        batch_op.drop_column("house_priority")
        batch_op.drop_column("priority")
