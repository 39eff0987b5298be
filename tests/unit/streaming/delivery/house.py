"""A small house on a real database file: Ana owns a film, Ben holds what the test gives him."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from streaming.accounts.model import AccountRow, SessionRow, TokenRow
from streaming.catalogue.index import TitleIndex
from streaming.catalogue.model import PeriodInitRow, RenditionRow, SegmentRow, TitleRow, VersionRow
from streaming.clock import FixedClock
from streaming.db.base import Base
from streaming.db.engine import Database, open_engine
from streaming.delivery.devices import DeviceService
from streaming.delivery.doors import Doors, DoorSettings, open_doors
from streaming.delivery.index import LiveIndex
from streaming.delivery.leases import LeaseRule
from streaming.delivery.service import PlaybackService
from streaming.delivery.signing import AddressSigner
from streaming.delivery.values import Device, Started
from streaming.hosts import DeliveryHost
from streaming.ids import AccountId, LicenceId, TitleId, token_hash
from streaming.licences.channels import ChannelService
from streaming.licences.codes import CodeService
from streaming.licences.gate import LicenceGate
from streaming.licences.guests import GuestLinks, Visitor
from streaming.licences.offers import OfferService
from streaming.licences.service import LicenceService
from streaming.licences.transfer import TransferService
from streaming.licences.values import AccountRef, Actor, Request, TitleRef
from streaming.storage.objects import LocalObjects
from streaming.web.problems import problem_of
from transcoder.keys.encrypt import encrypt_segment
from transcoder.keys.keyschedule import TitleKeys
from transcoder.keys.secret import SecretBytes

START = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
TITLE, VERSION = TitleId("ti_film"), "ve_one"
ANA, BEN, EVE = AccountId("ac_ana"), AccountId("ac_ben"), AccountId("ac_eve")
PERIODS, PER_PERIOD = 40, 3
KEYS = TitleKeys(TITLE, 1, SecretBytes(b"t" * 32), SecretBytes(b"s" * 32))
BLANK = (
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
RENDITIONS = (("v240", "video", "sd", 240), ("v720", "video", "hd", 720), ("a0", "audio", "sd", None))


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes
    path: str = ""

    @property
    def json(self) -> dict[str, Any]:
        value: dict[str, Any] = orjson.loads(self.body)
        return value

    @property
    def code(self) -> str:
        return str(self.json["code"])


def ask(
    app: Any,
    method: str,
    path: str,
    *,
    cookies: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    pathsend: bool = False,
) -> Reply:
    """Put one request to an ASGI app and wait for its answer."""
    return asyncio.run(asking(app, method, path, cookies, headers, body, pathsend))


async def asking(
    app: Any,
    method: str,
    path: str,
    cookies: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    pathsend: bool = False,
) -> Reply:
    sent = {"host": "house.test", **(headers or {})}
    if cookies:
        sent["cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
    path, _, query = path.partition("?")
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
        "extensions": {"http.response.pathsend": {}} if pathsend else {},
    }
    messages: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        messages.append(message)

    await app(scope, receive, send)
    start, rest = messages[0], messages[1:]
    told = {name.decode(): value.decode() for name, value in start["headers"]}
    content = b"".join(message.get("body", b"") for message in rest)
    return Reply(start["status"], told, content, next((m["path"] for m in rest if "path" in m), ""))


@dataclass
class House:
    folder: Path
    clock: FixedClock = field(default_factory=lambda: FixedClock(START))

    def __post_init__(self) -> None:
        fresh = not (self.folder / "house.sqlite").exists()
        self.path = self.folder / "house.sqlite"
        self.database = Database(open_engine(f"sqlite:///{self.path}"))
        if fresh:
            Base.metadata.create_all(self.database.engine)
        self.objects = LocalObjects(self.folder / "objects")
        self.signer = AddressSigner([SecretBytes(b"k" * 32)])
        self.gate = LicenceGate()
        self.index = TitleIndex(self.database)
        self.licences = LicenceService(self.database, self.clock, self._titles, self._account)
        self.links = GuestLinks(self.database, self.clock, self.licences, days=90)
        self.playbacks = self.service()
        self.channels = ChannelService(self.database, self.clock, self.licences.owned)
        self.offers = OfferService(self.database, self.clock, self.licences)
        self.codes = CodeService(self.database, self.clock, self.offers, SecretBytes(b"c" * 32))
        self.transfers = TransferService(
            self.database, self.clock, self.licences, self.playbacks.release_licence
        )
        self.devices = DeviceService(self.database, self.clock)
        if fresh:
            self._people()
        self.doors = self.open()

    def service(self) -> PlaybackService:
        live = LiveIndex(self.index)
        return PlaybackService(
            self.database, self.clock, self.gate, live.read_version, LeaseRule(300, 60), (12, 4.0)
        )

    def open(
        self,
        inner: Any = None,
        *,
        release: tuple[int, float] = (12, 4.0),
        hosts: tuple[DeliveryHost, ...] = (),
        keys: TitleKeys = KEYS,
        address: str = "https://house.test",
        **more: Any,
    ) -> Doors:
        return open_doors(
            inner or nothing_else,
            path=self.path,
            clock=self.clock,
            gate=self.gate,
            index=LiveIndex(self.index),
            keys_of=lambda title, version: keys,
            objects=self.objects,
            signer=self.signer,
            problem=problem_of,
            settings=DoorSettings(
                release_burst=release[0], release_rate=release[1], address=address, hosts=hosts
            ),
            **more,
        )

    def close(self) -> None:
        self.doors.close()
        self.database.close()

    def _titles(self, title_ids: Collection[TitleId]) -> dict[TitleId, TitleRef]:
        return {TITLE: TitleRef(TITLE, "The Film", ANA, "Ana")} if TITLE in title_ids else {}

    def _account(self, name: str) -> AccountRef | None:
        known = (AccountRef(BEN, "Ben"), AccountRef(ANA, "Ana"), AccountRef(EVE, "Eve"))
        return next((one for one in known if one.name.lower() == name.lower()), None)

    def _people(self) -> None:
        with self.database.write() as session:
            for account, name in ((ANA, "Ana"), (BEN, "Ben"), (EVE, "Eve")):
                session.add(
                    AccountRow(
                        id=account,
                        name=name,
                        name_key=name.lower(),
                        role="creator",
                        created_at=START,
                        password_changed_at=START,
                        **dict.fromkeys(BLANK, b""),
                    )
                )
                session.flush()
                self._log_in(session, account)

    def _log_in(self, session: Any, account: AccountId) -> None:
        session.add(
            SessionRow(
                id=f"se_{account}",
                account_id=account,
                token_hash=token_hash(f"cookie-{account}"),
                device="a test",
                created_at=START,
                last_seen_at=START,
                expires_at=START + timedelta(days=400),
            )
        )
        session.add(
            TokenRow(
                id=f"tk_{account}",
                account_id=account,
                token_hash=token_hash(f"mt_{account}"),
                label="",
                created_at=START,
            )
        )

    def make_film(
        self,
        *,
        segments: int = PERIODS * PER_PERIOD,
        complete: bool = True,
        without: Sequence[str] = (),
        protection: str = "aes-128",
    ) -> None:
        """Publish a film of 40 crypto periods of 60 s with three segments each, or its beginning."""
        with self.database.write() as session:
            session.add(
                TitleRow(
                    id=TITLE,
                    owner_id=ANA,
                    name="The Film",
                    description="",
                    year=None,
                    state="ready" if complete else "encoding",
                    version_id=VERSION,
                    created_at=START,
                    updated_at=START,
                )
            )
            session.flush()
            session.add(
                VersionRow(
                    id=VERSION,
                    title_id=TITLE,
                    published_at=START if complete else None,
                    duration_us=PERIODS * 60_000_000,
                    protection=protection,
                )
            )
            session.flush()
            for position, (name, kind, tier, height) in enumerate(RENDITIONS):
                session.add(self._rendition(position, name, kind, tier, height, name not in without))
            session.flush()
            for name, *_ in RENDITIONS:
                if name not in without:
                    self.add_segments(session, name, range(segments))
                    if protection == "cbcs":
                        self.add_period_inits(session, name, range(-(-segments // PER_PERIOD)))

    def _rendition(
        self, position: int, name: str, kind: str, tier: str, height: int | None, begun: bool
    ) -> RenditionRow:
        init = f"{TITLE}/{VERSION}/{name}/init-abcdefgh.mp4"
        if begun:
            self.objects.put(init, b"clear init of " + name.encode())
        return RenditionRow(
            version_id=VERSION,
            name=name,
            position=position,
            kind=kind,
            tier=tier,
            codecs="mp4a.40.2" if kind == "audio" else "avc1.64001f",
            height=height,
            width=height and height * 16 // 9,
            frame_rate_num=25 if height else None,
            frame_rate_den=1 if height else None,
            channels=None if height else 2,
            timescale=1000,
            bandwidth=1_000_000 if height else 128_000,
            average_bandwidth=800_000 if height else 120_000,
            init_object=init if begun else None,
        )

    def add_period_inits(self, session: Any, rendition: str, periods: Sequence[int]) -> None:
        """Give a rendition an init segment for each crypto period, in place of one for all."""
        session.get_one(RenditionRow, (VERSION, rendition)).init_object = None
        for period in periods:
            name = f"{TITLE}/{VERSION}/{rendition}/init-{period}-abcdefgh.mp4"
            self.objects.put(name, f"init {period} of {rendition}".encode())
            session.add(
                PeriodInitRow(
                    version_id=VERSION, rendition=rendition, period=period, object=name, sha256=b"", size=10
                )
            )

    def add_segments(self, session: Any, rendition: str, sequences: Sequence[int]) -> None:
        for sequence in sequences:
            name = f"{TITLE}/{VERSION}/{rendition}/v-{sequence:06d}-abcdefgh.m4s"
            if sequence < 3:
                self.objects.put(name, bytes([sequence]) * 1000)
            session.add(
                SegmentRow(
                    version_id=VERSION,
                    rendition=rendition,
                    sequence=sequence,
                    chunk=0,
                    part="all",
                    object=name,
                    period=sequence // PER_PERIOD,
                    start_ticks=sequence * 4000,
                    duration_ticks=4000,
                    size=1000,
                    sha256=b"",
                )
            )

    def add_words(self, text: str, period: int = 0) -> None:
        """Give the film a rendition of subtitles with one segment in a crypto period."""
        name = f"{TITLE}/{VERSION}/t0/v-{period:06d}-abcdefgh.vtt"
        self.objects.put(name, encrypt_segment(text.encode(), KEYS.content_key("t0", "sd", period), period))
        with self.database.write() as session:
            session.add(
                RenditionRow(
                    version_id=VERSION,
                    name="t0",
                    position=9,
                    kind="text",
                    tier="sd",
                    language="fra",
                    timescale=1000,
                )
            )
            session.flush()
            session.add(
                SegmentRow(
                    version_id=VERSION,
                    rendition="t0",
                    sequence=period,
                    chunk=0,
                    part="text",
                    object=name,
                    period=period,
                    start_ticks=0,
                    duration_ticks=12_000,
                    size=1,
                    sha256=b"",
                )
            )

    def licence(self, **terms: Any) -> LicenceId:
        """Give Ben a licence."""
        known: dict[str, Any] = {"to": "Ben", "max_streams": 1, **terms}
        return self.licences.issue(Actor(ANA, "Ana"), TITLE, Request(**known)).licence.id

    def link(self, **terms: Any) -> str:
        """Make a link and give its token."""
        token = self.licences.issue(Actor(ANA, "Ana"), TITLE, Request(link=True, **terms)).link_token
        assert token is not None
        return token

    def visit(self, **terms: Any) -> tuple[str, LicenceId]:
        """Make a link, redeem it, and give the visitor's secret and the licence."""
        redeemed = self.links.redeem(self.link(**terms), Visitor())
        return redeemed.secret, redeemed.licence.id

    def start(self, account: AccountId = BEN, *, native: bool = False, take_over: bool = False) -> Started:
        """Start a playback as the account's browser, or as a native player."""
        device = Device(account, None if native else f"se_{account}", native=native)
        held = [one.id for one in self.licences.ranked(TITLE, account)]
        return self.playbacks.start(device, TITLE, held, take_over=take_over)

    def key(
        self, started: Started, period: int = 0, rendition: str = "v240", account: AccountId | None = BEN
    ) -> Reply:
        """Ask for a key as the account's browser."""
        path = f"/play/{started.token}/key/{rendition}/{period}"
        return ask(self.doors, "GET", path, cookies=login(account))

    def renew(self, started: Started, body: bytes = b"{}", account: AccountId | None = BEN) -> Reply:
        """Renew as the account's browser."""
        return ask(self.doors, "POST", f"/play/{started.token}/renew", cookies=login(account), body=body)

    def release(self, started: Started, body: bytes = b"{}", account: AccountId | None = BEN) -> Reply:
        """Release as the account's browser."""
        return ask(self.doors, "POST", f"/play/{started.token}/release", cookies=login(account), body=body)

    def wait(self, **span: float) -> None:
        """Let time pass."""
        self.clock.advance(timedelta(**span))


def login(account: AccountId | None) -> dict[str, str]:
    return {} if account is None else {"matinee_session": f"cookie-{account}"}


async def nothing_else(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": b"behind"})
