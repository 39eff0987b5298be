"""`matinee offer …`, `matinee channel …` and `matinee code …`: what viewers may take by themselves."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from streaming.cli.client import Client
from streaming.cli.titles import AsJson, TitleArgument
from streaming.when import parse_duration, parse_when
from transcoder.standalone.output import local, out, plain, print_json, print_pairs, print_table

OfferArgument = Annotated[str, typer.Argument(help="The offer's id, like of_….", metavar="O")]
ChannelArgument = Annotated[str, typer.Argument(help="The channel's id, like ch_….", metavar="C")]
Until = Annotated[str | None, typer.Option("--until", help="until when, “in 30d” or a time", metavar="W")]

offers = typer.Typer(no_args_is_help=True, help="Offer titles and channels to viewers.")
channels = typer.Typer(no_args_is_help=True, help="Make channels of titles to subscribe to.")
codes = typer.Typer(no_args_is_help=True, help="Make, list, revoke and redeem gift codes.")


def register(app: typer.Typer) -> None:
    """Hang the commands on `app`."""
    app.add_typer(offers, name="offer")
    app.add_typer(channels, name="channel")
    app.add_typer(codes, name="code")


@offers.command("make")
def make_offer(
    subject: Annotated[str, typer.Argument(help="A title's or a channel's id.", metavar="ID")],
    kind: Annotated[str, typer.Argument(help="free, rental, purchase or subscription", metavar="KIND")],
    label: Annotated[str, typer.Option("--label", help="as viewers read it")] = "",
    rental: Annotated[str | None, typer.Option("--rental", help="to be started within")] = None,
    playback: Annotated[str | None, typer.Option("--playback", help="to be finished within")] = None,
    lasts: Annotated[str | None, typer.Option("--lasts", help="ends this long after it is taken")] = None,
    price: Annotated[
        str | None, typer.Option("--price", help="like 4.99-EUR, to be read: nothing is paid here")
    ] = None,
    tier: Annotated[str, typer.Option("--tier", help="sd, hd or uhd")] = "hd",
    max_streams: Annotated[int, typer.Option("--max-streams", help="screens at a time", min=1)] = 1,
    most: Annotated[int | None, typer.Option("--most", help="how many in all", min=1)] = None,
    until: Until = None,
    draft: Annotated[bool, typer.Option("--draft", help="Do not open it yet.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make an offer on a title, or a subscription to a channel; it is open at once."""
    amount, currency = price_of(price)
    room = "channels" if subject.startswith("ch_") else "titles"
    body = {
        "kind": kind,
        "label": label,
        "rental_s": seconds(rental),
        "playback_s": seconds(playback),
        "lasts_s": seconds(lasts),
        "price_minor": amount,
        "currency": currency,
        "tier": tier,
        "max_streams": max_streams,
        "most": most,
        "open_until": instant(until),
        "state": "draft" if draft else "open",
    }
    made = Client.from_environment().call("POST", f"/{room}/{subject}/offers", body)
    print_offer(made, as_json)


@offers.command("list")
def list_offers(
    subject: Annotated[str, typer.Argument(help="A title's or a channel's id.", metavar="ID")],
    as_json: AsJson = False,
) -> None:
    """List what is offered on a title or channel."""
    room = "channels" if subject.startswith("ch_") else "titles"
    found = Client.from_environment().call("GET", f"/{room}/{subject}/offers")["items"]
    if as_json:
        return print_json(found)
    return print_table(
        ("Offer", "Name", "Kind", "State", "Taken", "Left"),
        [
            (one["id"], one["name"], one["kind"], one["state"], one["taken"], left_words(one["left"]))
            for one in found
        ],
        "Nothing is offered. Make an offer with: matinee offer make ID free",
    )


@offers.command("open")
def open_offer(offer: OfferArgument, as_json: AsJson = False) -> None:
    """Open an offer: everybody with an account can take it."""
    _set_state(offer, "open", as_json)


