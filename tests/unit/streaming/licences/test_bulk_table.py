"""The table of a bulk issue is read however spreadsheets write it, and every slip has its line number."""

import csv
import io
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.errors import Fault
from streaming.licences.bulk_table import COLUMNS, Line, read_table
from streaming.licences.policy import Tier

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
CELLS = st.text(st.characters(exclude_characters="\x00\ufffd", exclude_categories=["Cs"]), max_size=20)


def read(text: str) -> list[Line]:
    return read_table(text, NOW, UTC)


def refused(text: str) -> str:
    with pytest.raises(Fault) as caught:
        read(text)
    return caught.value.name


def test_every_column_is_read() -> None:
    (line,) = read(
        "to,label,valid_from,valid_until,rental,playback,tier,max_streams\n"
        "Ben,his,2026-12-01 09:00,2026-12-24T20:00+01:00,30d,48h,UHD,3\n"
    )
    asked = line.request
    assert asked is not None
    assert (asked.to, asked.link, asked.label, asked.tier, asked.max_streams) == (
        "Ben", False, "his", Tier.UHD, 3,
    )  # fmt: skip
    assert asked.valid_from == datetime(2026, 12, 1, 9, tzinfo=UTC)
    assert asked.valid_until == datetime(2026, 12, 24, 19, tzinfo=UTC)
    assert (asked.rental, asked.playback) == (timedelta(days=30), timedelta(hours=48))


@pytest.mark.parametrize("separator", [",", ";", "\t"], ids=["commas", "semicolons", "tabs"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "marked"])
def test_a_table_is_read_however_it_was_saved(separator: str, end: str, mark: str) -> None:
    rows = (("to", "label"), ("Ben", f"a {separator} b"), ("", "the “jury”"))
    text = mark + end.join(separator.join(f'"{cell}"' for cell in row) for row in rows) + end
    found = [(line.number, line.to, line.label, line.sentence) for line in read(text)]
    assert found == [(2, "Ben", f"a {separator} b", ""), (3, "", "the “jury”", "")]


def test_a_line_without_an_account_is_a_link() -> None:
    (line,) = read("label\npress\n")
    assert line.request is not None
    assert (line.request.link, line.request.to, line.request.label) == (True, None, "press")


def test_faults_have_the_numbers_of_the_file_blank_lines_and_breaks_within_cells_counted() -> None:
    found = read(
        "\nto,label,tier,max_streams,rental\n"
        "Ana,,,,\n"
        "\n"
        'Ben,"two\nlines",8k,,\n'
        "Cal,,,many,\n"
        "Dan,,,,often\n"
        ",,hd,,\n"
        "Ana,,,,\n"
        "Eve,,,,,surplus\n"
    )
    told = [(line.number, line.sentence.partition(".")[0]) for line in found]
    assert told == [
        (3, ""),
        (5, "“8k” is no quality"),
        (7, "“many” is no number of screens"),
        (8, "“often” is not a length of time"),
        (9, "This line says neither an account nor a label"),
        (10, "Ana stands in line 3 already"),
        (11, "This line has more cells than there are columns"),
    ]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("", "empty_table"),
        ("to\n", "empty_table"),
        ("name\nBen\n", "unknown_column"),
        ("to,to\nBen,Eve\n", "column_twice"),
        ("tier\nhd\n", "no_holders"),
        ('to\n"Ben\n', "bad_quotes"),
        ('to\n"Ben" x\n', "bad_quotes"),
        ("to\nBen\x00\n", "not_utf8"),
        ("to\nB\ufffdn\n", "not_utf8"),
        ("to\n" + "x" * 60_000, "too_long"),
        ("label\n" + "x\n" * 1001, "too_long"),
    ],
    ids=lambda one: None,
)
def test_what_is_no_table_is_refused_in_words(text: str, name: str) -> None:
    assert refused(text) == name


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8), st.sampled_from(",;\t"))
def test_what_a_csv_writer_writes_is_read_line_for_line(rows: list[tuple[str, str]], by: str) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=by, quoting=csv.QUOTE_ALL)
    writer.writerow(("to", "label"))
    writer.writerows(rows)
    wanted = [(to.strip(), label.strip()) for to, label in rows if to.strip() or label.strip()]
    if not wanted:
        assert refused(out.getvalue()) == "empty_table"
        return
    found = read(out.getvalue())
    assert [(line.to, line.label) for line in found] == wanted
    numbers = [line.number for line in found]
    assert numbers == sorted(set(numbers))


@given(st.text(max_size=200), st.lists(st.sampled_from(COLUMNS), max_size=4, unique=True))
def test_whatever_comes_is_a_table_or_a_sentence(text: str, head: list[str]) -> None:
    with suppress(Fault):
        found = read(",".join(head) + "\n" + text)
        assert all((line.request is None) == bool(line.sentence) for line in found)
