"""At the doors: native players under a licence get a new period's key only shortly before they show it."""

import asyncio

import pytest

from streaming.delivery import pacing
from streaming.licences.values import Actor
from tests.unit.streaming.delivery.house import ANA, House, ask, asking


def place(token: str, period: int, sequence: int, start: float) -> str:
    return f"/play/{token}/key/v240/{period}?s={sequence}&t={start:.3f}"


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers that say "ask again" after a moment instead of 20 seconds."""
    monkeypatch.setattr(pacing, "ANSWER_SECONDS", 0.05)
    monkeypatch.setattr(pacing, "MOST_ANSWERS", 10**6)


@pytest.mark.usefixtures("hasty")
def test_the_next_period_waits_until_it_is_nearly_shown(house: House) -> None:
    house.licence()
    token = house.start(native=True).token
    for sequence, start in enumerate((0, 1, 2, 4, 6, *range(8, 60, 4))):
        assert ask(house.doors, "GET", place(token, 0, sequence, start)).status == 200
    following = place(token, 1, 18, 60)
    answer = ask(house.doors, "GET", following)
    assert (answer.status, answer.headers["location"]) == (307, following)
    house.wait(seconds=57)
    assert ask(house.doors, "GET", following).status == 307
    house.wait(seconds=1)
    assert ask(house.doors, "GET", following).status == 200


@pytest.mark.usefixtures("hasty")
def test_a_jump_does_not_wait_and_neither_does_the_owner(house: House) -> None:
    house.licence()
    token = house.start(native=True).token
    for period in (0, 5, 3):
        assert ask(house.doors, "GET", place(token, period, 15 * period, 60 * period)).status == 200
    own = house.start(account=ANA, native=True).token
    for period in range(6):
        assert ask(house.doors, "GET", place(own, period, period, 60 * period)).status == 200


def test_vlc_which_reads_little_and_all_in_one_thread_never_waits(house: House) -> None:
    house.licence()
    token = house.start(native=True).token
    for period in range(6):
        path = place(token, period, period, 60 * period)
        assert ask(house.doors, "GET", path, headers={"user-agent": "VLC/3.0.24 LibVLC/3.0.24"}).status == 200


def test_a_licence_revoked_during_the_wait_gives_no_key(house: House) -> None:
    licence = house.licence()
    token = house.start(native=True).token

    async def wait_and_see() -> str:
        await asking(house.doors, "GET", place(token, 0, 0, 57.5))
        waiting = asyncio.create_task(asking(house.doors, "GET", place(token, 1, 1, 60)))
        await asyncio.sleep(0.1)
        house.licences.revoke(Actor(ANA, "Ana"), licence)
        return str((await waiting).code)

    assert asyncio.run(wait_and_see()) == "licence_revoked"


def test_no_more_than_a_few_requests_wait(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(pacing, "MOST_ANSWERS", 10**6)
    house.licence()
    token = house.start(native=True).token

    async def all_at_once() -> list[int]:
        await asking(house.doors, "GET", place(token, 0, 0, 0))
        asks = (asking(house.doors, "GET", place(token, 1, 1, 60)) for _ in range(7))
        return [reply.status for reply in await asyncio.gather(*asks)]

    statuses = asyncio.run(all_at_once())
    assert (statuses.count(307), statuses.count(429)) == (4, 3)
