"""tus 1.0.0, extensions: creation, deferred length, checksum, expiration, termination, concatenation."""

import asyncio
import base64
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from tests.support.pause import Pause

if TYPE_CHECKING:
    from tests.contracts.tus.conftest import House

CHUNK = "application/offset+octet-stream"


def metadata(**pairs: str) -> str:
    return ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in pairs.items())


def test_creation_answers_address_title_and_expiry(house: "House") -> None:
    answer = house.create(10, upload_metadata=metadata(filename="film.mp4", title="A film"))
    upload = house.told.created[0]
    assert answer.headers["location"] == f"/api/v1/uploads/{upload.id}"
    assert answer.headers["matinee-title"] == f"ti_{upload.id[3:]}"
    assert answer.headers["upload-expires"] == "Thu, 08 May 2031 00:00:00 GMT"
    assert "upload-offset" not in answer.headers
    assert (upload.filename, upload.title) == ("film.mp4", "A film")


def test_metadata_comes_back_as_it_was_sent(house: "House") -> None:
    sent = metadata(filename="film.mp4") + ",is_confidential"
    url = house.begin(1, upload_metadata=sent)
    assert house.send("HEAD", url).headers["upload-metadata"] == sent


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "C:\\films\\passwd", "/passwd", "passwd", "passwd\n", "\u202epasswd"]
)
def test_a_hostile_name_is_only_a_name(house: "House", name: str) -> None:
    url = house.begin(1, upload_metadata=metadata(filename=name))
    house.patch(url, 0, b"x")
    assert house.told.finished[0].filename == "passwd"
    assert all(n.startswith("up_") for n in house.files())


def test_emoji_and_long_names_survive_bounded(house: "House") -> None:
    house.begin(1, upload_metadata=metadata(filename="🎬 été.mp4"))
    house.begin(1, upload_metadata=metadata(filename="x" * 3000))
    assert house.told.created[0].filename == "🎬 été.mp4"
    assert house.told.created[0].title == ""  # the catalogue makes one of the file name
    assert len(house.told.created[1].filename) == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"upload_length": "-1"},
        {"upload_length": "ten"},
        {"upload_length": "1" * 30},
        {"upload_defer_length": "2"},
        {"upload_defer_length": "1", "upload_length": "5"},
        {"upload_length": "5", "upload_metadata": "filename !!!"},
        {"upload_length": "5", "upload_metadata": "a YQ==,,b"},
        {"upload_length": "5", "upload_metadata": "a YQ==,a YQ=="},
        {"upload_length": "5", "upload_metadata": "a /w=="},
        {"upload_length": "5", "upload_metadata": "a " + "A" * 9000},
        {"upload_length": "5", "upload_metadata": ",".join(f"k{n}" for n in range(40))},
        {"upload_length": "5", "upload_concat": "half"},
        {"upload_concat": "final;"},
        {"upload_concat": "final;/a/up_x /a/up_x"},
        {"upload_concat": "final;/a/up_x", "upload_length": "5"},
    ],
)
def test_headers_that_make_no_sense_create_nothing(house: "House", headers: dict[str, Any]) -> None:
    answer = house.send("POST", **headers)
    assert (answer.status, answer.code) == (400, "upload_header_invalid")
    assert house.files() == []
    assert house.told.created == []


def test_what_no_quota_could_hold_is_too_large(house: "House") -> None:
    answer = house.send("POST", upload_length="100001")
    assert (answer.status, answer.code) == (413, "upload_too_large")
    assert house.files() == []


def test_the_quota_counts_announced_uploads_and_stored_titles(house: "House") -> None:
    house.stored = 30_000
    url = house.begin(50_000)
    answer = house.send("POST", upload_length="20001")
    assert (answer.status, answer.code) == (413, "quota_exceeded")
    assert "20 KB of your 100 KB" in answer.problem["detail"]
    house.begin(20_000)
    house.asker = "ac_bob"
    house.begin(70_000)
    house.asker = "ac_ann"
    house.send("DELETE", url)
    house.begin(50_000)


