"""Random sequences of creations, chunks, cuts, damage and restarts, held against a plain model."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

if TYPE_CHECKING:
    from tests.contracts.tus.conftest import House

PIECES = st.lists(st.binary(min_size=1, max_size=60), min_size=1, max_size=4)


@dataclass
class Film:
    """What must be true of one upload: the bytes acknowledged, the length, how it ended."""

    url: str
    length: int | None
    content: bytes = b""
    terminated: bool = False

    @property
    def complete(self) -> bool:
        return len(self.content) == self.length


class Uploading(RuleBasedStateMachine):
    """Every rule does one request and says what the answer and the disk must be."""

    films = Bundle("films")
    make_house: Any
    sum_of: Any

    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.house: House = type(self).make_house(self.folder)
        self.known: list[Film] = []

    def teardown(self) -> None:
        self.house.database.close()
        shutil.rmtree(self.folder)

    @rule(target=films, length=st.none() | st.integers(1, 200))
    def create(self, length: int | None) -> Film:
        deferred = {"upload_defer_length": "1"} if length is None else {}
        film = Film(self.house.begin(length, **deferred), length)
        self.known.append(film)
        return film

    @rule(film=films, pieces=PIECES, summed=st.booleans())
    def append(self, film: Film, pieces: list[bytes], summed: bool) -> None:
        body = b"".join(pieces)
        headers = {"upload_checksum": self.sum_of(body)} if summed else {}
        answer = self.house.patch(film.url, len(film.content), pieces, **headers)
        if film.terminated:
            assert answer.status == 410
        elif film.length is not None and len(film.content) + len(body) > film.length:
            assert answer.code == "beyond_length"
        else:
            film.content += body
            assert (answer.status, answer.offset) == (204, len(film.content))

    @rule(film=films, pieces=PIECES, missing=st.integers(1, 50), summed=st.booleans())
    def cut(self, film: Film, pieces: list[bytes], missing: int, summed: bool) -> None:
        body = b"".join(pieces)
        if film.terminated or (
            film.length is not None and len(film.content) + len(body) + missing > film.length
        ):
            return
        headers = {"upload_checksum": self.sum_of(body)} if summed else {}
        size = str(len(body) + missing)
        self.house.patch(film.url, len(film.content), pieces, cut=True, content_length=size, **headers)
        if not summed:
            film.content += body

    @rule(film=films, body=st.binary(min_size=1, max_size=50), algorithm=st.sampled_from(["sha1", "md5"]))
    def damage(self, film: Film, body: bytes, algorithm: str) -> None:
        wrong = self.sum_of(body + b"!", algorithm)
        answer = self.house.patch(film.url, len(film.content), body, upload_checksum=wrong)
        assert answer.status in (410, 413, 460)

    @rule(film=films, offset=st.integers(0, 300))
    def wrong_offset(self, film: Film, offset: int) -> None:
        if offset != len(film.content) and not film.terminated:
            assert self.house.patch(film.url, offset, b"x").code == "wrong_offset"

    @rule(film=films, more=st.integers(0, 20))
    def declare(self, film: Film, more: int) -> None:
        if film.length is None and not film.terminated:
            length = len(film.content) + more
            assert self.house.patch(film.url, len(film.content), b"", upload_length=str(length)).status == 204
            film.length = length

    @rule(film=films)
    def terminate(self, film: Film) -> None:
        status = self.house.send("DELETE", film.url).status
        assert status == (410 if film.terminated else 409 if film.complete else 204)
        film.terminated = film.terminated or not film.complete

    @rule(junk=st.binary(min_size=1, max_size=30))
    def kill_after_writing(self, junk: bytes) -> None:
        for film in self.known:
            if not film.terminated and not film.complete:
                with self.house.service.path(film.url.rpartition("/")[2]).open("ab") as file:
                    file.write(junk)
        self.restart()

    @rule()
    def restart(self) -> None:
        self.house.restart()
        self.house.service.hand_over_pending()
        self.house.service.collect()

    @invariant()
    def every_upload_is_as_the_model_says(self) -> None:
        for film in self.known:
            answer = self.house.send("HEAD", film.url)
            if film.terminated:
                assert answer.status == 410
                continue
            assert answer.offset == len(film.content)
            held = self.house.content(film.url)
            assert held[: len(film.content)] == film.content
            if film.complete:
                assert held == film.content

    @invariant()
    def exactly_the_complete_ones_were_handed_over(self) -> None:
        handed = [upload.id for upload in self.house.told.finished]
        complete = [film.url.rpartition("/")[2] for film in self.known if film.complete]
        assert sorted(handed) == sorted(complete)


def test_no_sequence_of_requests_and_crashes_loses_a_byte(house: "House", sum_of: Any) -> None:
    Uploading.make_house = type(house)
    Uploading.sum_of = staticmethod(sum_of)
    run_state_machine_as_test(
        Uploading,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
