"""Authorised segments: the house's own door against nginx, and against the same door on uvicorn."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.bench.context import SERVER_CORE, Bench, core
from tests.bench.load import drain
from tests.bench.nginx import nginx
from tests.bench.processes import cpu_seconds, server
from tests.bench.rounds import Aim, Figure, Side
from tests.bench.stage import build_stage

SIZES = (("2 MiB", 2 << 20, 48), ("300 kB", 300_000, 200))
OURS, NGINX, UVICORN = "Granian", "nginx", "uvicorn"
HOW = (
    "{label} objects of the store, all in the page cache. The house (whole application, the signed address "
    "checked for every request, `pathsend`) runs as one Granian worker, as `matinee serve` starts it; "
    "{peer}. Each server has one core, the client the other: eight kept-alive connections that discard "
    "bodies in the kernel, {seconds:.0f} s a side and round, over loopback."
)


@dataclass
class _Server:
    port: int
    process: psutil.Process
    requests: Path
    cost: list[float]

    def load(self, seconds: float) -> Side:
        """Give the side: bytes a second in MB; notes the processor time that each GB cost."""

        def side(number: int) -> float:
            before = cpu_seconds(self.process)
            told = drain(self.port, self.requests, seconds)
            if number >= 0:
                self.cost.append((cpu_seconds(self.process) - before) / (told.octets / 1e9))
            return told.octets / told.seconds / 1e6

        return side


def measure(bench: Bench) -> list[Figure]:
    """Measure both sizes on three servers."""
    figures: list[Figure] = []
    folder = bench.place("segments")
    stage = build_stage(folder / "data")
    try:
        for label, size, count in SIZES:
            names = stage.files(count, size)
            figures += _size(bench, stage.signed(), stage.environment, folder, label, names)
    finally:
        stage.close()
    return figures


def _size(
    bench: Bench, signed: str, environment: dict[str, str], folder: Path, label: str, names: list[str]
) -> list[Figure]:
    place = bench.place(f"segments/{label.replace(' ', '')}")
    with ExitStack() as stack:
        servers: dict[str, _Server] = {}

        def add(name: str, prefix: str, start: Callable[[], tuple[int, psutil.Process]]) -> None:
            requests = place / f"{name}.txt"
            requests.write_text("\n".join(f"{prefix}/{one}" for one in names), "utf-8")
            servers[name] = _Server(*start(), requests, [])

        for name, kind in ((OURS, "granian"), (UVICORN, "uvicorn")):
            opened = server(kind, "house", core(SERVER_CORE), place / f"{kind}.log", **environment)
            add(name, signed, lambda opened=opened: stack.enter_context(opened))  # type: ignore[misc]
        add(NGINX, "", lambda: stack.enter_context(nginx(folder / "data/objects", place, core(SERVER_CORE))))
        bench.tell(f"{label}: three servers")
        found = bench.interleave({name: one.load(bench.seconds) for name, one in servers.items()})
    return [
        Figure(
            name=f"Segments of {label}, Granian to nginx sendfile",
            unit="MB/s",
            ours_name="Granian and the doors",
            peer_name="nginx",
            ours=found[OURS],
            peers=found[NGINX],
            aim=Aim(0.95, most=False),
            how=HOW.format(label=label, peer="nginx has one process", seconds=bench.seconds),
        ),
        Figure(
            name=f"Segments of {label}, Granian to uvicorn",
            unit="MB/s",
            ours_name="Granian and the doors",
            peer_name="uvicorn and the same doors",
            ours=found[OURS],
            peers=found[UVICORN],
            how="From the same rounds. uvicorn (asyncio and h11, one process) knows no `pathsend`, so the "
            "door reads the file in a thread and passes it on in pieces.",
        ),
        Figure(
            name=f"Processor time for segments of {label}",
            unit="s/GB",
            ours_name="Granian and the doors",
            peer_name="nginx",
            ours=tuple(servers[OURS].cost),
            peers=tuple(servers[NGINX].cost),
            how="From the same rounds: user and system time of all of the server's processes for each GB "
            "sent.",
        ),
    ]