@offers.command("close")
def close_offer(offer: OfferArgument, as_json: AsJson = False) -> None:
    """Close an offer; licences taken before stay."""
    _set_state(offer, "closed", as_json)


@offers.command()
def take(offer: OfferArgument, as_json: AsJson = False) -> None:
    """Take an offer and have its licence; while one runs, that one again."""
    _print_taken(Client.from_environment().call("POST", f"/offers/{offer}/take"), as_json)


@channels.command("make")
def make_channel(name: str, as_json: AsJson = False) -> None:
    """Make an empty channel."""
    _print_channel(Client.from_environment().call("POST", "/channels", {"name": name}), as_json)


@channels.command("list")
def list_channels(as_json: AsJson = False) -> None:
    """List your channels."""
    found = Client.from_environment().call("GET", "/channels")["items"]
    if as_json:
        return print_json(found)
    return print_table(
        ("Channel", "Name", "Films", "Subscribers"),
        [(one["id"], one["name"], len(one["title_ids"]), one["subscribers"]) for one in found],
        "No channels yet. Make one with: matinee channel make NAME",
    )


@channels.command()
def put(channel: ChannelArgument, title: TitleArgument, as_json: AsJson = False) -> None:
    """Put a title into a channel; its subscribers may watch it at once."""
    _print_channel(Client.from_environment().call("PUT", f"/channels/{channel}/titles/{title}"), as_json)


@channels.command()
def remove(channel: ChannelArgument, title: TitleArgument, as_json: AsJson = False) -> None:
    """Take a title out of a channel; it stops at the next key."""
    _print_channel(Client.from_environment().call("DELETE", f"/channels/{channel}/titles/{title}"), as_json)


@codes.command("make")
def make_codes(
    offer: OfferArgument,
    count: Annotated[int, typer.Argument(help="how many", min=1, max=1000)] = 1,
    label: Annotated[str, typer.Option("--label", help="what they are for; only you see it")] = "",
    until: Until = None,
    as_json: AsJson = False,
) -> None:
    """Make gift codes of an offer; they are shown this once."""
    body = {"count": count, "label": label, "expires_at": instant(until)}
    made = Client.from_environment().call("POST", f"/offers/{offer}/codes", body)["items"]
    if as_json:
        return print_json(made)
    for one in made:
        out.print(plain(one["code"]))
    return None


@codes.command("list")
def list_codes(offer: OfferArgument, as_json: AsJson = False) -> None:
    """List the codes of an offer: their states, and who redeemed them."""
    found = Client.from_environment().call("GET", f"/offers/{offer}/codes")["items"]
    if as_json:
        return print_json(found)
    return print_table(
        ("Code", "Number", "For", "State", "Until", "Redeemed by"),
        [
            (
                one["id"],
                one["number"],
                one["label"],
                one["state"],
                local(one["expires_at"]) or "no end",
                one["redeemed_by"],
            )
            for one in found
        ],
        "No codes yet. Make some with: matinee code make OFFER 10",
    )


@codes.command("revoke")
def revoke_code(
    code: Annotated[str, typer.Argument(help="The code's id, like gc_….", metavar="G")],
    as_json: AsJson = False,
) -> None:
    """Take a code back that nobody redeemed."""
    ended = Client.from_environment().call("POST", f"/codes/{code}/revoke")
    return print_json(ended) if as_json else out.print("That code opens nothing any more.")


@codes.command()
def redeem(
    code: Annotated[str, typer.Argument(help="As it was given to you.")], as_json: AsJson = False
) -> None:
    """Redeem a gift code."""
    _print_taken(Client.from_environment().call("POST", "/redeem", {"code": code}), as_json)


