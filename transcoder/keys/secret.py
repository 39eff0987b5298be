"""Bytes that must never be shown: a holder with a blank face and a constant-time comparison."""

import hmac
from typing import NoReturn, final


@final
class SecretBytes:
    """Immutable secret of any length.

    `repr`, `str` and `format` never show the content, it cannot be pickled or hashed, and `==`
    takes the same time wherever the first difference lies.
    """

    __slots__ = ("_value",)
    __hash__ = None  # type: ignore[assignment]  # a hash of a secret leaks through dict order and timing

    def __init__(self, value: bytes) -> None:
        object.__setattr__(self, "_value", bytes(value))

    def reveal(self) -> bytes:
        """Give the content; call it only where a primitive needs it."""
        value: bytes = self._value  # type: ignore[attr-defined]
        return value

    def __len__(self) -> int:
        return len(self.reveal())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretBytes) and hmac.compare_digest(self.reveal(), other.reveal())

    def __repr__(self) -> str:
        return "SecretBytes(…)"

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("SecretBytes is immutable")

    def __reduce__(self) -> NoReturn:
        raise TypeError("SecretBytes cannot be pickled")
