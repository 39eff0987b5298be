"""Times and durations as people type them, and as the terminal says them."""

import re
from datetime import UTC, datetime, timedelta, tzinfo

from streaming.errors import Code, Fault

_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(s|min|m|h|d|w)", re.IGNORECASE)
_ISO = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.IGNORECASE)


def parse_duration(text: str) -> timedelta:
    """Read `90s`, `2h30m`, `7d` or ISO 8601 (`PT48H`). Raises `Fault` INVALID."""
    text = text.strip()
    if (iso := _ISO.fullmatch(text)) and any(iso.groups()):
        days, hours, minutes, seconds = (int(part or 0) for part in iso.groups())
        return _bounded(timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds), text)
    if not text or _PART.sub("", text).strip():
        raise _unreadable_duration(text)
    return _bounded(timedelta(seconds=_seconds(text)), text)


def _seconds(text: str) -> float:
    total = sum(float(number) * _UNITS[unit.lower()] for number, unit in _PART.findall(text))
    return min(total, 1e10)


def _bounded(duration: timedelta, text: str) -> timedelta:
    if not timedelta(0) < duration <= timedelta(days=36_500):
        raise _unreadable_duration(text)
    return duration


def _unreadable_duration(text: str) -> Fault:
    return Fault(
        Code.INVALID,
        f"“{text[:40]}” is not a length of time.",
        "Write it like 90s, 30m, 48h, 7d or PT48H.",
        name="bad_duration",
    )


def parse_when(text: str, now: datetime, zone: tzinfo | None = None) -> datetime:
    """Read `now`, `in 2h`, `+2h`, or an ISO time; without a zone it means `zone`, or this machine's own.

    Gives an aware UTC instant. Raises `Fault` INVALID.
    """
    text = text.strip()
    if text.lower() == "now":
        return now
    for prefix in ("in ", "+"):
        if text.lower().startswith(prefix):
            return now + parse_duration(text[len(prefix) :])
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise Fault(
            Code.INVALID,
            f"“{text[:40]}” is not a time.",
            "Write it like “2026-12-24 20:00”, “in 2h” or “now”.",
            name="bad_time",
        ) from None
    try:
        return (read.replace(tzinfo=zone) if zone and read.tzinfo is None else read).astimezone(UTC)
    except OverflowError:
        raise Fault(
            Code.INVALID,
            f"“{text[:40]}” lies outside of the calendar.",
            "Write it like “2026-12-24 20:00”.",
            name="bad_time",
        ) from None
