"""nginx as the peer: one worker, `sendfile on`, nothing else but what a static file needs.

With a house behind it, what lies in `root` comes from there, packed, and all else from the house.
"""

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
  types {{ video/iso.segment m4s; video/mp4 mp4; text/html html; text/javascript js; }}
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    root {root};
    {house}
  }}
}}
"""
_HOUSE = """
    gzip on;
    gzip_types text/javascript;
    add_header Cache-Control "public, max-age=3600";
    try_files $uri @house;
    location @house {{
      proxy_pass http://127.0.0.1:{port};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      add_header X-From house;  # and no Cache-Control but the house's own
    }}
"""


@contextmanager
def nginx(
    root: Path, folder: Path, core: int | None = None, house: int | None = None
) -> Iterator[tuple[int, psutil.Process]]:
    """Serve the files below `root` on one core, before the house on port `house`; gives port and process."""
    port = free_port()
    config = folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    behind = "" if house is None else _HOUSE.format(port=house)
    words = _CONFIG.format(folder=folder, root=root, port=port, user=user, house=behind)
    config.write_text(words, "utf-8")
    held = () if core is None else pinned(core)
    argv = [*held, NGINX, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(config)]
    with running(argv, folder / "nginx.log", port=port) as process:
        yield port, process
