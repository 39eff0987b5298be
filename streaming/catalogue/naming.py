"""Names people gave to files, made fit to show: bounded, on one line, without paths or control characters."""

import re
import unicodedata

NAME_LENGTH = 200
FALLBACK = "Untitled film"
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,5}$")


def shown(text: str, length: int = NAME_LENGTH) -> str:
    """Give `text` on one line, bounded, without control, format (bidi override) and unassigned characters."""
    kept = "".join(
        " " if character.isspace() else character
        for character in unicodedata.normalize("NFC", text)
        if character.isspace() or character == "\u200d" or unicodedata.category(character)[0] != "C"
    )
    return " ".join(kept.split())[:length].strip()


def source_name(filename: str) -> str:
    """Give the last part of a file name, for display only; both kinds of slashes count."""
    return shown(re.split(r"[\\/]", filename)[-1])


def title_from(filename: str) -> str:
    """Make a title of a file name: `Big_Buck.Bunny-480p.mp4` → `Big Buck Bunny-480p`."""
    stem = _EXTENSION.sub("", source_name(filename))
    return shown(re.sub(r"[_.]+", " ", stem)) or FALLBACK


def poster_tag(name: str) -> str:
    """Give an entity tag that changes with the picture: its object's name, which never changes content."""
    return name.rsplit("/", 1)[-1].removesuffix(".bin").removeprefix("poster-")
