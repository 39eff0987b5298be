"""tus 1.0.0, core protocol: OPTIONS, HEAD, PATCH, versions, offsets, types, concurrency."""

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.pause import Pause

if TYPE_CHECKING:
    from tests.contracts.tus.conftest import House


def test_options_says_what_the_server_can(house: "House") -> None:
    answer = house.send("OPTIONS", version=None)
    assert answer.status == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert answer.headers["tus-max-size"] == "100000"
    assert answer.headers["tus-checksum-algorithm"] == "sha256,sha1,md5"
    assert answer.headers["tus-extension"].split(",") == [
        "creation",
        "creation-with-upload",
        "creation-defer-length",
        "checksum",
        "expiration",
        "termination",
        "concatenation",
    ]


@pytest.mark.parametrize("version", [None, "0.2.2", "1.0", "1.0.0, 2.0.0"])
@pytest.mark.parametrize("method", ["POST", "HEAD", "PATCH", "DELETE"])
def test_any_other_version_is_refused_and_nothing_done(
    house: "House", method: str, version: str | None
) -> None:
    url = house.begin(5)
    target = "/api/v1/uploads" if method == "POST" else url
    answer = house.send(method, target, version=version, upload_length="5")
    assert answer.status == 412
    assert answer.headers["tus-version"] == "1.0.0"
    assert answer.code == "tus_version"
    assert house.offset(url) == 0
    assert len(house.told.created) == 1


def test_every_answer_names_the_version(house: "House") -> None:
    url = house.begin(5)
    answers = [
        house.send("OPTIONS"),
        house.send("HEAD", url),
        house.patch(url, 0, b"hello"),
        house.patch(url, 0, b"hello"),
        house.send("HEAD", "/api/v1/uploads/up_nothing"),
        house.send("POST"),
    ]
    assert [a.headers["tus-resumable"] for a in answers] == ["1.0.0"] * len(answers)
    assert [a.status for a in answers] == [204, 200, 204, 409, 404, 400]


def test_a_film_sent_in_pieces_arrives_whole(house: "House") -> None:
    url = house.begin(11)
    assert house.patch(url, 0, b"hello ").offset == 6
    head = house.send("HEAD", url)
    assert (head.offset, head.headers["upload-length"]) == (6, "11")
    assert head.headers["cache-control"] == "no-store"
    assert house.patch(url, 6, [b"wo", b"", b"rld"]).offset == 11
    assert house.content(url) == b"hello world"
    assert [u.length for u in house.told.finished] == [11]
    assert house.offset(url) == 11


def test_an_offset_other_than_the_end_is_refused(house: "House") -> None:
    url = house.begin(10)
    house.patch(url, 0, b"abc")
    for offset in (0, 2, 4, 10):
        answer = house.patch(url, offset, b"xyz")
        assert (answer.status, answer.code, answer.offset) == (409, "wrong_offset", 3)
    assert house.content(url) == b"abc"


@pytest.mark.parametrize("offset", ["-1", "1.5", "", "abc", "9" * 40, "٣"])
def test_an_offset_that_is_no_number_is_refused(house: "House", offset: str) -> None:
    url = house.begin(10)
    answer = house.send(
        "PATCH",
        url,
        b"x",
        content_type="application/offset+octet-stream",
        upload_offset=offset.encode().decode("latin-1"),
    )
    assert (answer.status, answer.code) == (400, "upload_header_invalid")


def test_a_missing_offset_is_refused(house: "House") -> None:
    url = house.begin(10)
    answer = house.send("PATCH", url, b"x", content_type="application/offset+octet-stream")
    assert answer.status == 400


@pytest.mark.parametrize("kind", ["-", "application/octet-stream", "multipart/form-data"])
def test_another_content_type_is_refused(house: "House", kind: str) -> None:
    url = house.begin(10)
    answer = house.patch(url, 0, b"abc", content_type=kind)
    assert (answer.status, answer.code) == (415, "content_type")
    assert house.offset(url) == 0


