"""nginx as the peer: one worker, `sendfile on`, nothing else but what a static file needs."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.bench.processes import pinned, running
from tests.support.house import free_port

NGINX = "/usr/sbin/nginx"
_CONFIG = """
daemon off;
master_process off;
worker_processes 1;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 256; }}
http {{
  sendfile on;
  tcp_nopush on;
  keepalive_requests 100000000;
  keepalive_timeout 60;
  access_log off;
  types {{ video/iso.segment m4s; video/mp4 mp4; text/html html; }}
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    root {root};
  }}
}}
"""


@contextmanager
def nginx(root: Path, folder: Path, core: int | None = None) -> Iterator[tuple[int, psutil.Process]]:
    """Serve the files below `root` on one core; gives the port and the process."""
    port = free_port()
    config = folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    config.write_text(_CONFIG.format(folder=folder, root=root, port=port, user=user), "utf-8")
    held = () if core is None else pinned(core)
    argv = [*held, NGINX, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(config)]
    with running(argv, folder / "nginx.log", port=port) as process:
        yield port, process
