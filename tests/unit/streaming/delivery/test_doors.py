import asyncio
import re
import sqlite3
import time
from datetime import timedelta
from typing import Any

import m3u8
import pytest
from sqlalchemy import update

from streaming.accounts.model import SessionRow, TokenRow
from streaming.catalogue.model import RenditionRow, TitleRow, VersionRow
from streaming.delivery.model import PlaybackRow
from streaming.delivery.values import Device
from streaming.errors import Fault
from streaming.ids import AccountId
from streaming.licences.gate import LicenceGate
from streaming.licences.policy import Grant, Tier
from streaming.licences.values import Actor, Changes
from tests.unit.streaming.delivery.house import (
    ANA,
    BEN,
    EVE,
    KEYS,
    PERIODS,
    START,
    TITLE,
    VERSION,
    House,
    Reply,
    ask,
    asking,
    login,
)

KEY_BYTES = 16


def gives_key(reply: Reply) -> bool:
    return reply.status == 200 and len(reply.body) == KEY_BYTES


def playlist(house: House, token: str, account: AccountId | None = BEN) -> m3u8.M3U8:
    reply = ask(house.doors, "GET", f"/play/{token}/main.m3u8", cookies=login(account))
    assert reply.status == 200, reply.body
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["content-type"] == "application/vnd.apple.mpegurl"
    return m3u8.loads(reply.body.decode())


def test_everything_else_goes_to_the_application(house: House) -> None:
    assert ask(house.doors, "GET", "/t/ti_film").body == b"behind"
    assert ask(house.doors, "GET", "/playful").body == b"behind"


# --- keys ---


def test_a_holder_gets_the_true_key(house: House) -> None:
    house.licence()
    reply = house.key(house.start(), 3)
    assert reply.body == KEYS.content_key("v240", "sd", 3).reveal()
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["content-length"] == "16"


def test_a_key_asks_the_policy_once(house: House) -> None:
    class Counting(LicenceGate):
        asked = 0

        def permit(self, *row: Any, **more: Any) -> Grant | Fault:
            self.asked += 1
            return super().permit(*row, **more)

    house.licence()
    started = house.start()
    assert gives_key(house.key(started))
    house.doors.close()
    house.gate = gate = Counting()
    house.doors = house.open()
    assert gives_key(house.key(started))
    assert gate.asked == 1


@pytest.mark.parametrize(
    ("code", "seconds"), [("licence_ended", 100), ("unauthenticated", 200), ("lease_stale", 360)]
)
def test_a_key_given_again_is_given_to_the_last_moment_alone(house: House, code: str, seconds: int) -> None:
    end = START + timedelta(seconds=seconds)
    house.licence(valid_until=end if code == "licence_ended" else None)
    started = house.start()
    assert gives_key(house.key(started))
    if code == "unauthenticated":
        with house.database.write() as session:
            session.get_one(SessionRow, "se_ac_ben").expires_at = end
    house.wait(seconds=seconds - 5)
    assert all(gives_key(house.key(started)) for _ in range(2))
    house.wait(seconds=5, microseconds=-1)
    assert gives_key(house.key(started))
    house.wait(microseconds=1)
    assert house.key(started).code == code


def test_a_key_given_again_is_given_to_its_holder_alone(house: House) -> None:
    house.licence()
    started = house.start()
    assert all(gives_key(house.key(started)) for _ in range(3))
    assert house.key(started, account=None).code == "unauthenticated"
    assert house.key(started, account=EVE).code == "unknown_playback"
    with sqlite3.connect(house.path) as elsewhere:
        elsewhere.execute("UPDATE playback_sessions SET released_at = 1")
    elsewhere.close()
    assert house.key(started).code == "lease_ended"


def test_the_owner_needs_no_licence(house: House) -> None:
    assert gives_key(house.key(house.start(ANA), rendition="v720", account=ANA))


def test_an_admin_or_stranger_without_licence_cannot_start(house: House) -> None:
    with pytest.raises(Fault) as refused:
        house.start(EVE)
    assert refused.value.name == "no_licence"


