from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streaming.delivery.segments import ADDRESS, SegmentDoor, wanted_part
from streaming.storage.objects import MemoryObjects
from tests.unit.streaming.delivery.house import START, TITLE, VERSION, House, Reply, ask

NAME = "v-000001-abcdefgh.m4s"
BODY = b"\1" * 1000


def address(house: House, name: str = NAME, rendition: str = "v240") -> str:
    prefix = house.signer.prefix(TITLE, VERSION, START + timedelta(hours=1))
    return f"/media/{prefix}/{TITLE}/{VERSION}/{rendition}/{name}"


def get(house: House, path: str, **headers: str) -> Reply:
    return ask(house.doors, "GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})


def test_a_signed_address_gives_ciphertext_that_caches_may_keep(house: House) -> None:
    reply = get(house, address(house))
    assert (reply.status, reply.body) == (200, BODY)
    assert reply.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert reply.headers["access-control-allow-origin"] == "*"
    assert reply.headers["content-type"] == "video/iso.segment"
    assert reply.headers["content-length"] == "1000"
    assert reply.headers["x-content-type-options"] == "nosniff"


def test_the_server_sends_the_file_itself_where_it_can(house: House) -> None:
    reply = ask(house.doors, "GET", address(house), pathsend=True)
    assert (reply.status, reply.body) == (200, b"")
    assert Path(reply.path).read_bytes() == BODY


def test_head_tells_the_size_and_sends_nothing(house: House) -> None:
    reply = ask(house.doors, "HEAD", address(house), pathsend=True)
    assert (reply.status, reply.body, reply.path) == (200, b"", "")
    assert reply.headers["content-length"] == "1000"


def test_a_known_tag_is_not_sent_again(house: House) -> None:
    tag = get(house, address(house)).headers["etag"]
    reply = get(house, address(house), if_none_match=f'"other", {tag}')
    assert (reply.status, reply.body) == (304, b"")
    assert "content-length" not in reply.headers


@pytest.mark.parametrize(
    ("asked", "told", "length"),
    [
        ("bytes=0-9", "bytes 0-9/1000", 10),
        ("bytes=990-", "bytes 990-999/1000", 10),
        ("bytes=-1", "bytes 999-999/1000", 1),
        ("bytes=999-5000", "bytes 999-999/1000", 1),
    ],
)
def test_a_range_is_honoured(house: House, asked: str, told: str, length: int) -> None:
    reply = ask(house.doors, "GET", address(house), headers={"range": asked}, pathsend=True)
    assert (reply.status, reply.headers["content-range"], len(reply.body)) == (206, told, length)


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "bytes=-", "lines=1-2", "bytes=9-1", "bytes=a-b"])
def test_a_range_that_makes_no_sense_gets_the_whole(house: House, asked: str) -> None:
    assert get(house, address(house), range=asked).body == BODY


@pytest.mark.parametrize("asked", ["bytes=1000-", "bytes=-0"])
def test_a_range_outside_is_refused_with_the_size(house: House, asked: str) -> None:
    reply = get(house, address(house), range=asked)
    assert (reply.status, reply.headers["content-range"]) == (416, "bytes */1000")


def test_a_range_of_another_making_gets_the_whole(house: House) -> None:
    assert get(house, address(house), range="bytes=0-9", if_range='"other"').status == 200


@settings(deadline=None)
@given(st.binary(max_size=40), st.integers(0, 5000))
def test_no_range_reaches_outside_of_the_object(asked: bytes, size: int) -> None:
    part = wanted_part(b"bytes=" + asked, b"", b"", size)
    if part is not None:
        assert 0 <= part.start <= part.end <= size


@pytest.mark.parametrize("place", range(33))
def test_a_tampered_prefix_is_refused(house: House, place: int) -> None:
    good = address(house)
    at = len("/media/") + place
    changed = good[:at] + ("B" if good[at] == "A" else "A") + good[at + 1 :]
    assert get(house, changed).status in {403, 404}


def test_a_signature_is_good_for_its_title_and_version_alone(house: House) -> None:
    for mine, other in ((TITLE, "ti_other"), (VERSION, "ve_other")):
        reply = get(house, address(house).replace(mine, other))
        assert (reply.status, reply.code) == (403, "bad_address")


def test_an_address_ends(house: House) -> None:
    path = address(house)
    house.wait(hours=1)
    reply = get(house, path)
    assert (reply.status, reply.code) == (410, "address_expired")
    assert reply.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "name",
    [
        "../v720/v-000001-abcdefgh.m4s",
        "..",
        ".m4s",
        "v-000001-abcdefgh.m4s/",
        "v-000001-abcdefgh.m4s\n",
        "v-000001-abcdefgh.m4s\0",
        "V-000001-ABCDEFGH.M4S",
        "v-000001-abcdefgh.key",
        "v-000001-abcdefgh",
        "v-000001-abcdefgh.tmp.m4s",
        "",
    ],
)
def test_nothing_but_plain_names_is_served(house: House, name: str) -> None:
    assert get(house, address(house, name)).status in {403, 404}


@settings(deadline=None)
@given(st.text(max_size=80))
def test_an_address_never_climbs(tail: str) -> None:
    match = ADDRESS.fullmatch("/media/1795384800." + "A" * 22 + f"/ti_film/ve_one/v240/{tail}")
    if match is not None:
        assert ".." not in tail
        assert "/" not in tail
        assert tail.isascii()


def test_an_absent_object_is_said_to_be_absent(house: House) -> None:
    assert get(house, address(house, "v-000999-abcdefgh.m4s")).code == "bad_address"


def test_an_object_that_was_deleted_is_gone_though_it_was_known(house: House) -> None:
    path = address(house)
    assert get(house, path).status == 200
    house.objects.delete([f"{TITLE}/{VERSION}/v240/{NAME}"])
    assert get(house, path).code == "bad_address"


def test_players_of_other_origins_may_ask_first(house: House) -> None:
    reply = ask(house.doors, "OPTIONS", address(house), headers={"origin": "https://cdn.test"})
    assert reply.status == 204
    assert "Range" in reply.headers["access-control-allow-headers"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_segments_are_only_read(house: House, method: str) -> None:
    assert ask(house.doors, method, address(house)).status == 405


def test_a_store_without_files_is_streamed(house: House) -> None:
    memory = MemoryObjects()
    memory.put(f"{TITLE}/{VERSION}/v240/{NAME}", BODY)
    door = SegmentDoor(memory, house.signer, house.clock)

    async def app(scope: dict[str, object], receive: object, send: object) -> None:
        await door.serve(scope, send)  # type: ignore[arg-type]

    reply = ask(app, "GET", address(house), pathsend=True)
    assert (reply.status, reply.body) == (200, BODY)
