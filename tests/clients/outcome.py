"""What a client did: the features and endings that are tried, and what was measured of each."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

FEATURES = {
    "last_frame": "to the last frame",
    "seek": "seek",
    "resume": "plays on after a seek past several periods",
    "quality": "quality",
    "language": "language",
    "subtitles": "subtitles",
    "thumbnails": "thumbnails",
}
ENDINGS = {
    "expiry": "expiry",
    "revocation": "revocation",
    "lowered": "lowered tier",
    "stolen": "stolen lease",
}
RECORD = Path(__file__).with_name("measured.json")


@dataclass(frozen=True)
class Outcome:
    """Whether it worked; `why` says why not, or what a yes is worth."""

    well: bool
    why: str = ""


@dataclass(frozen=True)
class Row:
    """One client with one protection, and what was measured of it, by the names above."""

    client: str
    version: str
    protection: str
    outcomes: dict[str, Outcome]

    @property
    def id(self) -> str:
        """As tests and the command call it."""
        return f"{self.client} {self.protection}"


def write_record(rows: list[Row], path: Path = RECORD) -> None:
    """Keep what was measured, in the order of the table."""
    path.write_text(json.dumps([asdict(row) for row in rows], indent=1, ensure_ascii=False) + "\n")


def read_record(path: Path = RECORD) -> list[Row]:
    """Read it back."""
    return [
        Row(
            one["client"],
            one["version"],
            one["protection"],
            {name: Outcome(**found) for name, found in one["outcomes"].items()},
        )
        for one in json.loads(path.read_text())
    ]
