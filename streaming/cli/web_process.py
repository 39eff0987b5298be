"""The web server's process: Granian in front of `streaming.app`."""

import os
import signal
import sys

from granian.constants import Interfaces
from granian.server import Server

from streaming.lifeline import PARENT, die_with_parent
from streaming.settings import Settings


def main() -> None:
    """Serve until told to stop; argv[1] is the supervisor's process id."""
    if len(sys.argv) > 1:
        die_with_parent(int(sys.argv[1]), signal.SIGTERM)
    os.environ[PARENT] = str(os.getpid())
    settings = Settings()
    Server(
        "streaming.app:create_app",
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        websockets=False,
        workers=1,
        respawn_failed_workers=True,
        workers_kill_timeout=5,
        log_level="warning",  # type: ignore[arg-type]
    ).serve()


if __name__ == "__main__":
    main()
