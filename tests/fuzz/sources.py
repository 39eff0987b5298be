"""Tiny real films in the containers and codecs that people have, to be damaged; made once per folder."""

from pathlib import Path

from tests.media.films import run_ffmpeg

_X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "8")
_KINDS: dict[str, tuple[str, ...]] = {
    "h264-aac.mp4": (*_X264, "-c:a", "aac"),
    "h264-aac-front.mp4": (*_X264, "-c:a", "aac", "-movflags", "+faststart"),
    "h264-aac-pieces.mp4": (*_X264, "-c:a", "aac", "-movflags", "+frag_keyframe+empty_moov"),
    "hevc-ac3.mkv": ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=0", "-c:a", "ac3"),
    "h264-text.mkv": (*_X264, "-c:a", "flac", "-c:s", "srt"),
    "h264-text.mp4": (*_X264, "-c:a", "aac", "-c:s", "mov_text"),
    "h264-ass.mkv": (*_X264, "-c:a", "aac", "-c:s", "ass"),
    "mpeg4-mp2.avi": ("-c:v", "mpeg4", "-c:a", "mp2"),
    "h264-aac.ts": (*_X264, "-c:a", "aac"),
    "mpeg2-mp2.mpg": ("-c:v", "mpeg2video", "-c:a", "mp2"),
    "vp9-opus.webm": ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus"),
    "vp8-vorbis.ogg": ("-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus"),
    "wmv2-wma.wmv": ("-c:v", "wmv2", "-c:a", "wmav2"),
    "h264-aac.flv": (*_X264, "-c:a", "aac"),
    "prores-pcm.mov": ("-c:v", "prores_ks", "-profile:v", "0", "-c:a", "pcm_s16le"),
    "mpeg2-pcm.mxf": ("-c:v", "mpeg2video", "-ar", "48000", "-c:a", "pcm_s16le"),
    "mjpeg-pcm.avi": ("-c:v", "mjpeg", "-c:a", "pcm_s16le"),
    "dv.dv": (
        "-s",
        "720x576",
        "-pix_fmt",
        "yuv420p",
        "-r",
        "25",
        "-c:v",
        "dvvideo",
        "-ar",
        "48000",
        "-ac",
        "2",
    ),
}
_WORDS = "1\n00:00:00,100 --> 00:00:00,700\nGood <i>evening</i>.\n\n2\n00:00:00,800 --> 00:00:01,000\nBye\n"


def make_sources(folder: Path) -> list[Path]:
    """Make the films in `folder`, those that are not there yet, and list them."""
    words = folder / "words.srt"
    words.write_text(_WORDS)
    return [_made(folder / name, kind, words) for name, kind in _KINDS.items()]


def _made(path: Path, kind: tuple[str, ...], words: Path) -> Path:
    if path.exists():
        return path
    frames = "4" if path.suffix == ".dv" else "16"
    inputs = ["-f", "lavfi", "-i", "testsrc2=s=128x96:r=25", "-f", "lavfi", "-i", "sine=440:r=48000:d=1"]
    streams = ["-map", "0:v", "-map", "1:a"]
    if "-c:s" in kind:
        inputs += ["-i", str(words)]
        streams += ["-map", "2:s", "-metadata:s:s:0", "title=Words", "-metadata:s:s:0", "language=eng"]
    run_ffmpeg(*inputs, *streams, "-frames:v", frames, *kind, str(path))
    return path
