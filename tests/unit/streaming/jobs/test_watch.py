"""The watch tells of commits of others, and of nothing else."""

from pathlib import Path

from sqlalchemy import text

from streaming.db.engine import Database, open_engine
from streaming.jobs.watch import ChangeWatch, Listener, News


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


class Changes(ChangeWatch):
    """Answers as it is told."""

    def __init__(self) -> None:
        self.answers: list[bool] = []

    def changed(self) -> bool:
        return self.answers.pop(0)


def test_what_others_write_is_heard_at_once_and_progress_a_moment_later() -> None:
    watch, news = Changes(), News()
    listener = Listener(watch, news, 0.5)
    watch.answers = [True, True, False, True, False, False, True, False]
    assert listener.hears(10.0)
    assert listener.hears(10.05), "somebody else wrote again"
    assert not listener.hears(10.1)
    news.aside()
    assert not listener.hears(10.15), "that was this process's own progress"
    assert not listener.hears(10.5)
    assert listener.hears(10.6), "it may have hidden something else"
    news.aside()
    assert not listener.hears(10.65)
    assert listener.hears(11.2)
