"""`matinee title …`: what is published."""

from pathlib import Path
from typing import Annotated, Any

import typer

from streaming.catalogue.values import Priority, Protection
from streaming.cli.client import Client
from streaming.errors import Code, Fault
from transcoder.standalone.output import (
    clean,
    length,
    megabytes,
    out,
    plain,
    print_json,
    print_pairs,
    print_table,
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
ProtectionOption = Annotated[
    Protection | None,
    typer.Option("--protection", help="aes-128: plays everywhere; cbcs: Clear Key, DASH, the shape of DRM."),
]
TitleArgument = Annotated[str, typer.Argument(help="The title's id, like ti_….", metavar="ID")]

KINDS = {"audio": "sound", "text": "subtitles", "iframe": "winding", "image": "storyboard"}

group = typer.Typer(no_args_is_help=True, help="List, show, retry and delete titles.")


def register(app: typer.Typer) -> None:
    """Hang the commands on `app`."""
    app.add_typer(group, name="title")


@group.command("list")
def list_titles(
    mine: Annotated[bool, typer.Option("--mine", help="Only what I published.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the titles you published or may watch."""
    found = all_titles(Client.from_environment(), "mine" if mine else "all")
    if as_json:
        return print_json(found)
    return print_table(
        ("ID", "Name", "State", "Length", "Size", "By"),
        [
            (
                t["id"],
                t["name"],
                state_words(t),
                length(t["duration_s"]),
                megabytes(t["size_bytes"]),
                t["owner_name"],
            )
            for t in found
        ],
        "No titles yet. Publish a film with: matinee publish FILM",
    )


def all_titles(client: Client, scope: str) -> list[dict[str, Any]]:
    """Walk every page of the list."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = client.call("GET", "/titles", scope=scope, cursor=cursor)
        found += page["items"]
        cursor = page.get("cursor")
        if not cursor:
            return found


@group.command()
def show(title: TitleArgument, as_json: AsJson = False) -> None:
    """Show one title: its state, renditions, and why it failed if it did."""
    found = Client.from_environment().call("GET", f"/titles/{title}")
    if as_json:
        return print_json(found)
    print_pairs(
        [
            ("Id", found["id"]),
            ("Name", found["name"]),
            ("By", found["owner_name"]),
            ("State", state_words(found)),
            ("Queue", place_words(found)),
            ("Left", left_words(found)),
            ("Prepared", prepared_words(found)),
            ("Priority", priority_words(found)),
            ("Made anew", remake_words(found)),
            ("Length", length(found["duration_s"])),
            ("Size", megabytes(found["size_bytes"])),
            ("Source", found.get("source_name")),
            ("Protection", found.get("protection")),
        ]
    )
    if failure := found.get("failure"):
        print_pairs([("Failed", failure["sentence"]), ("What to do", failure["hint"])])
    for chunk in found.get("chunk_failures", []):
        print_pairs([(f"Chunk {chunk['number']}", chunk["sentence"])])
        for line in chunk["lines"]:
            out.print(f"    {plain(line)}", style="dim", soft_wrap=True)
    if rows := [rendition_row(one) for one in found.get("renditions", [])]:
        out.print()
        print_table(("Track", "Picture", "Rate", "Language", "Codec"), rows, "")
    print_reasons(found)
    return None


@group.command()
def priority(
    title: TitleArgument,
    wanted: Annotated[Priority, typer.Argument(help="high, normal or low")],
    as_json: AsJson = False,
) -> None:
    """Say what is wanted before your other films; an admin's word counts among everybody's."""
    found = Client.from_environment().call("PATCH", f"/titles/{title}", {"priority": wanted.value})
    _said(found, as_json, f"“{plain(found['name'])}” has {priority_words(found) or 'normal'} priority.")


@group.command()
def cancel(title: TitleArgument, as_json: AsJson = False) -> None:
    """Stop the making of a title; what was made of it goes, its upload is kept for another try."""
    found = Client.from_environment().call("POST", f"/titles/{title}/cancel")
    _said(found, as_json, f"The making of “{plain(found['name'])}” is cancelled.")


@group.command()
def retry(
    title: TitleArgument,
    chunk: Annotated[int | None, typer.Option("--chunk", help="Only this failed chunk.", min=0)] = None,
    as_json: AsJson = False,
) -> None:
    """Make a failed or cancelled title again; finished chunks are kept."""
    wanted = None if chunk is None else str(chunk)
    found = Client.from_environment().call("POST", f"/titles/{title}/retry", chunk=wanted)
    what = "is tried again" if chunk is None else f"is tried again at chunk {chunk}"
    _said(found, as_json, f"“{plain(found['name'])}” {what}.")


@group.command()
def remake(
    title: TitleArgument,
    source: Annotated[
        Path | None, typer.Option("--source", help="The film's file, where the house has not kept it.")
    ] = None,
    protection: ProtectionOption = None,
    as_json: AsJson = False,
) -> None:
    """Make a finished title anew, to today's ladder and under new keys; the old version plays meanwhile."""
    from streaming.cli.publish import upload

    client = Client.from_environment()
    if source is None:
        asked = f"?protection={protection.value}" if protection else ""
        client.call("POST", f"/titles/{title}/remake{asked}")
    elif (made := upload(client, source, None, quiet=as_json, remakes=title, protection=protection)) != title:
        raise Fault(
            Code.CONFLICT,
            f"This film could not be made anew, so a title of its own was made of the file: {made}.",
            "Look at both with “matinee title show”.",
            name="not_remade",
        )
    found = client.call("GET", f"/titles/{title}")
    _said(found, as_json, f"“{plain(found['name'])}” is made anew; its old version plays until that is done.")


def _said(found: dict[str, Any], as_json: bool, sentence: str) -> None:
    if as_json:
        print_json(found)
    else:
        out.print(sentence, soft_wrap=True)


@group.command()
def delete(
    title: TitleArgument,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete a title: its keys first, then its segments and licences. This cannot be undone."""
    client = Client.from_environment()
    found = client.call("GET", f"/titles/{title}")
    if not yes:
        typer.confirm(f"Delete “{clean(found['name'])}” and all its licences for good?", abort=True, err=True)
    client.call("DELETE", f"/titles/{title}")
    if as_json:
        print_json({"deleted": title})
    else:
        out.print(f"“{plain(found['name'])}” is deleted.")


def print_reasons(title: dict[str, Any]) -> None:
    """Print why the qualities are what they are."""
    sentences = reasons_of(title)
    if sentences:
        out.print()
    for sentence in sentences:
        out.print(plain(sentence), style="dim", soft_wrap=True)


def reasons_of(title: dict[str, Any]) -> list[str]:
    """Sentences about the ladder and then about each rung, as far as the asker is told."""
    rungs = [one for one in title.get("renditions", []) if one.get("reason")]
    return [*title.get("plan_reasons", []), *(f"{rendition_row(one)[0]}: {one['reason']}" for one in rungs)]


def state_words(title: dict[str, Any]) -> str:
    """Say a title's state, with its percentage while it moves."""
    progress = title.get("progress")
    if progress and title["state"] in ("queued", "encoding"):
        return f"{title['state']}, {min(99, int(progress['percent']))} %"
    return str(title["state"])


def place_words(title: dict[str, Any]) -> str:
    """Say where a title stands in the queue; nothing when it does not wait."""
    place = (title.get("progress") or {}).get("queue_position")
    if place is None:
        return ""
    return "next" if place == 1 else f"{place - 1} before it"


def left_words(title: dict[str, Any]) -> str:
    """Say how long the making still takes, as far as anybody knows."""
    left = (title.get("progress") or {}).get("eta_s")
    return "" if left is None else f"about {length(max(1, left))}"


def prepared_words(title: dict[str, Any]) -> str:
    """Say how much of a film that is still uploaded will play at once."""
    prepared = (title.get("progress") or {}).get("prepared_s") or 0
    return f"{length(prepared)}, plays as soon as the upload is complete" if prepared >= 1 else ""


def remake_words(title: dict[str, Any]) -> str:
    """Say how far the version is that shall take the place of the one that plays."""
    progress = title.get("remake")
    return f"{progress['stage']}, {min(99, int(progress['percent']))} %" if progress else ""


def priority_words(title: dict[str, Any]) -> str:
    """Say a title's priority, and who set it; nothing when it is as usual."""
    wanted = title.get("priority", "normal")
    by = ", set by the operator" if title.get("priority_by_house") else ""
    return "" if wanted == "normal" and not by else f"{wanted}{by}"


def rendition_row(rendition: dict[str, Any]) -> tuple[str, str, str, str, str]:
    """Say one rendition as a row; what is not known of it, or too little to say, stays empty."""
    language = rendition.get("language") or ""
    rate = round((rendition.get("bandwidth") or 0) / 1000)
    return (
        KINDS.get(rendition["kind"], f"{rendition.get('height')}p"),
        f"{rendition['width']}x{rendition['height']}" if rendition.get("height") else "",
        f"{rate} kbit/s" if rate else "",
        "" if language == "und" else language,
        rendition.get("codecs") or "",
    )
