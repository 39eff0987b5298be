"""Bytes a second of the segment cipher against `openssl speed` on buffers of the same size."""

import os
import re
import subprocess
import time

from tests.bench.context import LOAD_CORE, Bench, core
from tests.bench.processes import TIED, pinned
from tests.bench.rounds import Aim, Figure, Side
from transcoder.keys.encrypt import encrypt_segment
from transcoder.keys.secret import SecretBytes

SIZES = (("300 kB", 300_000), ("2 MiB", 2 << 20))
OPENSSL = re.compile(r"^AES-128-CBC\s+([0-9.]+)k\s*$", re.MULTILINE | re.IGNORECASE)


def measure(bench: Bench) -> list[Figure]:
    """Measure two sizes of segments, one thread, both sides on the same core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core(LOAD_CORE)})
    try:
        return [_size(bench, label, size) for label, size in SIZES]
    finally:
        os.sched_setaffinity(0, before)


def _size(bench: Bench, label: str, size: int) -> Figure:
    bench.tell(f"segments of {label}")
    seconds = 1
    found = bench.interleave({"ours": _ours(size, seconds), "openssl": _openssl(size, seconds)})
    return Figure(
        name=f"Encryption of {label} segments",
        unit="MB/s",
        ours_name="transcoder.keys.encrypt",
        peer_name="openssl speed",
        ours=found["ours"],
        peers=found["openssl"],
        aim=Aim(0.9, most=False),
        how=f"`encrypt_segment` as the transcoder calls it (AES-128-CBC, PKCS#7, a new buffer for every "
        f"segment, key and IV set up each time) against `openssl speed -evp aes-128-cbc -bytes {size}`, "
        f"which encrypts one warm buffer in place; one thread, the same core, counted in processor time "
        f"({seconds} s a side and round).",
    )


def _ours(size: int, seconds: float) -> Side:
    clear, key = bytearray(os.urandom(size)), SecretBytes(os.urandom(16))

    def side(_: int) -> float:
        count, begun = 0, time.process_time()
        while (took := time.process_time() - begun) < seconds:
            encrypt_segment(clear, key, count)
            count += 1
        return count * size / took / 1e6

    return side


def _openssl(size: int, seconds: int) -> Side:
    argv = [*TIED, *pinned(core(LOAD_CORE)), "openssl", "speed", "-seconds", str(seconds)]
    argv += ["-bytes", str(size), "-evp", "aes-128-cbc"]

    def side(_: int) -> float:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True)
        return read_speed(done.stdout)

    return side


def read_speed(told: str) -> float:
    """Read MB a second from what `openssl speed` prints. Raises ValueError."""
    found = OPENSSL.search(told)
    if found is None:
        raise ValueError(f"openssl speed printed something else: {told[-300:]}")
    return float(found[1]) / 1000
