"""The words of one subtitle: a short list of harmless tags, everything else as plain text. Pure.

Subtitle files come from anywhere and end in browsers, televisions and players of all kinds. So no tag is
passed on as it came: what WebVTT knows (https://www.w3.org/TR/webvtt1/ §4.2.2) is written anew, balanced, and
the rest is text.
"""

import re
from html.entities import html5

MOST_LETTERS = 4000
"""Characters of one subtitle, far above what fits on a screen."""

_TAG = re.compile(r"<(/?)([A-Za-z]{1,16}|(?=[0-9!?]))([^<>]{0,200})>")
_ENTITY = re.compile(r"&(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_CLASSES = re.compile(r"(?:\.[A-Za-z0-9_-]{1,40}){0,8}")
_SETTING = re.compile(
    r"vertical:(?:rl|lr)|line:(?:-?\d{1,3}|\d{1,3}(?:\.\d{1,4})?%)(?:,(?:start|center|end))?"
    r"|position:\d{1,3}(?:\.\d{1,4})?%(?:,(?:line-left|center|line-right))?"
    r"|size:\d{1,3}(?:\.\d{1,4})?%|align:(?:start|center|end|left|right)"
)
_PLAIN = {"b", "i", "u", "ruby", "rt"}
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_KEPT_CONTROLS = "\n\t"
_WANDERING = "\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Direction overrides could reach beyond their subtitle; the marks U+200E and U+200F cannot, and are kept."""


def clean(text: str) -> str:
    """Write a subtitle's text so that it is valid in a WebVTT cue: known tags balanced, everything else text.

    Empty lines are dropped (one would end the cue), and so is an arrow: no text can look like a time.
    """
    written: list[str] = []
    open_tags: list[str] = []
    at = 0
    for found in _TAG.finditer(text):
        written.append(_plain(text[at : found.start()]))
        written.append(_tag(found, open_tags))
        at = found.end()
    written.append(_plain(text[at:]))
    written += [f"</{name}>" for name in reversed(open_tags)]
    lines = (line.strip() for line in "".join(written).split("\n"))
    return "\n".join(line for line in lines if line)


def settings(text: str) -> str:
    """Keep the cue settings that WebVTT knows; others could be anything."""
    return " ".join(word for word in text.split() if _SETTING.fullmatch(word))


def letters(text: str) -> str:
    """Give the text that a cleaned subtitle shows, without its tags."""
    return _decoded(re.sub(r"<[^<>]*>", "", text))


def _plain(text: str) -> str:
    return _shown(_decoded(text)).translate(_ESCAPES)


def _shown(text: str) -> str:
    return "".join(c for c in text if c in _KEPT_CONTROLS or not _is_no_letter(c))


def _is_no_letter(c: str) -> bool:
    code = ord(c)
    control = code < 0x20 or 0x7F <= code < 0xA0
    return control or c in _WANDERING or 0xD800 <= code <= 0xDFFF or code & 0xFFFE == 0xFFFE


def _decoded(text: str) -> str:
    return _ENTITY.sub(lambda found: _entity(found[1]) or found[0], text)


def _entity(name: str) -> str:
    if not name.startswith("#"):
        return html5.get(f"{name};", "")
    number = int(name[2:], 16) if name[1] in "xX" else int(name[1:])
    return chr(number) if 0x20 <= number <= 0x10FFFF else ""


def _tag(found: re.Match[str], open_tags: list[str]) -> str:
    """Give what is written for a tag: itself, made new, or nothing."""
    name, rest = found[2].lower(), found[3]
    if found[1]:
        return _closed(name, open_tags)
    opened = _opening(name, rest)
    if opened:
        open_tags.append(name)
    return opened


def _closed(name: str, open_tags: list[str]) -> str:
    """Close a tag, and with it what was opened after it."""
    if name not in open_tags:
        return ""
    written = ""
    while True:
        last = open_tags.pop()
        written += f"</{last}>"
        if last == name:
            return written


def _opening(name: str, rest: str) -> str:
    classes = _CLASSES.match(rest)
    after = rest[classes.end() :] if classes else rest
    if name in _PLAIN:
        return f"<{name}>" if not after.strip() else ""
    if name == "c":
        return f"<c{classes[0] if classes else ''}>" if not after.strip() else ""
    if name == "v" and after[:1].isspace():
        speaker = _plain(" ".join(after.split()))
        return f"<v{classes[0] if classes else ''} {speaker}>" if speaker else ""
    return ""
