"""How far a making is by what it costs, and what was first said of its end

Revision: 0005, after 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("title_versions") as batch:
        batch.add_column(sa.Column("percent", sa.Double(), server_default=sa.text("0"), nullable=False))
        batch.add_column(sa.Column("estimates", sa.Text(), server_default=sa.text("'[]'"), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("title_versions") as batch:
        batch.drop_column("estimates")
        batch.drop_column("percent")
