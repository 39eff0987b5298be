import json
import stat
from pathlib import Path

import pytest

from transcoder.errors import Refused
from transcoder.keys import keyfile
from transcoder.keys.keyfile import KeyFile
from transcoder.keys.secret import SecretBytes

VECTORS = json.loads((Path(__file__).parents[3] / "vectors/keyfile.json").read_text())


def write(path: Path, data: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(data)
    path.chmod(mode)
    return path


def test_a_key_file_of_old_gives_the_same_keys_for_ever(tmp_path: Path) -> None:
    known = VECTORS["known"]
    keys = keyfile.load(write(tmp_path / "k", json.dumps(known["file"]).encode()))
    assert keys.signer == known["signer"]
    title = keys.title_keys(known["title"])
    assert title.content_key("v480", "sd", 0).reveal().hex() == known["v480-0"]
    assert title.content_key("a0", "sd", 3).reveal().hex() == known["a0-3"]


@pytest.mark.parametrize("name", VECTORS["must_fail"])
def test_what_is_no_key_file_is_refused(tmp_path: Path, name: str) -> None:
    case = VECTORS["must_fail"][name]
    path = write(tmp_path / "k", case["text"].encode())
    with pytest.raises(Refused) as caught:
        keyfile.load(path)
    assert caught.value.code == case["code"]
    assert caught.value.hint
    assert path.read_text() == case["text"]


def test_every_cut_of_a_key_file_is_refused(tmp_path: Path) -> None:
    whole = keyfile.write(KeyFile.fresh()).rstrip()
    for length in range(len(whole)):
        with pytest.raises(Refused):
            keyfile.load(write(tmp_path / "k", whole[:length]))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o620])
def test_a_key_file_that_others_may_touch_is_refused_with_the_mend(tmp_path: Path, mode: int) -> None:
    path = write(tmp_path / "k", keyfile.write(KeyFile.fresh()), mode)
    with pytest.raises(Refused, match="Other users") as caught:
        keyfile.load(path)
    assert caught.value.hint == f"Run: chmod 600 {path}"


def test_a_new_key_file_is_for_its_owner_alone_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "k"
    first = keyfile.load_or_make(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert keyfile.load_or_make(path) == first
    assert keyfile.load_or_make(tmp_path / "other") != first
    assert sorted(one.name for one in tmp_path.iterdir()) == ["k", "other"]


def test_what_was_written_is_read(tmp_path: Path) -> None:
    keys = KeyFile(*(SecretBytes(bytes((n,)) * 32) for n in (0, 127, 255)))
    assert keyfile.load(write(tmp_path / "k", keyfile.write(keys))) == keys


def test_a_folder_or_nothing_is_no_key_file(tmp_path: Path) -> None:
    for path, code in ((tmp_path, "key_file_damaged"), (tmp_path / "no", "key_file_missing")):
        with pytest.raises(Refused) as caught:
            keyfile.load(path)
        assert caught.value.code == code
    with pytest.raises(Refused, match="cannot be made"):
        keyfile.load_or_make(tmp_path / "no/k")


def test_the_secrets_are_never_shown(tmp_path: Path) -> None:
    keys = KeyFile.fresh()
    assert repr(keys) == "KeyFile()"
    held = json.loads(keyfile.write(keys))
    broken = write(tmp_path / "k", json.dumps({**held, "v": 9}).encode())
    with pytest.raises(Refused) as caught:
        keyfile.load(broken)
    assert not any(held[name] in str(vars(caught.value)) for name in ("secret", "share", "signing"))


def test_two_titles_of_one_key_file_share_no_key() -> None:
    keys = KeyFile.fresh()
    one, other = (keys.title_keys(title).content_key("v480", "sd", 0) for title in ("ti_1", "ti_2"))
    assert one != other
