"""The append-only audit log of licences, with the triggers that keep it so

Revision: 0009, after 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TRIGGERS = (
    "CREATE TRIGGER licence_events_kept BEFORE UPDATE ON licence_events"
    " BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END",
    "CREATE TRIGGER licence_events_whole BEFORE DELETE ON licence_events"
    " WHEN OLD.title_id IS NULL OR EXISTS (SELECT 1 FROM titles WHERE id = OLD.title_id)"
    " BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END",
    "CREATE TRIGGER licence_events_once BEFORE INSERT ON licence_events"
    " WHEN EXISTS (SELECT 1 FROM licence_events WHERE id = NEW.id)"
    " BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END",
    "CREATE TRIGGER licences_first_played AFTER UPDATE OF first_played_at ON licences"
    " WHEN OLD.first_played_at IS NULL AND NEW.first_played_at IS NOT NULL"
    " BEGIN INSERT INTO licence_events (at, title_id, licence_id, what, actor_id, actor, subject, reason)"
    " VALUES (NEW.first_played_at, NEW.title_id, NEW.id, 'first_played', NEW.account_id,"
    " coalesce((SELECT name FROM accounts WHERE id = NEW.account_id), ''),"
    " coalesce((SELECT name FROM accounts WHERE id = NEW.account_id), NEW.label), ''); END",
)


def upgrade() -> None:
    op.create_table(
        "licence_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("title_id", sa.String(length=40), nullable=True),
        sa.Column("channel_id", sa.String(length=40), nullable=True),
        sa.Column("licence_id", sa.String(length=40), nullable=True),
        sa.Column("what", sa.String(length=24), nullable=False),
        sa.Column("actor_id", sa.String(length=40), nullable=True),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["title_id"], ["titles.id"], name=op.f("fk_licence_events_title_id_titles"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_licence_events")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_licence_events_title", "licence_events", ["title_id", "id"])
    op.create_index("ix_licence_events_licence", "licence_events", ["licence_id", "id"])
    op.create_index("ix_licence_events_channel", "licence_events", ["channel_id", "id"])
    for trigger in TRIGGERS:
        op.execute(trigger)
