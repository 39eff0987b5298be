"""Time left, by the rate of the last while: an average since the start lies after every change of pace."""

from collections import deque

WINDOW_SECONDS = 30.0
LEAST_SECONDS = 1.0


class RateMeter:
    """Keeps (seconds, frames) of the last half minute; not thread-safe, one per title."""

    def __init__(self) -> None:
        self._points: deque[tuple[float, int]] = deque()

    def note(self, at: float, frames: int) -> None:
        """Note that `frames` were done at the monotonic time `at`; a step back starts anew."""
        if self._points and frames < self._points[-1][1]:
            self._points.clear()
        self._points.append((at, frames))
        while len(self._points) > 2 and self._points[1][0] < at - WINDOW_SECONDS:
            self._points.popleft()

    def rate(self) -> float | None:
        """Frames a second of the last while, or None while nobody can know."""
        if len(self._points) < 2:
            return None
        (began, before), (now, done) = self._points[0], self._points[-1]
        if now - began < LEAST_SECONDS or done <= before:
            return None
        return (done - before) / (now - began)

    def seconds_left(self, total: int) -> float | None:
        """Seconds until `total` frames at the present rate, or None while nobody can know."""
        rate = self.rate()
        return None if rate is None else max(0, total - self._points[-1][1]) / rate
