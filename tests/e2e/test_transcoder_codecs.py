"""HEVC and AV1 beside H.264: every frame once, one init segment, brightness kept or brought to a screen's."""

import json
import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.media import films
from tests.media.pipeline import KEYS, SHORT, Transcoded, transcode
from transcoder.encoding.verify import verify_title
from transcoder.formats.fmp4 import boxes, find
from transcoder.keys.manifest import Kind, Manifest, ManifestObject

pytestmark = pytest.mark.e2e

ALL = replace(SHORT, codecs=("h264", "hevc", "av1"), hevc_preset="ultrafast", av1_preset=10)
FRAMES = 216


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("films")


@pytest.fixture(scope="module")
def done(folder: Path) -> Transcoded:
    return transcode(films.counted(folder, Fraction(24000, 1001), FRAMES), ALL)


@pytest.fixture(scope="module")
def bright(folder: Path) -> Transcoded:
    return transcode(films.ramp(folder), ALL)


def ask(path: Path, entries: str) -> dict[str, Any]:
    """What ffprobe says of a file."""
    command = [films.FFPROBE, "-v", "error", "-show_entries", entries, "-of", "json", str(path)]
    told: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return told


@pytest.mark.parametrize("name", ["v240", "v240hevc", "v240av1"])
def test_every_frame_is_there_once_and_in_order(done: Transcoded, tmp_path: Path, name: str) -> None:
    assert len(done.plan.chunks) == 4
    film = done.write(name, tmp_path)
    film = films.decode_av1(film, tmp_path) if name.endswith("av1") else film
    assert films.read_numbers(film) == list(range(FRAMES))


def test_every_chunk_has_the_same_init_segment_and_the_planned_codec(done: Transcoded) -> None:
    for name in done.plan.renditions:
        assert len(done.sink.inits[name]) == 4
        assert len(set(done.sink.inits[name])) == 1
    assert done.codecs("v240hevc") == {"hvc1.1.6.L60.90"}
    assert done.codecs("v240av1") == {"av01.0.00M.08"}


def test_the_first_picture_is_at_the_beginning_in_every_codec(done: Transcoded, tmp_path: Path) -> None:
    for name in ("v240", "v240hevc", "v240av1"):
        told = ask(done.write(name, tmp_path), "packet=pts")
        times = sorted(int(packet["pts"]) for packet in told["packets"])
        assert times == [number * done.plan.frame_ticks for number in range(FRAMES)]


def test_what_is_stored_is_found_to_be_whole(done: Transcoded) -> None:
    objects = []
    for (name, number), item in done.sink.segments.items():
        if not name.startswith("v"):
            continue
        place = (f"{name}/{number}", Kind.SEGMENT, name, item.tier, item.period, number)
        objects.append(ManifestObject(*place, item.size, item.sha256, item.duration))

    def get(name: str) -> bytes:
        rendition, _, number = name.partition("/")
        return done.sink.stored[rendition, int(number)]

    manifest = Manifest("ti_test", 1, "aes-128", done.plan.frame_rate, done.plan.frames, tuple(objects))
    found = verify_title(manifest, done.plan, get, KEYS.content_key)
    assert {finding.code for finding in found} <= {"absent"}  # init segments and sound are not in this list
    assert len(objects) == 3 * len(done.plan.segments)


def luma(path: Path) -> "np.ndarray[tuple[int, ...], np.dtype[np.int64]]":
    """Brightness from left to right in the middle of the first picture, 16 to 235."""
    command = [films.FFMPEG, "-v", "error", "-i", str(path), "-frames:v", "1", "-f", "rawvideo"]
    raw = subprocess.run([*command, "-pix_fmt", "yuv420p", "-"], capture_output=True, check=True).stdout
    line = np.frombuffer(raw[: 256 * 144], np.uint8).reshape(144, 256)[72]
    return np.asarray(line, np.int64)


def at(nits: float) -> int:
    """Where in the ramp a brightness is (SMPTE ST 2084)."""
    m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
    power = float((nits / 10_000) ** m1)
    return round(float(((c1 + c2 * power) / (1 + c3 * power)) ** m2) * 255)


@pytest.mark.parametrize("name", ["v240", "v240hevc"])
def test_a_bright_film_is_brought_to_that_of_screens(bright: Transcoded, tmp_path: Path, name: str) -> None:
    line = luma(bright.write(name, tmp_path))
    assert np.diff(line).min() >= -1
    assert line[0] <= 17
    assert 75 <= line[at(26)] <= 105  # middle gray under a white of 203 candelas
    assert 115 <= line[at(100)] <= 150
    assert 140 <= line[at(203)] <= 185
    assert line[at(203)] < line[at(600)] < line[at(1000)] < line[at(4000)] <= 236


def test_the_brightness_is_the_same_in_every_frame(bright: Transcoded, tmp_path: Path) -> None:
    pictures = films.decode_gray(bright.write("v240", tmp_path), (256, 144)).astype(np.int64)
    assert len(pictures) == 75
    assert np.abs(pictures[:, 72, 8:248] - pictures[0, 72, 8:248]).max() <= 4


def test_av1_keeps_the_brightness_and_what_is_known_of_it(bright: Transcoded, tmp_path: Path) -> None:
    rungs = {rung.name: rung.hdr for rung in bright.plan.video}
    assert rungs == {"v240": "", "v240hevc": "", "v240av1": "pq"}
    assert bright.codecs("v240av1") == {"av01.0.00M.10"}
    entries = "stream=pix_fmt,color_transfer,color_primaries,color_space:stream_side_data"
    (stream,) = ask(bright.write("v240av1", tmp_path), entries)["streams"]
    assert (stream["pix_fmt"], stream["color_transfer"]) == ("yuv420p10le", "smpte2084")
    assert (stream["color_primaries"], stream["color_space"]) == ("bt2020", "bt2020nc")
    display, light = stream["side_data_list"]
    assert (display["red_x"], display["white_point_y"]) == ("34000/50000", "16450/50000")
    assert (display["max_luminance"], display["min_luminance"]) == ("10000000/10000", "50/10000")
    assert (light["max_content"], light["max_average"]) == (1000, 400)


def test_a_plain_rung_of_a_bright_film_says_nothing_of_its_display(bright: Transcoded) -> None:
    init = bright.sink.inits["v240"][0]
    stsd = find(init, "moov/trak/mdia/minf/stbl/stsd")
    entry = next(boxes(init, stsd.body + 8, stsd.end))
    assert {box.kind for box in boxes(init, entry.body + 78, entry.end)} == {b"avcC", b"colr", b"pasp"}


def test_hlg_stays_hlg(folder: Path, tmp_path: Path) -> None:
    done = transcode(films.ramp(folder, "arib-std-b67", light=""), ALL)
    (stream,) = ask(done.write("v240av1", tmp_path), "stream=color_transfer")["streams"]
    assert stream["color_transfer"] == "arib-std-b67"
    assert np.diff(luma(done.write("v240", tmp_path))).min() >= -1


def test_ten_bits_are_dithered_to_eight(folder: Path, tmp_path: Path) -> None:
    done = transcode(films.ramp(folder, "bt709", light=""), replace(SHORT, crf=1))
    pictures = films.decode_gray(done.write("v240", tmp_path), (256, 144))
    mixed = [len(np.unique(pictures[0][:, column])) for column in range(16, 240)]
    # Three of four of the source's levels lie between two of the rung's: those columns hold both.
    assert np.mean(np.array(mixed) >= 2) > 0.3
