"""What offers may be: every fault in one is a sentence for the person who typed it. Pure."""

import re
from datetime import datetime, timedelta

from streaming.licences.offer_values import Kind, OfferTerms
from streaming.licences.validation import LONGEST, MAX_LABEL, MOST_STREAMS, invalid

MOST_TAKEN = 1_000_000
MAX_PRICE = 100_000_000
_CURRENCY = re.compile(r"[A-Z]{3}")


def checked(terms: OfferTerms, now: datetime, *, on_channel: bool, taken: int = 0) -> None:
    """Raise `Fault` INVALID with what is wrong and the field's name."""
    _check_kind(terms, on_channel)
    _check_clocks(terms)
    _check_price(terms)
    _check_window(terms, now)
    if len(terms.label) > MAX_LABEL:
        raise invalid(
            f"A label has at most {MAX_LABEL} characters.", "Shorten it.", "label_too_long", "label"
        )
    if not 1 <= terms.max_streams <= MOST_STREAMS:
        raise invalid(
            f"A licence is for 1 to {MOST_STREAMS} screens at a time.",
            "Choose a number between them.",
            "bad_streams",
            "max_streams",
        )
    if terms.most is not None and not max(1, taken) <= terms.most <= MOST_TAKEN:
        least = f"it has been taken {taken} times already" if taken else "at least one"
        raise invalid(
            f"The number on offer does not fit: {least}, and at most {MOST_TAKEN:,}.",
            "Leave it empty for any number, or close the offer.",
            "bad_number",
            "most",
        )


def _check_kind(terms: OfferTerms, on_channel: bool) -> None:
    if on_channel != (terms.kind is Kind.SUBSCRIPTION):
        raise invalid(
            "A subscription is to a channel, and a channel is offered by subscription.",
            "Choose another kind, or make the offer where it belongs.",
            "bad_kind",
            "kind",
        )
    clocks = terms.rental is not None or terms.playback is not None
    if terms.kind is Kind.RENTAL and (terms.rental is None or terms.playback is None):
        field = "rental_s" if terms.rental is None else "playback_s"
        raise invalid(
            "A rental says within what time it must be started, and within what time finished.",
            "Give both.",
            "rental_without_clocks",
            field,
        )
    if terms.kind in {Kind.PURCHASE, Kind.SUBSCRIPTION} and clocks:
        raise invalid(
            "Only rentals and free offers have a time to start and to finish within.",
            "Leave both empty, or offer a rental.",
            "clocks_not_meant",
            "rental_s" if terms.rental is not None else "playback_s",
        )
    if terms.kind is Kind.PURCHASE and terms.lasts is not None:
        raise invalid(
            "What is bought does not run out.", "Leave its length empty.", "purchase_with_end", "lasts_s"
        )


def _check_clocks(terms: OfferTerms) -> None:
    for field, value in (
        ("rental_s", terms.rental),
        ("playback_s", terms.playback),
        ("lasts_s", terms.lasts),
    ):
        if value is not None and not timedelta(seconds=1) <= value <= LONGEST:
            raise invalid(
                "A length of time is at least a second and at most a hundred years.",
                "Leave it empty for no limit.",
                "bad_span",
                field,
            )


def _check_price(terms: OfferTerms) -> None:
    if terms.price_minor is None:
        if terms.currency:
            raise invalid("A currency without a price says nothing.", "Name the price.", "no_price", "price")
        return
    if terms.kind is Kind.FREE and terms.price_minor > 0:
        raise invalid(
            "What is free has no price.",
            "Leave the price empty, or choose another kind.",
            "free_price",
            "price",
        )
    if not 0 <= terms.price_minor <= MAX_PRICE:
        raise invalid("A price is from 0 to 1,000,000.00.", "Choose another one.", "bad_price", "price")
    if not _CURRENCY.fullmatch(terms.currency):
        raise invalid(
            "A price needs its currency, as three capital letters.",
            "Write it like EUR, GBP or USD.",
            "bad_currency",
            "currency",
        )


def _check_window(terms: OfferTerms, now: datetime) -> None:
    for field, instant in (("open_from", terms.open_from), ("open_until", terms.open_until)):
        if instant is None:
            continue
        if instant.tzinfo is None:
            raise invalid(
                "This time has no time zone, so nobody can tell when it is.",
                "Write it like 2026-11-22T21:40:00+01:00.",
                "no_zone",
                field,
            )
        if abs(instant - now) > LONGEST:
            raise invalid(
                "This time is more than a hundred years away.", "Choose a nearer one.", "too_far_ahead", field
            )
    if terms.open_from and terms.open_until and terms.open_until <= terms.open_from:
        raise invalid(
            "This offer would close before it opens.",
            "Move its end behind its beginning.",
            "end_before_start",
            "open_until",
        )
