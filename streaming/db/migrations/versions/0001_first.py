"""Accounts, uploads, titles, licences, playbacks

Revision: 0001, the first
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("name_key", sa.String(length=128), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("password_changed_at", sa.BigInteger(), nullable=False),
        sa.Column("client_salt", sa.LargeBinary(), nullable=False),
        sa.Column("auth_salt", sa.LargeBinary(), nullable=False),
        sa.Column("auth_digest", sa.LargeBinary(), nullable=False),
        sa.Column("x25519_public", sa.LargeBinary(), nullable=False),
        sa.Column("ed25519_public", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped_private", sa.LargeBinary(), nullable=False),
        sa.Column("recovery_salt", sa.LargeBinary(), nullable=False),
        sa.Column("recovery_digest", sa.LargeBinary(), nullable=False),
        sa.Column("recovery_wrapped_private", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("role IN ('viewer', 'creator', 'admin')", name=op.f("ck_accounts_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("name_key", name=op.f("uq_accounts_name_key")),
    )
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("label", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_api_tokens_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_tokens_token_hash")),
    )
    with op.batch_alter_table("api_tokens", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_tokens_account_id"), ["account_id"], unique=False)

    op.create_table(
        "auth_sessions",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("device", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_auth_sessions_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_auth_sessions_token_hash")),
    )
    with op.batch_alter_table("auth_sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_auth_sessions_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_auth_sessions_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "titles",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("owner_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("source_name", sa.String(length=200), nullable=False),
        sa.Column("custody", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("failure_code", sa.String(length=40), nullable=True),
        sa.Column("failure_sentence", sa.Text(), nullable=True),
        sa.Column("failure_hint", sa.Text(), nullable=True),
        sa.Column("version_id", sa.String(length=40), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state IN ('uploading', 'queued', 'encoding', 'ready', 'failed', 'cancelled')",
            name=op.f("ck_titles_state_known"),
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["accounts.id"], name=op.f("fk_titles_owner_id_accounts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_titles")),
    )
    with op.batch_alter_table("titles", schema=None) as batch_op:
        batch_op.create_index("ix_titles_created", ["created_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_titles_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index("ix_titles_state", ["state"], unique=False)

    op.create_table(
        "uploads",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("owner_id", sa.String(length=32), nullable=False),
        sa.Column("title_id", sa.String(length=40), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=True),
        sa.Column("raw_metadata", sa.Text(), nullable=False),
        sa.Column("raw_concat", sa.Text(), nullable=False),
        sa.Column("joined_into", sa.String(length=40), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("gone_told", sa.Boolean(), nullable=False),
        sa.CheckConstraint("kind IN ('whole', 'partial', 'final')", name=op.f("ck_uploads_kind_known")),
        sa.CheckConstraint(
            "state IN ('receiving', 'joining', 'complete', 'handed_over', 'spent', 'joined', 'terminated', 'expired')",
            name=op.f("ck_uploads_state_known"),
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["accounts.id"], name=op.f("fk_uploads_owner_id_accounts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
    )
    with op.batch_alter_table("uploads", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_uploads_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index("ix_uploads_state", ["state"], unique=False)

    op.create_table(
        "licences",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("title_id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=True),
        sa.Column("link_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_until", sa.BigInteger(), nullable=True),
        sa.Column("rental_s", sa.Integer(), nullable=True),
        sa.Column("playback_s", sa.Integer(), nullable=True),
        sa.Column("tier", sa.String(length=4), nullable=False),
        sa.Column("max_streams", sa.Integer(), nullable=False),
        sa.Column("issued_by", sa.String(length=32), nullable=True),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("first_played_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("revoke_reason", sa.Text(), nullable=False),
        sa.CheckConstraint("tier IN ('sd', 'hd', 'uhd')", name=op.f("ck_licences_tier_known")),
        sa.CheckConstraint(
            "(account_id IS NULL) <> (link_hash IS NULL)", name=op.f("ck_licences_one_holder")
        ),
        sa.CheckConstraint("max_streams > 0", name=op.f("ck_licences_streams_positive")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_licences_account_id_accounts"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["issued_by"], ["accounts.id"], name=op.f("fk_licences_issued_by_accounts"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["title_id"], ["titles.id"], name=op.f("fk_licences_title_id_titles"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_licences")),
        sa.UniqueConstraint("link_hash", name=op.f("uq_licences_link_hash")),
    )
    with op.batch_alter_table("licences", schema=None) as batch_op:
        batch_op.create_index("ix_licences_holder", ["account_id", "title_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_licences_issued_by"), ["issued_by"], unique=False)
        batch_op.create_index("ix_licences_title", ["title_id", "issued_at"], unique=False)

    op.create_table(
        "resume_positions",
        sa.Column("holder", sa.String(length=40), nullable=False),
        sa.Column("title_id", sa.String(length=40), nullable=False),
        sa.Column("position_s", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["title_id"], ["titles.id"], name=op.f("fk_resume_positions_title_id_titles"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("holder", "title_id", name=op.f("pk_resume_positions")),
    )
    op.create_table(
        "title_versions",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("title_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("upload_id", sa.String(length=40), nullable=True),
        sa.Column("protection", sa.String(length=16), nullable=False),
        sa.Column("period_seconds", sa.Integer(), nullable=False),
        sa.Column("wrapped_title_secret", sa.LargeBinary(), nullable=True),
        sa.Column("wrapped_server_share", sa.LargeBinary(), nullable=True),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("queued_at", sa.BigInteger(), nullable=True),
        sa.Column("worker", sa.String(length=40), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("published_at", sa.BigInteger(), nullable=True),
        sa.Column("stage", sa.String(length=12), nullable=False),
        sa.Column("frames_done", sa.BigInteger(), nullable=False),
        sa.Column("frames_total", sa.BigInteger(), nullable=False),
        sa.Column("eta_s", sa.Double(), nullable=True),
        sa.Column("playable_us", sa.BigInteger(), nullable=False),
        sa.Column("duration_us", sa.BigInteger(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("frame_rate_num", sa.Integer(), nullable=True),
        sa.Column("frame_rate_den", sa.Integer(), nullable=True),
        sa.Column("source_bytes", sa.BigInteger(), nullable=False),
        sa.Column("stored_bytes", sa.BigInteger(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=True),
        sa.Column("poster_object", sa.String(length=200), nullable=True),
        sa.Column("poster_type", sa.String(length=40), nullable=True),
        sa.Column("poster_bytes", sa.Integer(), nullable=False),
        sa.Column("poster_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("manifest_object", sa.String(length=200), nullable=True),
        sa.Column("manifest_sha256", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["title_id"], ["titles.id"], name=op.f("fk_title_versions_title_id_titles"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_title_versions")),
    )
    with op.batch_alter_table("title_versions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_title_versions_title_id"), ["title_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_title_versions_upload_id"), ["upload_id"], unique=False)

    op.create_table(
        "chunk_attempts",
        sa.Column("attempt", sa.String(length=8), nullable=False),
        sa.Column("version_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(length=10), nullable=False),
        sa.Column("worker", sa.String(length=40), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("frames_done", sa.BigInteger(), nullable=False),
        sa.Column("beat_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["title_versions.id"],
            name=op.f("fk_chunk_attempts_version_id_title_versions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("attempt", name=op.f("pk_chunk_attempts")),
    )
    with op.batch_alter_table("chunk_attempts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_chunk_attempts_version_id"), ["version_id"], unique=False)

    op.create_table(
        "chunks",
        sa.Column("version_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(length=10), nullable=False),
        sa.Column("frames", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.String(length=8), nullable=True),
        sa.Column("committed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["title_versions.id"],
            name=op.f("fk_chunks_version_id_title_versions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("version_id", "number", "part", name=op.f("pk_chunks")),
    )
    op.create_table(
        "playback_sessions",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("native", sa.Boolean(), nullable=False),
        sa.Column("title_id", sa.String(length=40), nullable=False),
        sa.Column("version_id", sa.String(length=40), nullable=False),
        sa.Column("licence_id", sa.String(length=40), nullable=True),
        sa.Column("account_id", sa.String(length=32), nullable=True),
        sa.Column("auth_session_id", sa.String(length=40), nullable=True),
        sa.Column("api_token_id", sa.String(length=40), nullable=True),
        sa.Column("guest_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("device", sa.String(length=80), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=False),
        sa.Column("released_at", sa.BigInteger(), nullable=True),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("position_s", sa.Double(), nullable=False),
        sa.Column("watched_s", sa.Double(), nullable=False),
        sa.Column("budget_level", sa.BigInteger(), nullable=False),
        sa.Column("budget_at", sa.BigInteger(), nullable=False),
        sa.Column("released_periods", sa.LargeBinary(), nullable=False),
        sa.Column("inherited", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "native OR auth_session_id IS NOT NULL OR guest_hash IS NOT NULL",
            name=op.f("ck_playback_sessions_browser_is_bound"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_playback_sessions_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["licence_id"],
            ["licences.id"],
            name=op.f("fk_playback_sessions_licence_id_licences"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["title_id"], ["titles.id"], name=op.f("fk_playback_sessions_title_id_titles"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_playback_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_playback_sessions_token_hash")),
    )
    with op.batch_alter_table("playback_sessions", schema=None) as batch_op:
        batch_op.create_index("ix_playback_sessions_account", ["account_id", "title_id"], unique=False)
        batch_op.create_index("ix_playback_sessions_licence", ["licence_id", "lease_until"], unique=False)
        batch_op.create_index("ix_playback_sessions_title", ["title_id", "lease_until"], unique=False)

    op.create_table(
        "renditions",
        sa.Column("version_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=12), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("tier", sa.String(length=4), nullable=False),
        sa.Column("codecs", sa.String(length=60), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("frame_rate_num", sa.Integer(), nullable=True),
        sa.Column("frame_rate_den", sa.Integer(), nullable=True),
        sa.Column("channels", sa.Integer(), nullable=True),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("forced", sa.Boolean(), nullable=False),
        sa.Column("timescale", sa.Integer(), nullable=False),
        sa.Column("bandwidth", sa.BigInteger(), nullable=False),
        sa.Column("average_bandwidth", sa.BigInteger(), nullable=False),
        sa.Column("init_object", sa.String(length=200), nullable=True),
        sa.Column("init_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("init_bytes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["title_versions.id"],
            name=op.f("fk_renditions_version_id_title_versions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("version_id", "name", name=op.f("pk_renditions")),
    )
    op.create_table(
        "segments",
        sa.Column("version_id", sa.String(length=40), nullable=False),
        sa.Column("rendition", sa.String(length=12), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("chunk", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(length=10), nullable=False),
        sa.Column("object", sa.String(length=200), nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("start_ticks", sa.BigInteger(), nullable=False),
        sa.Column("duration_ticks", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id", "rendition"],
            ["renditions.version_id", "renditions.name"],
            name=op.f("fk_segments_version_id_renditions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("version_id", "rendition", "sequence", name=op.f("pk_segments")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("segments")
    op.drop_table("renditions")
    with op.batch_alter_table("playback_sessions", schema=None) as batch_op:
        batch_op.drop_index("ix_playback_sessions_title")
        batch_op.drop_index("ix_playback_sessions_licence")
        batch_op.drop_index("ix_playback_sessions_account")

    op.drop_table("playback_sessions")
    op.drop_table("chunks")
    with op.batch_alter_table("chunk_attempts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_chunk_attempts_version_id"))

    op.drop_table("chunk_attempts")
    with op.batch_alter_table("title_versions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_title_versions_upload_id"))
        batch_op.drop_index(batch_op.f("ix_title_versions_title_id"))

    op.drop_table("title_versions")
    op.drop_table("resume_positions")
    with op.batch_alter_table("licences", schema=None) as batch_op:
        batch_op.drop_index("ix_licences_title")
        batch_op.drop_index(batch_op.f("ix_licences_issued_by"))
        batch_op.drop_index("ix_licences_holder")

    op.drop_table("licences")
    with op.batch_alter_table("uploads", schema=None) as batch_op:
        batch_op.drop_index("ix_uploads_state")
        batch_op.drop_index(batch_op.f("ix_uploads_owner_id"))

    op.drop_table("uploads")
    with op.batch_alter_table("titles", schema=None) as batch_op:
        batch_op.drop_index("ix_titles_state")
        batch_op.drop_index(batch_op.f("ix_titles_owner_id"))
        batch_op.drop_index("ix_titles_created")

    op.drop_table("titles")
    with op.batch_alter_table("auth_sessions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_auth_sessions_expires_at"))
        batch_op.drop_index(batch_op.f("ix_auth_sessions_account_id"))

    op.drop_table("auth_sessions")
    with op.batch_alter_table("api_tokens", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_tokens_account_id"))

    op.drop_table("api_tokens")
    op.drop_table("accounts")
