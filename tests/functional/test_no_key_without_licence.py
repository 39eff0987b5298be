"""Without a licence no key is given: every route and door as nobody, as a stranger, as an expired viewer.

A route that is new here is taken for private: it fails the test until it refuses strangers, or until it is
named in `OPEN` or `OWN` below.
"""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from streaming.accounts import vault
from streaming.accounts.model import AccountRow
from streaming.accounts.principal import Role
from streaming.app import mount
from streaming.catalogue.model import TitleRow
from streaming.clock import FixedClock
from streaming.delivery import doors as delivery_doors
from streaming.delivery import segments
from streaming.delivery.report_door import REPORT
from streaming.ids import TitleId
from streaming.settings import Settings
from streaming.web.api.account_models import encoded
from streaming.wiring import Services, build
from tests.media.films import counted, run_ffmpeg
from tests.support.house import PASSWORD, running
from tests.support.walk import METHODS, Ask, Treasure, Walk, asks, routes_of
from transcoder.keys.secret import SecretBytes

pytestmark = pytest.mark.e2e
NAME = "Nocturne of Zanzibar"
CHAPTER = "Quagmire at midnight"
ADDRESS = "http://127.0.0.1:8000"
SESSION = "matinee_session"
LICENCE_LENGTH = timedelta(minutes=30)

OPEN = {
    "GET /healthz",
    "GET /login",
    "GET /register",
    "GET /recover",
    "GET /openapi.json",
    "HEAD /openapi.json",
    "POST /api/v1/accounts",
    "POST /api/v1/accounts/prelogin",
    "POST /api/v1/accounts/recover",
    "POST /api/v1/accounts/recover/start",
    "POST /api/v1/session",
    "DELETE /api/v1/session",
    "OPTIONS /api/v1/uploads",
    "OPTIONS /api/v1/uploads/{upload_id}",
}
"""What is there for people without an account: ways in, and what says nothing of anybody."""
OWN = {
    "GET /",
    "GET /account",
    "GET /api/v1/channels",
    "GET /redeem",
    "GET /studio",
    "GET /studio/channels",
    "GET /api/v1/account",
    "GET /api/v1/devices",
    "GET /api/v1/licences",
    "GET /api/v1/playbacks",
    "GET /api/v1/sessions",
    "GET /api/v1/titles",
    "GET /api/v1/tokens",
    "GET /api/v1/uploads",
    "POST /api/v1/account/password",
    "POST /api/v1/channels",
    "POST /api/v1/tokens",
    "POST /api/v1/uploads",
}
"""What shows everybody with an account their own things."""
KNOWN_FILM = {
    "GET /t/{title_id}",
    "GET /watch/{title_id}",
    "GET /l/{token}/poster",
    "GET /api/v1/titles/{title_id}",
    "GET /api/v1/titles/{title_id}/poster",
    "GET /api/v1/licences/{licence_id}",
    "GET /api/v1/titles/{title_id}/offers",
    "DELETE /api/v1/devices/{device_id}",
    "DELETE /api/v1/playbacks/{playback_id}",
    "PATCH /api/v1/devices/{device_id}",
}
"""What still tells somebody of a film they held a licence on: that it has ended."""
LAST = "DELETE /api/v1/session"
"""Logs the walker out."""
BODIES: dict[str, object] = {
    "POST /api/v1/titles/{title_id}/playback": {"device": "a walker"},
    "POST /api/v1/titles/{title_id}/licences": {"to": "eve", "valid_until": "2099-01-01T00:00:00Z"},
    "PATCH /api/v1/titles/{title_id}": {"name": "Stolen"},
    "PATCH /api/v1/licences/{licence_id}": {"valid_until": "2099-01-01T00:00:00Z"},
    "POST /api/v1/licences/{licence_id}/revoke": {},
    "PATCH /api/v1/licences/{licence_id}/link": {"max_plays": 9},
    "POST /api/v1/licences/{licence_id}/transfer": {"to": "eve"},
    "POST /api/v1/titles/{title_id}/licences/bulk": {"csv": "to\neve\n", "dry_run": False},
    "POST /api/v1/titles/{title_id}/offers": {"kind": "free", "state": "open"},
    "POST /api/v1/channels": {"name": "Hers"},
    "PATCH /api/v1/channels/{channel_id}": {"name": "Hers"},
    "POST /api/v1/channels/{channel_id}/licences": {"to": "eve"},
    "POST /api/v1/channels/{channel_id}/offers": {"kind": "subscription", "state": "open"},
    "PATCH /api/v1/offers/{offer_id}": {"state": "open"},
    "POST /api/v1/offers/{offer_id}/codes": {"count": 1},
    "POST /api/v1/redeem": {"code": "0000-0000-0000"},
    "PATCH /api/v1/devices/{device_id}": {"name": "Hers"},
    "PUT /api/v1/titles/{title_id}/poster": {"candidate": 0},
    "PATCH /api/v1/titles/{title_id}/subtitles/{name}": {"label": "Hers"},
    "PATCH /api/v1/uploads/{upload_id}": b"film",
    "POST /api/v1/tokens": {"label": "walk"},
    "POST /api/v1/account/password": {
        "old_auth_key": "A" * 43,
        "salt": "A" * 22,
        "auth_key": "A" * 43,
        "wrapped_private": encoded(bytes(92)),
    },
}


