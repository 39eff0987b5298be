"""A worker's process: durable jobs, until told to stop."""

import os
import signal
import sys

from streaming.lifeline import die_with_parent
from streaming.settings import Settings
from streaming.worker import run_worker


def main() -> None:
    """Work until told to stop; argv[1], if given, is the supervisor's process id."""
    os.umask(0o077)  # also where it was started by hand, next to a house
    if len(sys.argv) > 1:
        die_with_parent(int(sys.argv[1]), signal.SIGTERM)
    run_worker(Settings())


if __name__ == "__main__":
    main()