def bulk(
    title: TitleArgument,
    file: Annotated[Path, typer.Argument(help="A CSV file, one a line.", exists=True, dir_okay=False)],
    issue: Annotated[bool, typer.Option("--issue", help="Issue them; else only tell what would be.")] = False,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Issue what is well all the same.")] = False,
    report: Annotated[Path | None, typer.Option("--report", help="Write the report to this file.")] = None,
    zone: Annotated[
        str | None, typer.Option("--zone", help="of times that name none, like Europe/Madrid", metavar="Z")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Issue many licences from a CSV file: dry without --issue, then all of them or none.

    Columns: to, label, valid_from, valid_until, rental, playback, tier, max_streams. Times without a zone
    are this machine's own.
    """
    body = {
        "csv": file.read_bytes().decode("utf-8", errors="replace"),
        "dry_run": not issue,
        "skip_bad": skip_bad,
        "zone": zone or local_zone(),
    }
    done = Client.from_environment().call("POST", f"/titles/{title}/licences/bulk", body)
    if report is not None:
        report.write_text(done["report"], "utf-8", newline="")
    if as_json:
        return print_json(done)
    _print_report(done)
    if done["wrong"] and not (issue and skip_bad):
        raise typer.Exit(1)
    return None


def _print_report(done: dict[str, Any]) -> None:
    print_table(
        ("Line", "For", "Result"),
        [
            (
                one["line"],
                one["to"] or f"link “{one['label']}”",
                one["sentence"] or one["link_url"] or one["licence_id"] or "well",
            )
            for one in done["lines"]
        ],
        "Nothing there.",
    )
    said = "issued" if done["issued"] else "could be issued: say --issue to do it"
    out.print(f"{done['well']} {said}; {done['wrong']} wrong.", soft_wrap=True)


def local_zone() -> str:
    """Name this machine's time zone (IANA) by TZ or /etc/localtime; UTC where neither tells (tzset(3))."""
    named = os.environ.get("TZ", "").removeprefix(":")
    named = named or str(Path("/etc/localtime").resolve()).partition("/zoneinfo/")[2]
    try:
        return ZoneInfo(named).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return "UTC"


def left_words(left: int | None) -> str:
    """Say how many of an offer can still be taken."""
    return "any number" if left is None else str(left)


def _print_channel(channel: dict[str, Any], as_json: bool) -> None:
    if as_json:
        return print_json(channel)
    return print_pairs(
        [("Channel", channel["id"]), ("Name", channel["name"]), ("Films", len(channel["title_ids"]))]
    )


def _set_state(offer: str, state: str, as_json: bool) -> None:
    print_offer(Client.from_environment().call("PATCH", f"/offers/{offer}", {"state": state}), as_json)


def print_offer(offer: dict[str, Any], as_json: bool) -> None:
    """Print an offer that was made or changed."""
    if as_json:
        return print_json(offer)
    return print_pairs([("Offer", offer["id"]), ("Name", offer["name"]), ("State", offer["state"])])


def _print_taken(taken: dict[str, Any], as_json: bool) -> None:
    if as_json:
        return print_json(taken)
    out.print(plain(taken["licence"]["readback"]), soft_wrap=True)
    return print_pairs([("Licence", taken["licence"]["id"])])


def price_of(text: str | None) -> tuple[int | None, str]:
    """Read `4.99-EUR`, `4.99 EUR` or `5EUR`."""
    if not text:
        return None, ""
    amount, currency = text[:-3].strip(" -"), text[-3:].upper()
    whole, _, part = amount.replace(",", ".").partition(".")
    if not (whole.isdigit() and (part.isdigit() or not part) and len(part) <= 2 and currency.isalpha()):
        raise typer.BadParameter("write a price like 4.99-EUR")
    return int(whole) * 100 + int((part or "0").ljust(2, "0")), currency


def seconds(text: str | None) -> int | None:
    """Read a length of time. Raises `Fault`."""
    return int(parse_duration(text).total_seconds()) if text else None


def instant(text: str | None) -> str | None:
    """Read a time, as ISO 8601 in UTC. Raises `Fault`."""
    return parse_when(text, datetime.now(UTC)).isoformat() if text else None
