"""Serves one of the bench's applications: `python -m tests.bench.serve granian|uvicorn NAME PORT`."""

import os
import signal
import sys

from streaming.lifeline import die_with_parent


def main() -> None:
    """Serve until told to stop. Granian gets what `streaming.cli.web_process` gives it."""
    die_with_parent(os.getppid(), signal.SIGTERM)
    kind, name, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
    target = f"tests.bench.apps:{name}"
    if kind == "uvicorn":
        import uvicorn

        uvicorn.run(
            target,
            factory=True,
            host="127.0.0.1",
            port=port,
            workers=1,
            log_level="warning",
            access_log=False,
        )
        return
    from granian.constants import Interfaces
    from granian.server import Server

    Server(
        target,
        factory=True,
        address="127.0.0.1",
        port=port,
        interface=Interfaces.ASGI,
        websockets=False,
        workers=1,
        workers_kill_timeout=5,
        log_level="warning",  # type: ignore[arg-type]
    ).serve()


if __name__ == "__main__":
    main()
