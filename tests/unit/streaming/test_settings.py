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