def test_a_chunk_past_the_length_is_refused_before_it_is_read(house: "House") -> None:
    url = house.begin(4)
    answer = house.patch(url, 0, b"hello")
    assert (answer.status, answer.code) == (413, "beyond_length")
    assert house.content(url) == b""


def test_a_chunk_of_unknown_size_is_stopped_at_the_length(house: "House") -> None:
    url = house.begin(4)
    answer = house.patch(url, 0, [b"abc", b"defg"], content_length="-", transfer_encoding="chunked")
    assert (answer.status, answer.code) == (413, "beyond_length")
    assert house.offset(url) == 3
    assert house.patch(url, 3, b"d").status == 204
    assert house.content(url) == b"abcd"


def test_bytes_after_the_end_are_refused(house: "House") -> None:
    url = house.begin(3)
    house.patch(url, 0, b"abc")
    assert house.patch(url, 3, b"d").code == "beyond_length"
    assert house.patch(url, 0, b"abc").code == "wrong_offset"
    assert house.patch(url, 3, b"").status == 204
    assert len(house.told.finished) == 1


def test_a_cut_connection_keeps_what_arrived(house: "House") -> None:
    url = house.begin(10)
    house.patch(url, 0, [b"abc", b"de"], cut=True, content_length="10")
    assert house.offset(url) == 5
    house.restart()
    assert house.offset(url) == 5
    assert house.patch(url, 5, b"fghij").status == 204
    assert house.content(url) == b"abcdefghij"


def test_a_cut_after_the_last_byte_completes_the_upload(house: "House") -> None:
    url = house.begin(3)
    house.patch(url, 0, [b"abc"], cut=True, content_length="3")
    assert house.offset(url) == 3
    assert len(house.told.finished) == 1


def test_a_body_shorter_than_it_said_is_a_cut(house: "House") -> None:
    url = house.begin(10)
    answer = house.patch(url, 0, b"abc", content_length="8")
    assert answer.status == 400
    assert house.offset(url) == 3


@pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE"])
@pytest.mark.parametrize("name", ["up_nothing", "up_" + "a" * 20, "..%2f..%2fetc", "😀"])
def test_what_is_not_there_is_not_found(house: "House", method: str, name: str) -> None:
    answer = house.send(
        method,
        f"/api/v1/uploads/{name}",
        b"",
        content_type="application/offset+octet-stream",
        upload_offset="0",
    )
    assert answer.status == 404
    assert "upload-offset" not in answer.headers


@pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE"])
def test_an_upload_of_somebody_else_is_not_found(house: "House", method: str) -> None:
    url = house.begin(5)
    house.asker = "ac_bob"
    answer = house.send(method, url, b"", content_type="application/offset+octet-stream", upload_offset="0")
    assert (answer.status, answer.code) == (404, "upload_not_found")
    assert house.send("GET").body == b"[]"


@pytest.mark.parametrize("method", ["POST", "HEAD", "PATCH", "DELETE", "GET"])
def test_viewers_may_not_upload(house: "House", method: str) -> None:
    url = house.begin(5)
    house.asker = ""
    target = "/api/v1/uploads" if method in ("POST", "GET") else url
    answer = house.send(method, target, upload_length="5")
    assert (answer.status, answer.code) == (403, "role_too_low")
    assert answer.headers["tus-resumable"] == "1.0.0"


def test_methods_can_be_overridden(house: "House") -> None:
    url = house.begin(3)
    kind = "application/offset+octet-stream"
    answer = house.send(
        "POST", url, b"abc", upload_offset="0", content_type=kind, x_http_method_override="PATCH"
    )
    assert (answer.status, answer.offset) == (204, 3)
    assert house.send("POST", url, x_http_method_override="head").offset == 3
    assert house.send("POST", url, x_http_method_override="OPTIONS").headers["tus-version"] == "1.0.0"
    other = house.begin(3)
    assert house.send("POST", other, x_http_method_override="DELETE").status == 204
    assert house.send("POST", url).code == "method_not_allowed"


