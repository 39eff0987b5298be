"""The release budget: how fast one playback may be handed keys of new crypto periods.

A token bucket in millionths of a period, so that it is exact in integers and can be kept in a row that
many processes share. A period that was released before costs nothing, whatever its rendition or tier.
"""

from dataclasses import dataclass
from math import ceil

from streaming.delivery.values import MAX_PERIODS

UNIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Rule:
    """`burst` periods at once, then `rate` periods for each `period_seconds` of real time."""

    burst: int
    rate: float
    period_seconds: int


@dataclass(frozen=True, slots=True)
class Budget:
    """`level` millionths of a period were left at the instant `at` (microseconds since 1970)."""

    level: int
    at: int


def full(rule: Rule, now: int) -> Budget:
    """Give a budget with the whole burst."""
    return Budget(rule.burst * UNIT, now)


def refilled(budget: Budget, rule: Rule, now: int) -> Budget:
    """Bring a budget up to `now`. A clock that stepped back credits nothing and takes nothing."""
    elapsed = max(0, now - budget.at)
    gained = int(elapsed * rule.rate / rule.period_seconds)
    return Budget(min(rule.burst * UNIT, budget.level + gained), now)


def spend(budget: Budget, rule: Rule, now: int) -> Budget | int:
    """Take one period out, or give the whole seconds (at least 1) until one is there."""
    ready = refilled(budget, rule, now)
    if ready.level >= UNIT:
        return Budget(ready.level - UNIT, now)
    missing = UNIT - ready.level
    return max(1, ceil(missing * rule.period_seconds / rule.rate / 1_000_000))


def is_released(bitmap: bytes, period: int) -> bool:
    """Tell whether `period` is marked in a little-endian bitmap."""
    byte, bit = divmod(period, 8)
    return byte < len(bitmap) and bool(bitmap[byte] >> bit & 1)


def with_released(bitmap: bytes, period: int) -> bytes:
    """Mark `period`. Raises `ValueError` outside of 0 … MAX_PERIODS - 1."""
    if not 0 <= period < MAX_PERIODS:
        raise ValueError("no film has so many crypto periods")
    byte, bit = divmod(period, 8)
    marked = bytearray(bitmap.ljust(byte + 1, b"\0"))
    marked[byte] |= 1 << bit
    return bytes(marked)
