"""What a thief can do with the addresses a client used: ask them all again, and try to open what comes."""

import base64
import json
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import httpx
import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tests.clients.film import LANGUAGES
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


def tells_sound(init: bytes, fragment: bytes, key: bytes = b"") -> bool:
    """Whether one of the film's tones comes out of a fragment, under common encryption or not."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "part.mp4"
        path.write_bytes(init + fragment)
        words = [FFMPEG, "-v", "quiet", "-nostdin", *(["-decryption_key", key.hex()] if key else [])]
        words += ["-i", str(path), "-ac", "1", "-ar", "48000", "-f", "f32le", "-"]
        done = subprocess.run(words, capture_output=True, timeout=60, check=False)
    sound = np.frombuffer(done.stdout[: len(done.stdout) // 4 * 4], np.float32)
    if len(sound) < 4800:
        return False
    strength = np.abs(np.fft.rfft(sound)) ** 2
    loudest = float(np.argmax(strength)) * 48_000 / len(sound)
    near = strength[max(0, int(np.argmax(strength)) - 20) : int(np.argmax(strength)) + 21].sum()
    is_tone = float(near) > 0.5 * float(strength.sum()) > 0
    return is_tone and any(abs(loudest - tone) < 10 for tone in LANGUAGES.values())


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


def try_all(premiere: Premiere, asked: Iterable[Asked], who: Iterable[str], *, thorough: bool = True) -> Loot:
    """Ask every address again as each of `who`; keep what is a key, a playlist or plain.

    Not `thorough`: of common encryption, the first segment that opens is enough.
    """
    loot, wardrobe = Loot(), dressed(premiere)
    asks = {(one.path, one.method, one.body) for one in asked}
    with httpx.Client(base_url=premiere.front.url, timeout=60, trust_env=False) as client:
        for name in who:
            for path, method, body in sorted(asks):
                answer = client.request(method, path, headers=wardrobe[name], content=body or None)
                loot.tried += 1
                if answer.is_success:
                    _sort(loot, name, path, answer.content)
    _open_fragments(loot, thorough=thorough)
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
    elif is_fragment(body):
        loot.ciphertexts[path] = body  # of common encryption the boxes are clear, the samples are not
    elif is_plain(body):
        loot.plain.append(f"{_short(path)} to {name}")
    elif path.startswith("/media/"):
        loot.ciphertexts[path] = body


def _open_fragments(loot: Loot, *, thorough: bool) -> None:
    """Try to see and hear fragments of common encryption: as they are, and with the keys that were got."""
    keys = {_octets(name.split(" ")[1]): key for name, key in loot.keys.items() if "/licence " in name}
    for path, body in _samples(loot):
        found = tells_sound if "/a" in path else shows_film
        inits = [init for name, init in loot.inits.items() if _folder(name) == _folder(path)]
        if not inits:
            loot.plain.append(f"{_short(path)} without an init segment to say whether it is encrypted")
        if any(found(init, body) for init in inits[:1]):
            loot.plain.append(f"{_short(path)} without any key")
        elif any(found(init, body, keys[kid_of(init)]) for init in inits if kid_of(init) in keys):
            loot.plain.append(f"{_short(path)} with a key that was given after the end")
        if loot.plain and not thorough:
            return


def _samples(loot: Loot) -> Iterator[tuple[str, bytes]]:
    """Two fragments of each rendition: the first and the last that was got."""
    fragments = {path: body for path, body in loot.ciphertexts.items() if is_fragment(body)}
    for folder in sorted({_folder(path) for path in fragments}, reverse=True):
        paths = sorted(path for path in fragments if _folder(path) == folder)
        yield from ((path, fragments[path]) for path in dict.fromkeys((paths[0], paths[-1])))


def _folder(path: str) -> str:
    return path.rsplit("/", 1)[0]


def kid_of(init: bytes) -> bytes:
    """Give the id of the key that an init segment names (`tenc`, ISO/IEC 23001-7 §8.2); nothing if none."""
    at = init.find(b"tenc")
    return init[at + 12 : at + 28] if at >= 0 else b""


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
        elif named := re.search(r"licence (\S+) to", name):
            for path, init in loot.inits.items():
                if kid_of(init) == _octets(named[1]):
                    yield path.split("/")[-2], int(path.split("/init-")[1].split("-")[0])
