"""What guest links ask for, and who has used them.

Revision: 0010, after 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "guest_links",
        sa.Column("licence_id", sa.String(length=40), nullable=False),
        sa.Column("redeem_until", sa.BigInteger(), nullable=True),
        sa.Column("max_plays", sa.Integer(), nullable=True),
        sa.Column("plays", sa.Integer(), nullable=False),
        sa.Column("password_salt", sa.LargeBinary(length=16), nullable=True),
        sa.Column("proof_salt", sa.LargeBinary(length=16), nullable=True),
        sa.Column("proof_digest", sa.LargeBinary(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["licence_id"],
            ["licences.id"],
            name=op.f("fk_guest_links_licence_id_licences"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("licence_id", name=op.f("pk_guest_links")),
    )
    op.create_table(
        "guest_visits",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("licence_id", sa.String(length=40), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("device", sa.String(length=80), nullable=False),
        sa.Column("network", sa.String(length=50), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(
            ["licence_id"],
            ["licences.id"],
            name=op.f("fk_guest_visits_licence_id_licences"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guest_visits")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_guest_visits_token_hash")),
    )
    op.create_index(op.f("ix_guest_visits_licence_id"), "guest_visits", ["licence_id"])
    op.create_index(op.f("ix_guest_visits_used_at"), "guest_visits", ["used_at"])
    op.execute(
        "INSERT INTO guest_links (licence_id, plays) SELECT id, 0 FROM licences WHERE link_hash IS NOT NULL"
    )