def test_nobody_gets_no_key_with_anothers_address(house: House) -> None:
    house.licence()
    started = house.start()
    assert (house.key(started, account=None).status, house.key(started, account=None).code) == (
        401,
        "unauthenticated",
    )


def test_a_stranger_gets_no_key_with_anothers_address(house: House) -> None:
    house.licence()
    started = house.start()
    assert (house.key(started, account=EVE).status, house.key(started, account=EVE).code) == (
        404,
        "unknown_playback",
    )


def test_an_unknown_token_gets_no_key(house: House) -> None:
    reply = ask(house.doors, "GET", f"/play/{'x' * 43}/key/v240/0", cookies=login(BEN))
    assert (reply.status, reply.code) == (404, "unknown_playback")


def test_an_expired_viewer_gets_no_further_key(house: House) -> None:
    house.licence(valid_until=START + timedelta(minutes=2))
    started = house.start()
    assert gives_key(house.key(started, 0))
    house.wait(minutes=2)
    for period in (0, 1):
        reply = house.key(started, period)
        assert (reply.status, reply.code) == (403, "licence_ended")
    assert reply.json["detail"] == "This licence ended just now."
    assert reply.json["hint"] == "Ask Ana for more time."
    assert reply.json["at"] == "2026-11-22T20:02:00Z"


def test_revoking_bites_at_the_next_key(house: House) -> None:
    licence = house.licence()
    started = house.start()
    assert gives_key(house.key(started, 0))
    house.licences.revoke(Actor(ANA, "Ana"), licence, "Wrong film.")
    assert house.key(started, 0).code == "licence_revoked"
    assert house.key(started, 1).code == "licence_revoked"


def test_an_extension_reaches_a_playing_viewer(house: House) -> None:
    licence = house.licence(valid_until=START + timedelta(minutes=2))
    started = house.start()
    house.wait(minutes=3)
    assert house.key(started).code == "licence_ended"
    later = Changes(frozenset({"valid_until"}), valid_until=START + timedelta(hours=2))
    house.licences.amend(Actor(ANA, "Ana"), licence, later)
    assert gives_key(house.key(started))


def test_a_licence_never_opens_a_tier_above_its_own(house: House) -> None:
    house.licence(tier=Tier.SD)
    started = house.start()
    assert house.key(started, rendition="v720").code == "tier_not_covered"
    assert gives_key(house.key(started, rendition="v240"))
    assert gives_key(house.key(started, rendition="a0"))


def test_a_lowered_tier_bites_at_the_next_key(house: House) -> None:
    licence = house.licence(tier=Tier.HD)
    started = house.start()
    assert gives_key(house.key(started, 0, "v720"))
    house.licences.amend(Actor(ANA, "Ana"), licence, Changes(frozenset({"tier"}), tier=Tier.SD))
    assert house.key(started, 0, "v720").code == "tier_not_covered"
    assert house.key(started, 1, "v720").code == "tier_not_covered"


def test_loading_a_page_starts_no_clock_but_the_first_key_does(house: House) -> None:
    licence = house.licence(playback=timedelta(hours=1))
    started = house.start()
    playlist(house, started.token)
    actor = Actor(BEN, "Ben")
    assert house.licences.show(actor, licence).first_played_at is None
    house.wait(seconds=30)
    house.key(started)
    assert house.licences.show(actor, licence).first_played_at == START + timedelta(seconds=30)
    house.wait(minutes=4)
    house.key(started, 1)
    assert house.licences.show(actor, licence).first_played_at == START + timedelta(seconds=30)


def test_the_finish_within_clock_stops_a_film_in_the_middle(house: House) -> None:
    house.licence(playback=timedelta(minutes=3))
    started = house.start()
    house.key(started, 0)
    house.wait(minutes=2, seconds=59)
    assert gives_key(house.key(started, 1))
    house.wait(seconds=1)
    assert house.key(started, 2).code == "playback_ended"


def test_logging_out_kills_the_playbacks_of_that_login(house: House) -> None:
    house.licence(max_streams=2)
    started, native = (
        house.start(),
        house.playbacks.start(
            Device(BEN, "se_ac_ben", native=True),
            TITLE,
            [one.id for one in house.licences.ranked(TITLE, BEN)],
        ),
    )
    assert gives_key(house.key(native, account=None))
    with house.database.write() as session:
        session.delete(session.get_one(SessionRow, "se_ac_ben"))
    for one in (started, native):
        assert (house.key(one).status, house.key(one).code) == (401, "unauthenticated")


