"""What is made of a film while its upload still arrives

Revision: 0008, after 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("title_versions") as batch:
        batch.add_column(sa.Column("early_plan", sa.Text(), nullable=True))
        batch.add_column(sa.Column("early_us", sa.BigInteger(), nullable=True))
