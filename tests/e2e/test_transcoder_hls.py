"""ffmpeg plays the encrypted segments over HLS: every frame, in step with the sound, key by key."""

import subprocess
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.media import films
from tests.media.pipeline import KEYS, Transcoded, transcode

pytestmark = pytest.mark.e2e

PROTOCOLS = ("-allowed_extensions", "ALL", "-protocol_whitelist", "file,crypto")


def write_hls(done: Transcoded, folder: Path, names: Iterable[str]) -> Path:
    """Write segments, keys and playlists as a server would show them."""
    plan = done.plan
    lines = ["#EXTM3U", "#EXT-X-VERSION:7"]
    lines += ['#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="a",DEFAULT=YES,AUTOSELECT=YES,URI="a0.m3u8"']
    codecs = ",".join(init.codecs for init in done.results[0].inits)
    lines += [
        f'#EXT-X-STREAM-INF:BANDWIDTH=900000,CODECS="{codecs}",AUDIO="a",CLOSED-CAPTIONS=NONE',
        "v240.m3u8",
    ]
    (folder / "main.m3u8").write_text("\n".join(lines) + "\n")
    for name in names:
        text = [f"#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:{plan.target_duration}"]
        text.append(f'#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-MAP:URI="{name}-init.mp4"')
        (folder / f"{name}-init.mp4").write_bytes(done.sink.inits[name][0])
        period = -1
        for segment in plan.segments:
            if segment.period != period:
                period = segment.period
                key = KEYS.content_key(name, plan.rendition(name).tier, period).reveal()
                (folder / f"{name}-{period}.key").write_bytes(key)
                text.append(f'#EXT-X-KEY:METHOD=AES-128,URI="{name}-{period}.key"')
            seconds = float(plan.segment_duration(name, segment.sequence))
            text.append(f"#EXTINF:{seconds:.6f},\n{name}-{segment.sequence}.m4s")
            (folder / f"{name}-{segment.sequence}.m4s").write_bytes(done.sink.stored[name, segment.sequence])
        (folder / f"{name}.m3u8").write_text("\n".join(text) + "\n#EXT-X-ENDLIST\n")
    return folder / "main.m3u8"


def decode(playlist: Path, *words: str) -> bytes:
    command = [films.FFMPEG, "-v", "error", "-nostdin", *PROTOCOLS, "-i", str(playlist), *words, "-"]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0
    assert done.stderr == b""
    return done.stdout


@pytest.mark.parametrize("rate", [Fraction(24), Fraction(30_000, 1001)], ids=str)
def test_ffmpeg_plays_every_frame_in_step_with_the_sound(tmp_path: Path, rate: Fraction) -> None:
    done = transcode(films.flash_and_beep(tmp_path, rate))
    assert done.plan.periods == 3
    playlist = write_hls(done, tmp_path, done.plan.renditions)
    picture = decode(
        playlist, "-map", "0:v", "-fps_mode", "passthrough", "-copyts", "-f", "rawvideo", "-pix_fmt", "gray"
    )
    frames = np.frombuffer(picture, np.uint8).reshape(-1, 90, 160)
    assert len(frames) == done.plan.frames
    raw = decode(playlist, "-map", "0:a", "-af", "aresample=48000:first_pts=0", "-ac", "1", "-f", "f32le")
    loud = np.flatnonzero(np.abs(np.frombuffer(raw, np.float32)) > 0.25)
    heard = loud[np.flatnonzero(np.diff(loud, prepend=-48_000) > 12_000)] / 48_000
    seen = np.flatnonzero(frames.mean(axis=(1, 2)) > 125) / float(rate)
    assert len(seen) == len(heard) == 9
    assert np.abs(seen - heard).max() < 0.02


def test_the_pictures_for_winding_are_the_first_ones_of_the_segments(tmp_path: Path) -> None:
    done = transcode(films.counted(tmp_path, Fraction(25), 150))
    plan = done.plan
    write_hls(done, tmp_path, (plan.iframes.name, plan.iframes.source))
    words = ("-fps_mode", "passthrough", "-copyts", "-f", "rawvideo", "-pix_fmt", "gray")
    size = plan.video[-1].width * plan.video[-1].height
    whole = np.frombuffer(decode(tmp_path / f"{plan.iframes.source}.m3u8", *words), np.uint8).reshape(
        -1, size
    )
    firsts = np.frombuffer(decode(tmp_path / f"{plan.iframes.name}.m3u8", *words), np.uint8).reshape(-1, size)
    assert np.array_equal(firsts, whole[[segment.first_frame for segment in plan.segments]])


def test_times_begin_at_zero_and_rise_by_one_frame(tmp_path: Path) -> None:
    done = transcode(films.flash_and_beep(tmp_path, Fraction(24)))
    playlist = write_hls(done, tmp_path, done.plan.renditions)
    command = [films.FFPROBE, "-v", "error", *PROTOCOLS, "-select_streams", "v", "-show_entries"]
    command += ["frame=pts_time", "-of", "csv=p=0", str(playlist)]
    out = subprocess.run(command, capture_output=True, timeout=60, check=True, text=True).stdout
    times = [float(line.strip(",")) for line in out.split()]
    assert times == pytest.approx([n / 24 for n in range(done.plan.frames)], abs=1e-5)


def test_a_refused_key_stops_the_picture_at_its_period(tmp_path: Path) -> None:
    done = transcode(films.flash_and_beep(tmp_path, Fraction(24)))
    playlist = write_hls(done, tmp_path, done.plan.renditions)
    for name in done.plan.renditions:
        (tmp_path / f"{name}-1.key").unlink()
        (tmp_path / f"{name}-2.key").unlink()
    command = [films.FFMPEG, "-v", "quiet", "-nostdin", *PROTOCOLS, "-i", str(playlist), "-map", "0:v"]
    command += ["-f", "rawvideo", "-pix_fmt", "gray", "-"]
    out = subprocess.run(command, capture_output=True, timeout=60, check=False).stdout
    assert len(out) <= done.plan.period_frames * 160 * 90
