"""An upload through tus into a real house against a plain copy with fsync of the same file."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx

from streaming.cli.tus_client import TusClient
from tests.bench.context import Bench
from tests.bench.processes import TIED
from tests.bench.rounds import Figure
from tests.support.house import House, running, wait_for_title

PIECE = 1 << 20
HOW = (
    "{size} of random bytes on the same disk, in seconds. The peer is `dd bs=1M conv=fsync`. The house is "
    "`matinee serve` as a person starts it; time runs from the creation to the answer that says that every "
    "byte is on disk. {client}"
)


def measure(bench: Bench) -> list[Figure]:
    """Measure one long PATCH, and the client of `matinee publish`."""
    folder = bench.place("uploads")
    room = shutil.disk_usage(folder).free
    megabytes = min(512 if bench.quick else 1024, room // 4 >> 20)
    source = folder / "source.bin"
    with source.open("wb") as file:
        for _ in range(megabytes):
            file.write(os.urandom(PIECE))
        file.flush()
        os.fsync(file.fileno())
    with running(folder / "data") as house:
        token = house.add_user("ana", "creator")
        sides = {
            "patch": lambda _: _sent(house, token, lambda: _patch(house, token, source)),
            "copy": lambda _: _copy(source, folder / "copy.bin"),
            "publish": lambda _: _sent(house, token, lambda: _publish(house, token, source, folder)),
        }
        found = bench.interleave(sides)
    size = f"{megabytes} MiB"
    source.unlink()
    clients = {
        "patch": (
            "Upload in one PATCH",
            "It sends the file in one PATCH, without checksums.",
        ),
        "publish": (
            "Upload with `matinee publish`",
            "It is the command's own client: many PATCHes, each with a SHA-256 checksum made on the same "
            "two cores.",
        ),
    }
    return [
        Figure(
            name=name,
            unit="s",
            ours_name="tus",
            peer_name="dd with fsync",
            ours=found[side],
            peers=found["copy"],
            how=HOW.format(size=size, client=client),
        )
        for side, (name, client) in clients.items()
    ]


def _copy(source: Path, target: Path) -> float:
    begun = time.perf_counter()
    argv = [*TIED, "dd", f"if={source}", f"of={target}", "bs=1M", "conv=fsync", "status=none"]
    subprocess.run(argv, check=True, timeout=300)
    took = time.perf_counter() - begun
    target.unlink()
    return took


def _sent(house: House, token: str, send: Callable[[], str]) -> float:
    """Time one upload, then wait until the house has seen that it is no film, and forget it."""
    begun = time.perf_counter()
    title = send()
    took = time.perf_counter() - begun
    with house.client(token) as client:
        wait_for_title(client, title, "failed", seconds=60)
        client.delete(f"/api/v1/titles/{title}").raise_for_status()
    return took


def create(client: httpx.Client, name: str, size: int) -> tuple[str, str]:
    """Create an upload; gives its address and its title's id."""
    metadata = "filename ZmlsbS5tcDQ="
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(size), "Upload-Metadata": metadata}
    answer = client.post("/api/v1/uploads", headers=headers)
    answer.raise_for_status()
    return answer.headers["location"], answer.headers["matinee-title"]


def patch(client: httpx.Client, address: str, path: Path, offset: int, end: int) -> None:
    """Send the bytes `offset` up to `end` in one PATCH."""
    headers = {
        "Tus-Resumable": "1.0.0",
        "Upload-Offset": str(offset),
        "Content-Type": "application/offset+octet-stream",
        "Content-Length": str(end - offset),
    }

    def body() -> Iterator[bytes]:
        with path.open("rb", buffering=0) as file:
            file.seek(offset)
            left = end - offset
            while left > 0:
                piece = file.read(min(PIECE, left))
                left -= len(piece)
                yield piece

    client.patch(address, headers=headers, content=body(), timeout=300).raise_for_status()


def _patch(house: House, token: str, source: Path) -> str:
    with house.client(token) as client:
        size = source.stat().st_size
        address, title = create(client, source.name, size)
        patch(client, address, source, 0, size)
        return title


def _publish(house: House, token: str, source: Path, folder: Path) -> str:
    with TusClient(house.url, {"Authorization": f"Bearer {token}"}, state=folder / "state") as client:
        title = client.upload(source).title_id
    assert title is not None
    return title
