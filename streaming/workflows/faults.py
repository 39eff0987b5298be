"""From what went wrong to what the creator reads."""

import errno
import logging

from streaming.catalogue.making import Stopped
from streaming.catalogue.values import Failure
from streaming.errors import Fault
from streaming.workflows.verdict import STOPPED, Verdict, failed
from transcoder.errors import Cancelled, EncodeFailed, Refused

log = logging.getLogger(__name__)

NOT_THE_FILES_FAULT = frozenset({"too_slow", "too_long", "too_many_pixels", "not_found"})
"""Refusals that a busy machine or another setting explains: the upload is kept for a retry."""
AGAIN = "Try it again; the parts that are finished are kept."


def verdict_of(fault: Exception) -> Verdict:
    """Give the verdict for any exception of a step; unknown ones are logged and shown generically."""
    match fault:
        case Stopped() | Cancelled():
            return STOPPED
        case Refused():
            return _refused(fault)
        case EncodeFailed():
            log.warning("encoding failed: %s\n%s", fault.sentence, "\n".join(fault.lines))
            hint = f"{AGAIN} If it fails at the same place again, the file may be damaged there."
            return failed(Failure(fault.code, fault.sentence, hint))
        case OSError() if fault.errno in (errno.ENOSPC, errno.EDQUOT):
            return failed(
                Failure("storage_full", "The storage of this house is full.", f"Make room first. {AGAIN}")
            )
        case Fault():
            return failed(Failure(fault.name, fault.sentence, fault.hint or AGAIN))
        case _:
            log.error("a step failed", exc_info=fault)
            return failed(
                Failure(
                    "internal",
                    "Something went wrong in the house while this film was made.",
                    f"{AGAIN} If it happens again, the operator finds the reason in the log.",
                )
            )


def _refused(fault: Refused) -> Verdict:
    hopeless = fault.code not in NOT_THE_FILES_FAULT
    hint = fault.hint
    if hopeless:
        hint = f"{hint} The uploaded file was removed.".strip()
    return failed(Failure(fault.code, fault.sentence, hint), hopeless=hopeless)
