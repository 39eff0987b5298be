"""`matinee offer change`: an offer's terms after it was made; what is not named stays."""

from collections.abc import Callable
from typing import Annotated

import typer

from streaming.cli.client import Client
from streaming.cli.offers import OfferArgument, instant, offers, price_of, print_offer, seconds
from streaming.cli.titles import AsJson

NONE = "none"
"""Takes a limit away."""


def register() -> None:
    """Hang the command on `matinee offer`."""
    offers.command("change")(change_offer)


def change_offer(
    offer: OfferArgument,
    label: Annotated[str | None, typer.Option("--label", help="as viewers read it")] = None,
    rental: Annotated[str | None, typer.Option("--rental", help="to be started within, or none")] = None,
    playback: Annotated[str | None, typer.Option("--playback", help="to be finished within, or none")] = None,
    lasts: Annotated[str | None, typer.Option("--lasts", help="ends this long after, or none")] = None,
    price: Annotated[str | None, typer.Option("--price", help="like 4.99-EUR, or none")] = None,
    tier: Annotated[str | None, typer.Option("--tier", help="sd, hd or uhd")] = None,
    max_streams: Annotated[int | None, typer.Option("--max-streams", help="screens at a time", min=1)] = None,
    most: Annotated[str | None, typer.Option("--most", help="how many in all, or none")] = None,
    until: Annotated[str | None, typer.Option("--until", help="“in 30d”, a time, or none")] = None,
    as_json: AsJson = False,
) -> None:
    """Change an offer. Licences taken before stay as they are; codes not redeemed yet give what it is now."""
    body: dict[str, object] = {
        **_limit("rental_s", rental, seconds),
        **_limit("playback_s", playback, seconds),
        **_limit("lasts_s", lasts, seconds),
        **_limit("most", most, _count),
        **_limit("open_until", until, instant),
        **_price(price),
    }
    plain = {"label": label, "tier": tier, "max_streams": max_streams}
    body |= {name: value for name, value in plain.items() if value is not None}
    if not body:
        raise typer.BadParameter("say what changes, for example: --price 3.50-EUR")
    print_offer(Client.from_environment().call("PATCH", f"/offers/{offer}", body), as_json)


def _limit(name: str, text: str | None, read: Callable[[str], object]) -> dict[str, object]:
    """Name a limit that changes; nothing for one that was not typed."""
    return {} if text is None else {name: None if text == NONE else read(text)}


def _price(text: str | None) -> dict[str, object]:
    if text is None:
        return {}
    amount, currency = (None, "") if text == NONE else price_of(text)
    return {"price_minor": amount, "currency": currency}


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise typer.BadParameter("write a number of 1 or more, or none")
    return int(text)
