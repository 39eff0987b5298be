"""Where the segments of a playback lie: in the house, and at the delivery hosts in its own order."""

from collections.abc import Callable, Sequence

from streaming.clock import Clock
from streaming.delivery import pathways
from streaming.delivery.signing import AddressSigner
from streaming.delivery.sql import Playback
from streaming.delivery.values import Version
from streaming.hosts import DeliveryHost


class Addresses:
    """Signs the addresses below which segments lie."""

    def __init__(self, clock: Clock, signer: AddressSigner, hosts: Sequence[DeliveryHost] = ()) -> None:
        self._clock = clock
        self._signer = signer
        self._hosts = hosts

    def folder(self, version: Version) -> str:
        """Give the signed address below which a version's segments lie."""
        until = pathways.expiry(self._clock.now())
        prefix = self._signer.prefix(version.title_id, version.version_id, until)
        return f"/media/{prefix}/{version.title_id}/{version.version_id}"

    def ordered(self, playback: Playback) -> tuple[DeliveryHost, ...]:
        """Give the hosts in the order in which a playback shall try them; () where the house has none."""
        return pathways.in_order(self._hosts, playback.id)

    def bases(self, playback: Playback) -> dict[str, str]:
        """Where each host has this playback's segments, in the order they shall be tried."""
        return {one.name: self._base(one, playback) for one in self.ordered(playback)}

    def places(self, host: DeliveryHost, playback: Playback, rendition: str) -> Callable[[str], str]:
        """Give whole addresses of a rendition's segments at a host, by their names."""
        base = self._base(host, playback)
        return lambda name: pathways.below(base, f"{rendition}/{name}")

    def _base(self, host: DeliveryHost, playback: Playback) -> str:
        until = pathways.expiry(self._clock.now())
        return pathways.base(host, self._signer, playback.title_id, playback.version_id, until)
