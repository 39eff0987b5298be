"""Only a kernel that is busy is asked again; one that cannot, or a process that is gone, is left."""

import errno
import os
from pathlib import Path

import pytest

from transcoder.programs.standing import stand_back


@pytest.mark.parametrize(
    ("fault", "done"),
    [(errno.EAGAIN, False), (errno.ENOENT, True), (errno.EACCES, True), (errno.ESRCH, True)],
)
def test_a_refusal_is_final_unless_it_is_one_for_the_moment(
    monkeypatch: pytest.MonkeyPatch, fault: int, done: bool
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(fault, os.strerror(fault))

    monkeypatch.setattr(Path, "write_text", refuse)
    assert stand_back(os.getpid(), 10) is done


def test_no_more_is_asked_than_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    written = []
    monkeypatch.setattr(Path, "write_text", lambda path, text: written.append((str(path), text)))
    assert stand_back(7, 25)
    assert written == [("/proc/7/autogroup", "19")]
