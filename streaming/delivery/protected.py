"""The doors of `cbcs` films: licences for their keys, their MPD, and the words that an MPD names."""

import asyncio
import re
from collections.abc import Sequence
from xml.etree import ElementTree as ET  # writes only

from streaming.delivery import clearkey, pathways, refusals
from streaming.delivery.addresses import Addresses
from streaming.delivery.answers import NO_STORE, Answer, Receive, Scope, header, read_body, text_answer
from streaming.delivery.asking import TOKEN, Asked, Asking
from streaming.delivery.index import LiveIndex
from streaming.delivery.key_door import KeyDoor
from streaming.delivery.keyring import KeyRing
from streaming.delivery.keysystems import DEFAULT, KeySystems
from streaming.delivery.keytags import KeyTags
from streaming.delivery.values import MAX_PERIODS, Permit, Version, covers
from streaming.errors import Fault
from streaming.storage.objects import ObjectStore
from transcoder.formats import dash
from transcoder.formats.hls import Rendition, Segment
from transcoder.keys.encrypt import decrypt_segment
from transcoder.keys.secret import SecretBytes
from transcoder.texts.webvtt import plain_segment

LICENCE = re.compile(
    rf"/play/{TOKEN}/licence(?:/(?P<system>[a-z][a-z0-9]{{0,31}})(?:/(?P<kid>[0-9a-f]{{32}}))?)?"
)
MPD = re.compile(rf"/play/{TOKEN}/main\.mpd")
TEXT = re.compile(
    rf"/play/{TOKEN}/text/(?P<rendition>[a-z][a-z0-9]{{0,11}})/(?P<period>0|[1-9][0-9]{{0,4}})\.vtt"
)
DASH_XML = b"application/dash+xml"
VTT = b"text/vtt; charset=utf-8"
LISTED = ("video", "audio", "text")
"""Kinds of renditions in an MPD. Pictures to wind by and storyboards are HLS's alone."""


