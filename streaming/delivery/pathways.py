"""Where a playback finds its segments, host by host, and in which order it shall try them. Pure.

HLS calls a set of hosts that may stand in for one another *pathways* and lets a server steer between them
(draft-pantos-hls-rfc8216bis §7; for DASH the same manifest, ETSI TS 103 998). Playlists and keys stay with
the house, whatever the pathway: their addresses hold what opens a film. So a media playlist is asked for with
`?via=NAME`, and names its segments by their whole address at that host.
"""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from streaming.delivery import cat
from streaming.delivery.signing import AddressSigner
from streaming.hosts import DeliveryHost, Form

ADDRESS_LIFE = timedelta(hours=24)
HOUR = 3600
TTL = 60
"""Seconds after which a player asks again for the order of hosts."""
_VIA = re.compile(rb"(?:^|&)via=([A-Za-z0-9_-]{1,32})(?:&|$)")


def expiry(now: datetime) -> datetime:
    """When addresses end that are signed now: after a day, at a full hour.

    So all playbacks of an hour share their addresses, and a cache that goes by them keeps one copy.
    """
    ends = (now + ADDRESS_LIFE).timestamp()
    return datetime.fromtimestamp(math.ceil(ends / HOUR) * HOUR, UTC)


def in_order(hosts: Sequence[DeliveryHost], playback_id: str) -> tuple[DeliveryHost, ...]:
    """Order hosts for one playback: by priority, and among equals by chance in proportion to their weights.

    The same playback gets the same order every time, and when a host comes or goes only its own share moves
    (weighted rendezvous hashing).
    """

    def place(host: DeliveryHost) -> tuple[int, float]:
        digest = sha256(f"{playback_id} {host.name}".encode()).digest()
        chance = (int.from_bytes(digest[:7], "big") + 1) / (2**56 + 1)
        return host.priority, -math.log(chance) / host.weight

    return tuple(sorted(hosts, key=place))


def base(host: DeliveryHost, signer: AddressSigner, title: str, version: str, until: datetime) -> str:
    """Give the address below which a host has the segments of a title's version.

    A query in it belongs behind the name of each segment.
    """
    if host.form is Form.CAT:
        path = cat.folder(title, version)
        token = cat.issue(cat.key_of(signer.keys[0]), path, until)
        return f"{host.base}{path[:-1]}?CAT={token}"
    return f"{host.base}/media/{signer.prefix(title, version, until, host.form)}/{title}/{version}"


def below(base: str, name: str) -> str:
    """Give the address of what lies below a base, whose query comes last."""
    folder, mark, query = base.partition("?")
    return f"{folder}/{name}{mark}{query}"


def via(address: str, name: str) -> str:
    """Write into a media playlist's address which host its segments shall come from."""
    return f"{address}?via={name}"


def chosen(hosts: Sequence[DeliveryHost], query: bytes) -> DeliveryHost | None:
    """Read which host a media playlist is asked for; an unknown one, or none said, is the first."""
    said = _VIA.search(query)
    name = said[1].decode() if said else ""
    return next((one for one in hosts if one.name == name), hosts[0] if hosts else None)


def manifest(bases: Mapping[str, str], reload: str) -> dict[str, object]:
    """Write the steering manifest: hosts in the order of `bases`, to be asked for anew at `reload`.

    `X-MATINEE-BASES` is for our player, which changes addresses of segments instead of loading another media
    playlist; others ignore it, as they must.
    """
    return {
        "VERSION": 1,
        "TTL": TTL,
        "RELOAD-URI": reload,
        "PATHWAY-PRIORITY": list(bases),
        "X-MATINEE-BASES": dict(bases),
    }


def in_mpd(bases: Mapping[str, str]) -> dict[str, str]:
    """Give the bases that a BaseURL can say: one whose addresses end with a token has none."""
    return {name: f"{url}/" for name, url in bases.items() if "?" not in url}
