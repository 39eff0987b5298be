"""`matinee play`: a title in a native player, or its address."""

import os
import shutil
from typing import Annotated

import typer

from streaming.cli.client import Client
from streaming.cli.output import err, out, plain, print_json
from streaming.cli.titles import AsJson, TitleArgument
from streaming.errors import Code, Fault

PLAYERS = {
    "mpv": ["mpv", "--force-media-title={name}", "--", "{url}"],
    "vlc": ["vlc", "--meta-title={name}", "{url}"],
    "ffplay": ["ffplay", "-loglevel", "warning", "-i", "{url}"],
}


def register(app: typer.Typer) -> None:
    """Hang the command on `app`."""
    app.command()(play)


def play(
    title: TitleArgument,
    print_url: Annotated[bool, typer.Option("--print-url", help="Only print the address.")] = False,
    as_json: AsJson = False,
) -> None:
    """Play a title in mpv, VLC or ffplay, or print an address that any HLS player opens.

    The address works without logging in and ends with the licence: treat it like a key.
    """
    client = Client.from_environment()
    playback = client.call("POST", f"/titles/{title}/playback", {"native": True, "device": "command line"})
    url = (
        client.url + playback["playlist_url"]
        if playback["playlist_url"].startswith("/")
        else playback["playlist_url"]
    )
    if as_json:
        print_json({**playback, "playlist_url": url})
    elif print_url:
        print(url)
    else:
        argv = _player(url, playback["title"])
        err.print(f"Playing “{plain(playback['title'])}” with {argv[0]}…")
        os.execvp(argv[0], argv)  # noqa: S606 - the player takes this process's place


def _player(url: str, name: str) -> list[str]:
    """Give the argv of the first player this machine has. Raises `Fault` if it has none."""
    for program, words in PLAYERS.items():
        if shutil.which(program):
            return [word.format(url=url, name=name) for word in words]
    out.print(plain(url), soft_wrap=True)
    raise Fault(
        Code.INVALID,
        "No player was found on this machine.",
        "Install mpv or VLC, or open the address above in any HLS player.",
        name="no_player",
    )
