"""Every fault becomes a sentence and says what becomes of the upload."""

import errno

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.catalogue.commit import InitDiffers
from streaming.catalogue.making import Stopped
from streaming.catalogue.values import Failure
from streaming.workflows.faults import verdict_of
from streaming.workflows.verdict import DONE, STOPPED, Kind, Verdict, failed
from transcoder.errors import Cancelled, EncodeFailed, Refused


@pytest.mark.parametrize(
    ("fault", "code", "hopeless"),
    [
        (Refused("not_a_film", "This is no film.", "Choose another."), "not_a_film", True),
        (Refused("too_slow", "It took too long.", "Try later."), "too_slow", False),
        (EncodeFailed("encoder_failed", "ffmpeg failed.", ["line"]), "encoder_failed", False),
        (OSError(errno.ENOSPC, "full"), "storage_full", False),
        (OSError(errno.EIO, "broken"), "internal", False),
        (InitDiffers("v240"), "init_differs", False),
        (ValueError("secret detail"), "internal", False),
    ],
)
def test_a_fault_becomes_a_failure_people_can_read(fault: Exception, code: str, hopeless: bool) -> None:
    verdict = verdict_of(fault)
    assert verdict.kind is Kind.FAILED
    assert verdict.failure is not None
    assert (verdict.failure.code, verdict.hopeless) == (code, hopeless)
    assert verdict.failure.sentence.endswith(".")
    assert verdict.failure.hint.endswith(".")
    assert "secret detail" not in verdict.text()


def test_a_hopeless_file_is_said_to_be_removed() -> None:
    failure = verdict_of(Refused("not_a_film", "No film.", "Choose another.")).failure
    assert failure is not None
    assert failure.hint == "Choose another. The uploaded file was removed."


@pytest.mark.parametrize("fault", [Stopped("ve_1"), Cancelled()])
def test_stopping_is_no_failure(fault: Exception) -> None:
    assert verdict_of(fault) == STOPPED


@given(st.text(), st.text(), st.text(), st.booleans())
def test_verdicts_survive_the_record(code: str, sentence: str, hint: str, hopeless: bool) -> None:
    verdict = failed(Failure(code, sentence, hint), hopeless=hopeless)
    assert Verdict.read(verdict.text()) == verdict
    assert Verdict.read(DONE.text()) == DONE
