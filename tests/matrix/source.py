"""One source of the matrix: how ffmpeg makes it, and what must come out of it."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from tests.matrix import master
from tests.media.films import run_ffmpeg

H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-qp", "12", "-bf", "2", "-g", "30")
AAC = ("-c:a", "aac", "-b:a", "128k")


@dataclass(frozen=True)
class Source:
    """A film to be made and what is expected of it.

    `video` and `sound` are ffmpeg's words for the encoders (no `sound`: a silent film), `extra` those for the
    container; `recipe` does what one command cannot. `size` is that of the pictures as drawn. Where `step` is
    2 each number is drawn twice, at twice the rate: fields. Expected: `shown` (pixels as displayed, if not
    `size`), `grid` (frames a second of the renditions, if not `rate`), `numbers` (of the pictures, in order,
    if not every one once), `heard` (which of the three flashes have a tone), `tracks` (of sound). `colour`
    and `levels` say whether the source keeps them at all, `alike` is the least SSIM of the best rung and of
    the others. `copied`: the best rung and the sound are the source's own packets.
    """

    name: str
    ext: str = "mp4"
    video: tuple[str, ...] = H264
    sound: tuple[str, ...] = AAC
    extra: tuple[str, ...] = ()
    rate: Fraction = Fraction(25)
    frames: int = 125
    size: tuple[int, int] = (192, 108)
    sample_rate: int = 48_000
    layout: str = "stereo"
    recipe: "Callable[[Kit], None] | None" = None
    shown: tuple[int, int] | None = None
    grid: Fraction | None = None
    numbers: tuple[int, ...] | None = None
    heard: tuple[int, ...] = (0, 1, 2)
    tracks: int = 1
    step: int = 1
    colour: bool = True
    levels: bool = True
    alike: tuple[float, float] = (0.95, 0.9)
    copied: bool = False

    @property
    def expected(self) -> tuple[int, ...]:
        """Numbers of the pictures that must come, in order."""
        return tuple(range(self.frames)) if self.numbers is None else self.numbers

    @property
    def flashes(self) -> tuple[int, ...]:
        """Numbers of the pictures that flash."""
        return master.flash_frames(self.rate, self.frames)

    @property
    def display(self) -> tuple[int, int]:
        """Pixels as displayed."""
        return self.shown or self.size


@dataclass(frozen=True)
class Kit:
    """What a recipe has: the source, where the film must lie, and the master's pictures and sound."""

    source: Source
    folder: Path
    path: Path

    @property
    def inputs(self) -> tuple[str, ...]:
        """Words that read the master: input 0 is the picture, input 1 the sound (where there is one)."""
        return (*self.picture, *self.tones) if self.source.sound else self.picture

    @property
    def picture(self) -> tuple[str, ...]:
        """Words that read the pictures."""
        source = self.source
        width, height = source.size
        length = f"{source.rate.numerator}-{source.rate.denominator}-{source.frames}-{source.step}"
        path = self._kept(
            f"{width}x{height}-{length}.yuv",
            lambda: master.pictures(source.rate, source.frames, source.size, source.step),
        )
        words = ("-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{width}x{height}")
        return (*words, "-r", str(source.rate * source.step), "-i", str(path))

    @property
    def tones(self) -> tuple[str, ...]:
        """Words that read the sound."""
        source = self.source
        channels = master.channels_of(source.layout)
        length = f"{source.frames}-{source.rate.numerator}-{source.rate.denominator}"
        path = self._kept(
            f"{source.sample_rate}-{channels}-{length}.pcm",
            lambda: master.sound(source.rate, source.frames, source.sample_rate, channels),
        )
        words = ("-f", "s16le", "-ar", str(source.sample_rate), "-ch_layout", source.layout)
        return (*words, "-i", str(path))

    def _kept(self, name: str, make: Callable[[], bytes]) -> Path:
        path = self.folder / name
        if not path.exists():
            # Several sources are made at once: whoever is first wins, and nobody reads half a file.
            part = self.folder / f"{name}.{self.source.name}"
            part.write_bytes(make())
            part.rename(path)
        return path

    def encode(self, *words: str, to: Path | None = None) -> Path:
        """Encode the master with the source's words, `words` before the output's name."""
        source = self.source
        out = to or self.path
        run_ffmpeg(*self.inputs, *source.video, *source.sound, *source.extra, *words, str(out))
        return out

    def beside(self, name: str) -> Path:
        """Name a file of this source alone, for a recipe of several steps."""
        return self.folder / f"{self.source.name}-{name}"


def make(source: Source, folder: Path) -> Path:
    """Make the film of a source in `folder`."""
    path = folder / f"{source.name}.{source.ext}"
    kit = Kit(source, folder, path)
    if source.recipe is None:
        kit.encode()
    else:
        source.recipe(kit)
    return path