@dataclass
class World:
    """A published film of Ana's; Ben, who watches it; Eve, who may not. Time is the test's."""

    services: Services
    app: object
    clock: FixedClock
    client: TestClient
    treasure: Treasure
    values: dict[str, str]
    cookies: dict[str, str]
    doors: list[Ask] = field(default_factory=list)
    capabilities: list[Ask] = field(default_factory=list)

    def walk(self, who: str = "", *, words: bool = True) -> Walk:
        """Begin a walk as somebody, or as nobody."""
        treasure = self.treasure if words else Treasure(self.treasure.keys)
        headers = {"Cookie": f"{SESSION}={self.cookies[who]}"} if who else {}
        return Walk(self.client, treasure, BODIES, headers)

    def asks(self) -> list[Ask]:
        """Every route with every method; what logs out comes last."""
        found = list(asks(routes_of(self.app), self.values))
        return sorted(found, key=lambda one: one.name == LAST)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which Ana's film was really made: two crypto periods, picture and sound."""
    folder = tmp_path_factory.mktemp("locked")
    film = with_chapter(counted(folder, Fraction(25), 150, size=(160, 90)))
    with running(folder / "data", MATINEE_CRYPTO_PERIOD_SECONDS="4") as house:
        token = house.add_user("ana", "creator")
        done = house.run("publish", str(film), "--title", NAME, "--wait", token=token)
        assert done.returncode == 0, done.stderr
    return folder / "data"


def with_chapter(film: Path) -> Path:
    """The film with a chapter that has a name."""
    told, path = film.with_name("chapters.txt"), film.with_name("told.mp4")
    told.write_text(f";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=5\ntitle={CHAPTER}\n")
    run_ffmpeg("-i", str(film), "-i", str(told), "-map_metadata", "1", "-c", "copy", str(path))
    return path


@pytest.fixture
def world(published: Path) -> Iterator[World]:
    """Open the house in this process, with a clock of its own; Ben watches with a licence."""
    clock = FixedClock(datetime.now(UTC))
    services = build(Settings(data=published, crypto_period_seconds=4, public_url=ADDRESS), clock)
    app = mount(services)
    with TestClient(app, base_url=ADDRESS) as client:
        made = World(services, app, clock, client, treasure_of(services), {}, {})
        for name in ("ben", "eve"):
            if not any(name == one for one in _names(services)):
                account = vault.new_account(SecretBytes(PASSWORD.encode())).registration
                services.accounts.add_account(name, Role.CREATOR, account)
        for name in ("ana", "ben", "eve"):
            made.cookies[name] = log_in(client, name)
        furnish(made)
        yield made


