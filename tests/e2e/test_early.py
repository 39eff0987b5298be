"""A film is begun while it is uploaded to a real server: killed, cancelled, and playable at its end."""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.media.films import counted, read_numbers
from tests.support.house import House, running, until, wait_for_title
from tests.support.native import address, play_to_file

pytestmark = pytest.mark.e2e
TUS = {"Tus-Resumable": "1.0.0"}
FRAMES = 500
MOST = 0.85
"""So much of the film that all but its end is here."""


@dataclass
class Sent:
    """An upload in pieces, by hand."""

    house: House
    token: str
    data: bytes
    url: str = ""
    title: str = ""
    offset: int = 0

    def begin(self, name: str) -> "Sent":
        told = {"Upload-Length": str(len(self.data)), "Upload-Metadata": f"filename {b64(name)}"}
        with self.house.client(self.token) as client:
            made = client.post("/api/v1/uploads", headers={**TUS, **told}).raise_for_status()
            self.url = httpx.URL(made.headers["Location"]).path
            listed = client.get("/api/v1/titles", params={"scope": "mine"}).raise_for_status().json()
        self.title = listed["items"][0]["id"]
        return self

    def send(self, share: float) -> None:
        """Send what is missing up to a share of the film, wherever the server says it stands."""
        with self.house.client(self.token) as client:
            told = client.head(self.url, headers=TUS).raise_for_status()
            self.offset = int(told.headers["Upload-Offset"])
            piece = self.data[self.offset : int(len(self.data) * share)]
            words = {"Upload-Offset": str(self.offset), "Content-Type": "application/offset+octet-stream"}
            client.patch(self.url, headers={**TUS, **words}, content=piece).raise_for_status()

    def show(self) -> dict[str, Any]:
        with self.house.client(self.token) as client:
            found: dict[str, Any] = client.get(f"/api/v1/titles/{self.title}").raise_for_status().json()
            return found

    def prepared(self, seconds: float) -> None:
        """Wait until so much of it is made, and nothing of it is shown."""

        def look() -> bool:
            found = self.show()
            assert (found["state"], found["progress"]["playable_s"]) == ("uploading", 0)
            assert found["renditions"] == []
            return bool(found["progress"]["prepared_s"] >= seconds)

        until(look, f"{seconds} s of a film that arrives; the house says: {self.house.said()}")

    def studio(self) -> str:
        with self.house.client(self.token) as client:
            return client.get("/studio").raise_for_status().text

    def ready(self) -> None:
        with self.house.client(self.token) as client:
            wait_for_title(client, self.title, "ready")

    def objects(self) -> list[Path]:
        folder = self.house.data / "objects" / self.title
        return [path for path in folder.rglob("*") if path.is_file()]


def b64(text: str) -> str:
    return b64encode(text.encode()).decode()


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    words = ("-c:v", "mpeg4", "-q:v", "3", "-movflags", "+faststart")
    return counted(tmp_path_factory.mktemp("films"), Fraction(25), FRAMES, extra=words, name="early")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, str]]:
    with running(tmp_path_factory.mktemp("early") / "data") as house:
        yield house, house.add_user("ana", "creator")


@pytest.fixture
def sent(opened: tuple[House, str], film: Path) -> Sent:
    house, token = opened
    return Sent(house, token, film.read_bytes()).begin(film.name)


def worker_at(house: House) -> psutil.Process:
    """The worker whose ffmpeg or ffprobe reads a film that still arrives."""

    def look() -> psutil.Process | None:
        for process in house.tree():
            try:
                if any(word.startswith("subfile,") for word in process.cmdline()):
                    return next(
                        (one for one in process.parents() if "worker" in " ".join(one.cmdline())), None
                    )
            except psutil.NoSuchProcess:
                continue
        return None

    return until(look, "a film read while it arrives", every=0.001)


def test_it_plays_the_moment_it_is_here_with_every_frame_once(sent: Sent, tmp_path: Path) -> None:
    sent.send(0.4)
    sent.prepared(2)
    with sent.house.client(sent.token) as client:
        refused = client.post(f"/api/v1/titles/{sent.title}/playback", json={})
    assert refused.json()["code"] == "not_playable_yet"
    sent.send(MOST)
    sent.prepared(8)
    assert "0:08 of it is prepared" in sent.studio()
    told = sent.house.run("title", "show", sent.title, token=sent.token)
    assert "0:08, plays as soon as the upload is complete" in told.stdout
    begun = set(sent.objects())
    sent.send(1)
    sent.ready()
    assert begun <= set(sent.objects()), "what was begun is kept"
    played = play_to_file("ffmpeg", address(sent.house, sent.token, sent.title), tmp_path / "played.mkv")
    assert read_numbers(played) == list(range(FRAMES))


def test_killed_while_it_is_begun_it_is_whole_all_the_same(sent: Sent, tmp_path: Path) -> None:
    sent.send(MOST)
    worker_at(sent.house).kill()
    sent.prepared(2)
    sent.house.kill()
    sent.house.start()
    sent.prepared(8)
    sent.send(1)
    sent.ready()
    played = play_to_file("ffmpeg", address(sent.house, sent.token, sent.title), tmp_path / "played.mkv")
    assert read_numbers(played) == list(range(FRAMES))


def test_a_cancelled_upload_leaves_nothing(sent: Sent) -> None:
    sent.send(MOST)
    sent.prepared(2)
    assert sent.objects()
    with sent.house.client(sent.token) as client:
        assert client.delete(sent.url, headers=TUS).status_code == 204
        assert client.get(f"/api/v1/titles/{sent.title}").status_code == 404

    def is_quiet() -> bool:
        words = [word for process in sent.house.tree() for word in process.cmdline()]
        return not any(word.startswith("subfile,") for word in words)

    until(is_quiet, "the end of what was begun")
    until(lambda: not sent.objects(), "an empty folder")
