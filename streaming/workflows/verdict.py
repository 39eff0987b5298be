"""How a step ended, as text: what DBOS records, so that nothing else ever gets into its database."""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum

from streaming.catalogue.values import Failure


class Kind(StrEnum):
    """The three ways a step ends."""

    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A step's end; `hopeless` failures cannot be mended by trying the same file again."""

    kind: Kind
    failure: Failure | None = None
    hopeless: bool = False

    @property
    def is_done(self) -> bool:
        """Whether the next step may begin."""
        return self.kind is Kind.DONE

    def text(self) -> str:
        """Write it for the record."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> "Verdict":
        """Read what `text` wrote."""
        plain = json.loads(text)
        failure = Failure(**plain["failure"]) if plain["failure"] else None
        return cls(Kind(plain["kind"]), failure, plain["hopeless"])


DONE = Verdict(Kind.DONE)
STOPPED = Verdict(Kind.STOPPED)


def failed(failure: Failure, *, hopeless: bool = False) -> Verdict:
    """Make a verdict of failure."""
    return Verdict(Kind.FAILED, failure, hopeless)
