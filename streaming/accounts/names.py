"""Rules for account names: what may be a name, and when two names are the same."""

import unicodedata
from dataclasses import dataclass

from streaming.errors import Code, Fault

SHORTEST, LONGEST = 3, 32
_MARKS = "._-"
# Alphabets with look-alike letters: one name may use only one of them, so that nobody poses as "аdmin".
_ALIKE = frozenset({"LATIN", "CYRILLIC", "GREEK"})
_HINT = f"Use {SHORTEST} to {LONGEST} letters, digits, dots, underscores or hyphens, a letter or digit first."


@dataclass(frozen=True, slots=True)
class Name:
    """`shown` is what people read (NFKC); `key` is equal for all spellings of one name."""

    shown: str
    key: str


def parse(text: str) -> Name:
    """Check a name that somebody wants to have. Raises `Fault` INVALID with the rule it breaks."""
    shown = unicodedata.normalize("NFKC", text)
    if not SHORTEST <= len(shown) <= LONGEST:
        raise _refusal(f"A name has {SHORTEST} to {LONGEST} characters.")
    if not _is_letter_or_digit(shown[0]):
        raise _refusal("A name begins with a letter or a digit.")
    if not all(_is_letter_or_digit(c) or _is_accent(c) or c in _MARKS for c in shown):
        raise _refusal("A name holds only letters, digits, dots, underscores and hyphens.")
    if len(_alphabets(shown)) > 1:
        raise _refusal("A name does not mix alphabets that look alike.")
    return Name(shown, key_of(shown))


def key_of(text: str) -> str:
    """Give what a name is looked up by: NFKC, caseless. Works for any text, valid name or not."""
    # NUL and lone surrogates cannot be bound to a statement everywhere; "?" is in no name.
    text = text.encode(errors="replace").decode().replace("\x00", "?")
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    # Case folding and composition can undo each other once; a second turn settles it (Unicode §3.13, D146).
    return unicodedata.normalize("NFKC", folded.casefold())


def _refusal(sentence: str) -> Fault:
    told = {"errors": [{"field": "name", "sentence": sentence}]}
    return Fault(Code.INVALID, sentence, _HINT, name="bad_name", extra=told)


def _is_letter_or_digit(character: str) -> bool:
    return unicodedata.category(character) in {"Ll", "Lu", "Lt", "Lo", "Nd"}


def _is_accent(character: str) -> bool:
    return unicodedata.category(character) in {"Mn", "Mc"}


def _alphabets(text: str) -> set[str]:
    words = {unicodedata.name(c, "").partition(" ")[0] for c in text}
    return words & _ALIKE
