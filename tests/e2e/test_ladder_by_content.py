"""Real films are measured: a card gets one rung, grain gets many bits, and the same film the same plan."""

from fractions import Fraction
from pathlib import Path

import pytest

from tests.media.films import counted, run_ffmpeg
from tests.media.pipeline import KEYS, SHORT, MemorySink
from transcoder.encoding.encode import encode_chunk
from transcoder.planning.plan import BY_SIZE, Plan, Policy, make_plan
from transcoder.programs.sandbox import Limits
from transcoder.studying.content import choose_ladder
from transcoder.studying.probe import probe

pytestmark = pytest.mark.e2e
CARD = "color=teal:s=640x360:r=24"
CALM = "testsrc=s=640x360:r=24"
GRAIN = f"{CALM},noise=alls=40:allf=t"


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ladder")


def film(folder: Path, name: str, picture: str) -> Path:
    path = folder / f"{name}.mp4"
    if not path.exists():
        words = ("-t", "4", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "10", "-pix_fmt", "yuv420p")
        run_ffmpeg("-f", "lavfi", "-i", picture, *words, str(path))
    return path


def chosen(path: Path) -> Plan:
    return choose_ladder(path, make_plan(probe(path), Policy(preset="ultrafast")))


def test_a_flat_card_gets_one_rung(films: Path) -> None:
    plan = chosen(film(films, "card", CARD))
    assert [rung.name for rung in plan.video] == ["v240"]
    assert plan.reasons[0].endswith("the picture hardly moves or is very plain: it needs few bits.")
    assert plan.reasons[1] == "360p is left out: there is no more to see than in 240p."


def test_grain_gets_a_higher_ceiling_than_a_clean_picture(films: Path) -> None:
    calm, grain = chosen(film(films, "calm", CALM)), chosen(film(films, "grain", GRAIN))
    assert calm.video[0].name == grain.video[0].name == "v360"
    assert calm.video[0].maxrate < grain.video[0].maxrate == 2 * 900_000
    assert "the picture is grainy or moves a lot" in grain.reasons[0]
    assert "240p would lose visible detail" in calm.video[0].reason


def test_the_same_film_gives_the_same_plan_on_any_number_of_cores(films: Path) -> None:
    path = film(films, "calm", CALM)
    plan = make_plan(probe(path), Policy(preset="ultrafast"))
    assert choose_ladder(path, plan) == choose_ladder(path, plan, limits=Limits(threads=1))


def test_the_lowest_rung_is_the_one_that_was_sure_before(films: Path) -> None:
    path = film(films, "calm", CALM)
    early = make_plan(probe(path), Policy(preset="ultrafast"))
    done = choose_ladder(path, early)
    assert early.opening().video == (early.lowest,) == (done.lowest,)
    assert early.opening().starter == done.starter
    assert not early.is_decided
    assert choose_ladder(path, done) is done


def test_a_film_that_cannot_be_measured_gets_the_usual_ladder(films: Path) -> None:
    path = film(films, "calm", CALM)
    early = make_plan(probe(path), Policy(preset="ultrafast"))
    plan = choose_ladder(films / "gone.mp4", early)
    assert plan.video == early.video
    assert plan.reasons == ("The picture could not be measured.", BY_SIZE)


def test_every_chunk_of_a_chosen_rung_has_the_same_init_segment(films: Path) -> None:
    path = counted(films, Fraction(24), 144)
    plan = choose_ladder(path, make_plan(probe(path), SHORT))
    sink = MemorySink()
    for chunk in plan.chunks:
        encode_chunk(path, plan, chunk, plan.renditions, KEYS.content_key, sink)
    assert len(plan.chunks) > 1
    for rung in plan.video:
        assert rung.careful
        assert len(set(sink.inits[rung.name])) == 1
