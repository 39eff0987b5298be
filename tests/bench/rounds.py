"""Interleaved rounds, and what is made of them: the median of one ratio a round. Pure."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

LEAST_ROUNDS = 5


class Verdict(Enum):
    """How a figure stands to its aim."""

    MET = "met"
    MISSED = "missed"
    NO_AIM = "no aim"


@dataclass(frozen=True, slots=True)
class Aim:
    """A bound on the median: of the ratio, or with `absolute` of our own side. `most` is an upper bound."""

    bound: float
    most: bool
    absolute: bool = False

    def holds(self, value: float) -> bool:
        """Tell whether `value` keeps the bound."""
        return value <= self.bound if self.most else value >= self.bound


@dataclass(frozen=True, slots=True)
class Spread:
    """Median, least and greatest of some values."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Sum up values; raises ValueError for none."""
        if not values:
            raise ValueError("no values")
        return cls(statistics.median(values), min(values), max(values))


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the results: our side against a peer, measured in the same rounds.

    `unit` is that of both sides; `ours[i]` and `peers[i]` belong to round `i`. `how` says in a sentence or
    two what is counted.
    """

    name: str
    unit: str
    ours_name: str
    peer_name: str
    ours: tuple[float, ...]
    peers: tuple[float, ...]
    how: str
    aim: Aim | None = None

    def __post_init__(self) -> None:
        if not self.ours or len(self.ours) != len(self.peers):
            raise ValueError(f"{self.name}: every round has both sides")
        if min(self.peers) <= 0:
            raise ValueError(f"{self.name}: the peer did nothing")

    @property
    def rounds(self) -> int:
        """How many rounds it rests on."""
        return len(self.ours)

    @property
    def ratio(self) -> Spread:
        """Ours divided by the peer's, round by round."""
        return Spread.of([our / peer for our, peer in zip(self.ours, self.peers, strict=True)])

    @property
    def verdict(self) -> Verdict:
        """How the median stands to the aim."""
        if self.aim is None:
            return Verdict.NO_AIM
        value = Spread.of(self.ours).median if self.aim.absolute else self.ratio.median
        return Verdict.MET if self.aim.holds(value) else Verdict.MISSED


Side = Callable[[int], float]
"""Measures one side once; gets the round's number."""


def interleave(
    sides: Mapping[str, Side], rounds: int, tell: Callable[[int], None] = lambda _: None
) -> dict[str, tuple[float, ...]]:
    """Measure every side once a round, one after the other, every other round in the opposite order.

    So whatever drifts (heat, neighbours, caches) falls on both sides alike. `tell` hears the round's number.
    """
    found: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds):
        tell(number)
        for name in list(sides) if number % 2 == 0 else list(sides)[::-1]:
            found[name].append(sides[name](number))
    return {name: tuple(values) for name, values in found.items()}
