"""Pictures made of a film: the storyboard shows the right frames, uploads are decoded and encoded anew."""

import base64
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path

import pytest

from tests.media import films
from tests.media.pipeline import KEYS, Transcoded, transcode
from transcoder.errors import EncodeFailed
from transcoder.keys.encrypt import decrypt_segment
from transcoder.pictures import poster
from transcoder.pictures.poster import candidate_places, make_candidates, make_cover, picture_kind, repaint
from transcoder.pictures.storyboard import paint_storyboard
from transcoder.planning.plan import Plan
from transcoder.planning.tiles import COLUMNS, PER_SHEET
from transcoder.programs.graph_stills import candidates_argv
from transcoder.programs.sandbox import Limits
from transcoder.studying.probe import probe

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return films.counted(tmp_path_factory.mktemp("films"), Fraction(10), 600)


@pytest.fixture(scope="module")
def done(film: Path) -> Transcoded:
    return transcode(film)


def winding(done: Transcoded) -> Iterator[bytes]:
    one = done.plan.iframes
    yield done.sink.inits[one.name][0]
    for segment in done.plan.segments:
        key = KEYS.content_key(one.name, one.tier, segment.period)
        yield decrypt_segment(done.sink.stored[one.name, segment.sequence], key, segment.sequence)


def sheet_numbers(sheet: Path, tile: tuple[int, int]) -> list[int]:
    """Frame numbers read from the tiles of one sheet, row by row."""
    width, height = tile[0] * COLUMNS, tile[1] * COLUMNS
    picture = films.decode_gray(sheet, (width, height))[0]
    bar = tile[0] // films.BITS
    found = []
    for place in range(PER_SHEET):
        row = (place // COLUMNS) * tile[1] + tile[1] // 2
        left = (place % COLUMNS) * tile[0]
        bits = [picture[row, left + bar * bit + bar // 2] > 125 for bit in range(films.BITS)]
        found.append(sum(1 << bit for bit, on in enumerate(bits) if on))
    return found


def test_every_tile_shows_the_key_frame_nearest_to_its_time(done: Transcoded, tmp_path: Path) -> None:
    plan, board = done.plan, done.plan.storyboard
    sheets = paint_storyboard(plan, winding(done), KEYS.content_key, done.sink)
    assert (board.tiles, board.sheets, len(sheets)) == (30, 2, 2)
    assert sum(sheet.duration for sheet in sheets) == plan.duration
    shown: list[int] = []
    for sheet in sheets:
        path = tmp_path / f"{sheet.sequence}.jpg"
        key = KEYS.content_key("s0", "sd", 0)
        path.write_bytes(decrypt_segment(done.sink.stored["s0", sheet.sequence], key, sheet.sequence))
        shown += sheet_numbers(path, (board.width, board.height))
    firsts = [segment.first_frame for segment in plan.segments]
    longest = max(segment.frames for segment in plan.segments)
    for place, frame in enumerate(shown[: board.tiles]):
        assert frame in firsts
        assert abs(frame - place * board.frames) <= longest


def test_a_storyboard_of_broken_pictures_fails_clearly(done: Transcoded) -> None:
    with pytest.raises(EncodeFailed):
        paint_storyboard(done.plan, [b"no film"], KEYS.content_key, done.sink)


def test_what_the_pictures_fail_with_is_raised_again(done: Transcoded) -> None:
    def broken() -> Iterator[bytes]:
        yield next(winding(done))
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        paint_storyboard(done.plan, broken(), KEYS.content_key, done.sink)


def test_pictures_to_choose_from_come_from_all_over_the_film(
    film: Path, done: Transcoded, tmp_path: Path
) -> None:
    places = candidate_places(done.plan)
    assert places == [Fraction(60 * (2 * n + 1), 12) for n in range(6)]
    numbers = []
    for picture in make_candidates(film, done.plan, places):
        path = tmp_path / "one.jpg"
        path.write_bytes(picture)
        numbers += films.read_numbers(path)
    assert numbers == sorted(numbers)
    assert numbers[0] < 200 < 500 <= numbers[-1]


def test_where_no_picture_is_found_the_others_are_kept(
    film: Path, done: Transcoded, monkeypatch: pytest.MonkeyPatch
) -> None:
    def first_alone(
        binary: str, source: Path, plan: Plan, places: Mapping[int, Fraction], limits: Limits
    ) -> list[str]:
        return candidates_argv(binary, source, plan, dict(list(places.items())[:1]), limits)

    monkeypatch.setattr(poster, "candidates_argv", first_alone)
    first, none = make_candidates(film, done.plan, [Fraction(5), Fraction(30)])
    assert first.startswith(b"\xff\xd8")
    assert none == b""
    with pytest.raises(EncodeFailed):
        make_candidates(film.with_name("gone.mp4"), done.plan, [Fraction(5)])


def test_cover_art_is_found_and_decoded(tmp_path: Path) -> None:
    plain, art, path = tmp_path / "plain.mp4", tmp_path / "art.jpg", tmp_path / "film.mp4"
    films.run_ffmpeg("-f", "lavfi", "-i", "testsrc=s=160x90:r=10:d=1", "-pix_fmt", "yuv420p", str(plain))
    films.run_ffmpeg("-f", "lavfi", "-i", "color=red:s=300x400", "-frames:v", "1", str(art))
    both = ("-i", str(plain), "-i", str(art), "-map", "0", "-map", "1", "-c", "copy")
    films.run_ffmpeg(*both, "-disposition:v:1", "attached_pic", str(path))
    cover = probe(path).cover
    assert cover == 1
    picture = tmp_path / "cover.jpg"
    picture.write_bytes(make_cover(path, cover))
    assert films.decode_gray(picture, (300, 400)).shape == (1, 400, 300)


def test_an_uploaded_picture_is_encoded_anew_and_never_larger_than_a_poster(tmp_path: Path) -> None:
    path, out = tmp_path / "picture.jpg", tmp_path / "painted.jpg"
    films.run_ffmpeg("-f", "lavfi", "-i", "testsrc=s=2600x1300", "-frames:v", "1", str(path))
    painted = repaint(path.read_bytes() + b"more than a picture")
    out.write_bytes(painted)
    assert b"more than" not in painted
    assert films.decode_gray(out, (1280, 640)).shape == (1, 640, 1280)


def test_a_webp_picture_of_one_pixel_becomes_a_jpeg() -> None:
    one = base64.b64decode("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA")
    assert picture_kind(repaint(one)) == "jpeg"


@pytest.mark.parametrize(
    "data", [b"", b"#EXTM3U\nfile:///etc/passwd", b"\xff\xd8\xff no", b"<svg/>", b"GIF89a"]
)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(EncodeFailed):
        repaint(data)