def _names(services: Services) -> list[str]:
    with services.database.read() as session:
        return list(session.scalars(select(AccountRow.name)))


def treasure_of(services: Services) -> Treasure:
    """Every content key of the film, and its name."""
    title = the_title(services)
    version = services.index.version(title)
    assert version is not None
    keys = services.keys_of(title, version.version_id)
    found = set()
    for rendition in version.renditions:
        periods = {one.period for one in services.index.segments(version.version_id, rendition.name)}
        assert len(periods) > 1 or rendition.kind == "image"  # one sheet shows all of a short film
        found |= {keys.content_key(rendition.name, rendition.tier, period).reveal() for period in periods}
    return Treasure(frozenset(found), frozenset({NAME.encode(), CHAPTER.encode()}))


def the_title(services: Services) -> TitleId:
    """The id of Ana's film."""
    with services.database.read() as session:
        found = session.scalar(select(TitleRow.id).where(TitleRow.name == NAME))
    assert found is not None
    return TitleId(found)


def log_in(client: TestClient, name: str) -> str:
    """Log in as programs do; gives the cookie's text."""
    salt = client.post("/api/v1/accounts/prelogin", json={"name": name}).json()["salt"]
    keys = vault.from_password(SecretBytes(PASSWORD.encode()), base64.urlsafe_b64decode(salt + "=="))
    answer = client.post("/api/v1/session", json={"name": name, "auth_key": encoded(keys.auth_key.reveal())})
    assert answer.status_code in {200, 201}, answer.text
    cookie = answer.cookies[SESSION]
    client.cookies.clear()
    return str(cookie)


def furnish(world: World) -> None:
    """Make one of everything there is an id of, and let Ben watch; remember every address he was given."""
    client, title = world.client, the_title(world.services)
    ana = {"Cookie": f"{SESSION}={world.cookies['ana']}"}
    ben = {"Cookie": f"{SESSION}={world.cookies['ben']}"}
    ends = (world.clock.now() + LICENCE_LENGTH).isoformat()
    terms = {"valid_until": ends, "max_streams": 5, "tier": "hd"}
    issue = f"/api/v1/titles/{title}/licences"
    licence = client.post(issue, json={"to": "ben", **terms}, headers=ana).json()
    shared = client.post(issue, json={"link": True, **terms}, headers=ana).json()
    link = shared["link_url"].rsplit("/", 1)[1]
    entered = client.post(f"/l/{link}/enter", follow_redirects=False)
    world.cookies["guest"] = str(entered.cookies["matinee_guest"])
    client.cookies.clear()
    uses = client.get(f"/api/v1/licences/{shared['id']}/link", headers=ana).json()["items"]
    offers = f"/api/v1/titles/{title}/offers"
    offer = client.post(offers, json={"kind": "free"}, headers=ana).json()["id"]
    codes = client.post(f"/api/v1/offers/{offer}/codes", json={"count": 1}, headers=ana).json()["items"]
    channel = client.post("/api/v1/channels", json={"name": "Noir"}, headers=ana).json()["id"]
    assert client.put(f"/api/v1/channels/{channel}/titles/{title}", headers=ana).status_code == 200
    tus = {"Tus-Resumable": "1.0.0", "Upload-Length": "1000", "Upload-Metadata": "filename bmlnaHQubXA0"}
    upload = client.post("/api/v1/uploads", headers={**ana, **tus})
    playback = client.post(f"/api/v1/titles/{title}/playback", json={}, headers=ben).json()
    native = client.post(f"/api/v1/titles/{title}/playback", json={"native": True}, headers=ben).json()
    world.values.update(
        title_id=title,
        licence_id=licence["id"],
        upload_id=upload.headers["location"].rsplit("/", 1)[1],
        playback_id=playback["playback_id"],
        session_id=client.get("/api/v1/sessions", headers=ana).json()["sessions"][0]["id"],
        token_id=client.post("/api/v1/tokens", json={"label": "hers"}, headers=ana).json()["id"],
        token="A" * 43,
        offer_id=offer,
        code_id=codes[0]["id"],
        channel_id=channel,
        link=link,
        use_id=uses[0]["id"],
        device_id=client.get("/api/v1/devices", headers=ben).json()["items"][0]["id"],
        name="t0",
        number="0",
    )
    world.doors = captured(world, playback, ben)
    world.capabilities = captured(world, native, {})


