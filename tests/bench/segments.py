"""Authorised segments: the house's own door against nginx, and against the same door on uvicorn."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.bench.context import SERVER_CORE, Bench, core
from tests.bench.load import drain, wrk
from tests.bench.nginx import nginx
from tests.bench.processes import cpu_seconds, server
from tests.bench.rounds import Aim, Figure, Side
from tests.bench.stage import Stage, build_stage

SIZES = (("2 MiB", 2 << 20, 48), ("300 kB", 300_000, 200))
OURS, NGINX, UVICORN = "Granian", "nginx", "uvicorn"
CONNECTIONS = 32
HOW = (
    "{label} objects of the store, all in the page cache. The house (whole application, the signed address "
    "checked for every request, `pathsend`) runs as one Granian worker, as `matinee serve` starts it; nginx "
    "has one process with `sendfile on` and `tcp_nopush on`. Each server has one core, the client the other: "
    "`wrk` over {connections} kept-alive connections, which reads every byte as a client does, {seconds:.0f} "
    "s a side and round, over loopback."
)
DISCARDED = (
    "The same servers and files, but the client discards every body inside the kernel (`MSG_TRUNC`), so that "
    "nothing but the server's own core is the limit. No client in the world is like that; it shows what is "
    "left of the core."
)


@dataclass
class _Server:
    port: int
    process: psutil.Process
    requests: Path
    size: int
    cost: list[float]

    def reading(self, seconds: float) -> Side:
        """Give the side for a client that reads what it gets: MB a second."""
        address = f"http://127.0.0.1:{self.port}"
        return lambda _: wrk(address, self.requests, seconds, connections=CONNECTIONS).rate * self.size / 1e6

    def discarding(self, seconds: float) -> Side:
        """Give the side for a client that costs next to nothing; notes the processor time of each GB."""

        def side(number: int) -> float:
            before = cpu_seconds(self.process)
            told = drain(self.port, self.requests, seconds, connections=CONNECTIONS)
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
            figures += _size(bench, stage, folder, label, size, names)
    finally:
        stage.close()
    return figures


def _size(bench: Bench, stage: Stage, folder: Path, label: str, size: int, names: list[str]) -> list[Figure]:
    signed, environment = stage.signed(), stage.environment
    place = bench.place(f"segments/{label.replace(' ', '')}")
    with ExitStack() as stack:
        servers: dict[str, _Server] = {}

        def add(name: str, prefix: str, started: tuple[int, psutil.Process]) -> None:
            requests = place / f"{name}.txt"
            requests.write_text("".join(f"{prefix}/{one}\n" for one in names), "utf-8")
            servers[name] = _Server(*started, requests, size, [])

        for name, kind in ((OURS, "granian"), (UVICORN, "uvicorn")):
            opened = server(kind, "house", core(SERVER_CORE), place / f"{kind}.log", **environment)
            add(name, signed, stack.enter_context(opened))
        add(NGINX, "", stack.enter_context(nginx(folder / "data/objects", place, core(SERVER_CORE))))
        bench.tell(f"{label}: three servers")
        sides = {name: one.reading(bench.seconds) for name, one in servers.items()}
        for name in (OURS, NGINX):
            sides[f"{name} discarded"] = servers[name].discarding(bench.seconds)
        found = bench.interleave(sides)
    costs = {name: tuple(one.cost) for name, one in servers.items()}
    return _figures(label, found, costs, bench.seconds)


def _figures(
    label: str, found: dict[str, tuple[float, ...]], costs: dict[str, tuple[float, ...]], seconds: float
) -> list[Figure]:
    door, aim = "Granian and the doors", Aim(0.95, most=False)
    return [
        Figure(
            name=f"Segments of {label}, to nginx sendfile",
            unit="MB/s",
            ours_name=door,
            peer_name="nginx",
            ours=found[OURS],
            peers=found[NGINX],
            aim=aim,
            how=HOW.format(label=label, connections=CONNECTIONS, seconds=seconds),
        ),
        Figure(
            name=f"Segments of {label}, to nginx sendfile, bodies discarded",
            unit="MB/s",
            ours_name=door,
            peer_name="nginx",
            ours=found[f"{OURS} discarded"],
            peers=found[f"{NGINX} discarded"],
            aim=aim,
            how=DISCARDED,
        ),
        Figure(
            name=f"Processor time for segments of {label}",
            unit="s/GB",
            ours_name=door,
            peer_name="nginx",
            ours=costs[OURS],
            peers=costs[NGINX],
            how="From the rounds with bodies discarded: user and system time of all of the server's "
            "processes for each GB sent.",
        ),
        Figure(
            name=f"Segments of {label}, to the same route on uvicorn",
            unit="MB/s",
            ours_name=door,
            peer_name="uvicorn and the same doors",
            ours=found[OURS],
            peers=found[UVICORN],
            how="From the rounds with `wrk`. uvicorn (asyncio and h11, one process) knows no `pathsend`, so "
            "the door reads the file in a thread and passes it on in pieces.",
        ),
    ]
