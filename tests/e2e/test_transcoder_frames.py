"""Every frame exactly once, whatever the rate, the container and the cuts."""

from fractions import Fraction
from pathlib import Path

import pytest

from tests.media import films
from tests.media.pipeline import transcode

pytestmark = pytest.mark.e2e

RATES = [
    Fraction(24000, 1001),
    Fraction(24),
    Fraction(25),
    Fraction(30000, 1001),
    Fraction(30),
    Fraction(50),
    Fraction(60000, 1001),
    Fraction(60),
]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("films")


@pytest.mark.parametrize("container", ["mp4", "mkv"])
@pytest.mark.parametrize("rate", RATES, ids=str)
def test_every_frame_comes_once_and_in_order(
    folder: Path, tmp_path: Path, rate: Fraction, container: str
) -> None:
    frames = round(9 * rate) + 5
    done = transcode(films.counted(folder, rate, frames, container))
    assert done.plan.frame_rate == rate
    assert done.plan.frames == frames
    assert len(done.plan.chunks) >= 4
    assert films.read_numbers(done.write("v240", tmp_path), (320, 180)) == list(range(frames))
    for inits in done.sink.inits.values():
        assert len(inits) == len(done.plan.chunks)
        assert len(set(inits)) == 1
