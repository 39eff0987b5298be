"""Languages and roles of tracks, as people and as playlists call them. Pure."""

_CODES = {
    "eng": "en", "deu": "de", "ger": "de", "fra": "fr", "fre": "fr", "spa": "es", "ita": "it", "por": "pt",
    "nld": "nl", "dut": "nl", "jpn": "ja", "zho": "zh", "chi": "zh", "rus": "ru", "pol": "pl", "swe": "sv",
    "dan": "da", "nor": "no", "fin": "fi", "kor": "ko", "ara": "ar", "hin": "hi", "tur": "tr", "ces": "cs",
    "cze": "cs", "ell": "el", "gre": "el", "heb": "he", "hun": "hu", "ron": "ro", "rum": "ro", "ukr": "uk",
    "slk": "sk", "slo": "sk", "slv": "sl", "hrv": "hr", "srp": "sr", "bul": "bg", "cat": "ca", "est": "et",
    "lav": "lv", "lit": "lt", "fas": "fa", "per": "fa", "tha": "th", "vie": "vi", "ind": "id", "isl": "is",
    "ice": "is", "gle": "ga", "eus": "eu", "baq": "eu", "ben": "bn", "tam": "ta", "tel": "te", "urd": "ur",
}  # fmt: skip
"""ISO 639-2 to 639-1: containers write three letters, playlists want the shortest code (RFC 5646 §4.1)."""

LANGUAGES = {
    "en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "pt": "Portuguese",
    "nl": "Dutch", "ja": "Japanese", "zh": "Chinese", "ru": "Russian", "pl": "Polish", "sv": "Swedish",
    "da": "Danish", "no": "Norwegian", "fi": "Finnish", "ko": "Korean", "ar": "Arabic", "hi": "Hindi",
    "tr": "Turkish", "cs": "Czech", "el": "Greek", "he": "Hebrew", "hu": "Hungarian", "ro": "Romanian",
    "uk": "Ukrainian", "sk": "Slovak", "sl": "Slovene", "hr": "Croatian", "sr": "Serbian", "bg": "Bulgarian",
    "ca": "Catalan", "et": "Estonian", "lv": "Latvian", "lt": "Lithuanian", "fa": "Persian", "th": "Thai",
    "vi": "Vietnamese", "id": "Indonesian", "is": "Icelandic", "ga": "Irish", "eu": "Basque", "bn": "Bengali",
    "ta": "Tamil", "te": "Telugu", "ur": "Urdu",
}  # fmt: skip

_ROLES = {
    "commentary": ("commentary", ("comment",)),
    "description": ("audio description", ("descri",)),
    "sdh": ("SDH", ("sdh", "hearing", "hörgeschädigt", "malentendant", "[cc]")),
    "forced": ("forced", ("forced", "signs")),
}
"""What is said of a role, and what in a label says it already."""


def language_tag(code: str) -> str:
    """Give a language's shortest code, or "" when it is unknown."""
    return "" if code in ("", "und") else _CODES.get(code.lower(), code)


def language_name(code: str) -> str:
    """Name a language in English; its code when it is rare, nothing when it is unknown."""
    tag = language_tag(code)
    return LANGUAGES.get(tag.split("-", 1)[0], tag)


def track_name(language: str, label: str, role: str = "main", *, forced: bool = False) -> str:
    """Name a track for a menu: "English, commentary". Empty when nothing is known of it."""
    name = label or language_name(language)
    for one in (role, "forced" if forced else "main"):
        words, hints = _ROLES.get(one, ("", ()))
        if words and not any(hint in name.casefold() for hint in hints):
            name = f"{name}, {words}" if name else words[0].upper() + words[1:]
    return name
