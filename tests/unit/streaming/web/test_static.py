"""Styles and scripts travel packed, are kept as long as they are true, and come whole where that is asked."""

import gzip
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from streaming.web.static import FOREVER, StaticAssets

SCRIPT = b"export const film = 1;\n" * 500


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    (tmp_path / "built").mkdir()
    (tmp_path / "built" / "watch-ABC.js").write_bytes(SCRIPT)
    (tmp_path / "poster.jpg").write_bytes(b"picture" * 500)
    (tmp_path / "watch.speculationrules").write_text("{}")
    return TestClient(StaticAssets(tmp_path), headers={"accept-encoding": "gzip, br"})


def raw(client: TestClient, path: str, **headers: str) -> tuple[bytes, dict[str, str]]:
    with client.stream("GET", path, headers=headers) as answer:
        return b"".join(answer.iter_raw()), dict(answer.headers)


def test_a_script_is_packed_and_kept_for_good(client: TestClient) -> None:
    body, headers = raw(client, "/built/watch-ABC.js")
    assert gzip.decompress(body) == SCRIPT
    assert len(body) < len(SCRIPT) / 3
    assert headers["content-encoding"] == "gzip"
    assert headers["content-type"].startswith("text/javascript")
    assert headers["cache-control"] == FOREVER
    assert headers["vary"] == "Accept-Encoding"


def test_who_takes_it_whole_gets_it_whole_and_caches_tell_the_two_apart(client: TestClient) -> None:
    body, headers = raw(client, "/built/watch-ABC.js", **{"accept-encoding": "identity"})
    assert body == SCRIPT
    assert "content-encoding" not in headers
    assert headers["vary"] == "Accept-Encoding"
    assert headers["etag"] != raw(client, "/built/watch-ABC.js")[1]["etag"]


def test_a_part_is_a_part_of_the_whole(client: TestClient) -> None:
    body, headers = raw(client, "/built/watch-ABC.js", range="bytes=0-5")
    assert (body, headers.get("content-encoding")) == (SCRIPT[:6], None)


def test_what_is_in_the_cache_is_not_sent_again(client: TestClient) -> None:
    tag = raw(client, "/built/watch-ABC.js")[1]["etag"]
    assert client.get("/built/watch-ABC.js", headers={"if-none-match": tag}).status_code == 304


def test_a_changed_file_is_packed_anew(client: TestClient, tmp_path: Path) -> None:
    raw(client, "/built/watch-ABC.js")
    (tmp_path / "built" / "watch-ABC.js").write_bytes(b"other")
    assert gzip.decompress(raw(client, "/built/watch-ABC.js")[0]) == b"other"


def test_a_picture_travels_as_it_is(client: TestClient) -> None:
    assert "content-encoding" not in raw(client, "/poster.jpg")[1]


def test_rules_for_fetching_ahead_are_what_browsers_take_for_such(client: TestClient) -> None:
    answer = client.get("/watch.speculationrules")
    assert answer.headers["content-type"].startswith("application/speculationrules+json")
