"""A prepared house: a film that exists in the index alone, a licensed viewer, and playbacks of theirs."""

import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert

from streaming.accounts.model import AccountRow, SessionRow
from streaming.catalogue.model import RenditionRow, SegmentRow, TitleRow, VersionRow
from streaming.cli.prepare import prepare
from streaming.clock import SystemClock
from streaming.delivery.model import PlaybackRow
from streaming.delivery.signing import AddressSigner
from streaming.ids import AccountId, TitleId, new_id, new_token, token_hash
from streaming.keys.titles import TitleSecrets, wrap_secrets
from streaming.licences.values import Actor, Request
from streaming.settings import Settings
from streaming.wiring import Services, build

OWNER, VIEWER = "ac_owner", "ac_viewer"
TITLE, VERSION, RENDITION = "ti_bench", "ve_bench", "v720"
PERIODS, PERIOD_SECONDS = 200, 60
"""A film of 3 hours and 20 minutes."""
COOKIE = "bench-login-" + "x" * 31
_BLANK = (
    "client_salt",
    "auth_salt",
    "auth_digest",
    "x25519_public",
    "ed25519_public",
    "wrapped_private",
    "recovery_salt",
    "recovery_digest",
    "recovery_wrapped_private",
)


@dataclass(frozen=True)
class Stage:
    """The house's services in this process; a server in another process opens the same folder."""

    services: Services
    settings: Settings

    @property
    def environment(self) -> dict[str, str]:
        """What a server needs to open this house. Every period of the film may be asked for at once."""
        return {"MATINEE_DATA": str(self.settings.data), "MATINEE_RELEASE_BURST": str(PERIODS)}

    def files(self, count: int, size: int) -> list[str]:
        """Put `count` objects of `size` random bytes into the store; gives their names."""
        names = [f"{TITLE}/{VERSION}/{RENDITION}/v-{number:06d}-size{size}.m4s" for number in range(count)]
        for name in names:
            path = self.settings.objects_folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(os.urandom(size))
        return names

    def signed(self) -> str:
        """Give the signed path below which the objects lie."""
        signer = AddressSigner([self.services.root.derived("segment-addresses")])
        expiry = self.services.clock.now() + timedelta(hours=2)
        return f"/media/{signer.prefix(TITLE, VERSION, expiry)}"

    def playbacks(self, count: int) -> list[str]:
        """Begin `count` playbacks of the viewer, in one transaction; gives their tokens."""
        now, tokens = self.services.clock.now(), [new_token() for _ in range(count)]
        licence = self.services.licences.ranked(TitleId(TITLE), AccountId(VIEWER))[0].id
        rows = [
            {
                "id": new_id("pb"),
                "token_hash": token_hash(token),
                "native": False,
                "title_id": TITLE,
                "version_id": VERSION,
                "licence_id": licence,
                "account_id": VIEWER,
                "auth_session_id": "se_viewer",
                "device": "bench",
                "started_at": now,
                "lease_until": now + timedelta(seconds=self.settings.lease_seconds),
                "seen_at": now,
                "budget_level": PERIODS * 1_000_000,
                "budget_at": now,
                "released_periods": b"",
            }
            for token in tokens
        ]
        with self.services.database.write() as session:
            session.execute(insert(PlaybackRow), rows)
        return tokens

    def close(self) -> None:
        """Let go of the database."""
        self.services.close()


def open_stage(folder: Path) -> Stage:
    """Open a house that was made before."""
    settings = Settings(data=folder, release_burst=PERIODS)
    return Stage(build(settings, SystemClock()), settings)


def build_stage(folder: Path) -> Stage:
    """Make the house on a folder of its own."""
    prepare(Settings(data=folder))
    stage = open_stage(folder)
    services = stage.services
    _people(services)
    _film(services)
    services.licences.issue(
        Actor(AccountId(OWNER), "Owner"), TitleId(TITLE), Request(to="Viewer", max_streams=20)
    )
    return stage


def _people(services: Services) -> None:
    now = services.clock.now()
    with services.database.write() as session:
        for account, name in ((OWNER, "Owner"), (VIEWER, "Viewer")):
            session.add(
                AccountRow(
                    id=account,
                    name=name,
                    name_key=name.lower(),
                    role="creator",
                    created_at=now,
                    password_changed_at=now,
                    **dict.fromkeys(_BLANK, b"x"),
                )
            )
        session.flush()
        session.add(
            SessionRow(
                id="se_viewer",
                account_id=VIEWER,
                token_hash=token_hash(COOKIE),
                device="bench",
                created_at=now,
                last_seen_at=now,
                expires_at=now + timedelta(days=1),
            )
        )


def _film(services: Services) -> None:
    now = services.clock.now()
    wrapped = wrap_secrets(services.root, OWNER, TITLE, 1, TitleSecrets.make())
    with services.database.write() as session:
        session.add(
            TitleRow(
                id=TITLE,
                owner_id=OWNER,
                name="The Film",
                description="",
                state="ready",
                version_id=VERSION,
                created_at=now,
                updated_at=now,
            )
        )
        session.flush()
        session.add(
            VersionRow(
                id=VERSION,
                title_id=TITLE,
                number=1,
                published_at=now,
                duration_us=PERIODS * PERIOD_SECONDS * 1_000_000,
                period_seconds=PERIOD_SECONDS,
                wrapped_title_secret=wrapped.title_secret,
                wrapped_server_share=wrapped.server_share,
            )
        )
        session.flush()
        session.add(
            RenditionRow(
                version_id=VERSION,
                name=RENDITION,
                kind="video",
                tier="hd",
                codecs="avc1.64001f",
                width=1280,
                height=720,
                bandwidth=3_000_000,
                average_bandwidth=2_000_000,
                init_object=f"{TITLE}/{VERSION}/{RENDITION}/init-abcdefgh.mp4",
            )
        )
        session.flush()
        session.add(
            SegmentRow(
                version_id=VERSION,
                rendition=RENDITION,
                sequence=0,
                chunk=0,
                part="all",
                object=f"{TITLE}/{VERSION}/{RENDITION}/v-000000-abcdefgh.m4s",
                period=0,
                start_ticks=0,
                duration_ticks=4,
                size=1000,
                sha256=b"x" * 32,
            )
        )
