"""Offers, channels of titles and gift codes; a licence is on a title or on a channel

Revision: 0015, after 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0011"
branch_labels = None
depends_on = None

FIRST_PLAY = (
    "CREATE TRIGGER licences_first_played AFTER UPDATE OF first_played_at ON licences"
    " WHEN OLD.first_played_at IS NULL AND NEW.first_played_at IS NOT NULL"
    " BEGIN INSERT INTO licence_events"
    " (at, title_id, channel_id, licence_id, what, actor_id, actor, subject, reason)"
    " VALUES (NEW.first_played_at, NEW.title_id, NEW.channel_id, NEW.id, 'first_played', NEW.account_id,"
    " coalesce((SELECT name FROM accounts WHERE id = NEW.account_id), ''),"
    " coalesce((SELECT name FROM accounts WHERE id = NEW.account_id), NEW.label), ''); END"
)


def upgrade() -> None:
    op.create_table(
        "channels",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("owner_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["accounts.id"], name=op.f("fk_channels_owner_id_accounts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channels")),
    )
    op.create_index("ix_channels_owner", "channels", ["owner_id", "created_at"])
    op.create_table(
        "channel_titles",
        sa.Column("channel_id", sa.String(length=40), nullable=False),
        sa.Column("title_id", sa.String(length=40), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["channel_id"],
            ["channels.id"],
            name=op.f("fk_channel_titles_channel_id_channels"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["title_id"], ["titles.id"], name=op.f("fk_channel_titles_title_id_titles"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("channel_id", "title_id", name=op.f("pk_channel_titles")),
    )
    op.create_index("ix_channel_titles_title", "channel_titles", ["title_id"])
    _offers()
    _codes()
    _licences()


def _offers() -> None:
    op.create_table(
        "offers",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("title_id", sa.String(length=40), nullable=True),
        sa.Column("channel_id", sa.String(length=40), nullable=True),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("tier", sa.String(length=4), nullable=False),
        sa.Column("max_streams", sa.Integer(), nullable=False),
        sa.Column("rental_s", sa.Integer(), nullable=True),
        sa.Column("playback_s", sa.Integer(), nullable=True),
        sa.Column("lasts_s", sa.Integer(), nullable=True),
        sa.Column("price_minor", sa.Integer(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("open_from", sa.BigInteger(), nullable=True),
        sa.Column("open_until", sa.BigInteger(), nullable=True),
        sa.Column("most", sa.Integer(), nullable=True),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("made_by", sa.String(length=32), nullable=True),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("(title_id IS NULL) <> (channel_id IS NULL)", name=op.f("ck_offers_one_subject")),
        sa.CheckConstraint(
            "kind IN ('free', 'rental', 'purchase', 'subscription')", name=op.f("ck_offers_kind_known")
        ),
        sa.CheckConstraint("state IN ('draft', 'open', 'closed')", name=op.f("ck_offers_state_known")),
        sa.CheckConstraint("most IS NULL OR taken <= most", name=op.f("ck_offers_not_overdrawn")),
        sa.ForeignKeyConstraint(
            ["title_id"], ["titles.id"], name=op.f("fk_offers_title_id_titles"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name=op.f("fk_offers_channel_id_channels"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["made_by"], ["accounts.id"], name=op.f("fk_offers_made_by_accounts"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offers")),
    )
    op.create_index("ix_offers_title", "offers", ["title_id", "made_at"])
    op.create_index("ix_offers_channel", "offers", ["channel_id", "made_at"])


def _codes() -> None:
    op.create_table(
        "gift_codes",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("offer_id", sa.String(length=40), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("redeemed_at", sa.BigInteger(), nullable=True),
        sa.Column("redeemed_by", sa.String(length=32), nullable=True),
        sa.Column("licence_id", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(
            ["offer_id"], ["offers.id"], name=op.f("fk_gift_codes_offer_id_offers"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["redeemed_by"],
            ["accounts.id"],
            name=op.f("fk_gift_codes_redeemed_by_accounts"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gift_codes")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_gift_codes_code_hash")),
        sa.UniqueConstraint("offer_id", "number", name=op.f("uq_gift_codes_offer_id_number")),
    )


def _licences() -> None:
    """Let a licence be on a channel.

    Making the table anew would delete every playback that refers to it. So its description is rewritten in
    place (https://sqlite.org/lang_altertable.html#otheralter): a lost NOT NULL and constraints that every
    row meets change nothing of what is stored.
    """
    op.execute("ALTER TABLE licences ADD COLUMN channel_id VARCHAR(40)")
    op.execute("ALTER TABLE licences ADD COLUMN offer_id VARCHAR(40)")
    _described("title_id VARCHAR(40) NOT NULL", "title_id VARCHAR(40)")
    _described(
        "CONSTRAINT pk_licences PRIMARY KEY (id),",
        "CONSTRAINT pk_licences PRIMARY KEY (id),"
        " CONSTRAINT ck_licences_one_subject CHECK ((title_id IS NULL) <> (channel_id IS NULL)),"
        " CONSTRAINT fk_licences_channel_id_channels FOREIGN KEY(channel_id)"
        " REFERENCES channels (id) ON DELETE CASCADE,"
        " CONSTRAINT fk_licences_offer_id_offers FOREIGN KEY(offer_id)"
        " REFERENCES offers (id) ON DELETE SET NULL,",
    )
    op.create_index("ix_licences_channel", "licences", ["channel_id", "issued_at"])
    op.create_index("ix_licences_offer", "licences", ["offer_id", "account_id"])
    op.execute("DROP TRIGGER licences_first_played")
    op.execute(FIRST_PLAY)


def _described(was: str, now: str) -> None:
    """Replace a piece of the description of the table of licences."""
    op.execute("PRAGMA writable_schema=ON")
    changed = op.get_bind().execute(
        sa.text(
            "UPDATE sqlite_master SET sql = replace(sql, :was, :now)"
            " WHERE type = 'table' AND name = 'licences' AND instr(sql, :was) > 0"
        ),
        {"was": was, "now": now},
    )
    if changed.rowcount != 1:
        raise RuntimeError("the table of licences does not look as expected")
    op.execute("PRAGMA writable_schema=RESET")
