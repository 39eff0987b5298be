"""What a player would ask first, told with the playback: by the doors' own rules, and no more than that."""

import asyncio
import base64
import gzip
from collections.abc import Iterator
from typing import Any

import m3u8
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from streaming.delivery import bootstrap
from streaming.delivery.bootstrap import Wish, first_tracks, place_at
from streaming.errors import Code, Fault
from streaming.hosts import DeliveryHost
from streaming.ids import LicenceId
from streaming.licences.values import Actor
from tests.unit.streaming.delivery.house import ANA, BEN, KEYS, House
from tests.unit.streaming.delivery.web_house import WebHouse

PLAY = "/api/v1/titles/ti_film/playback"
MANY = 100_000_000


@pytest.fixture
def web(house: House) -> Iterator[WebHouse]:
    web = WebHouse(house)
    yield web
    web.close()


@pytest.fixture
def bare_web(bare_house: House) -> Iterator[WebHouse]:
    web = WebHouse(bare_house)
    yield web
    web.close()


def begin(browser: TestClient, **wish: Any) -> dict[str, Any]:
    answer = browser.post(PLAY, json={"bootstrap": wish})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def keys_in(told: dict[str, Any]) -> dict[str, bytes]:
    objects = told["bootstrap"]["objects"]
    return {path.split("/key/")[1]: base64.b64decode(objects[path]) for path in objects if "/key/" in path}


def test_all_that_a_player_asks_first_is_what_its_own_doors_say(web: WebHouse) -> None:
    web.issue(to="Ben", tier="hd")
    browser = web.browser(BEN)
    told = begin(browser)
    found = told["bootstrap"]
    assert next(iter(found["playlists"])) == told["playlist_url"]
    assert len(found["playlists"]) == 3
    for path, text in found["playlists"].items():
        assert browser.get(path).text.split("/media/")[0] == text.split("/media/")[0]
    for path, packed in found["objects"].items():
        assert browser.get(path).content == base64.b64decode(packed)
    names = sorted("/".join(path.split("/")[-2:]) for path in found["objects"])
    assert names == [
        "a0/0",
        "a0/init-abcdefgh.mp4",
        "a0/v-000000-abcdefgh.m4s",
        "v240/0",
        "v240/init-abcdefgh.mp4",
        "v240/v-000000-abcdefgh.m4s",
    ]
    assert found["segments"] == []


def test_a_first_segment_that_is_large_is_left_to_fetch(
    web: WebHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "MAX_FIRST", 999)
    web.issue(to="Ben")
    browser = web.browser(BEN)
    found = begin(browser)["bootstrap"]
    assert [path.split("/")[-2] for path in found["segments"]] == ["v240", "a0"]
    assert [browser.get(path).content for path in found["segments"]] == [b"\0" * 1000] * 2
    assert not any(path.endswith(".m4s") for path in found["objects"])


def test_it_is_left_out_unless_asked_for(web: WebHouse) -> None:
    web.issue(to="Ben")
    assert web.browser(BEN).post(PLAY).json()["bootstrap"] is None


@pytest.mark.parametrize(
    ("bandwidth", "tier", "chosen"), [(0, "hd", "v240"), (MANY, "hd", "v720"), (MANY, "sd", "v240")]
)
def test_the_picture_fits_the_bandwidth_and_the_tier(
    web: WebHouse, bandwidth: int, tier: str, chosen: str
) -> None:
    web.issue(to="Ben", tier=tier)
    told = begin(web.browser(BEN), bandwidth=bandwidth)
    assert {path.split("/")[0] for path in keys_in(told)} == {chosen, "a0"}
    assert (
        keys_in(told)[f"{chosen}/0"]
        == KEYS.content_key(chosen, "hd" if chosen == "v720" else "sd", 0).reveal()
    )


def test_the_beginning_is_where_the_viewer_was_or_where_they_ask_to_be(web: WebHouse) -> None:
    web.issue(to="Ben", max_streams=5)
    browser = web.browser(BEN)
    browser.post(browser.post(PLAY).json()["release_url"], json={"position_s": 18})
    resumed = begin(browser)
    assert resumed["start_at_s"] == 18
    assert set(keys_in(resumed)) == {"v240/1", "a0/1"}
    assert "v-000004-" in resumed["bootstrap"]["segments"][0]
    chapter = begin(browser, at=40.5)
    assert set(keys_in(chapter)) == {"v240/3", "a0/3"}
    assert "v-000010-" in chapter["bootstrap"]["segments"][0]


