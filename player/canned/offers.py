"""Canned offers, gift codes, channels and many licences at once."""

from __future__ import annotations

from dataclasses import replace

from player.canned.base import BEN, ENDED, LONG_NAME, PICTURES, RUNNING, State, ago, ahead
from player.canned.studio import title
from player.canned.watching import film
from player.views import (
    Bulk,
    ChannelCard,
    Channels,
    ChannelTitle,
    CodeRow,
    HistoryLine,
    HolderKind,
    LicenceRow,
    OfferCard,
    OfferCodes,
    OfferDraft,
    OfferForm,
    Page,
    Redeem,
    Tier,
)

FERRY, FERRY_URL = "The Night Ferry", "/studio/t/ti_0004"
FREE = OfferCard("of_1", "free", "Free", lasts_s=7 * 86400, open_until=ahead(days=3))
RENTAL = OfferCard(
    "of_2", "rental", "Rental", rental_s=30 * 86400, playback_s=48 * 3600, price="4.99 EUR", left=7, taken=93
)
PURCHASE = OfferCard("of_3", "purchase", "To keep, in 4K", Tier.UHD, 3, price="14.00 EUR", taken=12)
SUBSCRIPTION = OfferCard(
    "of_4", "subscription", "A month of Noir", lasts_s=30 * 86400, price="6.00 EUR", channel="Noir", taken=41
)
GONE = replace(RENTAL, id="of_5", name="Opening night", left=0)
DRAFT = replace(RENTAL, id="of_6", name=LONG_NAME, state="draft", left=None, taken=0)
HISTORY = (
    HistoryLine(ago(minutes=4), "Ben pressed play for the first time."),
    HistoryLine(ago(hours=3), "Ana extended the licence of Clara.", "The projector broke at the premiere."),
    HistoryLine(ago(days=2), "Ana issued a licence to Ben."),
    HistoryLine(ago(days=9), "Ana made the offer “Rental”."),
)
CODES = (
    CodeRow("gc_4", 4, "ready", "Newsletter", ago(days=2), ahead(days=28)),
    CodeRow("gc_3", 3, "redeemed", "Newsletter", ago(days=2), ahead(days=28), ago(hours=5), "Clara"),
    CodeRow("gc_2", 2, "revoked", "", ago(days=9)),
    CodeRow("gc_1", 1, "expired", "Premiere", ago(days=40), ago(days=10)),
)
FILMS = (
    ChannelTitle("ti_0004", "The Night Ferry", inside=True),
    ChannelTitle("ti_0001", "Salt Roads", inside=True),
    ChannelTitle("ti_0015", LONG_NAME),
)
HOLDERS = (
    LicenceRow("li_71", HolderKind.ACCOUNT, "Clara", RUNNING, ago(hours=3), 1),
    LicenceRow("li_70", HolderKind.ACCOUNT, LONG_NAME, replace(RUNNING, max_streams=3), ago(days=2)),
)
NOIR = ChannelCard("ch_1", "Noir", "Rain, hats and bad decisions.", 41, FILMS, (SUBSCRIPTION,), HOLDERS)
EMPTY = ChannelCard("ch_2", "Shorts", titles=FILMS[2:])

TERMS = OfferDraft(
    rental_s=30 * 86400,
    playback_s=48 * 3600,
    price="4.99",
    currency="EUR",
    open_until=ahead(days=9),
    most=100,
)


def _changing(page: Page) -> OfferForm:
    return OfferForm(
        page, FERRY, FERRY_URL, "/api/v1/offers/of_2", ("rental",), "the film's page", "Rental", TERMS, 93
    )


OFFERED = (
    State(
        "Film",
        "offers",
        lambda p: replace(film(p), licence=None, offers=(RENTAL, PURCHASE, SUBSCRIPTION, GONE)),
        BEN,
    ),
    State("Film", "free to watch", lambda p: replace(film(p), licence=None, offers=(FREE,)), BEN),
    State(
        "Film",
        "ended, on offer",
        lambda p: replace(film(p), licence=ENDED, still_url=PICTURES[5], offers=(RENTAL,)),
        BEN,
    ),
    State(
        "Studio film",
        "offers and history",
        lambda p: replace(title(p), offers=(RENTAL, PURCHASE, DRAFT), history=HISTORY),
    ),
    State(
        "Offer",
        "on a film",
        lambda p: OfferForm(
            p, FERRY, FERRY_URL, "/api/v1/offers", ("free", "rental", "purchase"), "the film's page"
        ),
    ),
    State(
        "Offer",
        "of a channel",
        lambda p: OfferForm(p, "Noir", "/studio/channels", "/api/v1/offers", ("subscription",), "its films"),
    ),
    State("Offer", "changed", _changing),
    State(
        "Offer",
        "changed, with a long name",
        lambda p: replace(_changing(p), name=LONG_NAME, draft=replace(TERMS, label=LONG_NAME, rental_s=5400)),
    ),
    State(
        "Offer",
        "of a channel, changed",
        lambda p: OfferForm(
            p,
            "Noir",
            "/studio/channels",
            "/api/v1/offers/of_4",
            ("subscription",),
            "its films",
            "A month of Noir",
            OfferDraft("A month of Noir", lasts_s=30 * 86400, price="6.00", currency="EUR", state="draft"),
        ),
    ),
    State("Gift codes", "list", lambda p: OfferCodes(p, RENTAL, FERRY, FERRY_URL, CODES)),
    State("Gift codes", "none", lambda p: OfferCodes(p, RENTAL, FERRY, FERRY_URL)),
    State(
        "Gift codes",
        "made just now",
        lambda p: OfferCodes(
            p,
            RENTAL,
            FERRY,
            FERRY_URL,
            CODES,
            ("7K2M-Q9TX-04BV", "1HNC-8WZD-R5J6", "P3GA-YE0S-4FQ9"),
        ),
    ),
    State("Redeem", "a code", Redeem, BEN),
    State("Channels", "two", lambda p: Channels(p, (NOIR, EMPTY))),
    State("Channels", "none", Channels),
    State("Licence", "many at once", lambda p: Bulk(p, "ti_0004", "The Night Ferry")),
)
