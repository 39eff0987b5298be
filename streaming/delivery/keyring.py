"""Content keys in memory: secrets unwrapped once, keys derived once, both forgotten after a while."""

import asyncio
from collections.abc import Callable

from streaming.delivery.kept import Kept
from streaming.delivery.values import Keys
from transcoder.formats.hls import Rendition
from transcoder.keys.secret import SecretBytes

MAX_TITLES = 256
MAX_KEYS = 4096
SECONDS = 600.0


class KeyRing:
    """Keys of every title asked for lately. `keys_of(title, version)` unwraps secrets and may block."""

    def __init__(self, keys_of: Callable[[str, str], Keys]) -> None:
        self._keys_of = keys_of
        self._titles: Kept[tuple[str, str], Keys] = Kept(MAX_TITLES, SECONDS)
        self._derived: Kept[tuple[str, str, str, int], SecretBytes] = Kept(MAX_KEYS, SECONDS)

    async def key(self, title_id: str, version_id: str, rendition: Rendition, period: int) -> SecretBytes:
        """Give the 16-byte key of a rendition and crypto period; whoever asks has been permitted."""
        place = (title_id, version_id, rendition.name, period)
        key = self._derived.get(place)
        if key is None:
            keys = await self._of(title_id, version_id)
            key = keys.content_key(rendition.name, rendition.tier, period)
            self._derived.put(place, key)
        return key

    async def _of(self, title_id: str, version_id: str) -> Keys:
        place = (title_id, version_id)
        keys = self._titles.get(place)
        if keys is None:
            keys = await asyncio.to_thread(self._keys_of, title_id, version_id)
            self._titles.put(place, keys)
        return keys
