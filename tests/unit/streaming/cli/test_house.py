"""Commands that act on the data folder of a house that may be running."""

import json
from pathlib import Path

import pytest

from streaming.cli.house import cat_key, nginx_secret
from streaming.db.scratch import FILE


def test_telling_what_checks_addresses_touches_nothing_of_a_running_house(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / FILE).write_text("what its processes share")
    nginx_secret(tmp_path)
    first = capsys.readouterr().out
    nginx_secret(tmp_path)
    assert first == capsys.readouterr().out
    assert first.startswith('set $matinee_secret "')
    cat_key(tmp_path)
    assert json.loads(capsys.readouterr().out)["alg"] == "HS256"
    assert (tmp_path / FILE).read_text() == "what its processes share"
    assert {one.name for one in tmp_path.iterdir()} == {FILE, "root.key"}
