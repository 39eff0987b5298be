"""What a thief can do with the addresses a client used: ask them all again, and try to open what comes."""

import base64
import json
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tests.clients.front import Asked
from tests.clients.native import numbers_of
from tests.clients.premiere import SESSION, Premiere
from tests.media.films import FFMPEG

_BOXES = {b"ftyp", b"styp", b"moof", b"mdat", b"sidx", b"emsg", b"prft"}
_SEGMENT = re.compile(r"/media/.+/[a-z0-9]+/(?:[a-z]+-)?([0-9]{6})-[a-z0-9]+\.(?:m4s|vtt|jpg)")


@dataclass
class Loot:
    """What was found: keys and plaintext by address, and how many addresses were tried."""

    keys: dict[str, bytes] = field(default_factory=dict)
    plain: list[str] = field(default_factory=list)
    playlists: list[str] = field(default_factory=list)
    tried: int = 0
    ciphertexts: dict[str, bytes] = field(default_factory=dict)
    inits: dict[str, bytes] = field(default_factory=dict)


def is_plain(body: bytes) -> bool:
    """Whether these bytes are pictures, sound or words as they are: boxes of a fragment, WebVTT, JPEG."""
    return body[4:8] in _BOXES or body.startswith((b"WEBVTT", b"\xff\xd8\xff"))


def is_fragment(body: bytes) -> bool:
    """Whether these bytes begin with a box of ISO/IEC 14496-12."""
    return body[4:8] in _BOXES


def shows_film(init: bytes, fragment: bytes, key: bytes = b"") -> bool:
    """Whether pictures of the film come out of a fragment, with a key of common encryption or with none."""
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder) / "part.mp4", Path(folder) / "part.mkv"
        path.write_bytes(init + fragment)
        words = [FFMPEG, "-v", "quiet", "-nostdin", *(["-decryption_key", key.hex()] if key else [])]
        words += ["-i", str(path), "-fps_mode", "passthrough", "-c:v", "ffv1", "-an", str(out)]
        if subprocess.run(words, capture_output=True, timeout=60, check=False).returncode or not out.exists():
            return False
        found = numbers_of(out)
    return len(found) > 5 and all(b - a == 1 for a, b in pairwise(found))


def opened(body: bytes, key: bytes, sequence: int) -> bytes:
    """Decrypt a whole segment (AES-128-CBC, RFC 8216 §5.2), padding and all."""
    cipher = Cipher(algorithms.AES128(key), modes.CBC(sequence.to_bytes(16, "big"))).decryptor()
    return cipher.update(body) + cipher.finalize()


def sequence_of(path: str) -> int | None:
    """Give the media sequence number of a segment's address; None for anything else."""
    found = _SEGMENT.fullmatch(path.partition("?")[0])
    return int(found[1]) if found else None


def dressed(premiere: Premiere) -> dict[str, dict[str, str]]:
    """Who tries: nobody, somebody else who is logged in, and the holder."""
    cookies = {name: {"Cookie": f"{SESSION}={value}"} for name, value in premiere.cookies.items()}
    return {"nobody": {}, "the thief": cookies["eve"], "the holder": cookies["ben"]}


def try_all(
    premiere: Premiere, asked: Iterable[Asked], who: Iterable[str], *, read: Callable[[str], bool] = bool
) -> Loot:
    """Ask every address again as each of `who`; keep what is a key, a playlist or plain."""
    loot, wardrobe = Loot(), dressed(premiere)
    asks = {(one.path, one.method, one.body) for one in asked if read(one.path)}
    with httpx.Client(base_url=premiere.front.url, timeout=60, trust_env=False) as client:
        for name in who:
            for path, method, body in sorted(asks):
                answer = client.request(method, path, headers=wardrobe[name], content=body or None)
                loot.tried += 1
                if answer.is_success:
                    _sort(loot, name, path, answer.content)
    _open_fragments(loot)
    for name, body in loot.ciphertexts.items():
        sequence = sequence_of(name)
        if sequence is None or len(body) % 16:
            continue
        for key in set(loot.keys.values()):
            if is_plain(opened(body, key, sequence)):
                loot.plain.append(f"{_short(name)} with a key that was given after the end")
    return loot


def _sort(loot: Loot, name: str, path: str, body: bytes) -> None:
    if "/key/" in path and len(body) == 16:
        loot.keys[f"{_short(path)} to {name}"] = body
    elif body.startswith((b"#EXTM3U", b"<MPD", b"<?xml")):
        loot.playlists.append(f"{_short(path)} to {name}")
    elif b'"keys"' in body[:4096] and body.startswith(b"{"):
        for one in json.loads(body)["keys"]:
            loot.keys[f"{_short(path)} {one['kid']} to {name}"] = _octets(one["k"])
    elif "/init-" in path:
        loot.inits[path] = body
    elif is_fragment(body) and b"senc" in body[:4096]:
        loot.ciphertexts[path] = body  # common encryption: the boxes are clear, the samples are not
    elif is_plain(body):
        loot.plain.append(f"{_short(path)} to {name}")
    elif path.startswith("/media/"):
        loot.ciphertexts[path] = body


def _open_fragments(loot: Loot) -> None:
    """Try to see pictures in fragments of common encryption: as they are, and with each key that was got."""
    for path, body in [one for one in loot.ciphertexts.items() if is_fragment(one[1]) and "/v" in one[0]][:3]:
        inits = [
            init for name, init in loot.inits.items() if name.rsplit("/", 1)[0] == path.rsplit("/", 1)[0]
        ]
        for init in inits:
            if shows_film(init, body):
                loot.plain.append(f"{_short(path)} without any key")
            elif any(shows_film(init, body, key) for key in set(loot.keys.values())):
                loot.plain.append(f"{_short(path)} with a key that was given after the end")


def _octets(text: str) -> bytes:
    """Read base64url without padding (RFC 4648 §5)."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _short(path: str) -> str:
    """An address without its bearer parts."""
    return "/".join(part for part in path.partition("?")[0].split("/") if len(part) < 30)


def keys_of(loot: Loot) -> Iterator[tuple[str, int]]:
    """Give rendition and period of each key that was got."""
    for name in loot.keys:
        found = re.search(r"key/([a-z0-9]+)/([0-9]+)", name)
        if found:
            yield found[1], int(found[2])
