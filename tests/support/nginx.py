"""Real nginx on the configurations that ship in docker/: only ports, names, folders, TLS are made local."""

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.house import free_port, until

DOCKER = Path(__file__).parents[2] / "docker"
NGINX = "/usr/sbin/nginx"
_MAIN = """
daemon off;
master_process off;
worker_processes 1;
{user}
pid {folder}/nginx.pid;
events {{ worker_connections 256; }}
http {{
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  {site}
}}
"""


def localised(name: str, folder: Path, port: int, house: int, objects: Path) -> str:
    """A shipped configuration without TLS, on loopback ports and these folders."""
    text = (DOCKER / name).read_text("utf-8")
    text = re.sub(r"server \{\s+listen 80;.*?\n\}\n", "", text, flags=re.DOTALL)
    for pattern, local in (
        (r"listen 443 ssl;", f"listen 127.0.0.1:{port};"),
        (r"^ *(http2|ssl_certificate(_key)?|proxy_ssl_\w+) .*$", ""),
        (r"https?://(matinee:8000|house)", r"http://\1"),
        (r"matinee:8000|films\.example\.org:443", f"127.0.0.1:{house}"),
        (r"error_log stderr emerg", f"error_log {folder}/error.log info"),
        (r"/var/cache/nginx", f"{folder}/cache"),
        (r"root /films", f"root {objects}"),
    ):
        text = re.sub(pattern, local, text, flags=re.MULTILINE)
    return text


@contextmanager
def nginx(
    name: str, folder: Path, *, house: int, secret: str = "", objects: Path = Path("/nowhere"), port: int = 0
) -> Iterator["Nginx"]:
    """Run nginx with the configuration `docker/NAME`, or with the text of a site that `name` is."""
    folder.mkdir(parents=True)
    (folder / "cache").mkdir()
    port = port or free_port()
    shipped = {one.name for one in DOCKER.glob("*.conf")}
    for part in shipped:
        (folder / part).write_text(localised(part, folder, port, house, objects), "utf-8")
    (folder / "matinee-secret.conf").write_text(secret, "utf-8")
    site = f"include {name};" if name in shipped else name.replace("PORT", str(port))
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "main.conf").write_text(_MAIN.format(folder=folder, user=user, site=site), "utf-8")
    running = Nginx(folder, port)
    running.start()
    try:
        yield running
    finally:
        running.stop()


class Nginx:
    """One nginx that can be killed and started again."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder, self.port = folder, port
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers on its port."""
        self._process = subprocess.Popen(
            [NGINX, "-p", self._folder, "-e", self._folder / "start.log", "-c", self._folder / "main.conf"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(self._listens, f"nginx on port {self.port}; it says {self._said()}", 20)

    def stop(self) -> None:
        """Kill it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def _listens(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError(f"nginx ended with {self._process.returncode}: {self._said()}")
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def _said(self) -> str:
        log = self._folder / "start.log"
        return log.read_text("utf-8", "replace")[-2000:] if log.exists() else ""
