"""The doors of a playback's playlists, and of what they name beside segments and keys."""

import asyncio
import re
from collections.abc import Sequence
from fractions import Fraction

from streaming.delivery import pathways, places, refusals
from streaming.delivery.addresses import Addresses
from streaming.delivery.answers import Answer, Scope, header, json_answer, text_answer
from streaming.delivery.asking import TOKEN, Asking
from streaming.delivery.index import LiveIndex
from streaming.delivery.key_door import is_paced
from streaming.delivery.keytags import KeyTags, hls_keys
from streaming.delivery.report_door import ReportDoor
from streaming.delivery.sql import Playback
from streaming.delivery.values import Version, covers, is_common
from transcoder.formats import hls
from transcoder.formats.hls import Rendition, Segment

MAIN = re.compile(rf"/play/{TOKEN}/main\.m3u8")
STEERING = re.compile(rf"/play/{TOKEN}/steering\.json")
CHAPTERS = re.compile(rf"/play/{TOKEN}/chapters\.json")
MEDIA_PLAYLIST = re.compile(
    r"/media/(?P<prefix>[0-9]{10,11}\.[A-Za-z0-9_-]{22})/(?P<title>[a-z]{2}_[a-z0-9]{1,40})"
    r"/(?P<version>[a-z]{2}_[a-z0-9]{1,40})/(?P<rendition>[a-z][a-z0-9]{0,11})/" + TOKEN + r"\.m3u8",
    re.ASCII,
)
"""Beside its segments, so that it can name them by their last part alone."""

M3U8 = b"application/vnd.apple.mpegurl"
MOST_BEHIND = Fraction(10)
"""Seconds of film: rungs that are encoded together are never that far apart, a copied one runs ahead."""
ENOUGH_AHEAD = Fraction(60)
"""Seconds of film after the viewer's place: a rung that reaches as far may be behind another."""
HOLD_SECONDS = 8.0
POLL_SECONDS = 0.2


