"""Everything the upload protocol refuses: one status, one small name, one sentence and one hint each."""

from collections.abc import Mapping
from http import HTTPStatus

CHECKSUM_MISMATCH = 460
"""The status tus invented for a chunk whose checksum does not match."""


class Refusal(Exception):
    """An answer other than success, with the HTTP status the tus protocol asks for.

    `sentence` and `hint` may be shown to people as they are; `headers` go onto the answer.
    """

    def __init__(
        self, status: int, name: str, sentence: str, hint: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.name = name
        self.sentence = sentence
        self.hint = hint
        self.headers: dict[str, str] = dict(headers or {})

    @property
    def title(self) -> str:
        """The status in words, as RFC 9457 `title`."""
        if self.status == CHECKSUM_MISMATCH:
            return "Checksum Mismatch"
        return HTTPStatus(self.status).phrase

    def problem(self) -> dict[str, object]:
        """Give the RFC 9457 problem document."""
        return {
            "type": f"urn:matinee:problem:{self.name}",
            "title": self.title,
            "status": self.status,
            "detail": self.sentence,
            "code": self.name,
            "hint": self.hint,
        }


def invalid(sentence: str, hint: str = "Send the header as tus 1.0.0 describes it.") -> Refusal:
    """400: a header that cannot be read."""
    return Refusal(400, "upload_header_invalid", sentence, hint)


def no_such_upload() -> Refusal:
    """404: absent, or somebody else's; the two are not told apart."""
    return Refusal(
        404, "upload_not_found", "There is no such upload, or it is not yours.", "Start the upload anew."
    )


def gone(why: str) -> Refusal:
    """410: the upload was there once; `why` is `expired` or `terminated`."""
    sentence = (
        "This upload waited too long for its next byte and was removed."
        if why == "expired"
        else "This upload was cancelled and its bytes were removed."
    )
    return Refusal(410, f"upload_{why}", sentence, "Start the upload anew.")


def locked(seconds: int) -> Refusal:
    """423: another request is writing to the upload and is still receiving bytes."""
    return Refusal(
        423,
        "upload_locked",
        "Another request is sending bytes to this upload right now.",
        "Stop the other tab or program, or wait and continue then.",
        {"Retry-After": str(seconds)},
    )


def interrupted() -> Refusal:
    """423: this request was silent, so that another one has taken the upload over."""
    return Refusal(
        423,
        "upload_taken_over",
        "Another request has taken this upload over.",
        "Ask for the offset and continue from there.",
        {"Retry-After": "1"},
    )


def stopping() -> Refusal:
    """503: the server is going down; what has arrived is kept."""
    return Refusal(
        503,
        "server_stopping",
        "The server is being restarted; everything acknowledged is kept.",
        "The upload continues by itself in a moment.",
        {"Retry-After": "2"},
    )


def silent(seconds: float) -> Refusal:
    """408: no byte came for too long."""
    return Refusal(
        408,
        "upload_silent",
        f"No byte arrived for {seconds:.0f} seconds.",
        "What arrived is kept: ask for the offset and continue from there.",
    )


def wrong_offset(held: int, given: int) -> Refusal:
    """409: the chunk does not begin where the upload ends."""
    return Refusal(
        409,
        "wrong_offset",
        f"The upload holds {held} bytes, but the chunk begins at byte {given}.",
        "Ask for the offset with HEAD and continue from there.",
        {"Upload-Offset": str(held)},
    )


def checksum_mismatch(held: int) -> Refusal:
    """460: the chunk arrived damaged and was discarded."""
    return Refusal(
        CHECKSUM_MISMATCH,
        "checksum_mismatch",
        "The chunk that arrived is not the chunk that was sent; it was discarded.",
        "Send the same chunk again.",
        {"Upload-Offset": str(held)},
    )


def too_large(limit: int) -> Refusal:
    """413: larger than this house ever takes."""
    return Refusal(
        413,
        "upload_too_large",
        f"This house takes files of at most {human(limit)}.",
        "Make the file smaller, or ask the operator for a larger quota.",
    )


def quota_exceeded(wanted: int, left: int, quota: int) -> Refusal:
    """413: the account has no room for it."""
    return Refusal(
        413,
        "quota_exceeded",
        f"The file needs {human(wanted)}, but {human(max(left, 0))} of your {human(quota)} are free.",
        "Delete films or unfinished uploads you no longer need, or ask the operator for a larger quota.",
    )


def too_many(limit: int) -> Refusal:
    """429: the account has as many unfinished uploads as one may have."""
    return Refusal(
        429,
        "too_many_uploads",
        f"You have {limit} unfinished uploads, which is as many as one account may have.",
        "Finish or cancel some of them first.",
    )


def beyond_length(length: int) -> Refusal:
    """413: more bytes than were announced."""
    return Refusal(
        413,
        "beyond_length",
        f"The chunk runs past the {length} bytes that were announced.",
        "Send exactly the rest of the file.",
    )


def disk_full(held: int) -> Refusal:
    """507: no room on the server's disk; nothing acknowledged is lost."""
    return Refusal(
        507,
        "disk_full",
        "The server's disk is full. What was acknowledged is kept.",
        "Tell the operator; the upload can be continued once there is room.",
        {"Upload-Offset": str(held), "Retry-After": "60"},
    )


def disk_failed(held: int) -> Refusal:
    """500: the disk reported an error; nothing acknowledged is lost."""
    return Refusal(
        500,
        "disk_failed",
        "The server could not store the bytes. What was acknowledged is kept.",
        "Tell the operator, who finds the disk's error in the log; then continue the upload.",
        {"Upload-Offset": str(held)},
    )


def human(size: int) -> str:
    """Write a number of bytes as people do: `512 bytes`, `1.5 MB`, `50 GB`."""
    value = float(size)
    for unit in ("bytes", "KB", "MB", "GB"):
        if value < 1000:
            return f"{value:.3g} {unit}"
        value /= 1000
    return f"{value:.4g} TB"
