"""`matinee title subtitle …` and `matinee title poster`: what is added to a film that is published."""

from pathlib import Path
from typing import Annotated, Any

import typer

from streaming.cli.client import Client
from streaming.cli.titles import AsJson, TitleArgument, group
from streaming.errors import Code, Fault
from transcoder.source.languages import track_name
from transcoder.standalone.output import out, plain, print_json, print_table

FileArgument = Annotated[Path, typer.Argument(help="An .srt, .vtt, .ass or .ssa file.", metavar="FILE")]
TrackArgument = Annotated[str, typer.Argument(help="The track, like t1: see “list”.", metavar="TRACK")]

subtitles = typer.Typer(no_args_is_help=True, help="List, add, replace and remove subtitle tracks.")


def register(app: typer.Typer) -> None:
    """Hang the commands below `title`, which hangs on `app` already."""
    group.add_typer(subtitles, name="subtitle")


@subtitles.command("list")
def list_subtitles(title: TitleArgument, as_json: AsJson = False) -> None:
    """List a title's subtitle tracks."""
    found = Client.from_environment().call("GET", f"/titles/{title}/subtitles")["items"]
    if as_json:
        return print_json(found)
    return print_table(
        ("Track", "Name", "Language", "From", "Shown"), [_row(one) for one in found], "No subtitles yet."
    )


@subtitles.command("add")
def add_subtitle(
    title: TitleArgument,
    file: FileArgument,
    language: Annotated[str, typer.Option("--language", help="Its language, like en.")] = "und",
    label: Annotated[str, typer.Option("--label", help="What menus call it; else its language.")] = "",
    sdh: Annotated[bool, typer.Option("--sdh", help="For the deaf and hard of hearing.")] = False,
    forced: Annotated[bool, typer.Option("--forced", help="Only what is foreign to the film.")] = False,
    default: Annotated[bool, typer.Option("--default", help="Shown unless the viewer says no.")] = False,
    replaces: Annotated[str, typer.Option("--replaces", help="A track to take the place of.")] = "",
    as_json: AsJson = False,
) -> None:
    """Add a subtitle track, or put it in the place of another. Nothing is encoded anew."""
    from transcoder.texts.subtitlefile import MOST_BYTES

    flags = {"sdh": sdh, "forced": forced, "default": default}
    made = Client.from_environment().send(
        f"/titles/{title}/subtitles",
        read_file(file, MOST_BYTES),
        language=language,
        label=label,
        replaces=replaces or None,
        **{name: "true" for name, on in flags.items() if on},
    )
    if as_json:
        return print_json(made)
    return out.print(f"“{plain(_name(made))}” is track {plain(made['name'])} now.")


@subtitles.command("change")
def change_subtitle(
    title: TitleArgument,
    track: TrackArgument,
    language: Annotated[str | None, typer.Option("--language", help="Its language, like en.")] = None,
    label: Annotated[str | None, typer.Option("--label", help="What menus call it.")] = None,
    sdh: Annotated[bool | None, typer.Option(help="For the deaf and hard of hearing.")] = None,
    forced: Annotated[bool | None, typer.Option(help="Only what is foreign to the film.")] = None,
    default: Annotated[bool | None, typer.Option(help="Shown unless the viewer says no.")] = None,
    as_json: AsJson = False,
) -> None:
    """Change what is said of a subtitle track; what is not given stays."""
    words = {"language": language, "label": label, "sdh": sdh, "forced": forced, "default": default}
    body = {key: value for key, value in words.items() if value is not None}
    made = Client.from_environment().call("PATCH", f"/titles/{title}/subtitles/{track}", body)
    if as_json:
        return print_json(made)
    return out.print(f"Track {plain(made['name'])} is “{plain(_name(made))}” now.")


@subtitles.command("remove")
def remove_subtitle(title: TitleArgument, track: TrackArgument, as_json: AsJson = False) -> None:
    """Remove a subtitle track for good."""
    Client.from_environment().call("DELETE", f"/titles/{title}/subtitles/{track}")
    if as_json:
        return print_json({"removed": track})
    return out.print(f"Track {plain(track)} is gone.")


@group.command()
def poster(
    title: TitleArgument,
    candidate: Annotated[int | None, typer.Option("--candidate", help="Number of the picture.")] = None,
    file: Annotated[Path | None, typer.Option("--file", help="A JPEG or WebP picture of yours.")] = None,
    as_json: AsJson = False,
) -> None:
    """Choose the poster; without an option, list the pictures to choose from."""
    from transcoder.pictures.poster import MOST_UPLOAD

    client = Client.from_environment()
    if file is not None:
        client.send(f"/titles/{title}/posters", read_file(file, MOST_UPLOAD))
    elif candidate is not None:
        client.call("PUT", f"/titles/{title}/poster", {"candidate": candidate})
    found = client.call("GET", f"/titles/{title}/posters")["items"]
    if as_json:
        return print_json(found)
    kinds = {"film": "a frame of the film", "cover": "cover art in the file", "upload": "uploaded"}
    rows = [(str(one["number"]), kinds[one["origin"]], "poster" if one["chosen"] else "") for one in found]
    return print_table(("Picture", "From", ""), rows, "There are no pictures of this film yet.")


def read_file(path: Path, most: int) -> bytes:
    """Read a small file. Raises `Fault`."""
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as fault:
        raise Fault(
            Code.INVALID, f"“{path}” cannot be read: {fault.strerror}.", "Check its name.", name="no_file"
        ) from None
    if len(data) > most:
        raise Fault(
            Code.TOO_LARGE,
            f"“{path}” is larger than {most >> 20} MB.",
            "Send a smaller one.",
            name="too_large",
        )
    return data


def _name(track: dict[str, Any]) -> str:
    role = "sdh" if track["sdh"] else "main"
    return track_name(track["language"], track["label"], role, forced=track["forced"]) or str(track["name"])


def _row(track: dict[str, Any]) -> tuple[str, str, str, str, str]:
    language = "" if track["language"] == "und" else track["language"]
    origin = "the film" if track["origin"] == "film" else "a file"
    return track["name"], _name(track), language, origin, "by default" if track["default"] else ""