class PlaylistDoor:
    """Serves `/play/{token}/main.m3u8`, what it names there, and the media playlists below `/media/`."""

    def __init__(
        self,
        asking: Asking,
        index: LiveIndex,
        addresses: Addresses,
        tags: KeyTags,
        reports: ReportDoor,
    ) -> None:
        self._asking = asking
        self._index = index
        self._addresses = addresses
        self._tags = tags
        self._reports = reports

    async def main(self, scope: Scope, match: re.Match[str]) -> Answer:
        """Render the multivariant playlist of what the licence covers. Raises `Fault`."""
        _, playback, permit = self._asking.admitted(scope, match["token"])
        version = await self._playable(playback)
        chosen = [one for one in version.renditions if covers(permit.tier, one.tier)]
        chosen = await self._in_step(version, chosen, Fraction(playback.position_s))
        if not any(one.kind == "video" for one in chosen):
            raise refusals.tier_not_covered(permit.tier)
        base = self._addresses.folder(version)
        text = hls.multivariant(
            chosen,
            complete=version.complete,
            media_uri=lambda one: f"{base}/{one.name}/{match['token']}.m3u8",
            chapters_uri=f"/play/{match['token']}/chapters.json" if version.chapters else "",
            steering=self._steering(playback, match["token"]),
            session_keys=await self._session_keys(version, chosen, match["token"]),
        )
        return text_answer(text, M3U8, header(scope, b"accept-encoding"))

    async def steering(self, scope: Scope, match: re.Match[str]) -> Answer:
        """Say in which order the delivery hosts shall be tried. Raises `Fault`."""
        _, playback, _ = self._asking.admitted(scope, match["token"])
        bases = self._addresses.bases(playback)
        if not bases:
            raise refusals.bad_address()
        return json_answer(pathways.manifest(bases, f"/play/{match['token']}/steering.json"))

    async def chapters(self, scope: Scope, match: re.Match[str]) -> Answer:
        """Name the film's chapters, to whom its pictures are shown too. Raises `Fault`."""
        _, playback, _ = self._asking.admitted(scope, match["token"])
        version = await self._asking.version_of(playback)
        return json_answer(hls.chapter_list(version.chapters))

    async def media(self, scope: Scope, match: re.Match[str]) -> Answer:
        """Render a media playlist; of a film in the making, wait for its first segment. Raises `Fault`."""
        token = match["token"]
        claim, playback, _ = self._asking.admitted(scope, token)
        if (playback.title_id, playback.version_id) != (match["title"], match["version"]):
            raise refusals.bad_address()
        version, rendition, segments = await self._first_segment(playback, match["rendition"])
        self._asking.permit(claim, playback, rendition.tier)
        self._reports.overhear(scope, playback)
        host = pathways.chosen(self._addresses.ordered(playback), scope.get("query_string", b""))
        text = hls.media(
            rendition,
            segments,
            complete=version.complete,
            target=hls.target_duration(segments, version.target_duration or 0),
            keys=await self._keys_said(version, rendition, token, placed=is_paced(playback)),
            dated=_dated(version, rendition),
            place=self._addresses.places(host, playback, rendition.name) if host else str,
        )
        return text_answer(text, M3U8, header(scope, b"accept-encoding"))

    async def _keys_said(
        self, version: Version, rendition: Rendition, token: str, *, placed: bool
    ) -> hls.KeysOf:
        if not is_common(version, rendition):
            return _whole_keys(token, rendition.name, placed=placed)
        said, tier = await self._tags.of(version, token), rendition.tier
        return lambda segment, _: hls_keys(said, tier, segment.period)

    async def _session_keys(self, version: Version, chosen: Sequence[Rendition], token: str) -> list[hls.Key]:
        """Name the keys with which a film begins, so that a player sets its decryption up beforehand."""
        tiers = dict.fromkeys(one.tier for one in chosen if is_common(version, one))
        if not tiers:
            return []
        said = await self._tags.of(version, token)
        return [key for tier in tiers for key in hls_keys(said, tier, 0)]

    def _steering(self, playback: Playback, token: str) -> hls.Steering | None:
        names = tuple(one.name for one in self._addresses.ordered(playback))
        return hls.Steering(f"/play/{token}/steering.json", names, pathways.via) if names else None

    async def _playable(self, playback: Playback) -> Version:
        """Wait until some picture of the film can be played."""
        for _ in range(int(HOLD_SECONDS / POLL_SECONDS)):
            version = await self._asking.version_of(playback)
            if version.complete or any(one.kind == "video" and one.init_name for one in version.renditions):
                return version
            await asyncio.sleep(POLL_SECONDS)
        raise refusals.not_playable_yet()

    async def _in_step(
        self, version: Version, chosen: list[Rendition], position: Fraction
    ) -> list[Rendition]:
        """Leave out rungs that are far behind another: where the others play already, they would stall.

        Those that have enough for whoever is at `position` (seconds, as last reported) are offered, though:
        the lowest rung of a film that was begun while it arrived may be far ahead of all others.
        """
        if version.complete:
            return chosen
        reach = {
            one.name: sum(
                (segment.duration for segment in await self._index.segments(version, one.name)), Fraction(0)
            )
            for one in chosen
            if one.kind == "video"
        }
        furthest = max(reach.values(), default=Fraction(0))
        enough = min(furthest - MOST_BEHIND, position + ENOUGH_AHEAD)
        return [one for one in chosen if reach.get(one.name, furthest) >= enough]

    async def _first_segment(
        self, playback: Playback, name: str
    ) -> tuple[Version, Rendition, tuple[Segment, ...]]:
        """Wait until a rendition has something to list; of a film in the making it may be yet to come.

        The version is read before the segments: if it is complete, so are they.
        """
        for _ in range(int(HOLD_SECONDS / POLL_SECONDS)):
            version = await self._asking.version_of(playback)
            rendition = version.rendition(name)
            if rendition is not None:
                segments = await self._index.segments(version, name)
                if version.complete or (
                    segments and (rendition.init_name or rendition.kind in ("text", "image"))
                ):
                    return version, rendition, segments
            elif version.complete:
                raise refusals.bad_address()
            await asyncio.sleep(POLL_SECONDS)
        raise refusals.not_playable_yet()


def _dated(version: Version, rendition: Rendition) -> hls.Dated | None:
    """Date a complete film that has chapters from its publication on; pictures' playlists name the chapters.

    All its playlists are dated: where only some are, Shaka Player warns of sound out of step.
    """
    if not version.complete or not version.chapters or version.published_at is None:
        return None
    return hls.Dated(version.published_at, version.chapters if rendition.kind == "video" else ())


def _whole_keys(token: str, rendition: str, *, placed: bool) -> hls.KeysOf:
    """Give the keys of a rendition whose segments are encrypted whole.

    With `placed` an address says which segment it is asked for, so that each segment's key is asked for anew.
    """

    def keys(segment: Segment, start: Fraction) -> list[hls.Key]:
        place = f"?{places.place_query(segment.sequence, float(start))}" if placed else ""
        return [hls.whole_key(f"/play/{token}/key/{rendition}/{segment.period}{place}")]

    return keys
