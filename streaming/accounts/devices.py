"""A device's name in words, from what the client says about itself."""

import re
import unicodedata

LONGEST = 80
UNKNOWN = "An unknown device"

# The first match wins: nearly every browser also claims to be Chrome and Safari.
_BROWSERS = (
    ("Edg", "Edge"),
    ("EdgA", "Edge"),
    ("EdgiOS", "Edge"),
    ("OPR", "Opera"),
    ("Vivaldi", "Vivaldi"),
    ("SamsungBrowser", "Samsung Internet"),
    ("FxiOS", "Firefox"),
    ("Firefox", "Firefox"),
    ("CriOS", "Chrome"),
    ("HeadlessChrome", "Chromium"),
    ("Chromium", "Chromium"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPad", "iPad"),
    ("iPhone", "iPhone"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def device_words(user_agent: str, brands: str = "") -> str:
    """Say "Chromium on Linux" for a `User-Agent` and, where sent, a `Sec-CH-UA` header.

    Only `Sec-CH-UA` tells Chromium from Chrome. Programs are called by their product: "curl".
    """
    agent = user_agent[:500]
    products = set(re.findall(r"([A-Za-z]+)/", agent))
    browser = next((word for token, word in _BROWSERS if token in products), "")
    if browser == "Chrome" and "Chromium" in brands and "Google Chrome" not in brands:
        browser = "Chromium"
    system = next((word for token, word in _SYSTEMS if token in agent), "")
    if not browser and (program := re.match(r"[A-Za-z][\w.-]{0,30}(?=/|$)", agent)):
        browser = "" if program[0] == "Mozilla" else program[0]
    if browser and system:
        return f"{browser} on {system}"
    return browser or (f"A device with {system}" if system else UNKNOWN)


def tidy(text: str) -> str:
    """Make a label that people gave fit to show: no control characters, one line, bounded."""
    visible = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    return " ".join(visible.split())[:LONGEST].rstrip()
