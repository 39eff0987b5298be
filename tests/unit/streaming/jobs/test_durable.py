"""The engine runs a workflow once per id, records text alone, and goes on where it stopped."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from streaming.jobs.durable import Jobs

Open = Callable[[], Jobs]


@pytest.fixture
def open_jobs(tmp_path: Path) -> Iterator[Open]:
    opened: list[Jobs] = []

    def make() -> Jobs:
        jobs = Jobs(f"sqlite:///{tmp_path / 'jobs.sqlite'}", "w1")
        opened.append(jobs)
        return jobs

    yield make
    for jobs in opened:
        jobs.close()


def test_an_id_runs_once_and_its_steps_and_children_are_recorded(open_jobs: Open) -> None:
    calls: list[str] = []
    jobs = open_jobs()

    def child(word: str) -> str:
        calls.append(f"child {word}")
        return word.upper()

    def say() -> str:
        calls.append("step")
        return "said"

    def parent(word: str) -> str:
        said = jobs.step("say", say)
        handles = [jobs.start(f"{word}-{number}", "child", f"{said}{number}") for number in range(2)]
        return " ".join(jobs.result(handle) for handle in handles)

    jobs.register("child", child)
    jobs.register("parent", parent)
    jobs.launch()
    assert not jobs.is_over("film")
    assert jobs.result(jobs.start("film", "parent", "film")) == "SAID0 SAID1"
    assert jobs.result(jobs.start("film", "parent", "film")) == "SAID0 SAID1"
    assert sorted(calls) == ["child said0", "child said1", "step"]
    assert jobs.is_over("film")
    jobs.forget("film")
    assert not jobs.is_over("film")
