"""The pure core of tus: every header is read or refused with a sentence, never anything else."""

import base64
import hashlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.uploads import refusals
from streaming.uploads.protocol import (
    CHUNK_TYPE,
    Chunk,
    Standing,
    decide_chunk,
    effective_method,
    parse_checksum,
    parse_concat,
    parse_number,
    progress_headers,
    read_chunk,
    read_creation,
    standing_headers,
)
from streaming.uploads.refusals import Refusal, human

NAMES = [
    "upload-length", "upload-defer-length", "upload-offset", "upload-metadata", "upload-checksum",
    "upload-concat", "content-type", "content-length", "transfer-encoding",
]  # fmt: skip
VALUES = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["1", "0", "partial", "final;/x/y", CHUNK_TYPE, "sha1 AA==", "chunked", "a YQ=="]),
    st.integers(-5, 10**20).map(str),
)


@given(st.dictionaries(st.sampled_from(NAMES), VALUES))
def test_any_headers_are_read_or_refused_in_a_sentence(headers: dict[str, str]) -> None:
    for read in (lambda: read_creation(headers, 1000), lambda: read_chunk(headers)):
        refusal: Refusal | None = None
        try:
            read()
        except Refusal as caught:
            refusal = caught
        assert refusal is None or refusal.status in (400, 403, 413, 415)
        assert refusal is None or refusal.sentence.endswith(".")


@given(st.integers(0, 10**18 - 1))
def test_numbers_are_read_back(number: int) -> None:
    assert parse_number("Upload-Length", str(number)) == number


@given(st.text())
def test_only_plain_digits_are_numbers(text: str) -> None:
    if not (text.strip().isascii() and text.strip().isdigit() and len(text.strip()) <= 18):
        with pytest.raises(Refusal):
            parse_number("Upload-Length", text)


@given(st.sampled_from(["sha1", "sha256", "md5"]), st.binary())
def test_checksums_are_read_back(algorithm: str, body: bytes) -> None:
    digest = hashlib.new(algorithm, body).digest()
    read = parse_checksum(f"{algorithm} {base64.b64encode(digest).decode()}")
    assert read is not None
    assert (read.algorithm, read.digest) == (algorithm, digest)


@given(st.text(max_size=60))
def test_any_concat_is_read_or_refused(text: str) -> None:
    try:
        kind, parts = parse_concat(text)
    except Refusal:
        return
    assert kind in ("partial", "final")
    assert (kind == "final") == bool(parts)
    assert not any("/" in part and not part.strip() for part in parts)


def test_concat_takes_whole_and_relative_addresses() -> None:
    assert parse_concat("final;https://a.b/files/x?y /files/z/") == ("final", ("x", "z"))
    assert parse_concat("partial") == ("partial", ())
    assert parse_concat(None) == ("whole", ())


@given(st.integers(0, 100), st.none() | st.integers(0, 100), st.integers(0, 120), st.integers(0, 120))
def test_a_chunk_is_taken_exactly_when_it_continues_and_fits(
    held: int, length: int | None, offset: int, size: int
) -> None:
    if length is not None and held > length:
        held = length
    standing, chunk = Standing(held, length), Chunk(offset, body_length=size)
    fits = offset == held and (length is None or offset + size <= length)
    if fits:
        assert decide_chunk(standing, chunk, 1000) == length
    else:
        with pytest.raises(Refusal) as refusal:
            decide_chunk(standing, chunk, 1000)
        assert refusal.value.status == (409 if offset != held else 413)


@given(st.integers(0, 100), st.integers(0, 1200))
def test_a_deferred_length_is_fixed_once_and_bounded(held: int, declared: int) -> None:
    chunk = Chunk(held, length=declared)
    if held <= declared <= 1000:
        assert decide_chunk(Standing(held, None), chunk, 1000) == declared
    else:
        with pytest.raises(Refusal):
            decide_chunk(Standing(held, None), chunk, 1000)
    if declared != 500:
        with pytest.raises(Refusal):
            decide_chunk(Standing(held, 500), chunk, 1000)


def test_a_standing_is_written_as_headers() -> None:
    at = datetime(2031, 5, 8, 12, tzinfo=UTC)
    headers = standing_headers(Standing(5, 10, "filename YQ==", "partial", "partial", at))
    assert headers == {
        "Upload-Offset": "5",
        "Upload-Length": "10",
        "Upload-Metadata": "filename YQ==",
        "Upload-Concat": "partial",
        "Upload-Expires": "Thu, 08 May 2031 12:00:00 GMT",
        "Cache-Control": "no-store",
    }
    assert progress_headers(Standing(10, 10, expires_at=at)) == {"Upload-Offset": "10"}


def test_only_an_override_that_says_something_counts() -> None:
    assert effective_method("post", None) == "POST"
    assert effective_method("POST", " ") == "POST"
    assert effective_method("POST", " patch ") == "PATCH"


@pytest.mark.parametrize(
    "refusal",
    [
        refusals.invalid("It is wrong."), refusals.no_such_upload(), refusals.gone("expired"),
        refusals.gone("terminated"), refusals.locked(3), refusals.interrupted(), refusals.stopping(),
        refusals.silent(60), refusals.wrong_offset(1, 2), refusals.checksum_mismatch(1),
        refusals.too_large(10), refusals.quota_exceeded(1, 2, 3), refusals.beyond_length(3),
        refusals.disk_full(1), refusals.disk_failed(1),
    ],
)  # fmt: skip
def test_every_refusal_says_what_happened_and_what_to_do(refusal: Refusal) -> None:
    problem = refusal.problem()
    assert str(problem["detail"]).endswith(".")
    assert str(problem["hint"]).endswith(".")
    assert problem["title"]
    assert problem["code"] == refusal.name


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 KB"), (50_000_000_000, "50 GB"), (2 * 10**12, "2 TB")],
)
def test_sizes_are_written_as_people_do(size: int, words: str) -> None:
    assert human(size) == words
