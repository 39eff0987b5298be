"""A web server's process: Granian in front of `streaming.app`, on the supervisor's listening socket."""

import os
import signal
import sys

from granian._granian import SocketHolder
from granian.constants import Interfaces
from granian.server import Server

from streaming.lifeline import PARENT, die_with_parent
from streaming.settings import Settings

BACKLOG = 1024


class InheritingServer(Server):  # type: ignore[misc,valid-type]  # Granian chooses its class at import
    """Granian on a socket that listens already.

    By itself Granian opens one socket for each of its workers (SO_REUSEPORT), and connections that wait at
    the socket of a worker that is killed are reset. One socket for all, held by the supervisor, loses none.
    """

    def __init__(self, door: int, settings: Settings) -> None:
        super().__init__(
            "streaming.app:create_app",
            factory=True,
            address=settings.host,
            port=settings.port,
            interface=Interfaces.ASGI,
            websockets=False,
            workers=1,
            respawn_failed_workers=True,
            workers_kill_timeout=5,
            log_level="warning",
        )
        self._door = door

    def _init_shared_socket(self) -> None:
        self._ssp, self._sso = None, None
        self._sfd, self._shd = self._door, SocketHolder(self._door, False, BACKLOG)  # type: ignore[call-arg]


def main() -> None:
    """Serve until told to stop; argv: the supervisor's process id, and the listening socket's descriptor."""
    parent, door = int(sys.argv[1]), int(sys.argv[2])
    die_with_parent(parent, signal.SIGTERM)
    os.environ[PARENT] = str(os.getpid())
    InheritingServer(door, Settings()).serve()


if __name__ == "__main__":
    main()