def test_the_second_of_two_living_chunks_is_locked_out(house: "House") -> None:
    async def both() -> None:
        url = (await house.ask("POST", upload_length="6")).headers["location"]
        rest = Pause()
        options: dict[str, Any] = {"content_type": "application/offset+octet-stream", "upload_offset": "0"}
        first = asyncio.create_task(house.ask("PATCH", url, [b"abc", b"def"], pauses={1: rest}, **options))
        await rest.reached.wait()
        second = await house.ask("PATCH", url, b"xyz", **options)
        assert (second.status, second.code) == (423, "upload_locked")
        assert "retry-after" in second.headers
        rest.set()
        assert (await first).offset == 6
        assert house.content(url) == b"abcdef"

    asyncio.run(both())


def test_a_silent_chunk_yields_to_the_next_and_keeps_what_it_brought(
    house: "House", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streaming.uploads.locks.STALLED_SECONDS", 0.05)

    async def both() -> None:
        url = (await house.ask("POST", upload_length="6")).headers["location"]
        options: dict[str, Any] = {"content_type": "application/offset+octet-stream"}
        pause = Pause()
        first = asyncio.create_task(
            house.ask(
                "PATCH", url, [b"abc", b"never"], pauses={1: pause}, upload_offset="0",
                content_length="6", **options,
            )
        )  # fmt: skip
        await pause.reached.wait()
        assert (await house.ask("HEAD", url)).offset == 3
        assert (await first).code == "upload_taken_over"
        second = await house.ask("PATCH", url, b"def", upload_offset="3", **options)
        assert second.offset == 6
        assert house.content(url) == b"abcdef"

    asyncio.run(both())


def test_a_chunk_that_stays_silent_is_ended(house: "House") -> None:
    house.settings["silence_seconds"] = 0.0
    house.restart()

    async def alone() -> None:
        url = (await house.ask("POST", upload_length="6")).headers["location"]
        answer = await house.ask(
            "PATCH", url, [b"abc", b"never"], pauses={1: Pause()}, upload_offset="0",
            content_type="application/offset+octet-stream", content_length="6",
        )  # fmt: skip
        assert (answer.status, answer.code) == (408, "upload_silent")
        assert (await house.ask("HEAD", url)).offset == 3

    asyncio.run(alone())


def test_a_stopping_server_keeps_what_arrived_and_says_so(house: "House") -> None:
    async def stopped() -> str:
        url = (await house.ask("POST", upload_length="6")).headers["location"]
        pause = Pause()
        sending = asyncio.create_task(
            house.ask(
                "PATCH", url, [b"abc", b"never"], pauses={1: pause}, upload_offset="0",
                content_type="application/offset+octet-stream", content_length="6",
            )
        )  # fmt: skip
        await pause.reached.wait()
        await house.service.stop()
        answer = await sending
        assert (answer.status, answer.code) == (503, "server_stopping")
        assert (await house.ask("PATCH", url, b"", upload_offset="3",
                content_type="application/offset+octet-stream")).status == 503  # fmt: skip
        return url

    url = asyncio.run(stopped())
    house.restart()
    assert house.offset(url) == 3


def test_a_cancelled_request_settles_its_file(house: "House") -> None:
    async def cancelled() -> str:
        url = (await house.ask("POST", upload_length="6")).headers["location"]
        pause = Pause()
        sending = asyncio.create_task(
            house.ask(
                "PATCH", url, [b"abc", b"never"], pauses={1: pause}, upload_offset="0",
                content_type="application/offset+octet-stream", content_length="6",
            )
        )  # fmt: skip
        await pause.reached.wait()
        sending.cancel()
        await asyncio.wait({sending})
        assert (await house.ask("HEAD", url)).offset == 3
        return url

    asyncio.run(cancelled())
