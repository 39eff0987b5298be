"""What was taken away stays away, whatever runs beside it: asking goes on in other processes' doors while it
is taken, and whoever asks after the taking was answered gets nothing."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from sqlalchemy import delete

from streaming.accounts.model import SessionRow
from streaming.delivery.values import Started
from streaming.ids import LicenceId
from streaming.licences.policy import Tier
from streaming.licences.values import Actor, Changes
from tests.unit.streaming.delivery.house import ANA, BEN, KEYS, House, ask, login
from transcoder.keys.secret import SecretBytes

ASKERS = 3
ASKS_BEFORE, ASKS_AFTER = 4, 15
Taking = Callable[[House, LicenceId, Started], object]


def revoked(house: House, licence: LicenceId, started: Started) -> object:
    return house.licences.revoke(Actor(ANA, "Ana"), licence)


def lowered(house: House, licence: LicenceId, started: Started) -> object:
    return house.licences.amend(Actor(ANA, "Ana"), licence, Changes(frozenset({"tier"}), tier=Tier.SD))


def stopped(house: House, licence: LicenceId, started: Started) -> object:
    return house.playbacks.stop(started.playback_id, BEN)


def logged_out(house: House, licence: LicenceId, started: Started) -> None:
    with house.database.write() as session:
        session.execute(delete(SessionRow).where(SessionRow.account_id == BEN))


@dataclass
class Asker:
    """One process of the house, and somebody who asks it for keys without a pause."""

    house: House
    started: Started
    number: int
    taken: threading.Event
    warm: threading.Event = field(default_factory=threading.Event)
    before: list[int] = field(default_factory=list)
    after: list[int] = field(default_factory=list)

    def run(self) -> None:
        doors = self.house.open(release=(40, 4.0))
        try:
            while len(self.after) < ASKS_AFTER:
                self._ask(doors)
        finally:
            doors.close()

    def _ask(self, doors: object) -> None:
        late = self.taken.is_set()  # read before asking: only such an answer must be a refusal
        found = self.after if late else self.before
        # Periods given before, which are read alone, and new ones, which are written, by turns.
        period = len(found) * ASKERS % 40 + self.number if late else len(found) % 4
        path = f"/play/{self.started.token}/key/v720/{period}"
        found.append(ask(doors, "GET", path, cookies=login(BEN)).status)
        if len(self.before) == ASKS_BEFORE:
            self.warm.set()


@pytest.mark.parametrize("take", [revoked, lowered, stopped, logged_out], ids=lambda one: one.__name__)
def test_no_key_is_given_once_the_taking_away_was_answered(house: House, take: Taking) -> None:
    licence = house.licence()
    started, taken = house.start(), threading.Event()
    askers = [Asker(house, started, number, taken) for number in range(ASKERS)]
    threads = [threading.Thread(target=one.run) for one in askers]
    for thread in threads:
        thread.start()
    assert all(one.warm.wait(60) for one in askers), [one.before for one in askers]
    take(house, licence, started)
    taken.set()
    for thread in threads:
        thread.join()
    assert all(200 in one.before for one in askers), [one.before for one in askers]
    assert all(set(one.after) <= {401, 403, 410} for one in askers), [one.after for one in askers]


def test_a_door_that_breaks_tells_neither_caller_nor_log_a_secret(
    house: House, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> SecretBytes:
        raise RuntimeError("the key derivation broke")

    house.licence()
    started = house.start()
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(type(KEYS), "content_key", broken)
    reply = house.key(started)
    secrets = [started.token, f"cookie-{BEN}", KEYS.secret.reveal().hex(), KEYS.share.reveal().hex()]
    told = caplog.text + reply.body.decode() + str(reply.headers)
    assert reply.status == 500
    assert "derivation" in caplog.text
    assert "derivation" not in reply.body.decode()
    assert [one for one in secrets if one in told] == []
