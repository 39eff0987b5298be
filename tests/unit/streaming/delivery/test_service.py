import os
import signal
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, select

from streaming.clock import FixedClock
from streaming.delivery.budget import UNIT, is_released
from streaming.delivery.model import PlaybackRow
from streaming.delivery.service import KEPT_ENDED
from streaming.delivery.values import Device
from streaming.errors import Fault
from streaming.licences.policy import Tier
from tests.unit.streaming.delivery.house import ANA, BEN, START, TITLE, House, ask


def refusal(house: House, **how: bool) -> Fault:
    with pytest.raises(Fault) as refused:
        house.start(**how)  # type: ignore[arg-type]
    return refused.value


def test_a_playback_tells_its_terms(house: House) -> None:
    licence = house.licence(tier=Tier.SD, valid_until=START + timedelta(hours=2))
    started = house.start()
    assert (started.licence_id, started.tier, started.title) == (licence, "sd", "The Film")
    assert started.lease_until == START + timedelta(seconds=300)
    assert started.ends_at == START + timedelta(hours=2)
    assert started.start_at_s == 0


def test_a_second_screen_is_refused_until_the_first_lets_go(house: House) -> None:
    house.licence(max_streams=1)
    first = house.start()
    assert refusal(house).name == "too_many_streams"
    house.release(first)
    house.start()


def test_a_crashed_browser_frees_its_slot_when_its_lease_and_grace_are_over(house: House) -> None:
    house.licence(max_streams=1)
    house.start()
    house.wait(seconds=359)
    assert refusal(house).name == "too_many_streams"
    house.wait(seconds=1)
    house.start()


def test_a_viewer_may_take_over_from_another_screen(house: House) -> None:
    house.licence(max_streams=1)
    first = house.start()
    second = house.start(take_over=True)
    assert house.key(first).code == "lease_ended"
    assert house.key(second).status == 200


def test_a_start_is_one_write_transaction_of_few_statements(house: House) -> None:
    house.licence(max_streams=1)
    house.start()
    said: list[list[str]] = []
    event.listen(
        house.database.engine, "before_cursor_execute", lambda *args: said.append(args[2].split(" ", 2)[:2])
    )
    house.start(take_over=True)
    begun = said.index(["BEGIN", "IMMEDIATE"])
    words = [first for first, _ in said[begun + 1 :]]
    assert words == ["SELECT"] * 2 + ["INSERT", "UPDATE", "UPDATE", "DELETE", "INSERT"]


def test_of_two_that_began_at_the_same_instant_the_later_one_is_taken_over_from(house: House) -> None:
    house.licence(max_streams=2)
    first, second = house.start(), house.start()
    house.wait(seconds=1)
    assert house.renew(second).status == 200  # its lease is the longer one: that does not count
    house.wait(hours=1)
    house.start()
    assert house.renew(second).code == "lease_ended"
    assert house.renew(first).status == 200


def test_a_lease_begins_when_its_start_has_had_its_turn(house: House) -> None:
    class Turn(FixedClock):
        def now(self) -> datetime:
            with closing(sqlite3.connect(house.path, timeout=0)) as other, pytest.raises(sqlite3.Error):
                other.execute("BEGIN IMMEDIATE")
            return super().now()

    licence = house.licence()
    house.clock = Turn(START)
    started = house.service().start(Device(BEN, "se_ac_ben"), TITLE, [licence])
    assert started.lease_until == START + timedelta(seconds=300)


def test_starting_over_and_over_leaves_few_rows_and_loses_no_minute(house: House) -> None:
    licence = house.licence(max_streams=1)
    for _ in range(KEPT_ENDED + 30):
        started = house.start(take_over=True)
        house.wait(seconds=6)
        house.renew(started, b'{"position_s": 1, "playing": true}')
    with house.database.read() as session:
        rows = list(session.scalars(select(PlaybackRow).where(PlaybackRow.licence_id == licence)))
    assert len(rows) <= KEPT_ENDED + 2
    assert house.playbacks.minutes_watched([TITLE])[TITLE] == pytest.approx((KEPT_ENDED + 30) / 10)
    assert [one.playback_id for one in house.playbacks.watching_title(TITLE)] == [started.playback_id]


def test_a_viewer_may_stop_only_their_own_playback(house: House) -> None:
    house.licence()
    started = house.start()
    assert not house.playbacks.stop(started.playback_id, ANA)
    assert house.playbacks.stop(started.playback_id, BEN)
    assert house.key(started).code == "lease_ended"


