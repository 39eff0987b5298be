"""What playlists and MPDs say of the keys of `cbcs` films: by every key system, and as DRM vendors said."""

import asyncio
import uuid
from collections.abc import Callable
from functools import cache

from streaming.delivery.kept import Kept
from streaming.delivery.keyring import KeyRing
from streaming.delivery.keysystems import KeySystems, Signal
from streaming.delivery.values import Version
from transcoder.formats import hls

SignalsOf = Callable[[str], dict[uuid.UUID, list[Signal]]]
"""A version's id -> what was imported for its keys; may block."""
Said = Callable[[str, int], list[Signal]]
"""(tier, crypto period) -> what is said of its key."""
KEPT_SECONDS = 30.0
MAX_VERSIONS = 256


class KeyTags:
    """Finds what is said of a version's keys; `address` is how players reach the house, if that is known."""

    def __init__(
        self, keys: KeyRing, systems: KeySystems, signals_of: SignalsOf | None = None, address: str = ""
    ) -> None:
        self._keys = keys
        self._systems = systems
        self._signals_of = signals_of or (lambda _: {})
        self._given: Kept[str, dict[uuid.UUID, list[Signal]]] = Kept(MAX_VERSIONS, KEPT_SECONDS)
        self._address = address.rstrip("/")

    async def of(self, version: Version, token: str) -> Said:
        """Read what is said of a version's keys to the playback of `token`."""
        keys = await self._keys.of(version.title_id, version.version_id)
        given = await self._imported(version)

        @cache  # the segments of a crypto period, and the renditions of a tier, all ask
        def said(tier: str, period: int) -> list[Signal]:
            kid = keys.kid(tier, period)
            return self._systems.signals(kid, f"{self._address}/play/{token}/licence", given.get(kid, ()))

        return said

    async def _imported(self, version: Version) -> dict[uuid.UUID, list[Signal]]:
        given = self._given.get(version.version_id)
        if given is None:
            given = await asyncio.to_thread(self._signals_of, version.version_id)
            self._given.put(version.version_id, given)
        return given


def hls_keys(said: Said, tier: str, period: int) -> list[hls.Key]:
    """The tags of a key, one or more for each key system that has any in HLS."""
    return [hls.Key(hls.SAMPLE_AES, tag) for signal in said(tier, period) for tag in signal.hls]
