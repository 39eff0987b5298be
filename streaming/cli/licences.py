"""`matinee licence …`: who may watch what, until when."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from streaming.cli import links
from streaming.cli.client import Client
from streaming.cli.offers import ChannelArgument, bulk, channels
from streaming.cli.titles import AsJson, TitleArgument
from streaming.when import parse_duration, parse_when
from transcoder.standalone.output import local, out, plain, print_json, print_pairs, print_table

LicenceArgument = Annotated[str, typer.Argument(help="The licence's id, like li_….", metavar="L")]
From = Annotated[
    str | None, typer.Option("--valid-from", help="now, “in 2h”, or 2026-12-24 20:00", metavar="W")
]
Until = Annotated[str | None, typer.Option("--valid-until", help="when it ends at the latest", metavar="W")]
Rental = Annotated[str | None, typer.Option("--rental", help="to be started within, like 30d", metavar="D")]
Playback = Annotated[
    str | None, typer.Option("--playback", help="to be finished within, like 48h", metavar="D")
]
Tier = Annotated[str | None, typer.Option("--tier", help="sd, hd or uhd")]
Streams = Annotated[int | None, typer.Option("--max-streams", help="screens at a time", min=1)]
Devices = Annotated[
    int | None, typer.Option("--max-devices", help="devices it plays on, one after another", min=1)
]
Finish = Annotated[
    bool | None,
    typer.Option("--may-finish/--must-stop", help="whether a film begun before the end may be seen out"),
]

Reason = Annotated[str | None, typer.Option("--reason", help="why; the holder reads it", metavar="WORDS")]

group = typer.Typer(no_args_is_help=True, help="Issue, list, extend and revoke licences.")


def register(app: typer.Typer) -> None:
    """Hang the commands on `app`."""
    group.command()(bulk)
    channels.command()(grant)
    group.add_typer(links.group, name="link")
    app.add_typer(group, name="licence")


@group.command()
def issue(
    title: TitleArgument,
    to: Annotated[
        str | None, typer.Option("--to", help="The account that may watch.", metavar="NAME")
    ] = None,
    link: Annotated[bool, typer.Option("--link", help="Make a link for whoever has it.")] = False,
    label: Annotated[str | None, typer.Option("--label", help="A note to tell links apart.")] = None,
    valid_from: From = None,
    valid_until: Until = None,
    rental: Rental = None,
    playback: Playback = None,
    tier: Tier = None,
    max_streams: Streams = None,
    may_finish: Finish = None,
    max_devices: Devices = None,
    plays: links.Plays = None,
    link_until: links.LinkUntil = None,
    password_stdin: links.PasswordStdin = False,
    as_json: AsJson = False,
) -> None:
    """Let an account, or whoever holds a link, watch a title for a time."""
    if bool(to) == link:
        raise typer.BadParameter("say either --to NAME or --link")
    terms = _terms(valid_from, valid_until, rental, playback, tier, max_streams, may_finish, max_devices)
    terms |= links.asked(plays, link_until, password_stdin)
    body = {"to": to, "link": link, **({"label": label} if label else {}), **terms}
    made = Client.from_environment().call("POST", f"/titles/{title}/licences", body)
    if as_json:
        return print_json(made)
    out.print(plain(made["readback"]), soft_wrap=True)
    print_pairs([("Licence", made["id"]), ("Link", made.get("link_url"))])
    return None


def grant(
    channel: ChannelArgument,
    to: Annotated[str, typer.Option("--to", help="The account that may watch.", metavar="NAME")],
    valid_from: From = None,
    valid_until: Until = None,
    rental: Rental = None,
    playback: Playback = None,
    tier: Tier = None,
    max_streams: Streams = None,
    may_finish: Finish = None,
    max_devices: Devices = None,
    as_json: AsJson = False,
) -> None:
    """Let an account watch whatever lies in a channel, for a time, without an offer."""
    terms = _terms(valid_from, valid_until, rental, playback, tier, max_streams, may_finish, max_devices)
    made = Client.from_environment().call("POST", f"/channels/{channel}/licences", {"to": to, **terms})
    if as_json:
        return print_json(made)
    out.print(plain(made["readback"]), soft_wrap=True)
    return print_pairs([("Licence", made["id"])])


@group.command("list")
def list_licences(
    title: Annotated[str | None, typer.Argument(help="Only this title's.", metavar="[ID]")] = None,
    as_json: AsJson = False,
) -> None:
    """List the licences of a title, or all you issued or hold."""
    found = Client.from_environment().call("GET", "/licences", title=title)["items"]
    if as_json:
        return print_json(found)
    return print_table(
        ("Licence", "Title", "For", "State", "Until", "Quality", "Watching"),
        [
            (
                one["id"],
                one["title_name"],
                holder_words(one),
                one["state"].replace("_", " "),
                until_words(one),
                one["tier"].upper(),
                f"{one['watching']} of {one['max_streams']}",
            )
            for one in found
        ],
        "No licences yet. Issue one with: matinee licence issue ID --to NAME",
    )


@group.command()
def show(licence: LicenceArgument, as_json: AsJson = False) -> None:
    """Show one licence in words."""
    found = Client.from_environment().call("GET", f"/licences/{licence}")
    _print_licence(found, as_json)


@group.command()
def extend(
    licence: LicenceArgument,
    valid_until: Until = None,
    rental: Rental = None,
    playback: Playback = None,
    tier: Tier = None,
    max_streams: Streams = None,
    may_finish: Finish = None,
    max_devices: Devices = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Change a licence's end, clocks, quality or screens; a playing viewer just goes on."""
    terms = _terms(None, valid_until, rental, playback, tier, max_streams, may_finish, max_devices)
    if not terms:
        raise typer.BadParameter("say what changes, for example: --valid-until “in 2d”")
    body = {**terms, **({"reason": reason} if reason else {})}
    _print_licence(Client.from_environment().call("PATCH", f"/licences/{licence}", body), as_json)