def test_an_account_has_so_many_unfinished_uploads_and_no_more(
    house: "House", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streaming.uploads.keeper.MAX_UNFINISHED", 2)
    url = house.begin(1)
    house.begin(upload_defer_length="1")
    answer = house.send("POST", upload_length="1")
    assert (answer.status, answer.code) == (429, "too_many_uploads")
    house.patch(url, 0, b"x")
    house.begin(1)


def test_when_no_title_can_be_made_nothing_is_left(house: "House") -> None:
    house.told.refuse_titles = True
    answer = house.send("POST", upload_length="5")
    assert answer.status == 409
    assert house.files() == []
    assert house.send("GET").body == b"[]"


def test_the_first_bytes_may_come_with_the_creation(house: "House") -> None:
    answer = house.send("POST", "/api/v1/uploads", b"abc", upload_length="5", content_type=CHUNK)
    assert (answer.status, answer.offset) == (201, 3)
    url = answer.headers["location"]
    assert house.patch(url, 3, b"de").offset == 5
    assert house.content(url) == b"abcde"


def test_a_whole_film_may_come_with_the_creation(house: "House") -> None:
    answer = house.send("POST", "/api/v1/uploads", b"abc", upload_length="3", content_type=CHUNK)
    assert (answer.status, answer.offset) == (201, 3)
    assert len(house.told.finished) == 1


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"content_type": "text/plain"}, b"abc", 415),
        ({"content_type": CHUNK}, b"too long", 413),
        ({"content_type": CHUNK, "upload_checksum": "sha1 " + "A" * 27 + "="}, b"abc", 460),
        ({"content_type": CHUNK, "content_length": "-", "transfer_encoding": "chunked"}, b"too long", 413),
    ],
)
def test_a_creation_whose_bytes_are_refused_leaves_nothing(
    house: "House", headers: dict[str, Any], body: bytes, status: int
) -> None:
    answer = house.send("POST", "/api/v1/uploads", body, upload_length="5", **headers)
    assert answer.status == status
    assert house.files() == []
    assert len(house.told.gone) == len(house.told.created)


def test_an_empty_file_is_complete_at_once(house: "House") -> None:
    url = house.begin(0)
    assert house.offset(url) == 0
    assert house.told.finished[0].length == 0


def test_a_length_may_be_told_later(house: "House") -> None:
    url = house.begin(upload_defer_length="1")
    head = house.send("HEAD", url)
    assert head.headers["upload-defer-length"] == "1"
    assert "upload-length" not in head.headers
    assert house.patch(url, 0, b"abc").offset == 3
    assert house.patch(url, 3, b"de", upload_length="6").offset == 5
    head = house.send("HEAD", url)
    assert head.headers["upload-length"] == "6"
    assert "upload-defer-length" not in head.headers
    assert house.patch(url, 5, b"f", upload_length="7").status == 400
    assert house.patch(url, 5, b"f", upload_length="6").offset == 6
    assert len(house.told.finished) == 1


def test_a_deferred_length_may_end_the_upload_with_no_more_bytes(house: "House") -> None:
    url = house.begin(upload_defer_length="1")
    house.patch(url, 0, b"abc")
    assert house.patch(url, 3, b"", upload_length="2").status == 400
    assert house.patch(url, 3, b"", upload_length="3").offset == 3
    assert len(house.told.finished) == 1


def test_an_upload_of_unknown_length_is_stopped_at_the_quota(house: "House") -> None:
    house.stored = 99_990
    url = house.begin(upload_defer_length="1")
    assert house.patch(url, 0, b"x" * 11).code == "quota_exceeded"
    assert house.patch(url, 0, b"x" * 6).offset == 6
    assert house.patch(url, 6, [b"x" * 4, b"y"]).code == "quota_exceeded"
    assert house.offset(url) == 10
    assert house.patch(url, 10, b"", upload_length="11").code == "quota_exceeded"
    assert house.patch(url, 10, b"", upload_length="10").status == 204


@pytest.mark.parametrize("with_checksum", [False, True])
def test_uploads_of_unknown_length_share_the_quota_while_they_run(
    house: "House", sum_of: Callable[..., str], with_checksum: bool
) -> None:
    pieces = [b"x" * 15_000, b"y" * 15_000]
    extra: dict[str, Any] = {"upload_checksum": sum_of(b"".join(pieces))} if with_checksum else {}
    urls = [house.begin(upload_defer_length="1") for _ in range(5)]

    async def send_all() -> list[int]:
        pauses = [Pause() for _ in urls]
        asked = [
            house.ask(
                "PATCH",
                url,
                pieces,
                pauses={1: pause},
                upload_offset="0",
                content_type=CHUNK,
                **extra,
            )
            for url, pause in zip(urls, pauses, strict=True)
        ]
        running = [asyncio.ensure_future(one) for one in asked]
        for pause in pauses:
            await pause.reached.wait()
        for pause in pauses:
            pause.set()
        return [answer.status for answer in await asyncio.gather(*running)]

    statuses = asyncio.run(send_all())
    assert statuses.count(204) <= 3
    assert set(statuses) == {204, 413}
    assert sum(house.offset(url) for url in urls) <= 100_000