def test_the_first_licence_that_opens_counts(house: House) -> None:
    small = house.licence(tier=Tier.SD, max_streams=1)
    large = house.licence(tier=Tier.HD, max_streams=1)
    assert house.start().licence_id == large
    assert house.start().licence_id == small
    assert refusal(house).name == "too_many_streams"


def test_the_refusal_told_is_that_of_the_best_licence(house: House) -> None:
    house.licence(valid_until=START + timedelta(minutes=1))
    house.wait(minutes=2)
    assert refusal(house).name == "licence_ended"


def test_owners_have_a_handful_of_screens(house: House) -> None:
    for _ in range(5):
        house.start(ANA)
    with pytest.raises(Fault) as refused:
        house.start(ANA)
    assert refused.value.name == "too_many_streams"


def test_a_film_without_pictures_yet_says_come_back(bare_house: House) -> None:
    bare_house.make_film(segments=0, complete=False, without=["v240", "v720", "a0"])
    bare_house.licence()
    fault = refusal(bare_house)
    assert (fault.name, fault.retry_after) == ("not_playable_yet", 1)


def test_a_film_that_is_not_there_is_not_found(house: House) -> None:
    with pytest.raises(Fault) as refused:
        house.playbacks.start(Device(BEN, "se_ac_ben"), "ti_none", [])  # type: ignore[arg-type]
    assert refused.value.code == "not_found"


def test_a_film_seen_to_the_credits_begins_again(house: House) -> None:
    house.licence()
    house.release(house.start(), b'{"position_s": 2395}')
    assert house.start().start_at_s == 0
    assert house.playbacks.resumes(BEN)[0][:2] == (TITLE, 2395.0)


def test_who_is_watching_is_known(house: House) -> None:
    licence = house.licence(max_streams=2)
    house.start()
    second = house.start()
    assert house.playbacks.count_by_licence([licence]) == {licence: 2}
    assert len(house.playbacks.watching_title(TITLE)) == house.playbacks.streams() == 2
    house.release(second)
    assert [one.account_id for one in house.playbacks.watching_account(BEN)] == [BEN]
    assert len(house.playbacks.watching_licence(licence)) == 1


@pytest.mark.parametrize("streams", [1, 2])
def test_parallel_starts_never_exceed_the_screens(house: House, streams: int) -> None:
    licence = house.licence(max_streams=streams)
    services = [house.service() for _ in range(4)]
    barrier = threading.Barrier(24)

    def start(number: int) -> str:
        barrier.wait()
        try:
            services[number % 4].start(Device(BEN, "se_ac_ben"), TITLE, [licence])
        except Fault as fault:
            return fault.name
        return "started"

    with ThreadPoolExecutor(24) as pool:
        started = list(pool.map(start, range(24)))
    assert sorted(started) == ["started"] * streams + ["too_many_streams"] * (24 - streams)
    assert house.playbacks.streams() == streams


def test_parallel_returns_to_a_lapsed_slot_never_exceed_the_screens(house: House) -> None:
    house.licence(max_streams=1)
    lapsed = []
    for _ in range(4):
        lapsed.append(house.start())
        with sqlite3.connect(house.path) as database:
            # As if each had lapsed unseen: no heir has ended its predecessor.
            database.execute(
                "UPDATE playback_sessions SET lease_until = 0, inherited = 1, released_at = NULL"
            )
        database.close()
    statuses = [house.renew(one).status for one in lapsed]
    assert statuses.count(200) == 1


KILLED = """
import asyncio, sys
from pathlib import Path
from tests.unit.streaming.delivery.house import House, asking
house = House(Path(sys.argv[1]))
async def main():
    for period in range(40):
        reply = await asking(house.doors, "GET", f"/play/{sys.argv[2]}/key/v240/{period}")
        print(period, reply.status, flush=True)
asyncio.run(main())
"""


def test_a_key_that_was_given_out_stays_counted_after_a_kill(house: House) -> None:
    house.licence()
    token = house.start(native=True).token
    root = Path(__file__).parents[4]
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(house.folder), token],
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
    )
    assert child.stdout is not None
    given = []
    for line in child.stdout:
        given.append(line.split())
        if len(given) == 7:
            os.kill(child.pid, signal.SIGKILL)
            break
    child.wait()
    child.stdout.close()
    assert all(status == "200" for _, status in given)
    with house.database.read() as session:
        row = session.scalars(select(PlaybackRow)).one()
    assert all(is_released(row.released_periods, int(period)) for period, _ in given)
    assert row.budget_level == (12 - int.from_bytes(row.released_periods, "little").bit_count()) * UNIT
    assert ask(house.doors, "GET", f"/play/{token}/key/v240/0").status == 200
