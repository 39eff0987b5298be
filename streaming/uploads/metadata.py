"""`Upload-Metadata`: pairs of key and base64 value (tus 1.0.0, Creation), and the file names in it."""

import base64
import binascii
import re
import unicodedata
from collections.abc import Mapping

from streaming.uploads.refusals import Refusal, invalid

MAX_HEADER = 8192
MAX_PAIRS = 32
MAX_NAME = 200
_KEY = re.compile(r"[!-+\--~]+\Z")  # visible ASCII without comma


def parse_metadata(header: str | None) -> dict[str, str]:
    """Read `key base64,key base64,key`; values are UTF-8 text. Raises Refusal 400."""
    if header is None or not header.strip():
        return {}
    if len(header) > MAX_HEADER:
        raise invalid(f"Upload-Metadata is longer than {MAX_HEADER} characters.")
    pairs = header.split(",")
    if len(pairs) > MAX_PAIRS:
        raise invalid(f"Upload-Metadata holds more than {MAX_PAIRS} pairs.")
    metadata: dict[str, str] = {}
    for pair in pairs:
        key, value = _parse_pair(pair.strip(" \t"))
        if key in metadata:
            raise invalid("Upload-Metadata names a key twice.")
        metadata[key] = value
    return metadata


def _parse_pair(pair: str) -> tuple[str, str]:
    key, _, encoded = pair.partition(" ")
    if not _KEY.match(key):
        raise invalid("Upload-Metadata has a key that is empty or not plain ASCII.")
    try:
        return key, base64.b64decode(encoded.encode("ascii"), validate=True).decode()
    except (binascii.Error, UnicodeError):
        raise _bad_value() from None


def _bad_value() -> Refusal:
    return invalid("Upload-Metadata has a value that is not UTF-8 text in base64.")


def format_metadata(metadata: Mapping[str, str]) -> str:
    """Write the header that `parse_metadata` reads back to the same pairs."""
    return ",".join(
        f"{key} {base64.b64encode(value.encode()).decode()}" if value else key
        for key, value in metadata.items()
    )


def display_name(name: str, fallback: str = "film") -> str:
    """Make a client's file name fit to be shown: its last path component, bounded, no control characters.

    It is never used as a path; folders are dropped because people do not want to read them.
    """
    last = re.split(r"[/\\]", name.rstrip("/\\"))[-1]
    # Cc: control; Cs: lone surrogate; U+202A… and U+2066…: overrides that make `exe.mp4` read backwards.
    shown = "".join(
        c
        for c in last
        if unicodedata.category(c) not in ("Cc", "Cs")
        and c not in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    ).strip()
    return shown[:MAX_NAME].strip() if shown.strip(". ") else fallback
