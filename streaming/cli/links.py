"""`matinee licence link …`: what guest links ask for, who used them, and forgetting that."""

import secrets
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from streaming.cli.client import Client
from streaming.cli.titles import AsJson
from streaming.errors import Code, Fault
from streaming.when import parse_when
from transcoder.keys.secret import SecretBytes
from transcoder.standalone.output import local, out, print_json, print_table

SHORTEST = 6
"""Guesses are counted at the door, and cost an Argon2id each against a stolen database."""

LinkArgument = Annotated[str, typer.Argument(help="The link's licence, like li_….", metavar="L")]
Plays = Annotated[
    int | None, typer.Option("--plays", help="how many browsers a link opens for", min=1, metavar="N")
]
LinkUntil = Annotated[
    str | None, typer.Option("--link-until", help="until when a link lets new people in", metavar="W")
]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="read the password a link asks for from standard input")
]

group = typer.Typer(no_args_is_help=True, help="Guest links: list, change, revoke; who used them.")


def asked(plays: int | None, link_until: str | None, password_stdin: bool) -> dict[str, object]:
    """What a link asks for, as the API takes it; what was not said is left out."""
    given: dict[str, object] = {}
    if plays is not None:
        given["max_plays"] = plays
    if link_until is not None:
        given["redeem_until"] = parse_when(link_until, datetime.now(UTC)).isoformat()
    if password_stdin:
        given["password"] = derived(SecretBytes(sys.stdin.readline().rstrip("\r\n").encode()))
    return given


def derived(password: SecretBytes) -> dict[str, str]:
    """Derive what the house keeps of a link's password, as browsers do. Raises `Fault` for a short one."""
    from streaming.accounts.values import SALT_BYTES
    from streaming.accounts.vault import from_password
    from streaming.web.api.account_models import encoded

    if len(password.reveal().decode()) < SHORTEST:
        raise Fault(
            Code.INVALID,
            f"The password of a link has at least {SHORTEST} characters.",
            "Choose a longer one.",
            name="short_password",
        )
    salt = secrets.token_bytes(SALT_BYTES)
    return {"salt": encoded(salt), "auth_key": encoded(from_password(password, salt).auth_key.reveal())}


@group.command("list")
def list_links(
    title: Annotated[str | None, typer.Argument(help="Only this title's.", metavar="[ID]")] = None,
    as_json: AsJson = False,
) -> None:
    """List your guest links, and how often each was used."""
    found = Client.from_environment().call("GET", "/licences", title=title)["items"]
    links = [one for one in found if one["link"]]
    if as_json:
        return print_json(links)
    return print_table(
        ("Licence", "Title", "Called", "State", "Used", "Lets in until", "Password"),
        [
            (
                one["id"],
                one["title_name"],
                one["holder"]["name"],
                one["state"].replace("_", " "),
                f"{one['link']['plays']} of {one['link']['max_plays'] or 'any number'}",
                local(one["link"]["redeem_until"]) or "no end",
                "yes" if one["link"]["has_password"] else "no",
            )
            for one in links
        ],
        "No links yet. Make one with: matinee licence issue ID --link",
    )


@group.command()
def uses(licence: LinkArgument, as_json: AsJson = False) -> None:
    """Show who used a link: when, on what kind of device, from which network, by what name."""
    found = Client.from_environment().call("GET", f"/licences/{licence}/link")
    if as_json:
        return print_json(found)
    return print_table(
        ("Use", "When", "Device", "Network", "Name"),
        [
            (one["id"], local(one["used_at"]), one["device"], one["network"], one["name"])
            for one in found["items"]
        ],
        "Nobody that is still noted.",
    )


@group.command()
def change(
    licence: LinkArgument,
    plays: Plays = None,
    link_until: LinkUntil = None,
    password_stdin: PasswordStdin = False,
    no_password: Annotated[bool, typer.Option("--no-password", help="take the password away")] = False,
    as_json: AsJson = False,
) -> None:
    """Change what a link asks of new people; who has come in already stays."""
    terms = asked(plays, link_until, password_stdin)
    if no_password:
        terms["password"] = None
    if not terms:
        raise typer.BadParameter("say what changes, for example: --plays 5")
    changed = Client.from_environment().call("PATCH", f"/licences/{licence}/link", terms)
    if as_json:
        return print_json(changed)
    return out.print("Changed.")


@group.command()
def forget(
    licence: LinkArgument,
    use: Annotated[str | None, typer.Option("--use", help="only this use", metavar="ID")] = None,
    as_json: AsJson = False,
) -> None:
    """Forget who used a link. The plays stay counted, and whoever is watching goes on."""
    place = f"/licences/{licence}/link/uses" + (f"/{use}" if use else "")
    Client.from_environment().call("DELETE", place)
    return print_json({"licence": licence, "forgotten": use or "all"}) if as_json else out.print("Forgotten.")


@group.command()
def revoke(licence: LinkArgument, as_json: AsJson = False) -> None:
    """End one link now; other links are not touched."""
    ended = Client.from_environment().call("POST", f"/licences/{licence}/revoke")
    if as_json:
        return print_json(ended)
    return out.print("That link opens nothing any more.")
