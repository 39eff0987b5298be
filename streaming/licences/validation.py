"""What terms may be: every fault in them is a sentence for the person who typed them."""

from datetime import datetime, timedelta

from streaming.errors import Code, Fault
from streaming.licences.policy import Terms
from streaming.licences.values import Changes, Request

SLACK = timedelta(minutes=10)
"""How far in the past a start may lie: forms know minutes, and clocks differ."""
LONGEST = timedelta(days=365 * 100)
MOST_STREAMS = 100
MOST_DEVICES = 100
MAX_LABEL = 100


def invalid(sentence: str, hint: str, name: str, field: str) -> Fault:
    """Make the fault of one field of a form."""
    return Fault(
        Code.INVALID, sentence, hint, name=name, extra={"errors": [{"field": field, "sentence": sentence}]}
    )


def devices_of_a_link() -> Fault:
    """Make the fault of a number of devices on a link."""
    return invalid(
        "A link counts browsers as plays, not as devices.",
        "Give it a number of plays instead.",
        "devices_of_a_link",
        "max_devices",
    )


def check_holder(request: Request) -> None:
    """Refuse a licence for nobody, or for two kinds of holder at once."""
    if request.to and request.link:
        raise invalid(
            "A licence goes to a person or to a link, not to both.", "Issue two.", "two_holders", "to"
        )
    if not request.to and not request.link:
        raise invalid("Who is this licence for?", "Give a name, or make a link.", "no_holder", "to")
    if not request.link and (request.redeem_until or request.max_plays or request.password):
        raise invalid(
            "Only a link has a number of plays, a password or a time to be used by.",
            "Make a link, or leave these out.",
            "not_a_link",
            "link",
        )
    if request.link and request.max_devices is not None:
        raise devices_of_a_link()
    if len(request.label) > MAX_LABEL:
        raise invalid(
            f"A label has at most {MAX_LABEL} characters.", "Shorten it.", "label_too_long", "label"
        )


def checked_terms(request: Request, now: datetime) -> Terms:
    """Make terms of a request, or raise `Fault` INVALID with what is wrong and the field's name."""
    start = request.valid_from or now
    _check_instant(start, "valid_from", now)
    if start < now - SLACK:
        raise invalid(
            "The start of this licence is in the past.",
            "Leave it empty to begin now.",
            "start_is_past",
            "valid_from",
        )
    terms = Terms(
        start,
        request.valid_until,
        request.rental,
        request.playback,
        request.tier,
        request.max_streams,
        request.may_finish,
        request.max_devices,
    )
    check_end(terms, now)
    check_limits(terms)
    return terms


def amended(terms: Terms, changes: Changes, now: datetime) -> Terms:
    """Apply `changes` to `terms`, or raise `Fault` INVALID."""

    def pick(name: str) -> object:
        return getattr(changes if name in changes.given else terms, name)

    new = Terms(
        terms.valid_from,
        pick("valid_until"),  # type: ignore[arg-type]  # the two classes name and type these alike
        pick("rental"),  # type: ignore[arg-type]
        pick("playback"),  # type: ignore[arg-type]
        pick("tier") or terms.tier,  # type: ignore[arg-type]
        pick("max_streams") if pick("max_streams") is not None else terms.max_streams,  # type: ignore[arg-type]
        pick("may_finish") if pick("may_finish") is not None else terms.may_finish,  # type: ignore[arg-type]
        pick("max_devices"),  # type: ignore[arg-type]
    )
    if "valid_until" in changes.given:
        check_end(new, now)
    check_limits(new)
    return new


def check_end(terms: Terms, now: datetime) -> None:
    """Refuse an end that is past, or before the beginning."""
    end = terms.valid_until
    if end is None:
        return
    _check_instant(end, "valid_until", now)
    if end <= terms.valid_from:
        raise invalid(
            "This licence would end before it begins.",
            "Move the end behind the beginning.",
            "end_before_start",
            "valid_until",
        )
    if end <= now:
        raise invalid(
            "The end of this licence has already passed.",
            "Choose a later end; to end it at once, revoke it.",
            "end_is_past",
            "valid_until",
        )


def check_limits(terms: Terms) -> None:
    """Refuse spans of no length or beyond reason, and numbers of screens nobody can mean."""
    for field, name, value in (
        ("rental_s", "start-within", terms.rental),
        ("playback_s", "finish-within", terms.playback),
    ):
        if value is not None and not timedelta(seconds=1) <= value <= LONGEST:
            raise invalid(
                f"The {name} time must be at least a second and at most a hundred years.",
                "Leave it empty for no such limit.",
                "bad_span",
                field,
            )
    if not 1 <= terms.max_streams <= MOST_STREAMS:
        raise invalid(
            f"A licence is for 1 to {MOST_STREAMS} screens at a time.",
            "Choose a number between them.",
            "bad_streams",
            "max_streams",
        )
    if terms.max_devices is not None and not 1 <= terms.max_devices <= MOST_DEVICES:
        raise invalid(
            f"A licence is for 1 to {MOST_DEVICES} devices.",
            "Leave it empty for as many as its holder has.",
            "bad_devices",
            "max_devices",
        )


def _check_instant(instant: datetime, field: str, now: datetime) -> None:
    """Refuse an instant without a zone, or so far away that sums of instants leave the calendar.

    One such licence would be a fault on every page that lists it, its holder's foyer above all.
    """
    if instant.tzinfo is None:
        raise invalid(
            "This time has no time zone, so nobody can tell when it is.",
            "Write it like 2026-11-22T21:40:00+01:00.",
            "no_zone",
            field,
        )
    if instant > now + LONGEST:
        raise invalid(
            "This time is more than a hundred years away.",
            "Leave the end empty for a licence without one.",
            "too_far_ahead",
            field,
        )
