"""`matinee play`: a title in a native player, or its address."""

import os
import re
import shutil
from typing import Annotated

import typer

from streaming.cli.client import Client
from streaming.cli.titles import AsJson, TitleArgument
from streaming.errors import Code, Fault
from transcoder.standalone.output import clean, err, out, plain, print_json

PLAYERS = {
    # Through a pipe: who lists this machine's processes reads their arguments. No helper hears of it either.
    "mpv": ["mpv", "--no-ytdl", "--force-media-title={name}", "--playlist=fd://{pipe}"],
    "vlc": ["vlc", "--meta-title={name}", "{url}"],
    "ffplay": ["ffplay", "-loglevel", "warning", "-i", "{url}"],
}
_PLAYLIST = re.compile(r"/play/[A-Za-z0-9_-]{16,128}/main\.m3u8", re.ASCII)


def register(app: typer.Typer) -> None:
    """Hang the command on `app`."""
    app.command()(play)


def play(
    title: TitleArgument,
    print_url: Annotated[bool, typer.Option("--print-url", help="Only print the address.")] = False,
    as_json: AsJson = False,
) -> None:
    """Play a title in mpv, VLC or ffplay, or print an address that any HLS player opens.

    A film under “cbcs” is for browsers; programs of your own find its addresses with --json.
    The address works without logging in and ends with the licence: treat it like a key.
    """
    client = Client.from_environment()
    playback = client.call("POST", f"/titles/{title}/playback", {"native": True, "device": "command line"})
    url = address_of(client.url, str(playback["playlist_url"]))
    if as_json:
        print_json({**playback, "playlist_url": url})
        return
    if playback.get("protection") == "cbcs":
        # It has taken a screen, for nothing.
        client.call("DELETE", f"/playbacks/{playback['playback_id']}")
        raise for_browsers_alone(f"{client.url}/t/{title}")
    if print_url:
        print(url)
    else:
        argv = player_argv(url, str(playback["title"]))
        err.print(f"Playing “{plain(playback['title'])}” with {argv[0]}…")
        os.execvp(argv[0], argv)  # noqa: S606 - the player takes this process's place


def for_browsers_alone(page: str) -> Fault:
    """Refuse what these players would show as noise: none of them knows Clear Key."""
    return Fault(
        Code.CONFLICT,
        "This film is protected with “cbcs”, and mpv, VLC and ffplay cannot ask for its keys.",
        f"Watch it in a browser: {page}",
        name="for_browsers_alone",
    )


def address_of(house: str, path: str) -> str:
    """Give the whole address of a playlist. Raises `Fault` for anything but a playlist of that house.

    A house could else have the player open any file of this machine, or read a word as an option.
    """
    if not _PLAYLIST.fullmatch(path):
        raise Fault(
            Code.INVALID,
            "The house answered with something that is no address of a film.",
            "Check MATINEE_URL: it may lead to another program, or to a house of another version.",
            name="bad_answer",
        )
    return house + path


def player_argv(url: str, name: str) -> list[str]:
    """Give the argv of the first player this machine has. Raises `Fault` if it has none."""
    for program, words in PLAYERS.items():
        if shutil.which(program):
            pipe = _pipe_with(url) if any("{pipe}" in word for word in words) else -1
            return [word.format(url=url, name=clean(name), pipe=pipe) for word in words]
    out.print(plain(url), soft_wrap=True)
    raise Fault(
        Code.INVALID,
        "No player was found on this machine.",
        "Install mpv, or open the address above in another HLS player.",
        name="no_player",
    )


def _pipe_with(text: str) -> int:
    """Give the reading end, which outlives `exec`, of a pipe that holds one line."""
    reading, writing = os.pipe()
    os.write(writing, f"{text}\n".encode())
    os.close(writing)
    os.set_inheritable(reading, True)
    return reading
