"""`matinee demo`: a house with three films, a creator and a viewer, ready to look at."""

import ipaddress
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import httpx

from streaming.accounts.principal import Role
from streaming.cli.accounts import ensure_account, issue_token
from streaming.cli.client import Client
from streaming.cli.publish import upload, wait_until_published
from streaming.cli.samples import SAMPLES, Sample, paint
from streaming.cli.supervisor import CannotStart, require_free_port, say
from streaming.cli.titles import all_titles
from streaming.errors import Fault
from streaming.settings import Settings
from streaming.wiring import open_services
from transcoder.keys.secret import SecretBytes
from transcoder.standalone.output import err, out, plain

CREATOR, VIEWER = "ana", "ben"
# The demo's passwords are printed on purpose: they guard three generated films on a loopback address.
PASSWORDS = {CREATOR: "northern-room", VIEWER: "quiet-population"}
READY_SECONDS = 60.0


class Interrupted(Exception):
    """Ctrl-C, or a request to end."""


def run_demo(settings: Settings) -> int:
    """Start the house, fill it if it is empty, say where it is, and wait for Ctrl-C; gives the exit code."""
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, _interrupt)
    try:
        require_loopback(settings.host)
        require_free_port(settings.host, settings.port)  # or another house would answer in this one's place
        with _house() as house:
            if not _wait_until_ready(house, settings):
                return house.wait() or 1
            _fill(settings)
            _welcome(settings)
            return house.wait()
    except Interrupted:
        return 0
    except CannotStart as reason:
        say(str(reason))
        return 1


def require_loopback(host: str) -> None:
    """Raise `CannotStart` where others could log in with the demo's passwords, which everybody knows."""
    if host == "localhost":
        return
    try:
        if ipaddress.ip_address(host).is_loopback:
            return
    except ValueError:
        pass  # a name that may mean anything
    raise CannotStart(
        f"The demo's passwords are no secret, so it does not listen on {host}. "
        "Leave MATINEE_HOST out, or start a house of your own with “matinee serve”."
    )


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise Interrupted


@contextmanager
def _house() -> Iterator[subprocess.Popen[bytes]]:
    """Run the supervisor as a child in a session of its own; end it cleanly whatever happens here."""
    house = subprocess.Popen(
        [sys.executable, "-m", "streaming.cli.supervisor"], stdin=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield house
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        house.terminate()
        house.wait()


def _wait_until_ready(house: subprocess.Popen[bytes], settings: Settings) -> bool:
    deadline = time.monotonic() + READY_SECONDS
    while house.poll() is None and time.monotonic() < deadline:
        try:
            if httpx.get(f"{_address(settings)}/healthz", timeout=2, trust_env=False).status_code == 200:
                return True
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    return False


def _address(settings: Settings) -> str:
    return f"http://{settings.host}:{settings.port}"


def _fill(settings: Settings) -> None:
    """Make what is missing: accounts, films, and the viewer's licences."""
    with open_services(settings) as services:
        for name, role in ((CREATOR, Role.CREATOR), (VIEWER, Role.VIEWER)):
            ensure_account(services, name, role, SecretBytes(PASSWORDS[name].encode()))
    marker = settings.data / "demo-filled"
    if marker.exists():
        return
    client = Client(_address(settings), issue_token(settings, CREATOR, "demo"))
    here = {title["name"]: title for title in all_titles(client, "mine")}
    for number, sample in enumerate(SAMPLES, 1):
        if sample.title not in here:
            err.print(f"“{sample.title}” ({number} of {len(SAMPLES)}): painting it, which happens once…")
            _publish(client, sample, paint(sample, settings.data / "samples"))
    _license(client)
    marker.touch()


def _publish(client: Client, sample: Sample, file: Path) -> None:
    title_id = upload(client, file, sample.title, quiet=False)
    client.call("PATCH", f"/titles/{title_id}", {"description": sample.description})
    wait_until_published(client, title_id, quiet=False)


def _license(client: Client) -> None:
    """Let the viewer watch every film for a week, 48 hours from the first play."""
    for title in all_titles(client, "mine"):
        try:
            body = {
                "to": VIEWER,
                "rental_s": 7 * 86_400,
                "playback_s": 48 * 3600,
                "tier": "hd",
                "max_streams": 2,
            }
            client.call("POST", f"/titles/{title['id']}/licences", body)
        except Fault as fault:
            err.print(plain(fault.sentence))


def _welcome(settings: Settings) -> None:
    out.print()
    out.print(f"  Matinee is open on [bold]{_address(settings)}[/bold]")
    out.print()
    out.print(f"  creator   name [bold]{CREATOR}[/bold]   password [bold]{PASSWORDS[CREATOR]}[/bold]")
    out.print(f"  viewer    name [bold]{VIEWER}[/bold]   password [bold]{PASSWORDS[VIEWER]}[/bold]")
    out.print()
    out.print("  Ctrl-C stops it; the next start takes seconds.")
    out.print()