def captured(world: World, playback: dict[str, str], headers: dict[str, str]) -> list[Ask]:
    """Every address a player is given, each of which really opens for whom it was made."""
    client = world.client
    found = [("GET", "a playlist", playback["playlist_url"])]
    main = client.get(playback["playlist_url"], headers=headers)
    assert main.status_code == 200, main.text
    listed = [line for line in main.text.splitlines() if line and not line.startswith("#")]
    listed += re.findall(r'URI="([^"]+\.m3u8)"', main.text)
    for address in dict.fromkeys(listed):
        media = client.get(address, headers=headers)
        assert media.text.startswith("#EXTM3U")
        found.append(("GET", "a media playlist", address))
        for key in dict.fromkeys(re.findall(r'METHOD=AES-128,URI="([^"]+)"', media.text)):
            assert client.get(key, headers=headers).content in world.treasure.keys
            found.append(("GET", "a key", key))
    chapters = re.findall(r'chapters",URI="([^"]+)"', main.text)
    assert CHAPTER in client.get(chapters[0], headers=headers).text
    found.append(("GET", "the chapters", chapters[0]))
    found.append(("POST", "a renewal", playback["renew_url"]))
    assert client.post(playback["renew_url"], headers=headers).status_code == 200
    base = playback["playlist_url"].removesuffix("/main.m3u8")
    found += [("POST", "a licence", f"{base}/licence"), ("GET", "an MPD", f"{base}/main.mpd")]
    found += [("GET", "words", f"{base}/text/t0/0.vtt"), ("GET", "hosts in order", f"{base}/steering.json")]
    # One takes and gives nothing; what the other gives is ciphertext to whoever has its address.
    doors = [door for door in door_patterns() if door not in {REPORT, segments.ADDRESS}]
    paths = [path.partition("?")[0] for _, _, path in found]
    seen = {door.pattern for path in paths for door in doors if door.fullmatch(path)}
    assert seen == {door.pattern for door in doors}, "there is a door that no walk goes through"
    return [
        Ask(method, name, path, method == takes or (method == "HEAD" and name.endswith("playlist")))
        for takes, name, path in found
        for method in METHODS
    ]


def door_patterns() -> list[re.Pattern[str]]:
    """The patterns of every door in front of the application."""
    named = [one for one in vars(delivery_doors).values() if isinstance(one, re.Pattern)]
    return [one for one in named if isinstance(one.pattern, str) and one.pattern.startswith("/")]


def test_nobody_is_given_anything(world: World) -> None:
    walk = world.walk()
    for asked in world.asks():
        (walk.ask if asked.name in OPEN else walk.must_refuse)(asked)
    for asked in world.doors:
        walk.must_refuse(asked)
    assert walk.faults == []
    assert walk.refused > 150


def test_every_page_leads_nobody_to_the_way_in(world: World) -> None:
    for asked in world.asks():
        page = asked.method == "GET" and asked.offered and not asked.path.startswith("/api/")
        if page and asked.name not in OPEN:
            answer = world.client.get(asked.path, headers={"Accept": "text/html"}, follow_redirects=False)
            assert world.treasure.in_(answer.content) == ""
            led = answer.status_code == 303 and answer.headers["location"].startswith("/login?next=/")
            assert led or (answer.status_code == 404 and "<h1" in answer.text), asked.name


