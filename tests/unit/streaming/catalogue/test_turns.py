"""Starters first, then the operator's word, then turns between owners, then an owner's own word."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from streaming.catalogue.turns import ALL, COPY, REST, STARTER, Waiting, Wanted, choose, line

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def title(name: str, owner: str = "ana", minute: int = 0, priority: int = 0, house: int = 0) -> Waiting:
    return Waiting(name, owner, house, priority, NOON + timedelta(minutes=minute))


def names(waiting: Iterable[Waiting]) -> str:
    return " ".join(one.version_id for one in waiting)


def chunk(name: str, number: int = 1, part: str = ALL, owner: str = "ana", **more: object) -> Wanted:
    made = Wanted(name, number, part, owner, 0, 0, NOON, None)
    return replace(made, **more)  # type: ignore[arg-type]


def chosen(*wanted: Wanted, urgent: bool = False) -> tuple[str, int, str] | None:
    found = choose(wanted, urgent=urgent)
    return (found.version_id, found.number, found.part) if found else None


def test_titles_wait_in_the_order_in_which_they_came() -> None:
    assert names(line([title("b", minute=2), title("a", minute=1), title("c", minute=3)], {})) == "a b c"


def test_owners_take_turns_however_many_films_one_has() -> None:
    many = [title(f"a{number}", minute=number) for number in range(3)]
    assert names(line([*many, title("b", "ben", minute=9)], {})) == "a0 b a1 a2"
    assert names(line([*many, title("b", "ben", minute=9)], {"ana": 2})) == "b a0 a1 a2"


def test_a_creators_priority_orders_among_their_own_films_alone() -> None:
    waiting = [title("a", minute=1), title("b", "ben", minute=2), title("high", minute=3, priority=1)]
    assert names(line(waiting, {})) == "b high a"
    assert names(line([*waiting, title("low", minute=0, priority=-1)], {})) == "b high a low"


def test_an_operators_priority_goes_before_everybodys() -> None:
    waiting = [
        title("a", minute=1, priority=1),
        title("b", "ben", minute=5, house=1),
        title("c", minute=0, house=-1),
    ]
    assert names(line(waiting, {"ben": 7})) == "b a c"


def test_a_film_is_encoded_from_its_start_on() -> None:
    assert chosen(chunk("a", 3), chunk("a", 0, REST), chunk("a", 0, COPY)) == ("a", 0, COPY)
    assert chosen(chunk("a", 3), chunk("a", 0, REST)) == ("a", 0, REST)
    assert chosen() is None


def test_a_starter_goes_before_everything() -> None:
    ahead = chunk("a", 1, house_priority=1, priority=1)
    assert chosen(ahead, chunk("b", 0, STARTER, "ben", house_priority=-1)) == ("b", 0, STARTER)


def test_titles_and_owners_take_turns() -> None:
    served = chunk("a", 5, served_at=NOON)
    assert chosen(served, chunk("b", 9)) == ("b", 9, ALL)
    later = chunk("c", 1, owner="ben", served_at=NOON + timedelta(seconds=1))
    assert chosen(served, later) == ("a", 5, ALL)
    # Whoever was served last waits, also for another film of theirs.
    assert chosen(served, later, chunk("d", 1, owner="ben")) == ("a", 5, ALL)


def test_priorities_beat_turns_as_far_as_they_reach() -> None:
    served = chunk("a", 5, served_at=NOON + timedelta(seconds=9))
    assert chosen(replace(served, house_priority=1), chunk("b", 1, owner="ben")) == ("a", 5, ALL)
    assert chosen(replace(served, priority=1), chunk("b", 1)) == ("a", 5, ALL)
    assert chosen(replace(served, priority=1), chunk("b", 1, owner="ben")) == ("b", 1, ALL)


def test_the_urgent_hand_takes_nothing_else() -> None:
    assert chosen(chunk("a", 1), chunk("a", 0, REST), urgent=True) is None
    assert chosen(chunk("a", 1), chunk("b", 4, COPY), urgent=True) == ("b", 4, COPY)
