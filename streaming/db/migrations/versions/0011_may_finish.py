"""Whether a film begun before a licence's window closes may be seen to its end

Revision: 0011, after 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # In place, with a constant default: a table that is made anew loses its triggers.
    op.add_column("licences", sa.Column("may_finish", sa.Boolean(), nullable=False, server_default="0"))