def test_its_keys_are_counted_against_the_budget_and_left_out_when_it_is_spent(web: WebHouse) -> None:
    web.issue(to="Ben", max_streams=5)
    browser = web.browser(BEN)
    for period in range(12):
        told = begin(browser, at=period * 12)
        assert set(keys_in(told)) == {f"v240/{period}", f"a0/{period}"}
        browser.post(told["release_url"])
    spent = begin(browser, at=12 * 12)
    assert keys_in(spent) == {}
    assert len(spent["bootstrap"]["playlists"]) == 3
    key = m3u8.loads(next(text for path, text in spent["bootstrap"]["playlists"].items() if "v240" in path))
    refused = browser.get(key.segments[36].key.uri)
    assert (refused.status_code, refused.json()["code"]) == (429, "budget_spent")


def test_the_finish_within_clock_begins_with_its_key_and_not_before(web: WebHouse) -> None:
    made = web.issue(to="Ben", playback_s=7200, max_streams=5)
    browser = web.browser(BEN)

    def first_played() -> object:
        return web.house.licences.show(Actor(ANA, "Ana"), LicenceId(made["id"])).first_played_at

    browser.post(PLAY)
    assert first_played() is None
    begin(browser)
    assert first_played() == web.house.clock.now()


def test_a_revoked_licence_gives_nothing(web: WebHouse) -> None:
    made = web.issue(to="Ben")
    web.browser(ANA).post(f"/api/v1/licences/{made['id']}/revoke").raise_for_status()
    refused = web.browser(BEN).post(PLAY, json={"bootstrap": {}})
    assert (refused.status_code, refused.json()["code"]) == (403, "licence_revoked")


@pytest.mark.parametrize("header", [{"origin": "https://evil.test"}, {"sec-fetch-site": "cross-site"}])
def test_another_site_gets_nothing(web: WebHouse, header: dict[str, str]) -> None:
    web.issue(to="Ben")
    refused = web.browser(BEN).post(PLAY, json={"bootstrap": {}}, headers=header)
    assert (refused.status_code, refused.json()["code"]) == (403, "cross_site")


@pytest.mark.parametrize("packed", [True, False])
def test_nobody_keeps_it_and_it_is_packed_where_that_is_taken(web: WebHouse, packed: bool) -> None:
    web.issue(to="Ben")
    headers = {"accept-encoding": "gzip" if packed else "identity"}
    with web.browser(BEN).stream("POST", PLAY, json={"bootstrap": {}}, headers=headers) as answer:
        body = b"".join(answer.iter_raw())
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers.get("content-encoding") == ("gzip" if packed else None)
    assert b'"bootstrap"' in (gzip.decompress(body) if packed else body)


def test_a_native_address_comes_without(web: WebHouse) -> None:
    web.issue(to="Ben", max_streams=5)
    assert web.program(BEN).post(PLAY, json={"bootstrap": {}}).json()["bootstrap"] is None
    asked = {"bootstrap": {}, "native": True}
    assert web.browser(BEN).post(PLAY, json=asked).json()["bootstrap"] is None


def test_a_playlist_that_is_too_large_is_left_out_with_all_that_hangs_on_it(
    web: WebHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "MAX_PLAYLIST", 1000)
    web.issue(to="Ben")
    told = begin(web.browser(BEN))
    assert list(told["bootstrap"]["playlists"]) == [told["playlist_url"]]
    assert told["bootstrap"]["objects"] == {}
    assert told["bootstrap"]["segments"] == []


def test_a_film_in_the_making_begins_with_what_it_has(
    bare_web: WebHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "SECONDS", 1.0)
    bare_web.house.make_film(segments=2, complete=False, without=["v720", "a0"])
    bare_web.issue(to="Ben")
    told = begin(bare_web.browser(BEN))
    assert set(keys_in(told)) == {"v240/0"}
    first = [path.split("/")[-2] for path in told["bootstrap"]["objects"] if path.endswith(".m4s")]
    assert first == ["v240"]
    assert all("EXT-X-ENDLIST" not in text for text in told["bootstrap"]["playlists"].values())