def test_a_stranger_is_given_nothing_of_others(world: World) -> None:
    walk = world.walk("eve")
    for asked in world.asks():
        (walk.ask if asked.name in OPEN | OWN else walk.must_refuse)(asked)
    walk.headers = {"Cookie": f"{SESSION}={log_in(world.client, 'eve')}"}
    for asked in world.doors:
        walk.must_refuse(asked)
    assert walk.faults == []
    # Nothing of Ana's was changed on the way.
    kept = world.client.get(
        f"/api/v1/titles/{world.values['title_id']}", headers={"Cookie": f"{SESSION}={world.cookies['ana']}"}
    ).json()
    assert (kept["name"], kept["state"]) == (NAME, "ready")


def test_an_expired_viewer_is_given_no_key(world: World) -> None:
    world.clock.advance(LICENCE_LENGTH)
    walk = world.walk("ben", words=False)
    for asked in world.doors + world.capabilities:
        walk.must_refuse(asked)
    for asked in world.asks():
        (walk.ask if asked.name in OPEN | OWN | KNOWN_FILM else walk.must_refuse)(asked)
    assert walk.faults == []


def test_an_ended_link_opens_nothing(world: World) -> None:
    world.clock.advance(LICENCE_LENGTH)
    world.values["token"] = world.values["link"]
    walk = world.walk(words=False)
    walk.headers = {"Cookie": f"matinee_guest={world.cookies['guest']}"}
    for asked in world.asks():
        (walk.ask if asked.name in OPEN | KNOWN_FILM else walk.must_refuse)(asked)
    for asked in world.doors:
        walk.must_refuse(asked)
    assert walk.faults == []


def test_a_link_that_was_taken_back_shows_no_picture(world: World) -> None:
    ana = {"Cookie": f"{SESSION}={world.cookies['ana']}"}
    door = f"/l/{world.values['link']}"
    assert world.client.get(f"{door}/poster").status_code == 200
    licences = world.client.get("/api/v1/licences", headers=ana).json()["items"]
    for licence in (one for one in licences if one["holder"]["kind"] == "link"):
        world.client.post(f"/api/v1/licences/{licence['id']}/revoke", json={}, headers=ana)
    assert world.client.get(f"{door}/poster").status_code == 404
    assert "/poster" not in world.client.get(door, headers={"Accept": "text/html"}).text


def test_a_revoked_viewer_is_given_no_key(world: World) -> None:
    ana = {"Cookie": f"{SESSION}={world.cookies['ana']}"}
    done = world.client.post(f"/api/v1/licences/{world.values['licence_id']}/revoke", json={}, headers=ana)
    assert done.status_code == 200
    walk = world.walk("ben", words=False)
    for asked in world.doors + world.capabilities:
        walk.must_refuse(asked)
    assert walk.faults == []


def test_an_altered_address_opens_nothing(world: World) -> None:
    walk = world.walk("ben")
    for asked in world.doors:
        for at in (len(asked.path) // 3, len(asked.path) // 2):
            other = "B" if asked.path[at] != "B" else "C"
            path = asked.path[:at] + other + asked.path[at + 1 :]
            walk.must_refuse(Ask(asked.method, f"altered {asked.pattern}", path, asked.offered))
    assert walk.faults == []


def test_a_route_without_protection_is_noticed(world: World) -> None:
    app = world.app
    while not isinstance(app, FastAPI):
        app = getattr(app, "_inner", None) or app._app  # type: ignore[attr-defined]
    before = len(world.asks())

    @app.get("/api/v1/titles/{title_id}/leak")
    def leak(title_id: str) -> dict[str, str]:
        return {"name": NAME, "key": next(iter(world.treasure.keys)).hex()}

    found = [one for one in world.asks() if "leak" in one.pattern]
    assert len(world.asks()) == before + len(found)
    walk = world.walk()
    for asked in found:
        walk.must_refuse(asked)
    assert [fault for fault in walk.faults if "a content key" in fault]
    assert [fault for fault in walk.faults if "is open" in fault]
