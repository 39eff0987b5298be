"""`python -m tests.clients [--write] [--folder F] [--only WORD…]`: every client, every feature, every ending.

Installs Firefox and VLC where they are missing. Fails where a client does not do what it is not known to
lack. `--write` keeps what was measured and prints it into the README.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path

from player import build
from tests.clients.clients import CLIENTS, Client
from tests.clients.measure import Say, measure
from tests.clients.outcome import Outcome, Row, read_record, write_record
from tests.clients.premiere import Premiere, premiere
from tests.clients.table import placed, table
from tests.clients.tabs import tab_in

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
TOOLS = ("chromium", "mpv", "firefox-esr", "ffmpeg", "vlc-bin", "vlc-plugin-base")
"""Firefox decodes H.264 and AAC with the libraries that come with Debian's ffmpeg."""


def main() -> int:
    """Measure, print, and answer whether all went as known."""
    options = _options()
    subprocess.run(["bash", str(ROOT / "tests/tools.sh"), *TOOLS], check=True)
    build.main([])
    chosen = [one for one in CLIENTS if not options.only or any(word in one.id for word in options.only)]
    surprises: list[str] = []

    def say(client: Client, name: str, outcome: Outcome) -> None:
        word = "yes" if outcome.well else "no"
        print(f"{client.id}: {name}: {word} {outcome.why}".rstrip(), flush=True)
        if not outcome.well and not client.known(name):
            surprises.append(f"{client.id}: {name}: {outcome.why}")

    with _folder(options.folder) as folder, premiere(folder, _protections(chosen)) as house:
        rows = list(_rows(house, chosen, say))
    print("\n" + table(rows))
    if options.write:
        kept = _merged(rows)
        write_record(kept)
        README.write_text(placed(README.read_text(), kept))
    for surprise in surprises:
        print(f"not as known: {surprise}", file=sys.stderr)
    return 1 if surprises else 0


def _merged(rows: Sequence[Row]) -> list[Row]:
    """Keep what was measured before of clients that were not chosen, in the order of the table."""
    known = {(row.client, row.protection): row for row in [*read_record(), *rows]}
    order = [(one.name, f"{one.protection} {one.form}") for one in CLIENTS]
    return [known[one] for one in order if one in known]


def _rows(house: Premiere, chosen: Sequence[Client], say: Say) -> Iterator[Row]:
    for where, clients in groupby(chosen, key=lambda one: one.where):
        if where == "native":
            for client in clients:
                yield measure(house, client, None, say)
            continue
        with tempfile.TemporaryDirectory() as folder, tab_in(where, Path(folder)) as tab:
            for client in clients:
                yield measure(house, client, tab, say)


def _protections(chosen: Sequence[Client]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.protection for one in chosen))


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    """Give the folder named, or one that is gone afterwards."""
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept
        return
    made = Path(tempfile.mkdtemp(prefix="matinee-clients-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.clients", description=__doc__)
    parser.add_argument(
        "--write", action="store_true", help="keep what was measured, and print it into the README"
    )
    parser.add_argument("--folder", type=Path, help="keep the published film here, and use it again")
    parser.add_argument("--only", nargs="*", default=[], help="clients whose names have one of these words")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
