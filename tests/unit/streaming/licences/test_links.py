"""Links by themselves: random histories of visitors against the plainest model there is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.errors import Fault
from streaming.ids import LicenceId
from streaming.licences.links import (
    Link,
    LinkChanges,
    LinkPassword,
    LinkTerms,
    changed,
    check_link,
    decide_link,
)
from streaming.licences.policy import RefusalCode
from streaming.licences.values import NewPassword
from transcoder.keys.secret import SecretBytes

NOW = datetime(2026, 11, 22, 20, tzinfo=UTC)
PASSWORD = NewPassword(b"s" * 16, SecretBytes(b"k" * 32))


def link(plays: int = 0, **terms: object) -> Link:
    return Link(LicenceId("li_one"), LinkTerms(**terms), plays)  # type: ignore[arg-type]


@given(
    max_plays=st.none() | st.integers(1, 5),
    end=st.none() | st.integers(0, 20),
    steps=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 6))),
)
def test_no_more_browsers_play_than_the_link_is_for_and_none_begins_after_its_end(
    max_plays: int | None, end: int | None, steps: list[tuple[int, int]]
) -> None:
    until = None if end is None else NOW + timedelta(minutes=end)
    stands, minute, inside = link(max_plays=max_plays, redeem_until=until), 0, set[int]()
    for waited, browser in steps:
        minute += waited
        if browser in inside:
            continue
        refusal = decide_link(stands, NOW + timedelta(minutes=minute), "Ana")
        over = end is not None and minute >= end
        full = max_plays is not None and len(inside) >= max_plays
        assert (refusal is not None) == (over or full)
        if refusal is None:
            inside.add(browser)
            stands = replace(stands, plays=stands.plays + 1)
        else:
            assert refusal.code == (RefusalCode.LINK_EXPIRED if over else RefusalCode.LINK_USED_UP)
    assert stands.plays == len(inside)


@pytest.mark.parametrize(("plays", "said"), [(1, "once"), (2, "twice"), (7, "7 times")])
def test_a_used_up_link_says_how_often_it_could_be_used(plays: int, said: str) -> None:
    refusal = decide_link(link(plays, max_plays=plays), NOW, "Ana")
    assert refusal is not None
    assert refusal.sentence == f"This link could be used {said}, and that is done."
    assert "ask Ana" in refusal.hint


@pytest.mark.parametrize(
    ("terms", "name"),
    [
        ({"max_plays": 0}, "bad_plays"),
        ({"max_plays": -3}, "bad_plays"),
        ({"max_plays": 100_001}, "bad_plays"),
        ({"redeem_until": NOW}, "end_is_past"),
        ({"redeem_until": NOW.replace(tzinfo=None)}, "no_zone"),
        ({"redeem_until": NOW + timedelta(days=36_501)}, "too_far_ahead"),
    ],
)
def test_terms_nobody_can_mean_are_refused(terms: dict[str, object], name: str) -> None:
    with pytest.raises(Fault) as refused:
        check_link(LinkTerms(**terms), NOW)  # type: ignore[arg-type]
    assert refused.value.name == name


def test_a_change_touches_what_it_names_and_null_takes_away() -> None:
    stands = link(max_plays=3, redeem_until=NOW + timedelta(days=1), password=LinkPassword.of(PASSWORD))
    fewer = changed(stands, LinkChanges(frozenset({"max_plays"}), max_plays=2), NOW)
    assert fewer == replace(stands.terms, max_plays=2)
    open_ = changed(stands, LinkChanges(frozenset({"redeem_until", "password"})), NOW)
    assert open_ == LinkTerms(None, 3, None)


def test_an_end_that_passed_by_itself_does_not_bar_other_changes() -> None:
    stands = link(redeem_until=NOW - timedelta(days=1))
    assert changed(stands, LinkChanges(frozenset({"max_plays"}), max_plays=2), NOW).max_plays == 2


def test_a_password_is_kept_as_a_salted_hash_and_shows_nothing() -> None:
    one, other = LinkPassword.of(PASSWORD), LinkPassword.of(PASSWORD)
    assert one.stored.matches(PASSWORD.auth_key)
    assert not one.stored.matches(SecretBytes(b"x" * 32))
    assert one.stored.digest != other.stored.digest
    assert "kkkk" not in repr(one) + repr(PASSWORD)
