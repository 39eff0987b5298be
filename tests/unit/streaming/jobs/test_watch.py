"""The watch tells of commits of others, and of nothing else."""

from pathlib import Path

from sqlalchemy import text

from streaming.db.engine import Database, open_engine
from streaming.jobs.watch import ChangeWatch


def test_a_commit_of_another_connection_is_noticed_once(tmp_path: Path) -> None:
    database = Database(open_engine(f"sqlite:///{tmp_path / 'a.sqlite'}"))
    with database.write() as session:
        session.execute(text("CREATE TABLE t (x)"))
    watch = ChangeWatch(database.engine)
    assert watch.changed()
    assert not watch.changed()
    with database.read() as session:
        session.execute(text("SELECT * FROM t"))
    assert not watch.changed()
    with database.write() as session:
        session.execute(text("INSERT INTO t VALUES (1)"))
    assert watch.changed()
    assert not watch.changed()
    watch.close()
    database.close()


def test_a_database_without_a_counter_is_asked_every_time() -> None:
    engine = open_engine("sqlite://")
    watch = ChangeWatch(engine)
    assert watch.changed()
    assert watch.changed()
    assert watch.pause == 1.0
    watch.close()
    engine.dispose()
