"""`matinee publish`: hands a film in, and waits until it plays if asked to."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from streaming.catalogue.values import Protection
from streaming.cli.client import Client
from streaming.cli.titles import AsJson, ProtectionOption
from streaming.cli.tus_client import TusClient
from streaming.errors import Code, Fault
from transcoder.standalone.output import err, out, plain, print_json

POLL_SECONDS = 0.5
STAGES = {
    "uploading": "Uploading",
    "queued": "Waiting for its turn",
    "probing": "Looking at the file",
    "planning": "Planning the qualities",
    "encoding": "Encoding",
    "verifying": "Checking every piece",
    "done": "Ready",
}


def register(app: typer.Typer) -> None:
    """Hang the command on `app`."""
    app.command()(publish)


def publish(
    film: Annotated[Path, typer.Argument(help="The film's file.", metavar="FILM")],
    title: Annotated[str | None, typer.Option("--title", help="Its name; else the file's.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the film is published.")] = False,
    protection: ProtectionOption = None,
    as_json: AsJson = False,
) -> None:
    """Upload a film. Cut off? Run the same command again: it goes on where it stopped."""
    client = Client.from_environment()
    title_id = upload(client, film, title, quiet=as_json, protection=protection)
    if wait:
        wait_until_published(client, title_id, quiet=as_json)
    found = client.call("GET", f"/titles/{title_id}")
    if as_json:
        return print_json(found)
    said = "is published" if wait else "is handed in; it plays as soon as its first seconds are encoded"
    out.print(f"“{plain(found['name'])}” {said}.", soft_wrap=True)
    out.print(f"{title_id}  {client.url}/t/{title_id}", soft_wrap=True)
    return None


def upload(
    client: Client,
    film: Path,
    title: str | None,
    *,
    quiet: bool,
    remakes: str | None = None,
    protection: Protection | None = None,
) -> str:
    """Send the file with a bar that shows bytes, speed and time left; gives the title's id."""
    if not film.is_file():
        raise Fault(Code.INVALID, f"There is no file {film}.", "Check the path.", name="no_file")
    with Progress(
        TextColumn("Uploading"),
        BarColumn(),
        TaskProgressColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=err,
        disable=quiet,
    ) as bar:
        task = bar.add_task("upload", total=film.stat().st_size)
        sent = TusClient(client.url, client.headers).upload(
            film,
            title=title,
            remakes=remakes,
            protection=protection.value if protection else None,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    if sent.title_id is None:
        raise NotPublished(
            Code.INTERNAL, "The house took the file but made no title of it.", name="not_published"
        )
    return sent.title_id


def wait_until_published(client: Client, title_id: str, *, quiet: bool) -> None:
    """Follow the encoding until the title is ready. Raises `NotPublished` if it fails."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[left]}"),
        console=err,
        disable=quiet,
    ) as bar:
        task = bar.add_task(STAGES["queued"], total=100, left="")
        while (found := client.call("GET", f"/titles/{title_id}"))["state"] not in (
            "ready",
            "failed",
            "cancelled",
        ):
            _show(bar, task, found)
            time.sleep(POLL_SECONDS)
        if found["state"] == "ready":
            bar.update(task, description=STAGES["done"], completed=100, left="")
    if found["state"] != "ready":
        raise _unpublished(found)


def _show(bar: Progress, task: Any, found: dict[str, Any]) -> None:
    progress = found.get("progress") or {}
    left = progress.get("eta_s")
    bar.update(
        task,
        description=STAGES.get(progress.get("stage", ""), "Working"),
        completed=progress.get("percent") or 0,
        left=f"about {max(1, round(left))} s left" if left else "",
    )


class NotPublished(Fault):
    """The house took the file, but no film became of it; named like the reason the house gives."""


def _unpublished(found: dict[str, Any]) -> NotPublished:
    if found["state"] == "cancelled":
        return NotPublished(
            Code.INVALID, f"“{found['name']}” was cancelled.", "Retry it in the studio.", name="cancelled"
        )
    failure = found.get("failure") or {}
    return NotPublished(
        Code.INVALID,
        failure.get("sentence") or f"“{found['name']}” could not be published.",
        failure.get("hint") or "",
        name=failure.get("code") or "not_published",
    )
