"""A server killed again and again while a film is sent: every byte arrives, and the film is handed over."""

import hashlib
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from streaming.cli.tus_client import TusClient, Uploaded
from streaming.errors import Fault
from streaming.uploads.ledger import Ledger
from tests.support.house import until

HERE = Path(__file__).parent
MB = 1 << 20
pytestmark = pytest.mark.e2e


class Server:
    """The real server on a folder; `kill` is kill -9 of all of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        argv = [sys.executable, str(HERE / "upload_house.py"), str(self.folder), str(self.port)]
        argv.append(str(os.getpid()))
        # A process group of its own: one signal reaches all of it at once, a child just being born too.
        self.process = subprocess.Popen(argv, cwd=HERE.parent.parent, start_new_session=True)
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                httpx.options(f"{self.url}/api/v1/uploads", trust_env=False)
            except httpx.TransportError:
                time.sleep(0.02)
            else:
                return
        raise AssertionError("the server did not start")

    def tree(self) -> list[psutil.Process]:
        assert self.process is not None
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

    def kill(self) -> None:
        if self.process is None:
            return
        tree = self.tree()
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        psutil.wait_procs(tree, timeout=30)
        self.process = None

    def memory(self) -> int:
        return sum(process.memory_info().rss for process in self.tree())


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    opened = Server(tmp_path_factory.mktemp("house"))
    yield opened
    opened.kill()


@pytest.fixture
def server(started: Server) -> Server:
    """A server that runs; one that a test has killed is started again."""
    if started.process is None:
        started.start()
    for entry in unfinished(started):
        address = f"{started.url}/api/v1/uploads/{entry['id']}"
        assert httpx.delete(address, headers={"Tus-Resumable": "1.0.0"}, trust_env=False).is_success
    return started


def unfinished(server: Server) -> list[dict[str, Any]]:
    """What the house says is unfinished."""
    found: list[dict[str, Any]] = httpx.get(f"{server.url}/api/v1/uploads", trust_env=False).json()
    return found


def make_film(path: Path, size: int) -> bytes:
    """Write a file of random bytes and give its SHA-256."""
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for _ in range(size // MB):
            block = os.urandom(MB)
            digest.update(block)
            file.write(block)
    return digest.digest()


def arrived(server: Server, url: str) -> bytes:
    path = server.folder / "uploads" / f"{url.rpartition('/')[2]}.bin"
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def acknowledged(server: Server, url: str, least: int) -> None:
    """Wait until as many bytes of an upload are acknowledged, as its ledger says."""
    ledger = Ledger(server.folder / "uploads" / f"{url.rpartition('/')[2]}.ack")
    until(lambda: ledger.read().offset >= least, f"{least} acknowledged bytes")


def test_ten_kills_lose_no_byte(server: Server, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    expected = make_film(film, 128 * MB)
    dice = random.Random(20310501)
    kills = 0
    moving = threading.Event()

    def slowly(_sent: int, _total: int) -> None:
        moving.set()
        if kills < 10:
            time.sleep(0.04)  # so that there is something left to kill

    def send() -> Uploaded:
        with TusClient(
            server.url, {}, state=tmp_path / "state", longest_wait=0.3, patience_seconds=300
        ) as client:
            return client.upload(film, title="Film", progress=slowly)

    # The server is started by the main thread only: it is bound to the life of the thread that starts it.
    with ThreadPoolExecutor(1) as thread:
        sending = thread.submit(send)
        for _ in range(10):
            assert moving.wait(60)
            assert not wait([sending], dice.uniform(0.02, 1.0)).done
            moving.clear()
            server.kill()
            kills += 1
            server.start()
        uploaded = sending.result(timeout=120)
    assert arrived(server, uploaded.url) == expected
    upload_id = uploaded.url.rpartition("/")[2]
    assert uploaded.title_id == f"ti_{upload_id[3:]}"
    assert upload_id in (server.folder / "finished.txt").read_text().split()
    assert unfinished(server) == []
    assert list((tmp_path / "state").iterdir()) == []


def test_a_plain_chunk_killed_half_way_keeps_what_was_acknowledged(server: Server, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    make_film(film, 96 * MB)
    content = film.read_bytes()
    tus = {"Tus-Resumable": "1.0.0"}
    with httpx.Client(headers=tus, trust_env=False, base_url=server.url) as http:
        made = http.post("/api/v1/uploads", headers={"Upload-Length": str(len(content))})
        url = made.headers["location"]
        given = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}

        def body() -> Iterator[bytes]:
            for start in range(0, 64 * MB, MB):
                yield content[start : start + MB]
            acknowledged(server, url, 64 * MB - 32 * MB)
            server.kill()
            yield content[64 * MB :]

        with pytest.raises(httpx.TransportError):
            http.patch(url, headers={**given, "Content-Length": str(len(content))}, content=body())
        server.start()
        offset = int(http.head(url).headers["upload-offset"])
        assert 64 * MB - 32 * MB <= offset <= len(content)
        given["Upload-Offset"] = str(offset)
        assert http.patch(url, headers=given, content=content[offset:]).status_code == 204
    assert arrived(server, url) == hashlib.sha256(content).digest()


def test_a_refused_chunk_is_answered_before_it_is_sent_whole(server: Server) -> None:
    tus = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}
    with httpx.Client(headers=tus, trust_env=False, base_url=server.url) as http:
        url = http.post("/api/v1/uploads", headers={"Upload-Length": str(64 * MB)}).headers["location"]
        answer = http.patch(url, headers={"Upload-Offset": "5"}, content=bytes(64 * MB))
        assert (answer.status_code, answer.json()["code"]) == (409, "wrong_offset")
        answer = http.patch(url, headers={"Upload-Offset": "0"}, content=bytes(8 * MB))
        assert answer.headers["upload-offset"] == str(8 * MB)


def test_an_upload_adds_a_few_megabytes_of_memory(server: Server, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    with film.open("wb") as file:
        file.truncate(768 * MB)
    with TusClient(server.url, {}, state=tmp_path / "state") as client:
        with pytest.raises(KeyboardInterrupt):
            client.upload(film, progress=lambda sent, _total: stop_at(sent, 32 * MB))
        before, peak = server.memory(), 0

        def watch(sent: int, _total: int) -> None:
            nonlocal peak
            if sent % (8 * MB) == 0:
                peak = max(peak, server.memory())

        uploaded = client.upload(film, progress=watch)
    assert uploaded.resumed_at > 0
    assert peak - before < 24 * MB


def stop_at(sent: int, limit: int) -> None:
    if sent > limit:
        raise KeyboardInterrupt


def test_a_house_that_stays_away_is_named_after_patience(tmp_path: Path, server: Server) -> None:
    film = tmp_path / "film.mp4"
    make_film(film, MB)
    server.kill()
    with (
        TusClient(server.url, {}, state=tmp_path / "state", patience_seconds=0.5, longest_wait=0.1) as client,
        pytest.raises(Fault, match="does not answer"),
    ):
        client.upload(film)


def test_a_second_machine_goes_on_where_the_first_stopped(server: Server, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    expected = make_film(film, 40 * MB)
    with TusClient(server.url, {}, state=tmp_path / "first") as client, pytest.raises(KeyboardInterrupt):
        client.upload(film, progress=lambda sent, _total: stop_at(sent, 20 * MB))
    remembered = [path.read_text() for path in (tmp_path / "first").iterdir()]
    assert len(remembered) == 1
    with TusClient(server.url, {}, state=tmp_path / "second") as client:
        uploaded = client.upload(film)
    assert uploaded.url in remembered[0]
    assert uploaded.resumed_at >= 8 * MB
    assert arrived(server, uploaded.url) == expected


def test_an_upload_that_is_gone_begins_anew(server: Server, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    expected = make_film(film, 24 * MB)
    with TusClient(server.url, {}, state=tmp_path / "state") as client:
        with pytest.raises(KeyboardInterrupt):
            client.upload(film, progress=lambda sent, _total: stop_at(sent, 10 * MB))
        address = f"{server.url}/api/v1/uploads/{unfinished(server)[0]['id']}"
        assert httpx.delete(address, headers={"Tus-Resumable": "1.0.0"}, trust_env=False).is_success
        uploaded = client.upload(film)
    assert uploaded.url != address
    assert uploaded.resumed_at == 0
    assert arrived(server, uploaded.url) == expected


def test_refusals_reach_the_person_in_the_words_of_the_house(server: Server, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    with film.open("wb") as file:
        file.truncate(20_000_000_001)
    with TusClient(server.url, {}, state=tmp_path / "state") as client:
        with pytest.raises(Fault, match="at most 20 GB") as refusal:
            client.upload(film)
        assert (refusal.value.name, bool(refusal.value.hint)) == ("upload_too_large", True)
        with pytest.raises(Fault, match="cannot be read"):
            client.upload(tmp_path / "nothing.mp4")
        with pytest.raises(Fault, match="not a file"):
            client.upload(tmp_path)
        film.write_bytes(b"")
        assert client.upload(film).length == 0


def test_a_film_that_changes_while_it_is_sent_is_refused(server: Server, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    make_film(film, 2 * MB)

    def change(sent: int, _total: int) -> None:
        if sent == 2 * MB:
            os.utime(film, (1, 1))

    with (
        TusClient(server.url, {}, state=tmp_path / "state") as client,
        pytest.raises(Fault, match="changed while it was being sent"),
    ):
        client.upload(film, progress=change)
