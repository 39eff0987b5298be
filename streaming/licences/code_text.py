"""The text of gift codes: 12 characters that people can read aloud and type, 60 random bits. Pure.

The alphabet is Crockford's base 32 (https://www.crockford.com/base32.html): no I, L, O and U. Whoever types
one of the first three means 1 or 0.
"""

import hmac
import re
import secrets

from transcoder.keys.secret import SecretBytes

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 12
GROUP = 4
_LOOK_ALIKES = str.maketrans("OIL", "011")
_BETWEEN = re.compile(r"[\s\-_.\u2010-\u2015]+")
_CODE = re.compile(f"[{ALPHABET}]{{{LENGTH}}}")


def new_code() -> str:
    """Make a code as people see it: `XXXX-XXXX-XXXX`."""
    return grouped("".join(secrets.choice(ALPHABET) for _ in range(LENGTH)))


def grouped(bare: str) -> str:
    """Write a code in groups."""
    return "-".join(bare[at : at + GROUP] for at in range(0, LENGTH, GROUP))


def bare(typed: str) -> str | None:
    """Read a code as somebody typed it: any case, any gaps, look-alikes; None if it cannot be one."""
    text = _BETWEEN.sub("", typed).upper().translate(_LOOK_ALIKES)
    return text if _CODE.fullmatch(text) else None


def code_hash(secret: SecretBytes, bare_code: str) -> bytes:
    """HMAC-SHA256 of a code without its gaps."""
    return hmac.digest(secret.reveal(), bare_code.encode("ascii"), "sha256")
