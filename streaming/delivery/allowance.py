"""How often each of many may do something: a token bucket apiece, forgotten when it is long full again."""

import time

from streaming.delivery.kept import Kept

MOST = 8192


class Allowance:
    """`burst` at once, then `rate` a second, for each name."""

    def __init__(self, burst: int, rate: float) -> None:
        self._burst, self._rate = burst, rate
        self._levels: Kept[str, tuple[float, float]] = Kept(MOST, burst / rate)

    def allows(self, name: str) -> bool:
        """Take one; says whether there was one left."""
        now = time.monotonic()
        level, at = self._levels.get(name) or (float(self._burst), now)
        level = min(self._burst, level + (now - at) * self._rate)
        allowed = level >= 1
        self._levels.put(name, (level - allowed, now))
        return allowed
