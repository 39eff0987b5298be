"""How the odd sources are made: what takes more than one command, or words between the inputs."""

from collections.abc import Callable
from fractions import Fraction

from tests.matrix.source import AAC, H264, Kit
from tests.media.films import run_ffmpeg

Recipe = Callable[[Kit], None]
COPY = ("-c", "copy", "-map", "0")


def then_copy(*words: str, before: tuple[str, ...] = (), first: str = "mp4") -> Recipe:
    """Encode, then copy with `before` before the input and `words` before the output."""

    def make(kit: Kit) -> None:
        whole = kit.encode(to=kit.beside(f"whole.{first}"))
        run_ffmpeg(*before, "-i", str(whole), *COPY, *words, str(kit.path))

    return make


def filtered(picture: str = "", sound: str = "", *words: str) -> Recipe:
    """Encode through filters."""

    def make(kit: Kit) -> None:
        filters = [*(("-vf", picture) if picture else ()), *(("-af", sound) if sound else ())]
        kit.encode(*filters, *words)

    return make


def turned(transpose: str, *matrix: str) -> Recipe:
    """Store the picture turned or mirrored, and a display matrix that makes it upright."""

    def make(kit: Kit) -> None:
        whole = kit.encode("-vf", transpose, to=kit.beside(f"whole.{kit.source.ext}"))
        run_ffmpeg(*matrix, "-i", str(whole), *COPY, str(kit.path))

    return make


def shifted(picture: float, sound: float) -> Recipe:
    """Begin the picture and the sound later by so many seconds, cutting neither."""

    def make(kit: Kit) -> None:
        source = kit.source
        offsets = ("-itsoffset", str(picture), *kit.picture, "-itsoffset", str(sound), *kit.tones)
        run_ffmpeg(*offsets, *source.video, *source.sound, *source.extra, str(kit.path))

    return make


def with_cover(*words: str, size: str = "640x640", codec: str = "mjpeg") -> Recipe:
    """Put a picture larger than the film before it, as a video stream of its own."""

    def make(kit: Kit) -> None:
        cover = kit.beside("cover.jpg" if codec == "mjpeg" else "cover.png")
        run_ffmpeg("-f", "lavfi", "-i", f"color=red:s={size}", "-frames:v", "1", str(cover))
        whole = kit.encode(to=kit.beside("whole.mkv"))
        maps = ("-map", "1:v", "-map", "0")
        run_ffmpeg("-i", str(whole), "-i", str(cover), *maps, "-c", "copy", *words, str(kit.path))

    return make


def with_small_twin(kit: Kit) -> None:
    """Put a smaller version of another picture before the film."""
    whole = kit.encode(to=kit.beside("whole.mp4"))
    small = ("-f", "lavfi", "-i", "testsrc2=s=96x54:r=25:d=5")
    words = ("-map", "0:v", "-map", "1", "-c:v:0", "libx264", "-preset:v:0", "ultrafast", "-c:v:1", "copy")
    run_ffmpeg(*small, "-i", str(whole), *words, "-c:a", "copy", *kit.source.extra, str(kit.path))


def with_two_sounds(kit: Kit) -> None:
    """Two languages and a commentary; the tones are in the first."""
    other = ("-f", "lavfi", "-i", "sine=300:r=44100:d=5")
    maps = ("-map", "0:v", "-map", "1:a", "-map", "2:a", "-map", "2:a")
    tags = ("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=fra")
    roles = ("-metadata:s:a:2", "title=Commentary", "-disposition:a:0", "default", "-disposition:a:1", "0")
    source = kit.source
    run_ffmpeg(*kit.inputs, *other, *maps, *source.video, *source.sound, *tags, *roles, str(kit.path))


def with_data(kit: Kit) -> None:
    """A telemetry track beside picture and sound."""
    blob = kit.beside("telemetry.bin")
    blob.write_bytes(bytes(range(256)) * 64)
    data = ("-f", "data", "-i", str(blob), "-map", "0:v", "-map", "1:a", "-map", "2:d")
    source = kit.source
    run_ffmpeg(*kit.inputs, *data, *source.video, *source.sound, "-c:d", "copy", *source.extra, str(kit.path))


def with_telemetry(kit: Kit) -> None:
    """A track of a kind of its own, as action cameras write: here subtitles under another name."""
    with_texts(kit)
    film = kit.path.read_bytes()
    assert film.count(b"tx3g") == film.count(b"sbtl") == 1
    kit.path.write_bytes(film.replace(b"tx3g", b"gpmd").replace(b"sbtl", b"meta"))


def with_texts(kit: Kit) -> None:
    """Subtitles and chapters beside picture and sound."""
    text, marks = kit.beside("text.srt"), kit.beside("marks.txt")
    text.write_text("1\n00:00:01,000 --> 00:00:02,000\nGood evening.\n")
    marks.write_text(";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=2000\ntitle=One\n")
    extra = ("-i", str(text), "-i", str(marks), "-map_metadata", "3")
    maps = ("-map", "0:v", "-map", "1:a", "-map", "2:s", "-c:s", "mov_text")
    run_ffmpeg(*kit.inputs, *extra, *maps, *kit.source.video, *kit.source.sound, str(kit.path))


def fields(order: str) -> Recipe:
    """Weave each two pictures into one of two fields: real interlaced movement."""
    mode = {"tff": "interleave_top", "bff": "interleave_bottom"}[order]
    return filtered(f"tinterlace={mode},setfield={order}")


def cut_open(share: Fraction, packet: int = 188) -> Recipe:
    """Throw the first share of the bytes away, in whole packets: a recording switched on late."""

    def make(kit: Kit) -> None:
        whole = kit.encode(to=kit.beside(f"whole.{kit.source.ext}")).read_bytes()
        kit.path.write_bytes(whole[int(len(whole) * share) // packet * packet :])

    return make


def size_changes(kit: Kit) -> None:
    """Half-way the picture becomes larger, inside one stream."""
    parts = []
    half = kit.source.frames // 2
    for number, scale in enumerate(("null", "scale=256:144")):
        piece = kit.beside(f"piece{number}.ts")
        cut = f"trim=start_frame={number * half}:end_frame={(number + 1) * half},{scale}"
        run_ffmpeg(*kit.picture, "-vf", cut, "-copyts", *H264, "-bf", "0", str(piece))
        parts.append(str(piece))
    picture = ("-i", "concat:" + "|".join(parts))
    run_ffmpeg(*picture, *kit.tones, "-map", "0:v", "-map", "1:a", "-c:v", "copy", *AAC, str(kit.path))


READ_AS = {"ac3": "ac3", "mp2": "mp3"}
"""ffmpeg's names for the same bare sound, written and read."""


def sound_changes(*forms: tuple[str, ...]) -> Recipe:
    """Make each part of the sound, three seconds long but for the last, in a form of its own: one stream."""

    def make(kit: Kit) -> None:
        joined = kit.beside("joined.bin")
        with joined.open("wb") as file:
            for number, words in enumerate(forms):
                part = kit.beside(f"part{number}.bin")
                end = f":end={3 * (number + 1)}" if number + 1 < len(forms) else ""
                cut = f"atrim=start={3 * number}{end},asetpts=PTS-STARTPTS"
                run_ffmpeg(*kit.tones, "-af", cut, *words, str(part))
                file.write(part.read_bytes())
        inputs = (*kit.picture, "-f", READ_AS[forms[0][-1]], "-i", str(joined))
        run_ffmpeg(*inputs, "-map", "0:v", "-map", "1:a", *kit.source.video, "-c:a", "copy", str(kit.path))

    return make
