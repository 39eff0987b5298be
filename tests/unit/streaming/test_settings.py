import pytest
from pydantic import ValidationError

from streaming.settings import Settings


@pytest.mark.parametrize(
    ("said", "role"),
    [(None, "creator"), ("", None), (" ", None), ("viewer", "viewer"), ("creator", "creator")],
)
def test_an_empty_role_closes_registration(
    monkeypatch: pytest.MonkeyPatch, said: str | None, role: str | None
) -> None:
    monkeypatch.delenv("MATINEE_OPEN_ROLE", raising=False)
    if said is not None:
        monkeypatch.setenv("MATINEE_OPEN_ROLE", said)
    assert Settings().open_role == role


@pytest.mark.parametrize("said", ["admin", "none", "Creator"])
def test_nobody_becomes_more_by_registering(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setenv("MATINEE_OPEN_ROLE", said)
    with pytest.raises(ValidationError):
        Settings()


def test_h264_and_aac_are_always_there() -> None:
    assert Settings().video_codecs == ("h264",)
    assert Settings(codecs=" AV1, hevc").video_codecs == ("h264", "hevc", "av1")
    assert Settings(codecs="", audio_codecs="opus").sound_codecs == ("aac", "opus")


def test_a_strange_codec_is_refused_by_name() -> None:
    with pytest.raises(ValidationError, match="vp9 is not known here; choose from h264, hevc, av1"):
        Settings(codecs="h264,vp9")