def test_revoking_an_api_token_kills_the_native_playbacks_it_started(house: House) -> None:
    licence = house.licence()
    started = house.playbacks.start(Device(BEN, token_id="tk_ac_ben", native=True), TITLE, [licence])
    assert gives_key(house.key(started, account=None))
    with house.database.write() as session:
        session.delete(session.get_one(TokenRow, "tk_ac_ben"))
    assert house.key(started, 1, account=None).status == 401


def test_a_login_that_ran_out_gives_no_key(house: House) -> None:
    house.licence()
    started = house.start()
    with house.database.write() as session:
        session.get_one(SessionRow, "se_ac_ben").expires_at = START
    assert house.key(started).status == 401


def test_a_guest_is_bound_to_their_link(house: House) -> None:
    (secret, licence), (other, _) = house.visit(), house.visit()
    started = house.playbacks.start(Device(guest_token=secret), TITLE, [licence])
    path = f"/play/{started.token}/key/v240/0"
    assert gives_key(ask(house.doors, "GET", path, cookies={"matinee_guest": f"{other}.{secret}"}))
    assert ask(house.doors, "GET", path, cookies={"matinee_guest": other}).code == "unknown_playback"
    assert ask(house.doors, "GET", path).code == "unauthenticated"


@pytest.mark.parametrize("act", ["renew", "release"])
def test_who_has_no_playback_does_not_queue_for_the_write_lock(house: House, act: str) -> None:
    house.licence()
    started = house.start()
    lock = sqlite3.connect(house.path, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    try:
        for token in ("a" * 43, started.token):
            begun = time.monotonic()
            answer = ask(house.doors, "POST", f"/play/{token}/{act}", body=b"{}")
            assert answer.code in {"unknown_playback", "unauthenticated"}
            assert time.monotonic() - begun < 2
    finally:
        lock.close()


def test_a_deleted_film_gives_no_key(house: House) -> None:
    house.licence()
    started = house.start()
    with house.database.write() as session:
        session.delete(session.get_one(TitleRow, TITLE))
    assert house.key(started).code == "unknown_playback"


def test_a_film_that_was_replaced_says_so_and_not_that_it_was_stopped(house: House) -> None:
    house.licence()
    started = house.start()
    with house.database.write() as session:
        session.delete(session.get_one(VersionRow, VERSION))
    asked = house.key(started)
    assert (asked.status, asked.code) == (410, "film_is_gone")
    assert ask(house.doors, "GET", f"/play/{started.token}/main.m3u8", cookies=login(BEN)).code == asked.code


@pytest.mark.parametrize(
    "tail", ["v999/0", "v240/999", "v240/99999", "v240/-1", "v240/00", "v240/", "V240/0", "v240/0/"]
)
def test_addresses_no_playlist_holds_give_no_key(house: House, tail: str) -> None:
    house.licence()
    reply = ask(house.doors, "GET", f"/play/{house.start().token}/key/{tail}", cookies=login(BEN))
    assert (reply.status, reply.code) == (404, "bad_address")


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE"])
def test_keys_are_only_got(house: House, method: str) -> None:
    house.licence()
    reply = ask(house.doors, method, f"/play/{house.start().token}/key/v240/0", cookies=login(BEN))
    assert reply.status == 405
    assert reply.body == b"" if method == "HEAD" else reply.code == "wrong_method"


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.test"},
        {"origin": "null"},
        {"origin": "https://house.test.evil.test"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_another_site_reads_no_key_and_renews_nothing(house: House, headers: dict[str, str]) -> None:
    house.licence()
    base = f"/play/{house.start().token}"
    for method, path in (
        ("GET", f"{base}/key/v240/0"),
        ("POST", f"{base}/renew"),
        ("POST", f"{base}/release"),
    ):
        reply = ask(house.doors, method, path, cookies=login(BEN), headers=headers, body=b"{}")
        assert (reply.status, reply.code) == (403, "foreign_origin")
        assert "access-control-allow-origin" not in reply.headers


@pytest.mark.parametrize("headers", [{"origin": "http://house.test"}, {"sec-fetch-site": "same-origin"}])
def test_our_own_pages_do(house: House, headers: dict[str, str]) -> None:
    house.licence()
    path = f"/play/{house.start().token}/key/v240/0"
    assert gives_key(ask(house.doors, "GET", path, cookies=login(BEN), headers=headers))


# --- the budget ---


def test_a_scraper_gets_the_burst_and_then_is_told_to_wait(house: House) -> None:
    house.licence()
    started = house.start()
    answers = [house.key(started, period) for period in range(20)]
    assert [reply.status for reply in answers] == [200] * 12 + [429] * 8
    assert (answers[-1].code, answers[-1].headers["retry-after"]) == ("budget_spent", "15")
    house.wait(seconds=15)
    assert gives_key(house.key(started, 12))
    assert house.key(started, 13).status == 429


def test_jumps_anywhere_are_answered_at_once_within_the_budget(house: House) -> None:
    house.licence()
    started = house.start()
    places = [39, 0, 20, 7, 33, 1, 12, 38, 25, 4, 16, 30]
    assert [house.key(started, place).status for place in places + places[::-1]] == [200] * 24


def test_what_was_released_costs_nothing_again_nor_in_another_rendition(house: House) -> None:
    house.licence(tier=Tier.HD)
    started = house.start()
    for period in range(12):
        for rendition in ("v240", "a0", "v720", "v240"):
            assert gives_key(house.key(started, period, rendition))
    assert house.key(started, 12).status == 429
    assert gives_key(house.key(started, 5))


def test_starting_anew_refills_nothing_and_a_reload_costs_nothing(house: House) -> None:
    house.licence()
    first = house.start()
    for period in range(12):
        house.key(first, period)
    house.release(first)
    second = house.start()
    assert gives_key(house.key(second, 11))
    assert house.key(second, 12).status == 429
    assert house.key(first, 0).code == "lease_ended"


def test_the_budget_is_one_over_several_processes(house: House) -> None:
    house.licence()
    started = house.start()
    others = [house.open() for _ in range(3)]
    got = 0
    for period in range(30):
        path = f"/play/{started.token}/key/v240/{period}"
        got += gives_key(ask(others[period % 3], "GET", path, cookies=login(BEN)))
    for other in others:
        other.close()
    assert got == 12


def test_many_keys_at_once_are_counted_one_by_one(house: House) -> None:
    house.licence()
    base = f"/play/{house.start().token}/key/v240"

    async def all_at_once() -> list[Reply]:
        asks = (asking(house.doors, "GET", f"{base}/{n}", login(BEN)) for n in range(PERIODS))
        return await asyncio.gather(*asks)

    replies = asyncio.run(all_at_once())
    assert sum(gives_key(reply) for reply in replies) == 12
    assert {reply.status for reply in replies} == {200, 429}


def test_a_native_player_that_reads_ahead_is_paced_and_not_refused(house: House) -> None:
    house.licence()
    doors = house.open(release=(12, 120.0))
    token = house.start(native=True).token

    async def read_ahead() -> list[int]:
        for period in range(12):
            await asking(doors, "GET", f"/play/{token}/key/v240/{period}")
        waiting = [
            asyncio.create_task(asking(doors, "GET", f"/play/{token}/key/{name}/12"))
            for name in ("v240", "a0")
        ]
        await asyncio.sleep(0.2)
        assert not any(task.done() for task in waiting)
        house.wait(seconds=1)
        return [(await task).status for task in waiting]

    assert asyncio.run(read_ahead()) == [200, 200]
    doors.close()


def test_a_native_scraper_is_refused_what_it_asks_all_at_once(house: House) -> None:
    house.licence()
    doors = house.open(release=(12, 120.0))
    token = house.start(native=True).token

    async def all_at_once() -> list[int]:
        asks = (asking(doors, "GET", f"/play/{token}/key/v240/{n}") for n in range(PERIODS))
        return [reply.status for reply in await asyncio.gather(*asks)]

    statuses = asyncio.run(all_at_once())
    assert (statuses.count(200), statuses.count(429)) == (12, PERIODS - 12)
    doors.close()


def test_a_licence_revoked_while_a_native_player_waits_gives_no_key(house: House) -> None:
    licence = house.licence()
    doors = house.open(release=(12, 120.0))
    token = house.start(native=True).token

    async def wait_and_see() -> Reply:
        for period in range(12):
            await asking(doors, "GET", f"/play/{token}/key/v240/{period}")
        waiting = asyncio.create_task(asking(doors, "GET", f"/play/{token}/key/v240/12"))
        await asyncio.sleep(0.1)
        house.licences.revoke(Actor(ANA, "Ana"), licence)
        house.wait(seconds=5)
        return await waiting

    assert asyncio.run(wait_and_see()).code == "licence_revoked"
    doors.close()


# --- leases ---


def test_a_lease_is_renewed_and_remembers_the_place(house: House) -> None:
    house.licence(valid_until=START + timedelta(hours=1))
    started = house.start()
    house.wait(minutes=3)
    reply = house.renew(started, b'{"position_s": 171.5, "playing": true}')
    assert reply.json == {
        "lease_until": "2026-11-22T20:08:00Z",
        "ends_at": "2026-11-22T21:00:00Z",
        "renew_after_s": 180,
    }
    house.release(started, b'{"position_s": 180.25}')
    assert house.playbacks.resume_at(BEN, TITLE) == 180.25
    assert house.start().start_at_s == 180.25
    assert house.playbacks.minutes_watched([TITLE]) == {TITLE: 3.0}


def test_a_beacon_may_say_nothing(house: House) -> None:
    house.licence()
    started = house.start()
    assert house.release(started, b"").status == 204
    assert house.release(started, b"").status == 204
    assert house.renew(started).code == "lease_ended"


@pytest.mark.parametrize(
    "body", [b"[]", b"{", b'{"position_s": "x"}', b'{"position_s": -1}', b'{"position_s": 1e300}']
)
def test_a_report_that_cannot_be_read_changes_nothing(house: House, body: bytes) -> None:
    house.licence()
    reply = house.renew(house.start(), body)
    assert (reply.status, reply.code) == (400, "bad_report")


def test_a_report_is_small(house: House) -> None:
    house.licence()
    assert house.renew(house.start(), b" " * 5000).status == 413


def test_a_renewal_is_the_callers_own(house: House) -> None:
    house.licence()
    started = house.start()
    assert house.renew(started, account=EVE).status == 404
    assert house.release(started, account=EVE).status == 404
    assert house.release(started, account=None).status == 401
    assert gives_key(house.key(started))


def test_a_lapsed_browser_must_renew_and_then_goes_on(house: House) -> None:
    house.licence()
    started = house.start()
    house.key(started, 0)
    house.wait(minutes=5, seconds=59)
    assert gives_key(house.key(started, 0))
    house.wait(seconds=1)
    assert house.key(started, 0).code == "lease_stale"
    assert house.key(started, 1).code == "lease_stale"
    assert house.renew(started).status == 200
    assert gives_key(house.key(started, 1))


def test_a_lapsed_slot_that_went_to_another_screen_is_not_had_back(house: House) -> None:
    house.licence()
    first = house.start()
    house.wait(minutes=6)
    house.start()
    assert house.renew(first).code in {"too_many_streams", "lease_ended"}
    assert not gives_key(house.key(first))


def test_a_renewal_says_why_a_film_stops(house: House) -> None:
    licence = house.licence()
    started = house.start()
    house.licences.revoke(Actor(ANA, "Ana"), licence)
    assert house.renew(started).code == "licence_revoked"


def test_native_addresses_work_without_cookies_and_renew_by_their_keys(house: House) -> None:
    house.licence(valid_until=START + timedelta(minutes=30))
    started = house.start(native=True)
    for period in range(6):
        assert gives_key(house.key(started, period, account=None))
        house.wait(minutes=4)
    assert len(house.playbacks.watching_title(TITLE)) == 1
    house.wait(minutes=6)
    assert house.key(started, 7, account=None).code == "licence_ended"


def test_a_paused_native_player_takes_its_slot_again_only_if_it_is_free(house: House) -> None:
    house.licence(max_streams=1)
    native = house.start(native=True)
    house.key(native, 0, account=None)
    house.wait(minutes=20)
    assert gives_key(house.key(native, 0, account=None))
    house.wait(minutes=20)
    house.start()
    assert not gives_key(house.key(native, 0, account=None))


# --- playlists ---


def test_playlists_lead_to_segments_and_keys(house: House) -> None:
    house.licence()
    started = house.start()
    main = playlist(house, started.token)
    assert [one.stream_info.resolution[1] for one in main.playlists] == [240, 720]
    for uri in [one.uri for one in main.playlists] + [one.uri for one in main.media]:
        reply = ask(house.doors, "GET", uri, cookies=login(BEN))
        parsed = m3u8.loads(reply.body.decode())
        assert parsed.is_endlist
        assert len(parsed.segments) == 120
        folder = uri.rpartition("/")[0]
        name = parsed.segments[1].uri
        assert "/" not in name
        assert ask(house.doors, "GET", f"{folder}/{name}").body == b"\1" * 1000
        assert ask(house.doors, "GET", f"{folder}/{parsed.segment_map[0].uri}").body.startswith(b"clear init")
        keys = list(dict.fromkeys(segment.key.uri for segment in parsed.segments))
        assert len(keys) == PERIODS
        assert gives_key(ask(house.doors, "GET", keys[0], cookies=login(BEN)))


def test_only_renditions_within_the_tier_are_listed(house: House) -> None:
    house.licence(tier=Tier.SD)
    started = house.start()
    main = playlist(house, started.token)
    assert [one.stream_info.resolution[1] for one in main.playlists] == [240]
    other = main.playlists[0].uri.replace("/v240/", "/v720/")
    assert ask(house.doors, "GET", other, cookies=login(BEN)).code == "tier_not_covered"


def test_playlists_are_bound_like_keys(house: House) -> None:
    licence = house.licence()
    started = house.start()
    media = playlist(house, started.token).playlists[0].uri
    for path in (f"/play/{started.token}/main.m3u8", media):
        assert ask(house.doors, "GET", path).status == 401
        assert ask(house.doors, "GET", path, cookies=login(EVE)).status == 404
    house.licences.revoke(Actor(ANA, "Ana"), licence)
    for path in (f"/play/{started.token}/main.m3u8", media):
        assert ask(house.doors, "GET", path, cookies=login(BEN)).code == "licence_revoked"


def test_a_media_playlist_needs_its_signature(house: House) -> None:
    house.licence()
    media = playlist(house, house.start().token).playlists[0].uri
    broken = re.sub(r"(/media/\d+\.).", lambda m: m[1] + "~", media)
    assert ask(house.doors, "GET", broken, cookies=login(BEN)).status == 404
    moved = media.replace(VERSION, "ve_two")
    assert ask(house.doors, "GET", moved, cookies=login(BEN)).code == "bad_address"


def test_large_playlists_are_packed_for_those_who_take_it(house: House) -> None:
    house.licence()
    media = playlist(house, house.start().token).playlists[0].uri
    plain = ask(house.doors, "GET", media, cookies=login(BEN))
    packed = ask(house.doors, "GET", media, cookies=login(BEN), headers={"accept-encoding": "gzip, br"})
    assert packed.headers["content-encoding"] == "gzip"
    assert len(packed.body) < len(plain.body) / 3


def test_a_growing_film_lists_what_is_there_without_gaps(bare_house: House) -> None:
    bare_house.make_film(segments=4, complete=False)
    with bare_house.database.write() as session:
        bare_house.add_segments(session, "v240", range(5, 8))
    bare_house.licence()
    started = bare_house.start()
    main = playlist(bare_house, started.token)
    reply = ask(bare_house.doors, "GET", main.playlists[0].uri, cookies=login(BEN))
    parsed = m3u8.loads(reply.body.decode())
    assert len(parsed.segments) == 4
    assert parsed.playlist_type == "event"
    assert not parsed.is_endlist


def test_a_finished_film_is_never_shown_shorter_than_it_is(bare_house: House) -> None:
    bare_house.make_film(segments=4, complete=False)
    bare_house.licence()
    main = playlist(bare_house, bare_house.start().token)
    uri = main.playlists[0].uri
    ask(bare_house.doors, "GET", uri, cookies=login(BEN))
    with bare_house.database.write() as session:
        for name in ("v240", "v720", "a0"):
            bare_house.add_segments(session, name, range(4, 9))
        session.get_one(VersionRow, VERSION).published_at = START
    while True:
        parsed = m3u8.loads(ask(bare_house.doors, "GET", uri, cookies=login(BEN)).body.decode())
        if parsed.is_endlist:
            break
        assert len(parsed.segments) in {4, 9}
    assert len(parsed.segments) == 9


@pytest.mark.parametrize(
    ("behind", "at", "listed"), [(2, 100, 2), (3, 100, 1), (15, 0, 2), (16, 0, 1), (10, 20, 2), (10, 21, 1)]
)
def test_a_rung_far_behind_another_is_offered_to_whom_it_reaches_far_enough(
    bare_house: House, behind: int, at: int, listed: int
) -> None:
    bare_house.make_film(segments=30, complete=False, without=["v240"])
    with bare_house.database.write() as session:
        bare_house.add_segments(session, "v240", range(30 - behind))
    bare_house.licence()
    token = bare_house.start().token
    with bare_house.database.write() as session:
        session.execute(update(PlaybackRow).values(position_s=float(at)))
    main = playlist(bare_house, token)
    assert len(main.playlists) == listed
    assert "/v720/" in main.playlists[-1].uri


def test_a_playlist_is_held_until_its_first_segment_is_there(bare_house: House) -> None:
    bare_house.make_film(segments=4, complete=False, without=["v720"])
    bare_house.licence()
    started = bare_house.start()
    uri = playlist(bare_house, started.token).playlists[0].uri.replace("/v240/", "/v720/")

    async def play() -> Reply:
        waiting = asyncio.create_task(asking(bare_house.doors, "GET", uri, login(BEN)))
        await asyncio.sleep(0.3)
        with bare_house.database.write() as session:
            session.get_one(
                RenditionRow, (VERSION, "v720")
            ).init_object = f"{TITLE}/{VERSION}/v720/init-a.mp4"
            bare_house.add_segments(session, "v720", range(2))
        return await waiting

    reply = asyncio.run(play())
    assert reply.status == 200
    assert len(m3u8.loads(reply.body.decode()).segments) == 2


def test_every_playlist_of_a_film_with_chapters_is_dated_and_the_pictures_name_them(house: House) -> None:
    with house.database.write() as session:
        session.get_one(VersionRow, VERSION).chapters = '[[0, 60, "One"], [60, 120, "Two"]]'
    house.licence()
    uri = playlist(house, house.start().token).playlists[0].uri
    picture, sound = (
        ask(house.doors, "GET", address, cookies=login(BEN)).body.decode()
        for address in (uri, uri.replace("/v240/", "/a0/"))
    )
    dated = f"#EXT-X-PROGRAM-DATE-TIME:{START:%Y-%m-%dT%H:%M:%S}.000Z\n"
    assert (picture.count(dated), sound.count(dated)) == (1, 1)
    assert (picture.count("#EXT-X-DATERANGE"), sound.count("#EXT-X-DATERANGE")) == (2, 0)


def test_a_wait_that_is_too_long_ends_with_come_back(
    bare_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streaming.delivery.playlists.HOLD_SECONDS", 0.4)
    bare_house.make_film(segments=4, complete=False, without=["v720"])
    bare_house.licence()
    uri = playlist(bare_house, bare_house.start().token).playlists[0].uri.replace("/v240/", "/v720/")
    reply = ask(bare_house.doors, "GET", uri, cookies=login(BEN))
    assert (reply.status, reply.code, reply.headers["retry-after"]) == (503, "not_playable_yet", "1")


def test_no_door_shows_a_secret_in_its_repr(house: House) -> None:
    house.licence()
    started = house.start()
    assert started.token not in repr(started)
    assert "secret" not in repr(Device(guest_token="secret"))
