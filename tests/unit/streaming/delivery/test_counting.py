"""What a title's day was like: counted where playbacks start, are renewed and end, and by their reports."""

from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import text

from streaming.delivery import cmcd
from streaming.delivery.report_door import MOST_REPORTS
from streaming.errors import Fault
from tests.unit.streaming.delivery.house import BEN, EVE, START, House, Reply, ask, login

T = 1_700_000_000_000
TODAY = START.toordinal() - 719_163
"""Days since 1970."""


def days(house: House) -> dict[int, dict[str, Any]]:
    with house.database.read() as session:
        rows = session.execute(text("SELECT * FROM title_days ORDER BY day")).mappings().all()
    return {row["day"]: dict(row) for row in rows}


def report(house: House, token: str, body: str, account: Any = BEN) -> Reply:
    return ask(house.doors, "POST", f"/play/{token}/cmcd", cookies=login(account), body=body.encode())


def test_starts_and_refusals_for_want_of_a_screen_are_counted(house: House) -> None:
    house.licence(max_streams=1)
    house.start()
    with pytest.raises(Fault) as refused:
        house.start()
    assert refused.value.name == "too_many_streams"
    assert (days(house)[TODAY]["plays"], days(house)[TODAY]["refused"]) == (1, 1)


def test_what_is_watched_between_renewals_belongs_to_its_day(house: House) -> None:
    house.licence()
    started = house.start()
    house.wait(seconds=100)
    house.renew(started, b'{"position_s":100,"playing":true}')
    house.wait(seconds=50)
    house.renew(started, b'{"position_s":100,"playing":false}')
    house.wait(seconds=20)
    house.release(started, b'{"position_s":120,"playing":true}')
    assert days(house)[TODAY]["watched_s"] == 120


def test_midnight_parts_what_was_watched(house: House) -> None:
    house.licence()
    house.wait(hours=3, minutes=58)
    started = house.start()
    house.wait(seconds=180)
    house.renew(started, b'{"position_s":180,"playing":true}')
    assert {day: row["watched_s"] for day, row in days(house).items()} == {TODAY: 120, TODAY + 1: 60}


def test_a_native_player_counts_by_the_keys_it_asks_for(house: House) -> None:
    house.licence()
    started = house.start(native=True)
    for period in range(3):
        assert house.key(started, period, account=None).status == 200
        house.wait(seconds=50)
    assert days(house)[TODAY]["watched_s"] == 100


def test_a_players_reports_are_summed_by_playback_and_day(house: House) -> None:
    house.licence()
    token = house.start().token
    house.wait(seconds=100)
    lines = [
        f"e=ps,sta=s,ts={T},v=2",
        f"e=ps,sta=p,ts={T + 900},msd=900,br=(1000),v=2",
        f"e=ps,sta=r,ts={T + 20_900},v=2",
        f"e=ps,sta=p,ts={T + 22_900},v=2",
        f"e=e,ts={T + 23_900},v=2",
    ]
    assert report(house, token, "\n".join(lines[:3]) + "\n").status == 204
    assert report(house, token, "\n".join(lines[3:])).status == 204
    today = days(house)[TODAY]
    assert (today["startups"], today["startup_ms"], today["stalls"], today["stalled_ms"]) == (1, 900, 1, 2000)
    assert (today["played_ms"], today["rated_ms"], today["kilobits"], today["errors"]) == (
        21_000,
        21_000,
        21_000,
        1,
    )


def test_reports_come_along_with_requests_too(house: House) -> None:
    house.licence()
    started = house.start()
    said = quote("bs,bl=0,msd=700,v=2")
    path = f"/play/{started.token}/key/v240/0?CMCD={said}"
    assert ask(house.doors, "GET", path, cookies=login(BEN)).status == 200
    house.doors.close()
    assert (days(house)[TODAY]["stalls"], days(house)[TODAY]["startup_ms"]) == (1, 700)


def test_only_the_playbacks_own_player_reports_of_it(house: House) -> None:
    house.licence()
    token = house.start().token
    assert report(house, token, "bs", account=EVE).status == 404
    assert report(house, token, "bs", account=None).status == 401
    assert report(house, "x" * 40, "bs").status == 404
    assert ask(house.doors, "GET", f"/play/{token}/cmcd", cookies=login(BEN)).status == 405
    sent = ask(
        house.doors,
        "POST",
        f"/play/{token}/cmcd",
        cookies=login(BEN),
        headers={"origin": "https://evil.test"},
    )
    assert sent.status == 403


def test_the_last_report_is_taken_after_the_player_has_let_go(house: House) -> None:
    house.licence()
    started = house.start()
    house.release(started)
    assert report(house, started.token, f"e=ps,sta=e,ts={T}").status == 204


@pytest.mark.parametrize("body", ["e=", "a b", "\x00", "bs\n" * (cmcd.MAX_REPORTS + 1)])
def test_what_is_no_report_is_refused(house: House, body: str) -> None:
    house.licence()
    assert report(house, house.start().token, body).code == "bad_cmcd"


def test_a_body_is_bounded(house: House) -> None:
    house.licence()
    assert report(house, house.start().token, "x" * (cmcd.MAX_BODY + 1)).status == 413


def test_a_player_that_reports_without_end_is_slowed_down(house: House) -> None:
    house.licence()
    token = house.start().token
    answers = [report(house, token, "bs=?0") for _ in range(MOST_REPORTS + 1)]
    assert {one.status for one in answers[:MOST_REPORTS]} == {204}
    assert answers[-1].status == 429
    assert "retry-after" in answers[-1].headers


def test_reports_keep_nothing_of_who_sent_them(house: House) -> None:
    house.licence()
    token = house.start().token
    report(house, token, f'e=ps,sta=p,ts={T},sid="secret-session",cid="x"')
    with house.database.read() as session:
        kept = session.execute(text("SELECT * FROM playback_quality")).all()
    assert "secret-session" not in repr(kept)
