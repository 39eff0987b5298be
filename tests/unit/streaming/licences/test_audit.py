"""The audit log cannot be rewritten, goes with its title alone, and is guarded however tables are made."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from streaming.db.base import Base
from streaming.db.engine import Database, open_engine
from streaming.db.migrate import upgrade
from streaming.errors import Fault
from streaming.licences.values import Actor, Changes, Request
from tests.unit.streaming.delivery.house import ANA, BEN, START, TITLE, House

DAY = timedelta(days=1)
OWNER = Actor(ANA, "Ana")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    house.make_film(segments=9)
    yield house
    house.close()


def lines(house: House) -> list[str]:
    return [one.what for one in house.licences.history_of_title(OWNER, TITLE)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE licence_events SET actor = 'Eve'",
        "DELETE FROM licence_events",
        "INSERT OR REPLACE INTO licence_events (id, at, what, actor, subject, reason)"
        " SELECT id, at, 'extended', actor, subject, reason FROM licence_events",
    ],
    ids=["changed", "deleted", "replaced"],
)
def test_a_line_cannot_be(house: House, statement: str) -> None:
    house.licences.issue(OWNER, TITLE, Request(to="Ben"))
    with pytest.raises(IntegrityError, match="append-only"), house.database.write() as session:
        session.execute(text(statement))
    with closing(sqlite3.connect(house.path)) as raw, pytest.raises(sqlite3.IntegrityError):
        raw.execute(statement)
    assert lines(house) == ["issued"]


def test_the_history_of_a_deleted_film_goes_with_it(house: House) -> None:
    house.licences.issue(OWNER, TITLE, Request(to="Ben"))
    with house.database.write() as session:
        session.execute(text("DELETE FROM titles WHERE id = :id"), {"id": TITLE})
        assert session.execute(text("SELECT count(*) FROM licence_events")).scalar() == 0


def test_a_change_that_fails_leaves_no_line(house: House) -> None:
    licence = house.licences.issue(OWNER, TITLE, Request(to="Ben")).licence
    with pytest.raises(Fault):
        house.licences.amend(OWNER, licence.id, Changes(frozenset({"max_streams"}), max_streams=0))
    assert lines(house) == ["issued"]


def test_a_change_that_changes_nothing_leaves_no_line(house: House) -> None:
    licence = house.licences.issue(OWNER, TITLE, Request(to="Ben")).licence
    house.licences.amend(OWNER, licence.id, Changes(frozenset({"max_streams"}), max_streams=1))
    assert lines(house) == ["issued"]


def test_fewer_devices_with_a_later_end_are_no_extension(house: House) -> None:
    licence = house.licences.issue(OWNER, TITLE, Request(to="Ben", valid_until=START + DAY)).licence
    changes = Changes(frozenset({"valid_until", "max_devices"}), START + 2 * DAY, max_devices=1)
    house.licences.amend(OWNER, licence.id, changes)
    assert lines(house) == ["changed", "issued"]


def test_the_first_play_is_noted_once_whoever_writes_it(house: House) -> None:
    licence = house.licences.issue(OWNER, TITLE, Request(to="Ben")).licence
    with closing(sqlite3.connect(house.path)) as raw:
        for instant in (7, 8):
            raw.execute(house.gate.first_play, (instant, licence.id))
        raw.commit()
    newest = house.licences.history_of_licence(OWNER, licence.id)[0]
    assert (newest.what, newest.actor, newest.subject) == ("first_played", "Ben", "Ben")
    assert lines(house) == ["first_played", "issued"]


def test_a_holder_cannot_read_the_history(house: House) -> None:
    licence = house.licences.issue(OWNER, TITLE, Request(to="Ben")).licence
    for who in (Actor(BEN, "Ben"), Actor(BEN, "Eve")):
        with pytest.raises(Fault):
            house.licences.history_of_licence(who, licence.id)
        with pytest.raises(Fault):
            house.licences.history_of_title(who, TITLE)


def test_migrations_and_tables_guard_the_log_alike(tmp_path: Path) -> None:
    migrated, made = (open_engine(f"sqlite:///{tmp_path / name}") for name in ("a.sqlite", "b.sqlite"))
    upgrade(migrated)
    Base.metadata.create_all(made)
    found = triggers(migrated)
    assert found == triggers(made)
    assert {"licence_events_kept", "licence_events_whole", "licence_events_once"} <= set(found)
    for engine in (migrated, made):
        Database(engine).close()


def triggers(engine: Engine) -> dict[str, str]:
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
        return {str(name): str(sql) for name, sql in rows}
