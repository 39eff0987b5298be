"""The poster's seal: AES-256-GCM under a key of its own, bound to the title and version it shows."""

from streaming.ids import TitleId


def poster_aad(title_id: TitleId, number: int) -> bytes:
    """Associated data of a poster object: which title and version it belongs to."""
    return f"matinee/v1/poster/{title_id}/{number}".encode()
