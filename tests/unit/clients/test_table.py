"""The table of clients: what the README prints is what was measured last."""

from pathlib import Path

import pytest

from tests.clients.clients import CLIENTS
from tests.clients.outcome import ENDINGS, FEATURES, Outcome, Row, read_record, write_record
from tests.clients.table import BEGIN, END, placed, shown, table

README = Path(__file__).parents[3] / "README.md"


def row(client: str = "hls.js in Chromium", **outcomes: Outcome) -> Row:
    return Row(client, "1.7", "aes-128 HLS", dict(outcomes))


def test_the_readme_prints_what_was_measured() -> None:
    assert shown(README.read_text()) == table(read_record())


def test_every_client_was_measured_in_everything() -> None:
    record = {(one.client, one.protection): one for one in read_record()}
    assert list(record) == [(one.name, f"{one.protection} {one.form}") for one in CLIENTS]
    for one in record.values():
        shows = any(one.outcomes[name].well for name in FEATURES)
        assert one.outcomes.keys() == {**FEATURES, **(ENDINGS if shows else {})}.keys(), one.client


def test_no_client_lacks_what_it_is_not_known_to_lack() -> None:
    record = {(one.client, one.protection): one for one in read_record()}
    surprises = [
        (client.id, name)
        for client in CLIENTS
        for name, outcome in record[client.name, f"{client.protection} {client.form}"].outcomes.items()
        if not outcome.well and not client.known(name)
    ]
    assert surprises == []


def test_every_no_says_why() -> None:
    assert [
        one for one in read_record() for outcome in one.outcomes.values() if not (outcome.well or outcome.why)
    ] == []


def test_a_reason_stands_once_below_and_is_pointed_at() -> None:
    lacking = Outcome(False, "it has none | at all")
    told = table([row(seek=Outcome(True), quality=lacking), row("mpv", quality=lacking)])
    assert told.count("It has none \\| at all.") == 1
    assert told.count("**no** ¹") == 2
    assert "| hls.js in Chromium (1.7) | aes-128 HLS | – | yes |" in told


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    rows = [row(seek=Outcome(True, "to the next key frame")), row("mpv", stolen=Outcome(False, "why"))]
    write_record(rows, tmp_path / "record.json")
    assert read_record(tmp_path / "record.json") == rows


def test_the_table_replaces_what_stood_at_its_place() -> None:
    readme = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    told = placed(readme, [row()])
    assert told.startswith("before\n")
    assert told.endswith("\nafter\n")
    assert "old" not in told
    assert placed(told, [row()]) == told


def test_a_readme_without_a_place_is_refused() -> None:
    with pytest.raises(ValueError, match="no place"):
        placed("nothing", [row()])
