"""What cannot be a film is refused with a code and a sentence; what nearly is one is encoded."""

from fractions import Fraction
from pathlib import Path

import pytest
from PIL import Image

from tests.media import films
from tests.media.pipeline import transcode
from transcoder.errors import Refused
from transcoder.programs.sandbox import Limits
from transcoder.studying.probe import probe

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("films")


@pytest.fixture(scope="session")
def good(folder: Path) -> Path:
    return films.counted(folder, Fraction(25), 100)


def code_of(path: Path, limits: Limits | None = None) -> str:
    with pytest.raises(Refused) as caught:
        probe(path, limits or Limits())
    assert caught.value.sentence.endswith(".")
    assert str(path) not in caught.value.sentence + caught.value.hint
    return caught.value.code


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert code_of(tmp_path / "gone.mp4") == "not_found"


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    assert code_of(tmp_path / "a.mp4") == "empty_file"


def test_text_named_mp4_is_refused(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_text("Dear diary, this is no film.\n" * 50)
    assert code_of(tmp_path / "film.mp4") == "not_a_film"


def test_noise_is_refused(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(bytes(range(256)) * 400)
    assert code_of(tmp_path / "film.mp4") == "not_a_film"


@pytest.mark.parametrize("head", ["", "\ufeff", "\n \n"])
def test_a_playlist_that_points_elsewhere_is_refused(tmp_path: Path, good: Path, head: str) -> None:
    lure = tmp_path / "film.mp4"
    lure.write_text(f"{head}#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{good}\n#EXT-X-ENDLIST\n")
    assert code_of(lure) == "playlist_file"
    lure.write_text(f"{head}ffconcat version 1.0\nfile '{good}'\n")
    assert code_of(lure) == "playlist_file"


def test_a_lure_that_hides_its_first_line_is_no_film(tmp_path: Path, good: Path) -> None:
    lure = tmp_path / "film.mp4"
    lure.write_text(f"# a comment\nffconcat version 1.0\nfile '{good}'\n")
    assert code_of(lure) == "not_a_film"


def test_sound_without_a_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "song.m4a"
    films.run_ffmpeg("-f", "lavfi", "-i", "sine=440:d=2", "-c:a", "aac", str(path))
    assert code_of(path) == "no_video"


def test_a_cover_picture_is_no_film(tmp_path: Path) -> None:
    cover, song = tmp_path / "cover.jpg", tmp_path / "song.m4a"
    Image.new("RGB", (64, 64), "red").save(cover)
    words = ("-map", "0", "-map", "1", "-c:v", "copy", "-disposition:v", "attached_pic", "-c:a", "aac")
    films.run_ffmpeg("-f", "lavfi", "-i", "sine=440:d=2", "-i", str(cover), *words, str(song))
    assert code_of(song) == "no_video"
    assert code_of(cover) == "not_a_film"


def test_an_mp4_without_its_index_is_refused_as_cut_off(tmp_path: Path, good: Path) -> None:
    path = tmp_path / "half.mp4"
    path.write_bytes(good.read_bytes()[: good.stat().st_size // 2])
    assert code_of(path) == "truncated"


@pytest.mark.parametrize("container", ["mp4", "mkv"])
def test_a_film_that_ends_before_its_length_is_refused_as_cut_off(
    tmp_path: Path, folder: Path, container: str
) -> None:
    film = films.counted(folder, Fraction(25), 400, container, extra=("-movflags", "+faststart"))
    path = tmp_path / f"half.{container}"
    path.write_bytes(film.read_bytes()[: film.stat().st_size // 2])
    assert code_of(path) == "truncated"


def test_a_film_without_a_single_frame_is_refused(tmp_path: Path, good: Path) -> None:
    path = tmp_path / "none.mp4"
    words = ("-movflags", "+empty_moov+frag_keyframe", "-c", "copy", "-frames:v", "0")
    films.run_ffmpeg("-i", str(good), "-map", "0:v", *words, str(path))
    assert code_of(path) == "no_frames"


def test_a_picture_beyond_the_limit_is_refused(good: Path) -> None:
    assert code_of(good, Limits(max_pixels=100 * 100)) == "too_many_pixels"


def test_a_picture_file_inside_an_mp4_is_bounded_too(tmp_path: Path) -> None:
    picture, path = tmp_path / "bomb.jpg", tmp_path / "bomb.mp4"
    Image.new("RGB", (9_000, 5_000)).save(picture)
    films.run_ffmpeg("-i", str(picture), "-c:v", "copy", "-frames:v", "1", str(path))
    assert code_of(path) == "too_many_pixels"


def test_a_film_beyond_the_longest_is_refused(good: Path) -> None:
    assert code_of(good, Limits(max_duration=3)) == "too_long"


def test_a_name_with_odd_letters_is_only_a_name(tmp_path: Path, good: Path) -> None:
    path = tmp_path / "-i ..%2f 🎬 'a:b',[c];=\\.mp4"
    path.write_bytes(good.read_bytes())
    assert transcode(path).plan.frames == 100


def test_a_silent_film_has_no_sound_rendition(tmp_path: Path, good: Path) -> None:
    path = tmp_path / "silent.mp4"
    films.run_ffmpeg("-i", str(good), "-an", "-c", "copy", str(path))
    done = transcode(path)
    assert done.plan.renditions == ("v240",)
    assert done.plan.starter == ("v240",)
    assert films.read_numbers(done.write("v240", tmp_path)) == list(range(100))


def test_a_turned_film_stands_upright(tmp_path: Path, good: Path) -> None:
    path = tmp_path / "turned.mp4"
    films.run_ffmpeg("-display_rotation", "90", "-i", str(good), "-c", "copy", str(path))
    done = transcode(path)
    rung = done.plan.video[0]
    assert (rung.width, rung.height) == (180, 320)
    assert films.decode_gray(done.write("v240", tmp_path), (180, 320)).shape == (100, 320, 180)


def test_wide_pixels_become_square(tmp_path: Path, good: Path) -> None:
    path = tmp_path / "wide.mp4"
    films.run_ffmpeg("-i", str(good), "-vf", "setsar=4/3", "-c:a", "copy", str(path))
    rung = transcode(path).plan.video[0]
    assert rung.height == 180
    assert rung.width in (426, 428)


@pytest.mark.parametrize("container", ["webm", "mp4"])
def test_a_film_that_does_not_know_its_length_is_measured(tmp_path: Path, good: Path, container: str) -> None:
    path = tmp_path / f"live.{container}"
    words: tuple[str, ...]
    if container == "webm":
        words = ("-c:v", "libvpx", "-b:v", "200k", "-deadline", "realtime", "-c:a", "libopus", "-live", "1")
    else:
        words = ("-c", "copy", "-movflags", "+frag_keyframe+empty_moov+skip_trailer")
    films.run_ffmpeg("-i", str(good), *words, str(path))
    assert probe(path).video.frames == 100
    numbers = films.read_numbers(transcode(path).write("v240", tmp_path))
    assert numbers == list(range(100))


def test_uneven_frames_are_put_on_an_even_grid(tmp_path: Path, good: Path) -> None:
    path = tmp_path / "uneven.mkv"
    words = ("-vf", "select='not(eq(mod(n,5),3))'", "-fps_mode", "vfr", "-c:v", "libx264", "-c:a", "copy")
    films.run_ffmpeg("-i", str(good), *words, str(path))
    done = transcode(path)
    numbers = films.read_numbers(done.write("v240", tmp_path))
    assert len(numbers) == done.plan.frames
    assert numbers == sorted(numbers)
    seconds = float(done.plan.duration)
    assert seconds == pytest.approx(4, abs=0.1)


def test_a_picture_that_ends_before_the_sound_keeps_its_last_frame(tmp_path: Path, good: Path) -> None:
    path = tmp_path / "short.mkv"
    words = ("-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a", "aac")
    films.run_ffmpeg("-i", str(good), "-f", "lavfi", "-i", "sine=440:d=7", *words, str(path))
    assert transcode(path).plan.frames == 100


@pytest.mark.parametrize("container", ["mp4", "mkv"])
def test_late_sound_stays_late(tmp_path: Path, folder: Path, container: str) -> None:
    film, path = films.flash_and_beep(folder, Fraction(25)), tmp_path / f"late.{container}"
    words = ("-map", "0:v", "-map", "1:a", "-c", "copy")
    films.run_ffmpeg("-i", str(film), "-itsoffset", "1.5", "-i", str(film), *words, str(path))
    done = transcode(path)
    sound = abs(films.decode_sound(done.write("a0", tmp_path)))
    assert sound[: 48_000 * 3 // 2 - 960].max() < 0.1
    begins = [second * 48_000 + 24_000 for second in range(1, 9)]
    assert all(sound[begin + 960 : begin + 2_880].max() > 0.5 for begin in begins)
    assert all(sound[begin - 9_600 : begin - 960].max() < 0.1 for begin in begins)


def test_sound_that_ends_early_is_followed_by_silence(tmp_path: Path, good: Path) -> None:
    path = tmp_path / "early.mp4"
    words = ("-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a", "aac")
    films.run_ffmpeg("-i", str(good), "-f", "lavfi", "-i", "sine=440:d=1", *words, str(path))
    done = transcode(path)
    sound = abs(films.decode_sound(done.write("a0", tmp_path)))
    assert sound.size >= 48_000 * 4
    assert sound[4_800:43_000].max() > 0.05
    assert sound[50_000:].max() < 0.01


@pytest.mark.parametrize("offsets", [(1000, 0), (0, 1000)], ids=["back", "ahead"])
def test_recordings_joined_byte_by_byte_are_refused_with_the_place(
    folder: Path, tmp_path: Path, offsets: tuple[int, int]
) -> None:
    joined = tmp_path / "joined.ts"
    with joined.open("wb") as file:
        for offset in offsets:
            words = ("-output_ts_offset", str(offset))
            part = films.counted(folder, Fraction(25), 75, "ts", extra=words, name=f"part{offset}")
            file.write(part.read_bytes())
    with pytest.raises(Refused, match=r"jumps after 0:0[23], as where two were joined") as caught:
        probe(joined)
    assert caught.value.code == "clock_jumps"
    mended = tmp_path / "mended.mkv"
    films.run_ffmpeg("-i", str(joined), "-map", "0", "-c", "copy", str(mended))  # as the hint says
    assert 5.9 < probe(mended).duration < 6.3
