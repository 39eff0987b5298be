"""The door at which a playback's lease is renewed and given back."""

import re
from typing import Any

import orjson

from streaming.delivery.answers import Answer, Receive, Scope, json_answer, read_body
from streaming.delivery.asking import TOKEN, Asking
from streaming.delivery.leases import Leases
from streaming.delivery.refusals import iso
from streaming.delivery.writer import GroupCommit
from streaming.errors import Code, Fault

RENEW = re.compile(rf"/play/{TOKEN}/(?P<act>renew|release)")
MAX_POSITION = 10_000_000.0


class LeaseDoor:
    """Renews leases, and gives them back."""

    def __init__(self, asking: Asking, leases: Leases, writer: GroupCommit) -> None:
        self._asking = asking
        self._leases = leases
        self._writer = writer

    async def act(self, scope: Scope, receive: Receive, match: re.Match[str]) -> Answer:
        """Renew a lease, or give it back. Raises `Fault`."""
        claim = self._asking.claim(scope, match["token"])
        position, playing = _report(await read_body(receive))
        # Refused on a read: whoever has no playback must not queue for the house's one write lock.
        self._asking.bound(claim)
        if match["act"] == "release":
            await self._writer.run(self._leases.release(claim.hashed, claim.proof, position, playing))
            return Answer(204)
        renewed = await self._writer.run(self._leases.renew(claim.hashed, claim.proof, position, playing))
        return json_answer(
            {
                "lease_until": iso(renewed.lease_until),
                "ends_at": iso(renewed.ends_at),
                "renew_after_s": self._leases.rule.renew_after,
            }
        )


def _report(body: bytes) -> tuple[float | None, bool]:
    """Read `{position_s, playing}`; a beacon may say nothing. Raises `Fault` INVALID."""
    if not body.strip():
        return None, False
    try:
        value: Any = orjson.loads(body)
        position = value.get("position_s")
        playing = bool(value.get("playing", False))
        if position is not None:
            position = float(position)
            if not 0 <= position <= MAX_POSITION:
                raise ValueError("outside of any film")
    except (ValueError, TypeError, AttributeError):
        raise Fault(
            Code.INVALID,
            "This report of a playback cannot be read.",
            'Send {"position_s": 12.5, "playing": true}.',
            name="bad_report",
        ) from None
    return position, playing
