"""A front before the house: serves the players' own pages, passes the rest on, writes down what is asked.

Everything lies on one origin, so that the cookies a playback is bound to come along.
"""

import http.client
import mimetypes
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PAGES = Path(__file__).with_name("pages")
MODULES = Path(__file__).parents[2] / "player/web/node_modules"
SCRIPTS = {
    "shaka": "shaka-player/dist/shaka-player.compiled.js",
    "hlsjs": "hls.js/dist/hls.min.js",
    "videojs": "video.js/dist/video.min.js",
    "dashjs": "dashjs/dist/modern/umd/dash.all.min.js",
}
_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; media-src 'self' blob:; worker-src blob:; "
)
_POLICY += "img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; font-src data:"
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{name}</title>
<script src="/clients/lib/{name}.js"></script>
<script src="/clients/{name}.js"></script><script src="/clients/stage.js"></script>
<body><video width="640" height="360" playsinline></video></body></html>"""
_HOPS = {"connection", "keep-alive", "transfer-encoding", "host", "te", "upgrade", "date", "server"}


@dataclass(frozen=True)
class Asked:
    """One request that went through: when (monotonic seconds), by which kind of program, and its answer."""

    at: float
    method: str
    path: str
    status: int
    size: int
    agent: str = ""
    body: bytes = b""

    @property
    def is_key(self) -> bool:
        """Whether it asked for a key or a licence."""
        return "/key/" in self.path or "/licence" in self.path


@dataclass
class Front:
    """Where it listens, and everything asked so far."""

    house: int
    server: ThreadingHTTPServer | None = None
    log: list[Asked] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its origin."""
        assert self.server is not None
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def since(self, mark: int) -> list[Asked]:
        """What was asked after the log was `mark` entries long, of the playback's own doors."""
        return [one for one in self.log[mark:] if one.path.startswith(("/play/", "/media/"))]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    front: Front

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path.startswith("/clients/"):
            self._serve(path.removeprefix("/clients/"))
        else:
            self._pass_on()

    def do_POST(self) -> None:
        self._pass_on()

    do_HEAD = do_OPTIONS = do_PATCH = do_DELETE = do_POST  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Write no log to the terminal."""

    def _serve(self, name: str) -> None:
        stem = name.removesuffix(".html")
        if name.endswith(".html") and stem in SCRIPTS:
            self._answer(200, _PAGE.format(name=stem).encode(), "text/html; charset=utf-8")
            return
        if name.startswith("lib/"):
            path = MODULES / SCRIPTS[name.removeprefix("lib/").removesuffix(".js")]
        else:
            path = PAGES / Path(name).name
        if not path.is_file():
            self._answer(404, b"", "text/plain")
            return
        self._answer(200, path.read_bytes(), mimetypes.guess_type(path.name)[0] or "text/plain")

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        for name, value in {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "Content-Security-Policy": _POLICY,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _pass_on(self) -> None:
        at = time.monotonic()
        length = int(self.headers.get("Content-Length") or 0)
        sent = self.rfile.read(length) if length else None
        house = http.client.HTTPConnection("127.0.0.1", self.front.house, timeout=120)
        try:
            headers = {k: v for k, v in self.headers.items() if k.lower() not in _HOPS - {"host"}}
            house.request(self.command, self.path, sent, headers)
            answer = house.getresponse()
            body = answer.read()
        finally:
            house.close()
        agent = self.headers.get("User-Agent", "").partition("/")[0]
        self.front.log.append(
            Asked(at, self.command, self.path, answer.status, len(body), agent, sent or b"")
        )
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            # What a browser takes from its cache is not seen here.
            if name.lower() not in _HOPS | {"cache-control"}:
                self.send_header(name, value)
        self.send_header("Cache-Control", "no-store")
        if answer.status not in (204, 304) and "Content-Length" not in answer.headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Let players hang up in the middle of an answer."""


@contextmanager
def standing(house: int) -> Iterator[Front]:
    """Stand before the house that listens at port `house` of this machine."""
    front = Front(house)
    with _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"front": front})) as server:
        front.server = server
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield front
        server.shutdown()
        thread.join()
