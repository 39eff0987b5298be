"""A client for large answers: `python -m tests.bench.drain PORT REQUESTS SECONDS CONNECTIONS`.

The body is discarded in the kernel (`MSG_TRUNC` on TCP, tcp(7)): one core of this client takes many times
what a server on another core can send, so that what is measured is the server. `wrk` copies each 8 KiB to
itself and is the slower side.
"""

import json
import re
import select
import socket
import sys
import time
from contextlib import closing
from pathlib import Path

HEAD = 4096
MOST = 8 << 20
LENGTH = re.compile(rb"\r\nContent-Length: *([0-9]+)\r\n", re.IGNORECASE)


class Connection:
    """One connection that asks for one file after another."""

    def __init__(self, port: int, requests: list[bytes], first: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 5)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._requests = requests
        self._next = first
        self._left = 0
        self.answers = self.octets = 0
        self._spare = bytearray(MOST)
        self.ask()

    def ask(self) -> None:
        """Send the next request."""
        self._left = -1
        self.socket.sendall(self._requests[self._next % len(self._requests)])
        self._next += 1

    def read(self) -> None:
        """Take what has come."""
        if self._left < 0:
            self._read_head()
        else:
            taken = self.socket.recv_into(self._spare, min(self._left, MOST), socket.MSG_TRUNC)
            if not taken:
                raise ConnectionError("the server closed a connection in the middle of an answer")
            self._left -= taken
            self.octets += taken
        if self._left == 0:
            self.answers += 1
            self.ask()

    def _read_head(self) -> None:
        head = self.socket.recv(HEAD)
        end, length = head.find(b"\r\n\r\n"), LENGTH.search(head)
        if not head.startswith(b"HTTP/1.1 200 ") or end < 0 or length is None:
            raise ConnectionError(f"not the answer that was wanted: {head[:200]!r}")
        body = len(head) - end - 4
        self._left = int(length[1]) - body
        self.octets += body


def drain(port: int, paths: list[str], seconds: float, connections: int) -> dict[str, float]:
    """Load a server for `seconds`; gives answers, octets and seconds."""
    requests = [f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode() for path in paths]
    step = max(1, len(requests) // connections)
    known: dict[int, Connection] = {}
    with closing(select.epoll()) as poll:
        try:
            for number in range(connections):
                one = Connection(port, requests, number * step)
                known[one.socket.fileno()] = one
                poll.register(one.socket, select.EPOLLIN)
            took = _read_for(seconds, poll, known)
        finally:
            for one in known.values():
                one.socket.close()
    answers = sum(one.answers for one in known.values())
    return {"answers": answers, "octets": sum(one.octets for one in known.values()), "seconds": took}


def _read_for(seconds: float, poll: select.epoll, known: dict[int, Connection]) -> float:
    begun = time.perf_counter()
    deadline = begun + seconds
    while (now := time.perf_counter()) < deadline:
        events = poll.poll(5.0)
        if not events:
            raise ConnectionError("the server fell silent")
        for descriptor, _ in events:
            known[descriptor].read()
    return now - begun


if __name__ == "__main__":
    wanted = Path(sys.argv[2]).read_text("utf-8").split()
    print(json.dumps(drain(int(sys.argv[1]), wanted, float(sys.argv[3]), int(sys.argv[4]))))
