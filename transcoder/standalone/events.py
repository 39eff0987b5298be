"""What happens while a film is made or checked without a server: plain values for a terminal or a program."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from transcoder.encoding.verify import Finding
from transcoder.planning.plan import Plan
from transcoder.source.media import MediaInfo


@dataclass(frozen=True, slots=True)
class Probed:
    """The film was looked at."""

    info: MediaInfo


@dataclass(frozen=True, slots=True)
class Measuring:
    """The plan is being made: what can be copied, and which qualities the film's content asks for."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What will be made; `done` of its chunks are there already."""

    plan: Plan
    done: int = 0


@dataclass(frozen=True, slots=True)
class Progressed:
    """`done` of `total`: frames when "encoding", objects when "checking"; `rate` a second, `left` seconds."""

    stage: str
    done: int
    total: int
    rate: float | None = None
    left: float | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A part without which the film is still a film could not be made."""

    what: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Made:
    """The folder is whole. `was_whole`: it was so before. `size` in bytes, `seconds` of this run."""

    folder: Path
    title: str
    objects: int
    size: int
    seconds: float
    was_whole: bool


@dataclass(frozen=True, slots=True)
class Found:
    """Something is wrong with an object."""

    finding: Finding


@dataclass(frozen=True, slots=True)
class Checked:
    """A folder was checked, `whole` or by hashes alone. `keys_inside`: its keys lie in it, too."""

    folder: Path
    title: str
    objects: int
    size: int
    whole: bool
    keys_inside: bool
    findings: tuple[Finding, ...]


Event = Probed | Measuring | Planned | Progressed | LeftOut | Made | Found | Checked
Tell = Callable[[Event], None]
"""Hears what happens; called from several threads, never twice at once."""