def test_a_length_announced_meanwhile_is_not_given_to_an_upload_of_unknown_length(house: "House") -> None:
    url = house.begin(upload_defer_length="1")

    async def send() -> int:
        announced = Pause()
        body = [b"x", b"y" * 60_000]
        ask = house.ask("PATCH", url, body, pauses={1: announced}, upload_offset="0", content_type=CHUNK)
        running = asyncio.ensure_future(ask)
        await announced.reached.wait()
        assert (await house.ask("POST", upload_length="50000")).status == 201
        announced.set()
        return (await running).status

    assert asyncio.run(send()) == 413


def test_parts_nobody_joins_count_as_unfinished(house: "House", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streaming.uploads.keeper.MAX_UNFINISHED", 3)
    for _ in range(3):
        house.begin(0, upload_concat="partial")
    answer = house.send("POST", upload_length="0", upload_concat="partial")
    assert (answer.status, answer.code) == (429, "too_many_uploads")


def test_an_upload_stops_before_it_takes_the_disks_last_bytes(
    house: "House", monkeypatch: pytest.MonkeyPatch
) -> None:
    url = house.begin(90_000)
    monkeypatch.setattr("streaming.uploads.reception.BATCH_BYTES", 10_000)
    monkeypatch.setattr(house.service._files, "is_full", lambda received: received >= 30_000)
    answer = house.patch(url, 0, [b"x" * 10_000] * 9)
    assert (answer.status, answer.code) == (507, "disk_full")
    assert 20_000 <= house.offset(url) < 90_000


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "md5"])
def test_a_chunk_with_its_checksum_is_taken(
    house: "House", sum_of: Callable[..., str], algorithm: str
) -> None:
    url = house.begin(6)
    assert house.patch(url, 0, [b"ab", b"c"], upload_checksum=sum_of(b"abc", algorithm)).offset == 3
    assert house.patch(url, 3, b"def", upload_checksum=sum_of(b"def", algorithm)).offset == 6
    assert house.content(url) == b"abcdef"


def test_a_damaged_chunk_is_discarded(house: "House", sum_of: Callable[..., str]) -> None:
    url = house.begin(6)
    house.patch(url, 0, b"abc")
    answer = house.patch(url, 3, b"dXf", upload_checksum=sum_of(b"def"))
    assert (answer.status, answer.code, answer.offset) == (460, "checksum_mismatch", 3)
    assert answer.problem["title"] == "Checksum Mismatch"
    assert house.content(url) == b"abc"
    assert house.told.finished == []
    assert house.patch(url, 3, b"def", upload_checksum=sum_of(b"def")).status == 204


@pytest.mark.parametrize(
    "header", ["crc32 AAAA", "sha256", "sha256 AAAA", "sha256 ***", "SHA256 " + "A" * 43 + "=", ""]
)
def test_a_checksum_nobody_can_check_is_refused(house: "House", header: str) -> None:
    url = house.begin(6)
    assert house.patch(url, 0, b"abc", upload_checksum=header).status == 400
    assert house.offset(url) == 0


def test_a_chunk_with_a_checksum_that_is_cut_counts_for_nothing(
    house: "House", sum_of: Callable[..., str]
) -> None:
    url = house.begin(6)
    house.patch(url, 0, b"ab")
    house.patch(url, 2, [b"cd"], cut=True, content_length="4", upload_checksum=sum_of(b"cdef"))
    assert house.offset(url) == 2
    assert house.content(url) == b"ab"


def test_every_byte_puts_the_expiry_off(house: "House") -> None:
    url = house.begin(6)
    house.later(days=6)
    assert house.patch(url, 0, b"abc").headers["upload-expires"] == "Wed, 14 May 2031 00:00:00 GMT"
    house.later(days=6)
    assert house.send("HEAD", url).headers["upload-expires"] == "Wed, 14 May 2031 00:00:00 GMT"
    assert "upload-expires" not in house.patch(url, 3, b"def").headers


def test_an_expired_upload_is_gone_and_collected(house: "House") -> None:
    url = house.begin(6)
    done = house.begin(1)
    house.patch(done, 0, b"x")
    house.patch(url, 0, b"abc")
    house.later(days=7)
    assert (house.send("HEAD", url).status, house.patch(url, 3, b"d").code) == (410, "upload_expired")
    assert house.send("GET").body == b"[]"
    assert house.service.collect() == 1
    assert [u.id for u in house.told.gone] == [url.rpartition("/")[2]]
    assert house.send("HEAD", url).status == 410
    assert house.content(done) == b"x"
    assert len(house.files()) == 2
    house.begin(100_000 - 1)


