"""What commands of offers say, and in which zone they read times."""

import pytest

from streaming.cli.offers import left_words, local_zone


def test_a_sold_out_offer_is_not_said_to_have_any_number_left() -> None:
    assert [left_words(left) for left in (None, 0, 7)] == ["any number", "0", "7"]


@pytest.mark.parametrize(
    ("said", "zone"),
    [
        ("Europe/Madrid", "Europe/Madrid"),
        (":Asia/Tokyo", "Asia/Tokyo"),
        ("CET-1CEST", "UTC"),
        ("../x", "UTC"),
    ],
    ids=["named", "with a colon", "rules of its own", "no zone"],
)
def test_times_in_a_table_are_read_in_this_machine_s_zone(
    monkeypatch: pytest.MonkeyPatch, said: str, zone: str
) -> None:
    monkeypatch.setenv("TZ", said)
    assert local_zone() == zone
