import os
from pathlib import Path

import pytest

from streaming.cli.play import address_of, player_argv
from streaming.errors import Fault

HOUSE = "https://house.test"
PATH = f"/play/{'a' * 43}/main.m3u8"


def test_a_playlist_of_the_house_is_its_address() -> None:
    assert address_of(HOUSE, PATH) == HOUSE + PATH


@pytest.mark.parametrize(
    "path",
    [
        "--sout=file/ts:/tmp/out",
        "file:///etc/passwd",
        "//elsewhere.test" + PATH,
        "https://elsewhere.test" + PATH,
        PATH + "\x1b[2J",
        PATH + "\n",
        "/play/../../main.m3u8",
        "",
    ],
)
def test_a_hostile_house_cannot_choose_what_the_player_opens(path: str) -> None:
    with pytest.raises(Fault) as refused:
        address_of(HOUSE, path)
    assert refused.value.name == "bad_answer"
    assert "\x1b" not in refused.value.sentence


def test_the_address_is_not_among_the_arguments_that_all_may_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    player = tmp_path / "mpv"
    player.touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    argv = player_argv(HOUSE + PATH, "A film\x1b[2J")
    assert argv[0] == "mpv"
    assert not any("/play/" in word or "\x1b" in word for word in argv)
    pipe = int(argv[-1].rpartition("/")[2])
    assert os.get_inheritable(pipe)
    with os.fdopen(pipe) as playlist:
        assert playlist.read() == f"{HOUSE}{PATH}\n"
