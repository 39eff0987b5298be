"""The bootstrap of a playback: what a player asks first, asked for it, to start after one round trip.

It goes the way a player goes, from the multivariant playlist on, and asks the doors themselves by address.
So whatever they check, count or refuse is checked, counted and refused here too, and there is no second way
to a key. Playlists are read as the house writes them (RFC 8216 §4.3).
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from urllib.parse import urljoin

from streaming.errors import Fault

MAX_PLAYLIST = 512 * 1024
"""Bytes of a playlist that is taken along: a film of about twelve hours. A longer one is left out."""
MAX_INIT = 64 * 1024
MAX_FIRST = 96 * 1024
"""Bytes of a first segment that comes along: one of the lowest qualities, a second or two long. Others, and
those that a delivery host has, are fetched beside."""
SECONDS = 1.5
"""A part that takes longer is left out: of a film in the making it may be yet to come."""
HEADROOM = 0.95
"""The part of a bandwidth that a player fills at its start (Shaka Player's `bandwidthDowngradeTarget`)."""
_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^",]*)')
_PLAIN = "avc1"

Ask = Callable[[str], Awaitable[bytes]]
"""An address of this house -> what its door answers. Raises `Fault`."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How a player will begin: at a second of film, with so many bits a second, with text in a language."""

    at: float
    bandwidth: int = 0
    text: str = ""


@dataclass(slots=True)
class Bootstrap:
    """Bodies by address, playlists apart from bytes; and the addresses of first segments left to fetch."""

    playlists: dict[str, str] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict, repr=False)
    segments: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a media playlist begins to be read: addresses, "" for none."""

    init: str
    key: str
    segment: str


async def prepare(ask: Ask, main: str, wish: Wish) -> Bootstrap:
    """Ask for what a player of the playlist at `main` will ask first; what is refused or late is left out."""
    found = Bootstrap()
    with suppress(Fault, TimeoutError):
        async with asyncio.timeout(SECONDS):
            text = (await ask(main)).decode()
        found.playlists[main] = text
        segments, _ = await asyncio.gather(
            asyncio.gather(
                *(_take(ask, urljoin(main, one), wish.at, found) for one in first_tracks(text, wish))
            ),
            asyncio.gather(*(_list(ask, urljoin(main, one), found) for one in storyboards(text))),
        )
        found.segments = [one for one in segments if one]
    return found


async def _take(ask: Ask, address: str, at: float, found: Bootstrap) -> str:
    """Take a media playlist and what plays first of it; gives the first segment if it is left to fetch."""
    segment = ""
    with suppress(Fault, TimeoutError):
        async with asyncio.timeout(SECONDS):
            text = await _list(ask, address, found)
            place = place_at(text, address, at)
            segment = place.segment
            if place.init and len(init := await ask(place.init)) <= MAX_INIT:
                found.objects[place.init] = init
            if place.key:
                found.objects[place.key] = await ask(place.key)
            if segment.startswith("/") and len(first := await ask(segment)) <= MAX_FIRST:
                found.objects[segment] = first
                segment = ""
    return segment


async def _list(ask: Ask, address: str, found: Bootstrap) -> str:
    """Take a media playlist; "" if it is refused or too large."""
    with suppress(Fault):
        body = await ask(address)
        if len(body) <= MAX_PLAYLIST:
            found.playlists[address] = body.decode()
    return found.playlists.get(address, "")


def first_tracks(main: str, wish: Wish) -> list[str]:
    """Choose the playlists a player begins with: a picture, its default sound, text of a named language.

    The picture is the best within the bandwidth, else the lowest, in H.264 where there is such: what every
    browser decodes.
    """
    variants = [(_attributes(line), uri) for line, uri in _variants(main)]
    media = [_attributes(line) for line in main.splitlines() if line.startswith("#EXT-X-MEDIA:")]
    if not variants:
        return []
    plain = [one for one in variants if _PLAIN in one[0].get("CODECS", "")] or variants
    rising = sorted(plain, key=lambda one: int(one[0]["BANDWIDTH"]))
    fitting = [one for one in rising if int(one[0]["BANDWIDTH"]) <= wish.bandwidth * HEADROOM]
    about, picture = fitting[-1] if fitting else rising[0]
    sounds = [one for one in media if one["TYPE"] == "AUDIO" and one["GROUP-ID"] == about.get("AUDIO")]
    sounds.sort(key=lambda one: one["DEFAULT"] != "YES")
    texts = [one for one in media if one["TYPE"] == "SUBTITLES" and one.get("LANGUAGE") == wish.text]
    return [picture, *(one["URI"] for one in (*sounds[:1], *texts[:1]) if "URI" in one)]


def storyboards(main: str) -> list[str]:
    """Find the playlists of pictures to seek by: players read them at once, and later what they list."""
    lines = (line for line in main.splitlines() if line.startswith("#EXT-X-IMAGE-STREAM-INF:"))
    return [_attributes(line)["URI"] for line in lines]


def place_at(media: str, address: str, at: float) -> Place:
    """Find the segment that shows the second `at` of the film, and its key and init segment.

    Beyond the end it is the last one. Keys are those of whole-segment encryption (METHOD=AES-128): other
    methods have a licence server.
    """
    init = key = segment = ""
    end = 0.0
    for line in media.splitlines():
        if line.startswith("#EXT-X-MAP:"):
            init = urljoin(address, _attributes(line)["URI"])
        elif line.startswith("#EXT-X-KEY:"):
            about = _attributes(line)
            key = urljoin(address, about["URI"]) if about["METHOD"] == "AES-128" else ""
        elif line.startswith("#EXTINF:"):
            end += float(line[8:].partition(",")[0])
        elif line and not line.startswith("#"):
            segment = line
            if at < end:
                break
    return Place(init, key, urljoin(address, segment) if segment else "")


def _variants(main: str) -> Iterator[tuple[str, str]]:
    lines = main.splitlines()
    for line, following in pairwise(lines):
        if line.startswith("#EXT-X-STREAM-INF:"):
            yield line, following


def _attributes(line: str) -> dict[str, str]:
    """Read an attribute list (RFC 8216 §4.2)."""
    return {name: value.strip('"') for name, value in _ATTRIBUTE.findall(line.partition(":")[2])}
