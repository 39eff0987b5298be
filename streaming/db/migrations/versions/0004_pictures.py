"""Chapters of a film.

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("title_versions") as batch:
        batch.add_column(sa.Column("chapters", sa.Text(), nullable=True))
