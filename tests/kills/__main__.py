"""`python -m tests.kills [--kills N] [--seed N]`: kills workers over a batch of films and looks."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.kills.batch import Size, run


def main() -> int:
    """Run a batch; gives the exit code: 1 if anything was lost, doubled, repeated or left over."""
    parser = argparse.ArgumentParser(prog="python -m tests.kills", description="Kills workers at random.")
    parser.add_argument("--kills", type=int, default=100, help="how many (100)")
    parser.add_argument("--seed", type=int, default=1, help="which random moments (1)")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="matinee-kills-") as folder:
        tally = run(Path(folder), Size(asked.kills, asked.seed), _tell)
    sys.stderr.write("\n")
    for fault in tally.faults:
        print(fault)
    print(tally)
    return 1 if tally.faults else 0


def _tell(words: str) -> None:
    sys.stderr.write(f"\r{words:<60}")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
