"""Describes the machine a run happened on."""

import os
import platform
import re
import sqlite3
import ssl
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

from tests.bench.report import Machine
from tests.media.films import FFMPEG
from tests.support.browser import CHROMIUM

PACKAGES = ("granian", "fastapi", "uvicorn", "cryptography", "sqlalchemy", "obstore")


def describe() -> Machine:
    """Look at this machine: processor, memory, system, versions, and how busy it is right now."""
    return Machine(
        (
            ("Processor", f"{_processor()}, {os.cpu_count()} cores"),
            ("Memory", f"{psutil.virtual_memory().total / 2**30:.0f} GiB"),
            ("System", f"{_system()}, Linux {platform.release()}"),
            ("Date", datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")),
            ("Load before the run (1, 5, 15 minutes)", ", ".join(f"{one:.1f}" for one in os.getloadavg())),
            ("Versions", ", ".join(_versions())),
        )
    )


def _processor() -> str:
    text = Path("/proc/cpuinfo").read_text("utf-8")
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1] if found else platform.machine()


def _system() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    except OSError:
        return "Linux"


def _versions() -> list[str]:
    return [
        f"Matinee {version('matinee')}",
        f"Python {platform.python_version()}",
        *(f"{name} {version(name)}" for name in PACKAGES),
        f"SQLite {sqlite3.sqlite_version}",
        f"Python's {ssl.OPENSSL_VERSION.rsplit(' ', 3)[0]}",
        f"ffmpeg {_told([FFMPEG, '-version'], 'ffmpeg version ([^ ]+)')}",
        f"nginx {_told(['/usr/sbin/nginx', '-v'], 'nginx/([^ ]+)')}",
        f"openssl {_told(['openssl', 'version'], 'OpenSSL ([^ ]+)')}",
        f"Chromium {_told([CHROMIUM, '--version'], r'([0-9.]{5,})')}",
        f"wrk {_told(['wrk', '-v'], 'wrk ([^ ]+)')}",
    ]


def _told(argv: list[str], pattern: str) -> str:
    try:
        done = subprocess.run(
            argv, capture_output=True, text=True, timeout=20, check=False, stdin=subprocess.DEVNULL
        )
    except OSError:
        return "absent"
    found = re.search(pattern, done.stdout + done.stderr)
    return found[1] if found else "?"