@group.command()
def revoke(licence: LicenceArgument, reason: Reason = None, as_json: AsJson = False) -> None:
    """End a licence now; whoever is watching stops within one crypto period."""
    body = {"reason": reason or ""}
    _print_licence(Client.from_environment().call("POST", f"/licences/{licence}/revoke", body), as_json)


@group.command()
def transfer(
    licence: LicenceArgument,
    to: Annotated[str, typer.Argument(help="The account that gets it.", metavar="NAME")],
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Give a licence to another account, what is left of its clocks included."""
    body = {"to": to, "reason": reason or ""}
    _print_licence(Client.from_environment().call("POST", f"/licences/{licence}/transfer", body), as_json)


@group.command()
def history(
    subject: Annotated[str, typer.Argument(help="A licence's or a title's id.", metavar="ID")],
    as_csv: Annotated[bool, typer.Option("--csv", help="As a file for spreadsheets.")] = False,
    as_json: AsJson = False,
) -> None:
    """Tell what was done to a licence, or to all licences of a title: who, when, why."""
    client, room = Client.from_environment(), "titles" if subject.startswith("ti_") else "licences"
    if as_csv:
        return typer.echo(client.text(f"/{room}/{subject}/history.csv").removeprefix("\ufeff"), nl=False)
    found = client.call("GET", f"/{room}/{subject}/history")["items"]
    if as_json:
        return print_json(found)
    return print_table(
        ("When", "What", "Why"),
        [(local(one["at"]), one["sentence"], one["reason"]) for one in found],
        "Nothing was done to it yet.",
    )


def _terms(
    valid_from: str | None,
    valid_until: str | None,
    rental: str | None,
    playback: str | None,
    tier: str | None,
    max_streams: int | None,
    may_finish: bool | None,
    max_devices: int | None,
) -> dict[str, object]:
    now = datetime.now(UTC)
    terms: dict[str, object | None] = {
        "valid_from": parse_when(valid_from, now).isoformat() if valid_from else None,
        "valid_until": parse_when(valid_until, now).isoformat() if valid_until else None,
        "rental_s": int(parse_duration(rental).total_seconds()) if rental else None,
        "playback_s": int(parse_duration(playback).total_seconds()) if playback else None,
        "tier": tier,
        "max_streams": max_streams,
        "may_finish": may_finish,
        "max_devices": max_devices,
    }
    return {name: value for name, value in terms.items() if value is not None}


def _print_licence(licence: dict[str, Any], as_json: bool) -> None:
    if as_json:
        return print_json(licence)
    out.print(plain(licence["readback"]), soft_wrap=True)
    return print_pairs(
        [
            ("Licence", licence["id"]),
            ("Title", licence["title_name"]),
            ("State", licence["state"].replace("_", " ")),
            ("Ends", local(licence["ends_at"])),
            ("Revoked", local(licence["revoked_at"])),
            ("Watching now", licence["watching"]),
        ]
    )


def until_words(licence: dict[str, Any]) -> str:
    """Say when a licence ends or ended: taken back, that was then, whatever it promised."""
    return local(licence["revoked_at"] or licence["ends_at"] or licence["valid_until"]) or "no end"


def holder_words(licence: dict[str, Any]) -> str:
    """Say who holds a licence."""
    holder = licence["holder"]
    return str(holder["name"]) if holder["kind"] == "account" else f"link “{holder['name'] or ''}”"
