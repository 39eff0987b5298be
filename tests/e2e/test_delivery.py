"""Segments by real nginx, on the configurations that ship: in front of the house, and as delivery hosts."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
import m3u8
import pytest

from streaming.delivery.signing import PURPOSE, AddressSigner
from streaming.hosts import Form
from streaming.keys.root import load_or_make
from tests.media.films import picture_film
from tests.support.browser import Visitor, Visitors, log_in, watch_moving
from tests.support.house import PASSWORD, House, free_port, running, until
from tests.support.nginx import Nginx, nginx

pytestmark = pytest.mark.e2e
HLS_JS = Path(__file__).parents[2] / "player/web/node_modules/hls.js/dist/hls.min.js"
PLAY_BY_HLS_JS = """address => {
  const video = document.createElement('video');
  video.muted = true;
  document.body.append(video);
  const hls = new Hls({maxBufferLength: 6, maxMaxBufferLength: 6});
  hls.loadSource(address);
  hls.attachMedia(video);
  hls.on(Hls.Events.MANIFEST_PARSED, () => video.play().then(() => { video.playbackRate = 2 }));
}"""
REFUSED = ("net::ERR_CONNECTION_REFUSED", "net::ERR_CONNECTION_RESET", "net::ERR_EMPTY_RESPONSE")
CACHING = """
proxy_cache_path CACHE keys_zone=all:1m;
server {
  listen 127.0.0.1:PORT;
  location / {
    proxy_pass http://127.0.0.1:HOUSE;
    proxy_set_header Host $host:HOUSE;
    proxy_cache all;
    proxy_cache_valid 200 1h;
    proxy_cache_methods GET HEAD;
    add_header X-Cache $upstream_cache_status always;
  }
}
"""
"""A careless cache: it would keep for an hour whatever it is not forbidden to keep."""


@dataclass(frozen=True)
class Premiere:
    """A house with one film, its nginx secret, and the ports that its two delivery hosts will have."""

    house: House
    token: str
    title: str
    secret: str
    near: int
    far: int

    def playback(self) -> str:
        """Start a playback for a native player; gives its playlist."""
        with self.house.client(self.token) as client:
            made = client.post(f"/api/v1/titles/{self.title}/playback", json={}).raise_for_status().json()
        return str(made["playlist_url"])

    def prefix(self, version: str, form: Form, **ago: float) -> str:
        """Sign as the house does, as of some time ago."""
        signer = AddressSigner([load_or_make(self.house.data / "root.key").derived(PURPOSE)], [form])
        expiry = datetime.now(UTC) + timedelta(minutes=5) - timedelta(**ago)
        return signer.prefix(self.title, version, expiry)


@pytest.fixture(scope="module")
def premiere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Premiere]:
    """Publish a small film in a house that signs for nginx."""
    folder = tmp_path_factory.mktemp("delivery")
    near, far = free_port(), free_port()
    hosts = f"near=http://127.0.0.1:{near};form=nginx, far=http://localhost:{far};form=nginx;priority=2"
    with running(folder / "data", MATINEE_ADDRESS_FORM="nginx", MATINEE_DELIVERY_HOSTS=hosts) as house:
        token = house.add_user("ana", "creator")
        secret = house.run("nginx-secret")
        assert secret.returncode == 0, secret.stderr
        film = picture_film(folder, 30, "320x180")
        done = house.run("publish", str(film), "--title", "Test Card", "--wait", token=token)
        assert done.returncode == 0, done.stderr
        with house.client(token) as client:
            title = client.get("/api/v1/titles").json()["items"][0]["id"]
        yield Premiere(house, token, title, secret.stdout, near, far)


@dataclass(frozen=True)
class Walk:
    """What a player finds from a multivariant playlist on: one picture's playlist, segment and key."""

    main: str
    playlist: str
    segment: str
    key: str
    version: str


