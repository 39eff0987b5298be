"""The film that every client plays: numbered pictures worth two tiers, two languages, subtitles in both."""

from fractions import Fraction
from pathlib import Path

from tests.media.films import BITS, run_ffmpeg

RATE = Fraction(10)
SECONDS = 24
FRAMES = int(SECONDS * RATE)
SIZE = (1040, 584)
TOP, LOW = 584, 240
LANGUAGES = {"eng": 440, "deu": 1000}
"""Each language is a tone of its own, in hertz; `pages/stage.js` knows them too."""
CUE_SECONDS = 2


def cue(language: str, time: float) -> str:
    """Give the words that are to be read at `time` (seconds)."""
    return f"{language} line {int(time // CUE_SECONDS)}"


def make_film(folder: Path) -> Path:
    """Make it once: H.264 with short closed GOPs and AAC, so that its best rung is taken as it is."""
    path = folder / "Polyglot.mkv"
    words = [_subtitles(folder, language) for language in LANGUAGES]
    width, height = SIZE
    code = "geq=lum='if(mod(floor(N/pow(2,floor(X/2))),2),235,16)':cb=128:cr=128"
    strip = f"color=gray:s={2 * BITS}x2:r={RATE},format=yuv420p,{code},scale={width}:96:flags=neighbor"
    # Moving and grainy, so that no rung of the ladder is found superfluous.
    scene = f"testsrc2=s={width}x{height}:r={RATE},noise=alls=10:allf=t,format=yuv420p"
    tones = [f"sine={hertz}:r=48000:d={SECONDS}" for hertz in LANGUAGES.values()]
    lavfi = [word for source in (scene, strip, *tones) for word in ("-f", "lavfi", "-i", source)]
    texts = [word for file in words for word in ("-i", str(file))]
    maps = ["[v]", "2:a", "3:a", "4:s", "5:s"]
    run_ffmpeg(
        *(*lavfi, *texts, "-filter_complex", "[0][1]overlay=0:0[v]"),
        *(word for one in maps for word in ("-map", one)),
        *(
            "-frames:v",
            str(FRAMES),
            "-c:v",
            "libx264",
            "-preset",
            "veryfast",
            "-b:v",
            "1500k",
            "-maxrate",
            "1500k",
        ),
        *("-bufsize", "1M", "-bf", "2", "-g", "20", "-keyint_min", "20", "-sc_threshold", "0"),
        *("-x264-params", "open-gop=0", "-c:a", "aac", "-ac", "2", "-c:s", "srt"),
        *_named(),
        *("-t", str(SECONDS), str(path)),
    )
    return path


def _named() -> list[str]:
    return [
        word
        for kind in "as"
        for number, language in enumerate(LANGUAGES)
        for word in (f"-metadata:s:{kind}:{number}", f"language={language}")
    ]


def _subtitles(folder: Path, language: str) -> Path:
    path = folder / f"{language}.srt"
    lines = [
        f"{number + 1}\n{_stamp(start)} --> {_stamp(start + CUE_SECONDS)}\n{cue(language, start)}\n"
        for number, start in enumerate(range(0, SECONDS, CUE_SECONDS))
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def _stamp(seconds: int) -> str:
    return f"00:00:{seconds:02},000"
