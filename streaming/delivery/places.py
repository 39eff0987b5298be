"""Where in the film a key is asked for: said in the key's address, read back at its door. Pure."""

import re

_PLACE = re.compile(rb"s=([0-9]{1,6})&t=([0-9]{1,7}\.[0-9]{3})(?:&CMCD=[^&]*)?")


def place_query(sequence: int, start: float) -> str:
    """Write which segment a key is asked for, and where in the film it starts (seconds)."""
    return f"s={sequence}&t={start:.3f}"


def read_place(query: bytes) -> tuple[int, float] | None:
    """Read what `place_query` wrote; a player may have put its report behind it (CTA-5004)."""
    found = _PLACE.fullmatch(query)
    return (int(found[1]), float(found[2])) if found else None
