"""From stored objects back to clear ones, for checks and for what is made of pictures."""

from collections.abc import Iterable, Iterator

from transcoder.errors import BadMedia
from transcoder.formats.cbcs import Protection, read_protection, unprotect_fragment, unprotect_init
from transcoder.keys.encrypt import decrypt_segment
from transcoder.keys.keyschedule import CommonKeySource, KeySource
from transcoder.keys.manifest import Kind, ManifestObject
from transcoder.planning.plan import Plan

_WHOLE = (Kind.TEXT, Kind.IMAGE)
"""What is encrypted as a whole in every title."""


class Opener:
    """Decrypts objects. Those of `cbcs` have to come after the init segment of their crypto period.

    Their decryption is not authenticated: another key gives other pictures, and no fault. So it is the init
    segment that must name the right key, and `trial` decodes what comes out.
    """

    def __init__(self, plan: Plan, keys: KeySource, common: CommonKeySource | None) -> None:
        """Raises ValueError where keys are missing for the plan's protection."""
        if plan.policy.protection == "cbcs" and common is None:
            raise ValueError("no keys for a title protected by cbcs")
        self._keys = keys
        self._common = common if plan.policy.protection == "cbcs" else None
        self._said: dict[tuple[str, int], Protection] = {}

    def opened(self, item: ManifestObject, stored: bytes) -> bytes:
        """Give what is in an object; raises BadMedia."""
        if self._common is None or item.kind in _WHOLE:
            if item.kind is Kind.INIT:
                return stored
            return decrypt_segment(stored, self._keys(item.rendition, item.tier, item.period), item.sequence)
        key, place = self._common(item.tier, item.period), (item.rendition, item.period)
        if item.kind is Kind.INIT:
            said = self._said[place] = read_protection(stored)
            if (said.kid, said.iv) != (key.kid, key.iv):
                raise BadMedia("it names another key")
            return unprotect_init(stored)
        if place not in self._said:
            raise BadMedia("there is no init segment for it")
        return unprotect_fragment(stored, self._said[place], key.key)

    def track(self, items: Iterable[tuple[ManifestObject, bytes]]) -> Iterator[bytes]:
        """Give a rendition as one clear stream: one init segment, then fragments. Init segments are first."""
        begun = False
        for item, stored in items:
            clear = self.opened(item, stored)
            if item.kind is not Kind.INIT or not begun:
                yield clear
            begun = True
