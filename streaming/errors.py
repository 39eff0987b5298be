"""Faults people see: few codes, one sentence that says what happened, one hint that says what to do."""

from collections.abc import Mapping
from enum import StrEnum


class Code(StrEnum):
    """What kind of fault this is, free of any transport; `streaming.web.problems` maps it to HTTP."""

    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    GONE = "gone"
    TOO_LARGE = "too_large"
    TOO_MANY = "too_many"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"


class Fault(Exception):
    """A refusal or failure that may be shown as it is.

    `sentence` says what happened, `hint` what to do about it, `name` is the stable small code that
    people quote to support ("licence_ended"), `retry_after` is in seconds, and `extra` holds further
    public members of the problem document. None of them may hold secrets.
    """

    def __init__(
        self,
        code: Code,
        sentence: str,
        hint: str = "",
        *,
        name: str = "",
        retry_after: int | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.hint = hint
        self.name = name or code.value
        self.retry_after = retry_after
        self.extra: dict[str, object] = dict(extra or {})


def not_found(what: str) -> Fault:
    """Make the one answer for things that are absent and things the asker may not know of."""
    return Fault(
        Code.NOT_FOUND,
        f"There is no such {what}, or it is not yours to see.",
        "Check the address, or ask its owner for a new one.",
    )
