"""A hundred browsers press Watch at once, at four server processes: a link for one play admits one."""

import os
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Barrier

import httpx
import pytest

from tests.support.house import House, running, until

pytestmark = pytest.mark.e2e
BROWSERS = 100
TUS = {"Tus-Resumable": "1.0.0", "Upload-Length": "10", "Upload-Metadata": "filename ZmlsbS5tcDQ="}


@contextmanager
def one_more_server(house: House) -> Iterator[str]:
    """A further web process on the house's data folder; gives its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "streaming.cli.web_process", str(os.getpid()), str(listener.fileno())],
        pass_fds=(listener.fileno(),),
        env=house.environment(MATINEE_PORT=str(port)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    listener.close()
    address = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            return httpx.get(f"{address}/login", timeout=2, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    try:
        until(answers, "an answer of another web process")
        yield address
    finally:
        server.terminate()
        server.wait(20)


def test_a_hundred_at_once_take_one_play(tmp_path: Path) -> None:
    with running(tmp_path / "data") as house, ExitStack() as more:
        addresses = [house.url, *(more.enter_context(one_more_server(house)) for _ in range(3))]
        token = house.add_user("ana", "creator")
        with house.client(token) as ana:
            title = ana.post("/api/v1/uploads", headers=TUS).raise_for_status().headers["matinee-title"]
            made = ana.post(f"/api/v1/titles/{title}/licences", json={"link": True, "max_plays": 1}).json()
            told = redeem_at_once(made["link_url"].rsplit("/", 1)[1], addresses)
            kept = ana.get(f"/api/v1/licences/{made['id']}/link").json()
    assert told == {"in": 1, "link_used_up": BROWSERS - 1}
    assert (kept["link"]["plays"], len(kept["items"])) == (1, 1)


def redeem_at_once(link: str, addresses: list[str]) -> Counter[str]:
    """Let each browser knock when all stand at the door; counts what they were told."""
    together = Barrier(BROWSERS)

    def knock(number: int) -> str:
        with httpx.Client(base_url=addresses[number % 4], verify=False, trust_env=False, timeout=60) as one:
            one.get("/login")
            together.wait(60)
            answer = one.post(f"/l/{link}/enter", json={})
            inside = answer.status_code == 200 and "matinee_guest" in answer.cookies
            return "in" if inside else str(answer.json()["code"])

    with ThreadPoolExecutor(BROWSERS) as crowd:
        return Counter(crowd.map(knock, range(BROWSERS)))
