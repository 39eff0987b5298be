"""Content keys in memory: secrets unwrapped once, keys derived once, both forgotten after a while."""

import asyncio
from collections.abc import Callable
from types import MappingProxyType

from streaming.delivery.kept import Kept
from streaming.delivery.values import Keys, Version
from transcoder.formats.hls import Rendition
from transcoder.keys.secret import SecretBytes

MAX_TITLES = 256
MAX_KEYS = 4096
SECONDS = 600.0

Names = MappingProxyType[bytes, tuple[str, int]]
"""Key id (16 bytes) -> tier and crypto period."""


class KeyRing:
    """Keys of every title asked for lately. `keys_of(title, version)` unwraps secrets and may block."""

    def __init__(self, keys_of: Callable[[str, str], Keys]) -> None:
        self._keys_of = keys_of
        self._titles: Kept[tuple[str, str], Keys] = Kept(MAX_TITLES, SECONDS)
        self._derived: Kept[tuple[str, str, str, str, int], SecretBytes] = Kept(MAX_KEYS, SECONDS)
        self._names: Kept[tuple[str, int], Names] = Kept(MAX_TITLES, SECONDS)

    async def key(self, title_id: str, version_id: str, rendition: Rendition, period: int) -> SecretBytes:
        """Give the 16-byte key of a rendition and crypto period; whoever asks has been permitted."""
        place = (title_id, version_id, rendition.name, rendition.tier, period)
        key = self._derived.get(place)
        if key is None:
            keys = await self.of(title_id, version_id)
            key = keys.content_key(rendition.name, rendition.tier, period)
            self._derived.put(place, key)
        return key

    async def tier_key(self, title_id: str, version_id: str, tier: str, period: int) -> SecretBytes:
        """Give the 16-byte key of a tier and crypto period; whoever asks has been permitted."""
        place = (title_id, version_id, "", tier, period)
        key = self._derived.get(place)
        if key is None:
            keys = await self.of(title_id, version_id)
            key = keys.tier_key(tier, period)
            self._derived.put(place, key)
        return key

    async def names(self, version: Version, periods: int) -> Names:
        """Give what every key of a version's first `periods` crypto periods is called."""
        place = (version.version_id, periods)
        names = self._names.get(place)
        if names is None:
            keys = await self.of(version.title_id, version.version_id)
            tiers = dict.fromkeys(one.tier for one in version.renditions)
            pairs = [(tier, period) for tier in tiers for period in range(periods)]
            names = MappingProxyType({keys.kid(*pair).bytes: pair for pair in pairs})
            self._names.put(place, names)
        return names

    async def of(self, title_id: str, version_id: str) -> Keys:
        """Give the key schedule of a title version."""
        place = (title_id, version_id)
        keys = self._titles.get(place)
        if keys is None:
            keys = await asyncio.to_thread(self._keys_of, title_id, version_id)
            self._titles.put(place, keys)
        return keys
