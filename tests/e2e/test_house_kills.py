"""`kill -9` of the whole house at random moments, ten of an upload and ten of a transcode: the film is whole.

`KILL_SEED` chooses other moments; the seed in use is printed.
"""

import json
import os
import random
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.media.films import run_ffmpeg
from tests.support.house import MATINEE, House, running, until
from tests.support.native import address, picture_times, play_to_file

pytestmark = pytest.mark.e2e
SEED = int(os.environ.get("KILL_SEED", "20310501"))
KILLS = 10
SECONDS, RATE = 20, 25
PADDING = 192 << 20
MOST_FILMS = 4
Place = tuple[int, str]


@dataclass
class Stage:
    """A house with a creator, the film that is published again and again, and how it came out undisturbed."""

    house: House
    token: str
    folder: Path
    film: Path
    reference: str = ""
    finished: dict[Place, str] = field(default_factory=dict)

    def ask(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the database, whether the house runs or not."""
        file = f"file:{self.house.data / 'matinee.sqlite'}?mode=ro"
        with closing(sqlite3.connect(file, uri=True, timeout=15)) as connection:
            return connection.execute(sql, values).fetchall()

    def state(self, title: str) -> str:
        """Give a title's state."""
        return str(self.ask("SELECT state FROM titles WHERE id = ?", title)[0][0])

    def committed(self, title: str) -> dict[Place, str]:
        """Give the attempt that won each chunk part that is finished."""
        sql = """SELECT number, part, attempt FROM chunks JOIN titles USING (version_id)
                 WHERE titles.id = ? AND attempt IS NOT NULL"""
        return {(number, part): attempt for number, part, attempt in self.ask(sql, title)}

    def structure(self, title: str) -> list[tuple[Any, ...]]:
        """Give everything that must be the same whatever happened on the way."""
        renditions = """SELECT r.name, position, kind, tier, codecs, width, height, timescale, init_sha256
                        FROM renditions r JOIN titles USING (version_id) WHERE titles.id = ? ORDER BY 1"""
        segments = """SELECT rendition, sequence, chunk, part, period, start_ticks, duration_ticks
                      FROM segments JOIN titles USING (version_id) WHERE titles.id = ? ORDER BY 1, 2"""
        version = """SELECT duration_us, width, height, frames_total, playable_us
                     FROM title_versions WHERE title_id = ?"""
        return [row for sql in (version, renditions, segments) for row in self.ask(sql, title)]

    def publish(self, *words: str, film: Path | None = None) -> "subprocess.Popen[bytes]":
        """Begin to publish with the real command; what it says lands in `publish.log`."""
        with (self.folder / "publish.log").open("ab") as log:
            return subprocess.Popen(
                [MATINEE, "publish", str(film or self.film), *words],
                env=self.house.environment(
                    MATINEE_TOKEN=self.token, XDG_STATE_HOME=str(self.folder / "state")
                ),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def newest(self) -> str:
        """Give the title that was made last."""
        return str(self.ask("SELECT id FROM titles ORDER BY created_at DESC LIMIT 1")[0][0])

    def kill(self, title: str) -> None:
        """Kill the whole house; what was committed before must still be."""
        self.house.kill()
        now = self.committed(title)
        assert self.finished.items() <= now.items(), "a finished chunk was lost or made again"
        self.finished = now

    def wait_until_ready(self, title: str) -> None:
        """Wait until the title is published; a failure ends the test with its reason."""

        def is_ready() -> bool:
            state, why = self.ask("SELECT state, failure_sentence FROM titles WHERE id = ?", title)[0]
            assert state not in ("failed", "cancelled"), (why, self.house.said())
            return bool(state == "ready")

        until(is_ready, "a published film", 90, 0.1)

    def assert_whole(self, title: str) -> None:
        """Published, identical in structure, nothing made twice, nothing left behind, every frame plays."""
        self.wait_until_ready(title)
        assert self.structure(title) == self.structure(self.reference)
        assert self.finished.items() <= self.committed(title).items()
        self.assert_nothing_made_twice(title)
        until(lambda: not list((self.house.data / "uploads").glob("up_*")), "a removed upload", 20)
        until(lambda: self.stored(title) == self.known(title), "a store without leftovers", 20)
        played = play_to_file("ffmpeg", address(self.house, self.token, title), self.folder / "played.mkv")
        assert len(picture_times(played)) == SECONDS * RATE
        played.unlink()

    def assert_nothing_made_twice(self, title: str) -> None:
        """An attempt is begun only for chunks that none before it has finished."""
        sql = """SELECT number, part, chunk_attempts.attempt, outcome FROM chunk_attempts
                 JOIN titles USING (version_id) WHERE titles.id = ? ORDER BY started_at"""
        tries: dict[Place, list[tuple[str, str]]] = {}
        for number, part, attempt, outcome in self.ask(sql, title):
            tries.setdefault((number, part), []).append((attempt, outcome))
        for place, attempt in self.committed(title).items():
            assert tries[place][-1] == (attempt, "committed")
            assert all(outcome != "committed" for _, outcome in tries[place][:-1])

    def stored(self, title: str) -> set[str]:
        """Name the objects of a title that lie in the store."""
        root = self.house.data / "objects"
        return {str(path.relative_to(root)) for path in (root / title).rglob("*") if path.is_file()}

    def known(self, title: str) -> set[str]:
        """Name the objects of a title that the index knows."""
        sql = """SELECT object FROM segments JOIN titles USING (version_id) WHERE titles.id = :id
                 UNION SELECT init_object FROM renditions JOIN titles USING (version_id) WHERE titles.id = :id
                 UNION SELECT object FROM poster_candidates JOIN titles USING (version_id)
                       WHERE titles.id = :id
                 UNION SELECT poster_object FROM title_versions WHERE title_id = :id
                 UNION SELECT manifest_object FROM title_versions WHERE title_id = :id"""
        return {name for (name,) in self.ask(sql.replace(":id", "?1"), title) if name}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("kills")
    film = folder / "film.mp4"
    picture, tone = f"testsrc2=s=480x360:r={RATE}:d={SECONDS}", f"sine=440:r=48000:d={SECONDS}"
    run_ffmpeg(
        *("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", tone, "-pix_fmt", "yuv420p"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-shortest", str(film)),
    )
    with running(folder / "data") as house:
        made = Stage(house, house.add_user("ana", "creator"), folder, film)
        done = house.run("publish", str(film), "--wait", "--json", token=made.token)
        assert done.returncode == 0, done.stderr
        made.reference = json.loads(done.stdout)["id"]
        made.assert_whole(made.reference)
        yield made


def padded(film: Path, path: Path) -> Path:
    """The same film with a large `free` box (ISO 14496-12 §8.1.2) behind it: long to send, quick to make."""
    path.write_bytes(film.read_bytes())
    with path.open("ab") as file:
        file.write((PADDING + 8).to_bytes(4, "big") + b"free")
        for _ in range(PADDING >> 20):
            file.write(os.urandom(1 << 20))
    return path


def test_ten_kills_of_an_upload_lose_nothing(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    chance = random.Random(SEED)
    film = padded(stage.film, stage.folder / "padded.mp4")
    moments = sorted(chance.uniform(0.0, 0.9) * film.stat().st_size for _ in range(KILLS))
    stage.finished = {}
    kills = 0

    def arrived() -> int:
        return max(
            (path.stat().st_size for path in (stage.house.data / "uploads").glob("up_*.bin")), default=0
        )

    def reached(moment: float) -> bool:
        return arrived() > moment or sending.poll() is not None

    sending = stage.publish("--title", "Sent", "--wait", film=film)
    try:
        for moment in moments:
            until(partial(reached, moment), "the next bytes", 60, 0.01)
            assert sending.poll() is None, (stage.folder / "publish.log").read_text()
            title = stage.newest()
            assert stage.state(title) == "uploading"
            stage.house.kill()
            kills += 1
            stage.house.start()
        with capsys.disabled():
            print(f"\n{kills} kills of an upload of {film.stat().st_size >> 20} MiB (KILL_SEED={SEED})")
        sending.wait(120)
    finally:
        sending.kill()
        sending.wait()
        film.unlink()
    assert sending.returncode == 0, (stage.folder / "publish.log").read_text()
    assert stage.newest() == title, "the upload began anew under another title"
    stage.assert_whole(title)
    assert not list((stage.folder / "state").rglob("*.json"))


def test_ten_kills_of_a_transcode_repeat_nothing(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    chance = random.Random(SEED + 1)
    kills = films = 0
    while kills < KILLS and films < MOST_FILMS:
        films += 1
        sending = stage.publish()
        assert sending.wait(60) == 0, (stage.folder / "publish.log").read_text()
        title, stage.finished = stage.newest(), {}
        while kills < KILLS:
            # Soon after a start it hits recovery, later the encoding of some chunk.
            time.sleep(chance.uniform(0.0, 2.5))
            if stage.state(title) == "ready":
                break
            stage.kill(title)
            kills += 1
            stage.house.start()
        stage.assert_whole(title)
    with capsys.disabled():
        print(f"\n{kills} kills of a transcode, over {films} film(s) (KILL_SEED={SEED})")
    assert kills == KILLS
