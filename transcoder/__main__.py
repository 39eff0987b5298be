"""`python -m transcoder FILM OUT --key-file K` and `python -m transcoder verify OUT`: films without a server.

Exit codes: 0 done, 1 refused, failed or damaged, 2 the command was typed wrong, 130 stopped with Ctrl-C.
"""

import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from typer.core import TyperGroup

from transcoder.errors import TranscoderError
from transcoder.formats.codec_names import AUDIO_CODECS, VIDEO_CODECS, choose
from transcoder.keys import keyfile
from transcoder.planning.plan import PROTECTIONS, Policy
from transcoder.standalone import alone, playlists
from transcoder.standalone.check import check
from transcoder.standalone.terminal import Bar, Lines, Voice, fault_of, say_plan

DEFAULTS = Policy()
STOPPED = 130


class OneNamed(TyperGroup):
    """Takes a command line that names no command for one that makes a film."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """Put the unspoken command in front."""
        if args and args[0] not in (*self.commands, "--help"):
            args = ["make", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=OneNamed,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Makes an encrypted HLS film without any server: python -m transcoder FILM OUT --key-file K",
    epilog="Exit codes: 0 done, 1 refused, failed or damaged, 2 typed wrong, 130 stopped with Ctrl-C.",
)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object a line instead.")]


@app.command()
def make(
    film: Annotated[Path, typer.Argument(help="The film's file.", metavar="FILM")],
    out: Annotated[Path | None, typer.Argument(help="The folder to make.", metavar="OUT")] = None,
    key_file: Annotated[
        Path | None, typer.Option("--key-file", help="Its secrets; made if there is no such file.")
    ] = None,
    keys: Annotated[
        Path | None, typer.Option("--keys", help="Write the players' key files into this folder.")
    ] = None,
    key_url: Annotated[
        str, typer.Option("--key-url", help="Where players ask for keys.", metavar="TEMPLATE")
    ] = playlists.KEY_URL,
    plan_only: Annotated[bool, typer.Option("--plan-only", help="Say what would be made; stop.")] = False,
    as_json: AsJson = False,
    segment: Annotated[
        int, typer.Option("--segment", min=1, max=10, help="Seconds of a segment.")
    ] = DEFAULTS.segment_seconds,
    period: Annotated[
        int, typer.Option("--period", min=1, max=3600, help="Seconds of film under one key.")
    ] = DEFAULTS.crypto_period_seconds,
    crf: Annotated[
        int, typer.Option("--crf", min=10, max=40, help="Quality: lower is better.")
    ] = DEFAULTS.crf,
    preset: Annotated[
        str, typer.Option("--preset", help="The encoder's effort, as x264 names it.")
    ] = DEFAULTS.preset,
    ladder: Annotated[
        str, typer.Option("--ladder", help="Qualities by the film's content, or fixed by its size.")
    ] = DEFAULTS.ladder,
    codecs: Annotated[
        str, typer.Option("--codecs", help="Of the picture, by commas: h264 always; hevc, av1.")
    ] = ",".join(DEFAULTS.codecs),
    audio_codecs: Annotated[
        str, typer.Option("--audio-codecs", help="Of the sound, by commas: aac always; opus.")
    ] = ",".join(DEFAULTS.audio_codecs),
    protection: Annotated[
        str, typer.Option("--protection", help="aes-128: whole segments; cbcs: samples, as DRM has it.")
    ] = DEFAULTS.protection,
    at_once: Annotated[
        int, typer.Option("--chunks-at-once", min=1, max=64, help="Chunks encoded side by side.")
    ] = alone.AT_ONCE,
) -> None:
    """Make FILM into the encrypted folder OUT. Stopped? Start the same command again: it goes on."""
    policy = Policy(
        crypto_period_seconds=period,
        segment_seconds=segment,
        crf=crf,
        preset=_one_of(PRESETS, preset, "--preset"),
        ladder=_one_of(LADDERS, ladder, "--ladder"),
        codecs=_codecs(codecs, VIDEO_CODECS, "--codecs"),
        audio_codecs=_codecs(audio_codecs, AUDIO_CODECS, "--audio-codecs"),
        protection=_one_of(PROTECTIONS, protection, "--protection"),
    )
    if plan_only:
        sys.exit(_plan(film, policy, as_json=as_json))
    if out is None or key_file is None:
        raise typer.BadParameter("a film needs a folder OUT and a --key-file; only --plan-only goes without.")
    try:
        playlists.check_key_url(key_url)
    except ValueError as fault:
        raise typer.BadParameter(f"{fault}.", param_hint="--key-url") from None
    order = alone.Order(film, out, key_file, policy, keys, key_url, at_once)
    sys.exit(_make(order, as_json=as_json))


@app.command()
def verify(
    out: Annotated[Path, typer.Argument(help="A film's folder.", metavar="OUT")],
    key_file: Annotated[
        Path | None, typer.Option("--key-file", help="The secrets that it was made with.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a film's folder whole: signature, every byte, every frame, playlists, strays."""
    with _voice(as_json=as_json) as voice:
        try:
            keys = None if key_file is None else keyfile.load(key_file)
            found = check(out, keys, voice.hear)
        except (TranscoderError, OSError) as fault:
            voice.fail(*fault_of(fault, out))
            sys.exit(1)
    sys.exit(1 if found.findings else 0)


def _plan(film: Path, policy: Policy, *, as_json: bool) -> int:
    voice = _voice(as_json=as_json)
    try:
        plan = alone.look(film, policy, voice.hear)
    except (TranscoderError, OSError) as fault:
        voice.fail(*fault_of(fault, film))
        return 1
    if not as_json:
        say_plan(plan.info, plan)
    return 0


def _make(order: alone.Order, *, as_json: bool) -> int:
    signal.signal(signal.SIGTERM, _interrupt)
    with _voice(as_json=as_json) as voice:
        try:
            alone.make(order, voice.hear)
        except KeyboardInterrupt:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            voice.fail("stopped", "Stopped.", "Start the same command again: it goes on where it was.")
            return STOPPED
        except (TranscoderError, OSError) as fault:
            voice.fail(*fault_of(fault, order.out))
            return 1
    return 0


def _voice(*, as_json: bool) -> Voice:
    return Lines() if as_json else Bar()


def _codecs(text: str, known: tuple[str, ...], option: str) -> tuple[str, ...]:
    try:
        return choose(text, known)
    except ValueError as fault:
        raise typer.BadParameter(f"{fault}.", param_hint=option) from None


def _one_of(known: tuple[str, ...], name: str, option: str) -> str:
    if name not in known:
        raise typer.BadParameter(f"one of {', '.join(known)}.", param_hint=option)
    return name


LADDERS = ("content", "fixed")
PRESETS = (
    "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow",
)  # fmt: skip
"""x264's, but for placebo."""


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    app()
