"""What is said of keys, for a playlist or an MPD."""

import asyncio

from streaming.delivery.keyring import KeyRing
from streaming.delivery.keysystems import KeySystems
from streaming.delivery.keytags import KeyTags
from streaming.delivery.values import Version
from tests.unit.streaming.delivery.house import KEYS, TITLE, VERSION

FILM = Version(TITLE, VERSION, "The Film", complete=True, period_seconds=60, duration_s=2400.0, renditions=())


def test_what_is_said_of_a_key_is_made_once_for_all_its_segments() -> None:
    said = asyncio.run(KeyTags(KeyRing(lambda *_: KEYS), KeySystems()).of(FILM, "token"))
    assert said("sd", 3) is said("sd", 3)
    assert len({said(tier, period)[0].hls for tier in ("sd", "hd") for period in range(3)}) == 6
