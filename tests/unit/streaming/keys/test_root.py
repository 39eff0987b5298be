import threading
from pathlib import Path

import pytest

from streaming.errors import Fault
from streaming.keys.envelope import Binding, BrokenEnvelope
from streaming.keys.root import RootKey, load_or_make
from streaming.keys.titles import TitleSecrets, unwrap_secrets, wrap_secrets
from transcoder.keys.secret import SecretBytes

BINDING = Binding("test", "ac_1", "ti_1", 1)


def test_the_first_start_makes_a_key_only_its_owner_can_read(tmp_path: Path) -> None:
    load_or_make(tmp_path / "data" / "root.key")
    assert (tmp_path / "data" / "root.key").stat().st_mode & 0o777 == 0o600


def test_the_second_start_finds_the_same_key(tmp_path: Path) -> None:
    wrapped = load_or_make(tmp_path / "root.key").wrap(BINDING, SecretBytes(b"film"))
    assert load_or_make(tmp_path / "root.key").unwrap(BINDING, wrapped) == SecretBytes(b"film")


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    found: list[bytes] = []
    starts = [
        threading.Thread(
            target=lambda: found.append(load_or_make(tmp_path / "root.key").derived("x").reveal())
        )
        for _ in range(8)
    ]
    for start in starts:
        start.start()
    for start in starts:
        start.join()
    assert set(found) == {load_or_make(tmp_path / "root.key").derived("x").reveal()}
    assert len(found) == 8


def test_a_key_others_can_read_is_refused_with_the_mend(tmp_path: Path) -> None:
    load_or_make(tmp_path / "root.key")
    (tmp_path / "root.key").chmod(0o644)
    with pytest.raises(Fault) as caught:
        load_or_make(tmp_path / "root.key")
    assert "chmod 600" in caught.value.hint


@pytest.mark.parametrize("text", ["", "1 zz\n", "1 00ff\n", "one " + "00" * 32])
def test_a_damaged_key_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "root.key"
    path.touch(0o600)
    path.write_text(text)
    with pytest.raises(Fault, match="damaged"):
        load_or_make(path)


def test_an_older_version_still_opens_and_the_newest_seals() -> None:
    old = RootKey({1: SecretBytes(b"a" * 32)})
    both = RootKey({1: SecretBytes(b"a" * 32), 2: SecretBytes(b"b" * 32)})
    assert both.unwrap(BINDING, old.wrap(BINDING, SecretBytes(b"film"))) == SecretBytes(b"film")
    with pytest.raises(Fault, match="version 2"):
        old.unwrap(BINDING, both.wrap(BINDING, SecretBytes(b"film")))


def test_a_titles_two_secrets_do_not_change_places() -> None:
    root = RootKey({1: SecretBytes(b"a" * 32)})
    made = TitleSecrets.make()
    kept = wrap_secrets(root, "ac_1", "ti_1", 1, made)
    assert unwrap_secrets(root, "ac_1", "ti_1", 1, kept) == made
    swapped = type(kept)(kept.server_share, kept.title_secret)
    with pytest.raises(BrokenEnvelope):
        unwrap_secrets(root, "ac_1", "ti_1", 1, swapped)


def test_the_root_key_has_a_blank_face() -> None:
    assert "versions" not in repr(RootKey({1: SecretBytes(b"a" * 32)}))