@pytest.fixture(scope="module")
def walk(premiere: Premiere) -> Walk:
    """Read playlists as a player does; the segments of this house are at its delivery hosts."""
    main = premiere.playback()
    with premiere.house.client() as client:
        variants = m3u8.loads(client.get(main).raise_for_status().text).playlists
        address = urljoin(main, variants[0].uri)
        media = m3u8.loads(client.get(address).raise_for_status().text)
    segment = urlsplit(urljoin(address, media.segments[1].uri)).path
    key = media.segments[1].key
    assert key is not None
    return Walk(main, address, segment, urljoin(address, key.uri), segment.split("/")[4])


@pytest.fixture(scope="module")
def front(premiere: Premiere, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    """nginx in front of the house, beside its folder of objects."""
    folder, objects = tmp_path_factory.mktemp("front") / "nginx", premiere.house.data / "objects"
    house, secret, port = premiere.house.port, premiere.secret, premiere.far
    with nginx("nginx.conf", folder, house=house, secret=secret, objects=objects, port=port) as one:
        yield one


@pytest.fixture(scope="module")
def near(premiere: Premiere, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    """A delivery host of its own."""
    folder = tmp_path_factory.mktemp("near") / "nginx"
    house, secret = premiere.house.port, premiere.secret
    with nginx("edge.conf", folder, house=house, secret=secret, port=premiere.near) as one:
        yield one


@pytest.fixture(params=["front", "near"])
def served(request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    """A client of either nginx."""
    one: Nginx = request.getfixturevalue(request.param)
    with httpx.Client(base_url=one.url, trust_env=False) as client:
        yield client


def test_a_film_plays_on_when_its_host_dies(
    premiere: Premiere, front: Nginx, near: Nginx, visitors: Visitors
) -> None:
    ana = visitors.arrive("ana", premiere.house.url)
    ana.hosts = (near.url, front.url.replace("127.0.0.1", "localhost"))
    log_in(ana, "ana", PASSWORD)
    ana.go(f"/watch/{premiere.title}")
    watch_moving(ana)
    assert {one.split("/media/")[0] for one in _segments(ana)} == {near.url}
    near.stop()
    ana.allow(r"/media/.*", *REFUSED)
    try:
        ana.page.evaluate("() => { document.querySelector('video').currentTime = 12 }")
        ana.page.evaluate("() => { document.querySelector('video').playbackRate = 2 }")
        ana.wait("() => document.querySelector('#screen').dataset.state === 'finished'", seconds=60)
    finally:
        near.start()
    assert {one.split("/media/")[0] for one in _segments(ana)} == set(ana.hosts)
    elsewhere = [one for one in ana.asked if one.startswith(ana.hosts)]
    assert not any("/play/" in one or ".m3u8" in one or "CMCD" in one for one in elsewhere)
    # How it played was told to the house, and to the house alone.
    told = until(lambda: _told(premiere, "state = 'e'"), "a report of the film's end")
    assert told["startups"] == 1
    assert 0 < told["startup_ms"] < 60_000
    assert 3_000 < told["played_ms"] < 60_000
    assert told["errors"] == 0


def test_hls_js_plays_on_by_the_playlists_of_the_other_host(
    premiere: Premiere, front: Nginx, near: Nginx, visitors: Visitors
) -> None:
    bob = visitors.arrive("bob", premiere.house.url, bypass_csp=True)
    bob.hosts = (near.url, front.url.replace("127.0.0.1", "localhost"))
    bob.allow("/favicon.ico", 404)
    bob.go("/login")
    bob.page.add_script_tag(path=HLS_JS)
    bob.page.evaluate(PLAY_BY_HLS_JS, premiere.playback())
    bob.wait("() => document.querySelector('video').currentTime > 0.5")
    assert {one.split("/media/")[0] for one in _segments(bob)} == {near.url}
    near.stop()
    bob.allow(r"/media/.*", *REFUSED)
    try:
        bob.wait("() => document.querySelector('video').ended", seconds=60)
    finally:
        near.start()
    assert {one.split("/media/")[0] for one in _segments(bob)} == set(bob.hosts)
    assert not any(".m3u8" in one or "/play/" in one for one in bob.asked if one.startswith(bob.hosts))


def _told(premiere: Premiere, where: str) -> dict[str, int] | None:
    with sqlite3.connect(premiere.house.data / "matinee.sqlite") as connection:
        connection.row_factory = sqlite3.Row
        row = connection.execute(f"SELECT * FROM playback_quality WHERE {where}").fetchone()
    connection.close()
    return dict(row) if row else None


def _segments(visitor: Visitor) -> list[str]:
    return [one for one in visitor.asked if "/media/" in one and ".m3u8" not in one]


def test_pages_may_ask_the_delivery_hosts_and_nobody_else(premiere: Premiere) -> None:
    with premiere.house.client() as client:
        policy = client.get("/login").headers["content-security-policy"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    hosts = f"http://127.0.0.1:{premiere.near} http://localhost:{premiere.far}"
    assert rules["connect-src"] == f"'self' {hosts}"
    assert rules["media-src"] == f"'self' blob: {hosts}"
    assert hosts not in rules["script-src"]


def test_nginx_hands_out_the_same_bytes_as_the_house(
    premiere: Premiere, walk: Walk, served: httpx.Client
) -> None:
    with premiere.house.client() as client:
        ours = client.get(walk.segment)
    theirs = served.get(walk.segment)
    assert (ours.status_code, theirs.status_code) == (200, 200)
    assert theirs.content == ours.content
    assert len(ours.content) > 1000
    for name in ("content-type", "cache-control", "access-control-allow-origin", "accept-ranges"):
        assert theirs.headers.get_list(name) == ours.headers.get_list(name), name
    head = served.head(walk.segment)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(ours.content))


def test_sound_is_called_sound(premiere: Premiere, front: Nginx, walk: Walk) -> None:
    with premiere.house.client() as client:
        master = m3u8.loads(client.get(walk.main).text)
        address = urljoin(walk.main, master.media[0].uri)
        listed = m3u8.loads(client.get(address).text)
        segment = urlsplit(urljoin(address, listed.segments[0].uri)).path
    with httpx.Client(base_url=front.url, trust_env=False) as client:
        assert client.get(segment).headers["content-type"] == "audio/mp4"


def test_nginx_by_the_folder_needs_no_house(premiere: Premiere, walk: Walk, tmp_path: Path) -> None:
    objects = premiere.house.data / "objects"
    lost = free_port()
    with nginx("nginx.conf", tmp_path / "n", house=lost, secret=premiere.secret, objects=objects) as alone:
        assert httpx.get(alone.url + walk.segment, trust_env=False).status_code == 200
        other = walk.segment.replace(".m4s", "x.m4s")
        assert httpx.get(alone.url + other, trust_env=False).status_code == 502


def test_an_altered_address_is_refused(walk: Walk, served: httpx.Client) -> None:
    prefix = walk.segment.split("/")[2]
    expiry, _, tag = prefix.partition(".")
    later = f"{int(expiry) + 1}.{tag}"
    flipped = f"{expiry}.{'A' if tag[0] != 'A' else 'B'}{tag[1:]}"
    for bad in (later, flipped):
        answer = served.get(walk.segment.replace(prefix, bad))
        assert (answer.status_code, answer.json()["code"]) == (403, "bad_address")
        assert answer.headers["cache-control"] == "no-store"
    other = walk.segment.replace(walk.version, "ve_0000000000")
    assert served.get(other).status_code == 403


def test_an_expired_address_is_gone(premiere: Premiere, walk: Walk, served: httpx.Client) -> None:
    prefix = walk.segment.split("/")[2]
    old = walk.segment.replace(prefix, premiere.prefix(walk.version, Form.NGINX, hours=1))
    answer = served.get(old)
    assert (answer.status_code, answer.json()["code"]) == (410, "address_expired")
    assert answer.headers["cache-control"] == "no-store"


def test_an_address_in_the_other_form_is_the_houses_to_check(
    premiere: Premiere, walk: Walk, front: Nginx, near: Nginx
) -> None:
    other = walk.segment.replace(walk.segment.split("/")[2], premiere.prefix(walk.version, Form.HMAC))
    assert httpx.get(front.url + other, trust_env=False).status_code == 200
    assert httpx.get(near.url + other, trust_env=False).status_code == 403


@pytest.mark.parametrize(
    "climb",
    [
        "/../../../root.key",
        "/%2e%2e/%2e%2e/%2e%2e/root.key",
        "/..%2f..%2f..%2froot.key",
        "/..%252f..%252froot.key",
        "/v240/..//../../root.key",
        "/%00",
        "/v240/.key.m4s",
    ],
)
def test_nobody_climbs_out_of_the_films(walk: Walk, served: httpx.Client, climb: str) -> None:
    film = walk.segment.rsplit("/", 2)[0]
    request = served.build_request("GET", str(served.base_url))
    request.url = request.url.copy_with(raw_path=(film + climb).encode())
    assert served.send(request).status_code in {400, 401, 403, 404}


def test_ranges_are_served(walk: Walk, served: httpx.Client) -> None:
    whole = served.get(walk.segment)
    part = served.get(walk.segment, headers={"range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole.content[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(whole.content)}"
    same = {"range": "bytes=10-19", "if-range": whole.headers["etag"]}
    assert served.get(walk.segment, headers=same).status_code == 206
    other = {"range": "bytes=10-19", "if-range": '"other"'}
    assert served.get(walk.segment, headers=other).content == whole.content
    beyond = served.get(walk.segment, headers={"range": f"bytes={len(whole.content)}-"})
    assert beyond.status_code == 416


def test_what_is_there_already_is_not_sent_again(walk: Walk, served: httpx.Client) -> None:
    tag = served.get(walk.segment).headers["etag"]
    answer = served.get(walk.segment, headers={"if-none-match": tag})
    assert (answer.status_code, answer.content) == (304, b"")


def test_browsers_may_ask_first(walk: Walk, served: httpx.Client) -> None:
    asked = {"origin": "https://films.test", "access-control-request-method": "GET"}
    answer = served.options(walk.segment, headers={**asked, "access-control-request-headers": "range"})
    assert answer.status_code == 204
    assert answer.headers.get_list("access-control-allow-origin") == ["*"]
    assert "Range" in answer.headers["access-control-allow-headers"]
    assert "CMCD-Request" in answer.headers["access-control-allow-headers"]
    assert served.post(walk.segment).status_code == 405


def test_a_delivery_host_keeps_one_copy_for_all(premiere: Premiere, walk: Walk, near: Nginx) -> None:
    segment = walk.segment.replace(walk.segment.split("/")[2], premiere.prefix(walk.version, Form.NGINX))
    first = httpx.get(near.url + walk.segment, trust_env=False)
    again = httpx.get(f"{near.url}{segment}?CMCD=sid%3D1", trust_env=False)
    assert segment != walk.segment
    assert again.headers["x-cache"] == "HIT"
    assert again.content == first.content


def test_a_delivery_host_has_neither_playlists_nor_keys(near: Nginx, walk: Walk) -> None:
    for path in (walk.playlist, walk.main, walk.key, "/", "/api/v1/titles"):
        assert httpx.get(near.url + path, trust_env=False).status_code == 404


def test_keys_and_playlists_are_never_kept(premiere: Premiere, walk: Walk, tmp_path: Path) -> None:
    site = CACHING.replace("HOUSE", str(premiere.house.port)).replace("CACHE", str(tmp_path / "kept"))
    with (
        nginx(site, tmp_path / "nginx", house=premiere.house.port) as cache,
        httpx.Client(base_url=cache.url, trust_env=False) as client,
    ):
        for path in (walk.main, walk.playlist, walk.key):
            seen = [client.get(path) for _ in range(2)]
            assert [one.status_code for one in seen] == [200, 200], path
            assert [one.headers["x-cache"] for one in seen] == ["MISS", "MISS"], path
        # The same cache does keep what may be kept.
        assert [client.get(walk.segment).headers["x-cache"] for _ in range(2)] == ["MISS", "HIT"]
