from pathlib import Path

from streaming.cli.prepare import prepare
from streaming.settings import Settings


def modes(folder: Path) -> dict[str, str]:
    return {path.name: oct(path.stat().st_mode & 0o777) for path in folder.iterdir() if path.is_file()}


def test_a_data_folder_is_for_its_owner_alone(tmp_path: Path) -> None:
    data = tmp_path / "house"
    prepare(Settings(data=data))
    assert data.stat().st_mode & 0o777 == 0o700
    assert modes(data)["root.key"] == modes(data)["matinee.sqlite"] == "0o600"


def test_what_an_older_house_left_open_is_closed(tmp_path: Path) -> None:
    (tmp_path / "jobs.sqlite").touch(0o644)
    tmp_path.chmod(0o755)
    prepare(Settings(data=tmp_path))
    assert tmp_path.stat().st_mode & 0o777 == 0o700
    assert set(modes(tmp_path).values()) == {"0o600"}