def test_with_delivery_hosts_the_first_segments_are_at_the_first_of_them(house: House) -> None:
    web = WebHouse(house, (DeliveryHost("near", "https://near.test/films"),))
    web.issue(to="Ben")
    found = begin(web.browser(BEN))["bootstrap"]
    web.close()
    assert all(path.startswith("https://near.test/films/media/") for path in found["segments"])
    assert [path.rpartition("?")[2] for path in found["playlists"]][1:] == ["via=near"] * 2
    inits = {path: body for path, body in found["objects"].items() if path.endswith(".mp4")}
    assert all(path.startswith("https://near.test/films/media/") for path in inits)
    assert {base64.b64decode(body) for body in inits.values()} == {b"clear init of v240", b"clear init of a0"}


def test_a_refused_playlist_leaves_all_to_the_player() -> None:
    async def refuse(_path: str) -> bytes:
        raise Fault(Code.GONE, "It is gone.")

    found = asyncio.run(bootstrap.prepare(refuse, "/main", Wish(0)))
    assert (found.playlists, found.objects, found.segments) == ({}, {}, [])


MAIN = """#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="aac-2",NAME="Commentary",LANGUAGE="en",DEFAULT=NO,URI="a1.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="aac-2",NAME="Deutsch, Stereo",LANGUAGE="de",DEFAULT=YES,URI="a0.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="aac-6",NAME="Deutsch",LANGUAGE="de",DEFAULT=YES,URI="a0s.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="text",NAME="English",LANGUAGE="en",DEFAULT=NO,URI="t0.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=300000,CODECS="av01.0.04M.08,mp4a.40.2",AUDIO="aac-2"
av1.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=1900000,CODECS="avc1.64001f,mp4a.40.2",AUDIO="aac-6"
high.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=500000,CODECS="avc1.64001f,mp4a.40.2",AUDIO="aac-2"
low.m3u8
"""


@pytest.mark.parametrize(
    ("wish", "tracks"),
    [
        (Wish(0), ["low.m3u8", "a0.m3u8"]),
        (Wish(0, 1_999_999), ["low.m3u8", "a0.m3u8"]),
        (Wish(0, 2_000_000), ["high.m3u8", "a0s.m3u8"]),
        (Wish(0, text="en"), ["low.m3u8", "a0.m3u8", "t0.m3u8"]),
        (Wish(0, text="fr"), ["low.m3u8", "a0.m3u8"]),
    ],
    ids=["lowest", "just-below", "fits", "with-text", "no-such-text"],
)
def test_a_player_begins_with_one_picture_its_sound_and_the_text_it_shows(
    wish: Wish, tracks: list[str]
) -> None:
    assert first_tracks(MAIN, wish) == tracks


def test_pictures_to_seek_by_are_listed_and_no_more() -> None:
    main = MAIN + '#EXT-X-IMAGE-STREAM-INF:BANDWIDTH=1,CODECS="jpeg",URI="s0.m3u8"\n'
    asked: list[str] = []

    async def ask(path: str) -> bytes:
        asked.append(path)
        return main.encode() if path == "/m" else b"#EXTM3U\n#EXTINF:1,\nx.jpg\n" if "s0" in path else b""

    found = asyncio.run(bootstrap.prepare(ask, "/m", Wish(0)))
    assert asked == ["/m", "/low.m3u8", "/a0.m3u8", "/s0.m3u8"]
    assert "/s0.m3u8" in found.playlists


def test_keys_that_a_licence_server_gives_are_not_asked_for() -> None:
    media = '#EXT-X-MAP:URI="i.mp4"\n#EXT-X-KEY:METHOD=SAMPLE-AES,URI="data:x"\n#EXTINF:4.0,\ns0.m4s\n'
    assert place_at(media, "/m/v/p.m3u8", 0) == bootstrap.Place("/m/v/i.mp4", "", "/m/v/s0.m4s")


@given(st.lists(st.integers(1, 6000), min_size=1, max_size=30), st.floats(0, 200))
def test_the_place_is_the_segment_that_shows_that_second(lengths: list[int], at: float) -> None:
    lines, start, wanted = [], 0, None
    for number, length in enumerate(lengths):
        lines += [
            f'#EXT-X-KEY:METHOD=AES-128,URI="k{number // 3}"',
            f"#EXTINF:{length / 1000:.6f},",
            f"s{number}",
        ]
        if start / 1000 <= at:
            wanted = number
        start += length
    place = place_at("\n".join(lines), "/p.m3u8", at)
    number = int(place.segment.removeprefix("/s"))
    assert place.key == f"/k{number // 3}"
    # Sums of floats may differ by a hair at an edge.
    edge = abs(sum(lengths[: wanted or 0]) / 1000 - at) < 1e-9
    assert number == wanted or (edge and abs(number - (wanted or 0)) == 1)