def test_a_terminated_upload_is_gone(house: "House") -> None:
    url = house.begin(6)
    house.patch(url, 0, b"abc")
    answer = house.send("DELETE", url)
    assert (answer.status, answer.body) == (204, b"")
    assert house.files() == []
    assert len(house.told.gone) == 1
    for method in ("HEAD", "DELETE"):
        assert (house.send(method, url).status, house.send(method, url).code) == (410, "upload_terminated")


def test_a_film_being_made_cannot_be_terminated_as_an_upload(house: "House") -> None:
    url = house.begin(1)
    house.patch(url, 0, b"x")
    assert house.send("DELETE", url).code == "upload_handed_over"
    assert house.content(url) == b"x"


def test_parts_are_joined_in_the_order_asked(house: "House") -> None:
    first, second = house.part(b"hello "), house.part(b"world")
    assert house.told.created == house.told.finished == []
    assert house.send("HEAD", first).headers["upload-concat"] == "partial"
    concat = f"final;http://house{second} {first}"
    answer = house.create(upload_concat=concat, upload_metadata=metadata(title="Joined"))
    url = answer.headers["location"]
    assert house.content(url) == b"worldhello "
    assert [(u.title, u.length) for u in house.told.finished] == [("Joined", 11)]
    assert answer.headers["matinee-title"] == house.told.finished[0].title_id
    head = house.send("HEAD", url)
    assert (head.offset, head.headers["upload-length"], head.headers["upload-concat"]) == (11, "11", concat)
    assert len(house.files()) == 2
    assert house.patch(url, 11, b"").status == 403


def test_joining_again_after_a_lost_answer_gives_the_same_upload(house: "House") -> None:
    concat = f"final;{house.part(b'ab')} {house.part(b'cd')}"
    url = house.begin(upload_concat=concat)
    assert house.begin(upload_concat=concat) == url
    assert len(house.told.finished) == 1
    other = concat.replace("final;", "final;/api/v1/uploads/up_aaaaaaaaaaaaaaaaaaaa ")
    assert house.send("POST", upload_concat=other).status == 404


def test_only_ones_own_finished_parts_can_be_joined(house: "House") -> None:
    done, half, whole = house.part(b"ab"), house.begin(4, upload_concat="partial"), house.begin(3)
    for other, code in [(half, "partial_unfinished"), (whole, "not_a_partial")]:
        answer = house.send("POST", upload_concat=f"final;{done} {other}")
        assert (answer.status, answer.code) == (409, code)
    house.send("DELETE", half)
    assert house.send("POST", upload_concat=f"final;{done} {half}").status == 410
    house.asker = "ac_bob"
    assert house.send("POST", upload_concat=f"final;{done}").status == 404
    house.asker = "ac_ann"
    assert house.content(done) == b"ab"
    house.begin(upload_concat=f"final;{done}")
    assert house.send("POST", upload_concat=f"final;{done} {house.part(b'c')}").code == "partial_joined"


def test_parts_count_once_against_the_quota(house: "House") -> None:
    parts = [house.part(b"x" * 40_000), house.part(b"y" * 40_000)]
    house.begin(upload_concat="final;" + " ".join(parts))
    house.begin(20_000)
    assert house.send("POST", upload_length="1").code == "quota_exceeded"


def test_a_final_upload_takes_no_bytes_of_its_own(house: "House") -> None:
    part = house.part(b"ab")
    answer = house.send("POST", "/api/v1/uploads", b"x", upload_concat=f"final;{part}", content_type=CHUNK)
    assert answer.status == 403


def test_parts_nobody_joins_expire(house: "House") -> None:
    house.part(b"ab")
    house.later(days=8)
    assert house.service.collect() == 1
    assert house.files() == []


def test_the_list_shows_my_unfinished_uploads(house: "House") -> None:
    url = house.begin(5, upload_metadata=metadata(filename="a.mp4", fingerprint="f1"))
    house.patch(url, 0, b"abc")
    house.patch(house.begin(1), 0, b"x")
    house.part(b"ab")
    listed: list[dict[str, Any]] = orjson.loads(house.send("GET").body)
    assert [(u["filename"], u["length"], u["offset"], u["fingerprint"]) for u in listed] == [
        ("a.mp4", 5, 3, "f1")
    ]
    assert listed[0]["title_id"].startswith("ti_")
    assert listed[0]["expires_at"].startswith("2031-05-08")
