"""On how many devices a licence plays, and which devices those are.

Revision: 0017, after 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # In place: a table that is made anew loses its triggers.
    op.add_column("licences", sa.Column("max_devices", sa.Integer(), nullable=True))
    op.add_column("playback_sessions", sa.Column("viewing_device_id", sa.String(length=40), nullable=True))
    op.create_table(
        "viewing_devices",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("mark", sa.LargeBinary(length=32), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("played_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_viewing_devices_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_viewing_devices")),
        sa.UniqueConstraint("mark", name=op.f("uq_viewing_devices_mark")),
    )
    op.create_index(op.f("ix_viewing_devices_account_id"), "viewing_devices", ["account_id"])
    op.create_table(
        "licence_devices",
        sa.Column("licence_id", sa.String(length=40), nullable=False),
        sa.Column("device_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["licence_id"],
            ["licences.id"],
            name=op.f("fk_licence_devices_licence_id_licences"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["device_id"],
            ["viewing_devices.id"],
            name=op.f("fk_licence_devices_device_id_viewing_devices"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("licence_id", "device_id", name=op.f("pk_licence_devices")),
    )
    op.create_index(op.f("ix_licence_devices_device_id"), "licence_devices", ["device_id"])
    op.create_table(
        "device_removals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("licence_id", sa.String(length=40), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["licence_id"],
            ["licences.id"],
            name=op.f("fk_device_removals_licence_id_licences"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_removals")),
    )
    op.create_index(op.f("ix_device_removals_licence_id"), "device_removals", ["licence_id"])
