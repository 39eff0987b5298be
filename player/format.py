"""Numbers and times as people say them. Pure; times are aware datetimes, lengths seconds, sizes bytes."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MINUTE, HOUR, DAY = 60, 3600, 86400
_STEPS = (
    (DAY * 365, "year"),
    (DAY * 30, "month"),
    (DAY * 7, "week"),
    (DAY, "day"),
    (HOUR, "hour"),
    (MINUTE, "minute"),
)


def plural(count: int, one: str, many: str = "") -> str:
    """`1 film`, `2 films`, `1,204 films`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def length(seconds: float | None) -> str:
    """A film's length: `1 h 32 min`, `4 min`, `38 s`; empty when not known."""
    if seconds is None:
        return ""
    whole = max(0, round(seconds))
    if whole < MINUTE:
        return f"{whole} s"
    minutes = round(whole / MINUTE)
    hours, minutes = divmod(minutes, 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def clock_time(seconds: float) -> str:
    """A place in a film: `41:07`, `1:02:09`."""
    hours, rest = divmod(max(0, int(seconds)), HOUR)
    minutes, whole = divmod(rest, MINUTE)
    return f"{hours}:{minutes:02}:{whole:02}" if hours else f"{minutes}:{whole:02}"


def span(seconds: float) -> str:
    """A length of time in words, by its two largest units: `48 hours`, `30 days`, `1 hour 30 minutes`."""
    whole = max(0, int(seconds))
    if whole >= 3 * DAY and whole % DAY == 0:
        return plural(whole // DAY, "day")
    if whole == DAY:
        return "24 hours"
    parts = []
    for size, name in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (1, "second")):
        if name == "day" and whole < 3 * DAY:
            continue
        count, whole = divmod(whole, size)
        if count:
            parts.append(plural(count, name))
    return " ".join(parts[:2]) or "0 seconds"


def span_parts(seconds: int | None, unit: str) -> tuple[str, str]:
    """A length of time as a form asks for it: `("48", "hours")`, by the largest unit that it is whole in.

    Up to two days are said in hours, unless `unit`, which an empty field has, is days.
    """
    if seconds is None:
        return "", unit
    size, name = next(
        (size, name)
        for size, name in ((DAY, "days"), (HOUR, "hours"), (MINUTE, "minutes"), (1, "seconds"))
        if seconds % size == 0 and (name != "days" or seconds > 2 * DAY or unit == name)
    )
    return str(seconds // size), name


def left(seconds: float | None) -> str:
    """An estimate of what remains: `about 3 minutes left`, `a few seconds left`; empty when not known."""
    if seconds is None:
        return ""
    if seconds < 10:
        return "a few seconds left"
    if seconds < MINUTE:
        return f"about {round(seconds / 10) * 10} seconds left"
    if seconds < 90 * MINUTE:
        return f"about {plural(round(seconds / MINUTE), 'minute')} left"
    return f"about {plural(round(seconds / HOUR), 'hour')} left"


def relative(moment: datetime, now: datetime) -> str:
    """How far away in words: `in 2 hours`, `3 days ago`, `just now`."""
    away = (moment - now).total_seconds()
    distance = abs(away)
    if distance < 45:
        return "just now" if away <= 0 else "in a moment"
    size, name = next(((s, n) for s, n in _STEPS if distance >= s * 0.95), (MINUTE, "minute"))
    count = max(1, round(distance / size))
    words = plural(count, name)
    return f"in {words}" if away > 0 else f"{words} ago"


def zone_of(name: str) -> ZoneInfo:
    """The zone of this IANA name; UTC when there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def exact(moment: datetime, zone: str = "UTC") -> str:
    """The full moment: `Sunday 22 November 2026, 21:40 CET`."""
    local = moment.astimezone(zone_of(zone))
    return f"{local:%A} {local.day} {local:%B %Y, %H:%M} {local:%Z}"


def field_value(moment: datetime, zone: str = "UTC") -> str:
    """A moment as a `datetime-local` field holds it, to the minute: `2026-11-22T21:40`."""
    return f"{moment.astimezone(zone_of(zone)):%Y-%m-%dT%H:%M}"


def day_and_time(moment: datetime, now: datetime, zone: str = "UTC") -> str:
    """A moment by the viewer's calendar: `21:40`, `tomorrow at 09:00`, `on 3 December at 21:40`."""
    local, here = moment.astimezone(zone_of(zone)), now.astimezone(zone_of(zone))
    days = (local.date() - here.date()).days
    clock = f"{local:%H:%M}" + (" UTC" if zone == "UTC" else "")
    if days in (-1, 0, 1):
        return f"{('yesterday', 'today', 'tomorrow')[days + 1]} at {clock}"
    year = f" {local.year}" if local.year != here.year else ""
    return f"on {local.day} {local:%B}{year} at {clock}"


def date(moment: datetime, zone: str = "UTC") -> str:
    """`22 Nov 2026`."""
    local = moment.astimezone(zone_of(zone))
    return f"{local.day} {local:%b %Y}"


def size(count: int | None) -> str:
    """Bytes in decimal units: `640 kB`, `4.2 MB`, `1.36 GB`; empty when not known."""
    if count is None:
        return ""
    if count < 1000:
        return plural(max(0, count), "byte")
    unit, scale, places = next(
        (step for step in (("kB", 1e3, 0), ("MB", 1e6, 1)) if count < step[1] * 999.5), ("GB", 1e9, 2)
    )
    value = count / scale
    return f"{value:,.{max(0, places - len(str(int(value))) + 1)}f} {unit}"


def percent(value: float | None) -> str:
    """`12 %`; never says 100 before it is; empty when not known."""
    if value is None:
        return ""
    return f"{100 if value >= 100 else min(99, max(0, int(value)))} %"


def bitrate(bits: int | None) -> str:
    """`800 kbit/s`, `4.5 Mbit/s`; empty when not known."""
    if bits is None:
        return ""
    return f"{bits / 1e6:.1f} Mbit/s" if bits >= 1_000_000 else f"{round(bits / 1000)} kbit/s"


def minutes_watched(minutes: int) -> str:
    """`0 min`, `48 min`, `12 h`, `1,204 h`."""
    return f"{minutes} min" if minutes < 120 else f"{round(minutes / 60):,} h"
