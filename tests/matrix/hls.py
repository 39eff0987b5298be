"""An encrypted HLS folder of a transcoded film, with its keys in clear beside it for players to fetch."""

import hashlib
from pathlib import Path

import m3u8

from tests.media.pipeline import KEYS, Transcoded
from transcoder.keys.manifest import Kind, ManifestObject
from transcoder.standalone import playlists


def write_hls(done: Transcoded, folder: Path) -> Path:
    """Write segments, keys and playlists; gives the main playlist (RFC 8216)."""
    (folder / playlists.KEYS).mkdir(parents=True)
    objects = [*_inits(done, folder), *_segments(done, folder)]
    codecs = {init.rendition: init.codecs for result in done.results for init in result.inits}
    for name, text in playlists.write(done.plan, objects, codecs).items():
        (folder / name).write_text(text)
    return folder / playlists.MAIN


def _inits(done: Transcoded, folder: Path) -> list[ManifestObject]:
    found = []
    for name, inits in done.sink.inits.items():
        file = f"{name}-init.mp4"
        (folder / file).write_bytes(inits[0])
        tier = done.plan.rendition(name).tier
        digest = hashlib.sha256(inits[0]).digest()
        found.append(ManifestObject(file, Kind.INIT, name, tier, -1, -1, len(inits[0]), digest))
    return found


def _segments(done: Transcoded, folder: Path) -> list[ManifestObject]:
    found = []
    for (name, sequence), one in sorted(done.sink.segments.items()):
        file = f"{name}-{sequence}.m4s"
        (folder / file).write_bytes(done.sink.stored[name, sequence])
        key = KEYS.content_key(name, one.tier, one.period).reveal()
        (folder / playlists.KEYS / playlists.key_name(name, one.period)).write_bytes(key)
        found.append(
            ManifestObject(
                file, Kind.SEGMENT, name, one.tier, one.period, sequence, one.size, one.sha256, one.duration
            )
        )
    return found


def variants(playlist: Path) -> list[str]:
    """Name the rungs in the order of the main playlist: each once for every group of sounds."""
    return [one.uri.removesuffix(".m3u8") for one in m3u8.load(str(playlist)).playlists]