class ProtectedDoor:
    """Serves licences, MPDs and words. `Asking` and `KeyDoor` decide who may have them, as for every key."""

    def __init__(
        self,
        asking: Asking,
        released: KeyDoor,
        keys: KeyRing,
        tags: KeyTags,
        index: LiveIndex,
        addresses: Addresses,
        systems: KeySystems,
        objects: ObjectStore,
    ) -> None:
        self._asking = asking
        self._released = released
        self._keys = keys
        self._tags = tags
        self._index = index
        self._addresses = addresses
        self._systems = systems
        self._objects = objects

    async def licence(self, scope: Scope, receive: Receive, match: re.Match[str]) -> Answer:
        """Answer a licence request with the keys that are allowed now. Raises `Fault` when none is.

        A key that nobody knows, and one of a tier or a time that is not covered, are left out beside others.
        """
        system = self._systems.named(match["system"] or DEFAULT)
        if system is None or match["system"] == DEFAULT or system.reads_kids == bool(match["kid"]):
            raise refusals.bad_address()
        asked = await self._opened(scope, match["token"])
        body = await read_body(receive, system.most_bytes)
        wanted = system.wanted(body) if system.reads_kids else [bytes.fromhex(match["kid"])]
        keys = await self._allowed(asked, wanted)
        made = await system.answer(body, keys)
        return Answer(200, made.body, (*NO_STORE, (b"content-type", made.content_type)))

    async def mpd(self, scope: Scope, match: re.Match[str]) -> Answer:
        """Render the MPD of what the licence covers. Raises `Fault`."""
        asked = await self._opened(scope, match["token"])
        permit, version = self._permit(asked), asked.version
        if not version.complete:
            raise refusals.no_mpd_yet()
        chosen = [one for one in version.renditions if covers(permit.tier, one.tier)]
        if not any(one.kind == "video" for one in chosen):
            raise refusals.tier_not_covered(permit.tier)
        base = f"/play/{match['token']}"
        bases = pathways.in_mpd(self._addresses.bases(asked.playback))
        folder = "" if bases else f"{self._addresses.folder(version)}/"
        tracks = [await self._track(version, one, base, folder) for one in chosen if one.kind in LISTED]
        keys = await self._keys.of(version.title_id, version.version_id)
        said = await self._tags.of(version, match["token"])

        def protect(tier: str, period: int) -> list[ET.Element]:
            named = dash.named_key(str(keys.kid(tier, period)))
            return [named, *(one.content_protection() for one in said(tier, period))]

        steering = dash.Steering(f"{base}/steering.json", bases) if bases else None
        text = dash.mpd([one for one in tracks if one.segments], protect=protect, steering=steering)
        return text_answer(text, DASH_XML, header(scope, b"accept-encoding"))

    async def text(self, scope: Scope, match: re.Match[str]) -> Answer:
        """Give the words of a crypto period in clear, as DASH wants them. Raises `Fault`."""
        asked = await self._opened(scope, match["token"])
        version, period = asked.version, int(match["period"])
        rendition = version.rendition(match["rendition"])
        if rendition is None or rendition.kind != "text":
            raise refusals.bad_address()
        segments = [one for one in await self._listed(version, rendition) if one.period == period]
        if not segments:
            raise refusals.bad_address()
        await self._released.release(asked, rendition.tier, period)
        key = await self._keys.key(version.title_id, version.version_id, rendition, period)
        folder = f"{version.title_id}/{version.version_id}/{rendition.name}"
        clear = await asyncio.to_thread(self._decrypted, folder, segments, key)
        return text_answer(clear, VTT, header(scope, b"accept-encoding"))

    async def _opened(self, scope: Scope, token: str) -> Asked:
        asked = await self._asking.opened(scope, token)
        if asked.version.protection != "cbcs":
            self._permit(asked)
            raise refusals.not_common_encryption()
        return asked

    def _permit(self, asked: Asked) -> Permit:
        return self._asking.permit(asked.claim, asked.playback)

    async def _allowed(self, asked: Asked, wanted: Sequence[bytes]) -> dict[bytes, SecretBytes]:
        """Account for each key that is asked for. Raises the first refusal when all are refused."""
        version, keys = asked.version, dict[bytes, SecretBytes]()
        names = await self._keys.names(version, await self._periods(version))
        refused: Fault | None = None
        for kid in wanted:
            if kid not in names:
                continue
            tier, period = names[kid]
            try:
                await self._released.release(asked, tier, period)
            except Fault as fault:
                refused = refused or fault
            else:
                keys[kid] = await self._keys.tier_key(version.title_id, version.version_id, tier, period)
        if not keys:
            self._permit(asked)
            raise refused or refusals.unknown_keys([clearkey.write_octets(kid) for kid in wanted])
        return keys

    async def _periods(self, version: Version) -> int:
        """How many crypto periods a version has so far."""
        if version.duration_s is not None:
            return version.periods
        made = [await self._listed(version, one) for one in version.renditions if one.kind == "video"]
        return min(MAX_PERIODS, 1 + max((one[-1].period for one in made if one), default=-1))

    async def _track(self, version: Version, one: Rendition, base: str, folder: str) -> dash.Track:
        """Say what of a rendition lies where; without a `folder` of the house, it is below every host's."""
        segments = await self._listed(version, one)
        if one.kind == "text":
            words = tuple(_named(segment) for segment in segments)
            return dash.Track(one, words, f"{base}/text/{one.name}/")
        inits = dict(one.inits)
        return dash.Track(
            one, segments, f"{folder}{one.name}/", lambda period: inits.get(period, ""), hosted=not folder
        )

    async def _listed(self, version: Version, one: Rendition) -> tuple[Segment, ...]:
        return await self._index.segments(version, one.name)

    def _decrypted(self, folder: str, segments: Sequence[Segment], key: SecretBytes) -> str:
        parts = [
            decrypt_segment(self._objects.get(f"{folder}/{one.name}"), key, one.sequence).decode()
            for one in segments
        ]
        return plain_segment(parts)


def _named(segment: Segment) -> Segment:
    """Call a segment of words what its door calls it."""
    return Segment(segment.sequence, segment.period, segment.duration, f"{segment.period}.vtt", segment.start)
