"""The table and the page of results."""

import pytest

from tests.bench.report import COLUMNS, Machine, Trouble, aim_words, markdown, merged, number, row
from tests.bench.rounds import Aim, Figure

MACHINE = Machine((("Processor", "a fast one, 2 cores"), ("Date", "2026-11-22 09:00 UTC")))


def figure(name: str = "Thing", aim: Aim | None = None, rounds: int = 5) -> Figure:
    ours = tuple(10.0 + one for one in range(rounds))
    return Figure(name, "MB/s", "ours", "peer", ours, (10.0,) * rounds, f"How {name} is measured.", aim)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (29_700, "29,700"),
        (123.4, "123"),
        (12.34, "12.3"),
        (1.037, "1.04"),
        (0.5, "0.50"),
        (0.01234, "0.0123"),
    ],
)
def test_numbers_keep_the_figures_that_count(value: float, text: str) -> None:
    assert number(value) == text


def test_a_row_says_ratio_both_sides_aim_and_whether_it_is_met() -> None:
    cells = row(figure(aim=Aim(1.1, most=True)))
    assert len(cells) == len(COLUMNS)
    assert cells == (
        "Thing",
        "1.20 (1.00–1.40)",
        "12.0 MB/s (10.0–14.0), ours",
        "10.0 MB/s (10.0–10.0), peer",
        "≤ 1.10",
        "**missed**",
    )


def test_an_absolute_aim_is_said_in_its_unit() -> None:
    assert aim_words(Aim(1000, most=True, absolute=True), "ms") == "≤ 1,000 ms"
    assert aim_words(None, "ms") == ""


def test_the_page_names_the_machine_every_figure_and_how_it_is_measured() -> None:
    page = markdown([figure("One"), figure("Two", Aim(1.0, most=False))], [], MACHINE, ["It took a minute."])
    assert "- Processor: a fast one, 2 cores" in page
    for name in ("One", "Two"):
        assert f"| {name} | 1.20 (1.00–1.40) |" in page
        assert f"- **{name}** (5 rounds). How {name} is measured." in page
    assert "falls short" not in page
    assert "Fewer than" not in page
    assert page.endswith("It took a minute.\n")


def test_what_falls_short_is_told_straight() -> None:
    slow, late = Aim(1.5, most=False), Aim(9.0, most=True, absolute=True)
    page = markdown([figure("Slow", slow), figure("Late", late), figure("Fine")], [], MACHINE)
    told = page.split("## What falls short")[1].split("##")[0]
    assert "- Slow: 1.20 (1.00–1.40), aimed at ≥ 1.50." in told
    assert "- Late: 12.0 MB/s, aimed at ≤ 9.00 MB/s." in told
    assert "Fine" not in told


def test_too_few_rounds_and_failed_measures_are_not_hidden() -> None:
    page = markdown([figure(rounds=2)], [Trouble("keys", "wrk | is\nmissing")], MACHINE)
    assert "Fewer than 5 rounds were run" in page
    assert "| keys | not measured: wrk \\| is missing | | | | |" in page


def test_every_line_of_the_table_has_as_many_cells() -> None:
    page = markdown([figure("One"), figure("Two")], [Trouble("keys", "broken")], MACHINE)
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in rows} == {len(COLUMNS) + 1}


def test_a_later_measure_is_put_in_and_the_others_stay() -> None:
    late = Machine((("Date", "2026-11-30 06:30 UTC"),))
    missed, met = figure("Two", Aim(1.0, most=True)), figure("Two", Aim(9.0, most=True), rounds=6)
    before = markdown([figure("One", Aim(1.0, most=True)), missed], [], MACHINE)
    page = merged(before, markdown([met, figure("Three")], [], late))
    assert [line.split(" | ")[0] for line in page.splitlines() if " (1.00–" in line and line[0] == "|"] == [
        "| One",
        "| Two",
        "| Three",
    ]
    assert "- Date: 2026-11-22 09:00 UTC" in page
    assert page.count("- **Two** (6 rounds).") == page.count("- **Two**") == 1
    assert "- One: 1.20 (1.00–1.40), aimed at ≤ 1.00." in page
    assert "- Two: " not in page
    assert page.endswith("Measured apart (Date: 2026-11-30 06:30 UTC): Two; Three.\n")
    assert page.index("| --- |") < page.index("| One |")


def test_what_is_measured_once_more_is_no_longer_said_to_be_of_an_earlier_time() -> None:
    def at(time: str, *names: str, aim: Aim | None = None) -> str:
        facts = (("Date", time), ("Load before the run (1, 5, 15 minutes)", "1, 2, 3"))
        return markdown([figure(name, aim) for name in names], [], Machine(facts))

    first = merged(at("09:00", "One"), at("10:00", "Keys, against: a peer", "Two", aim=Aim(1.0, most=True)))
    second = merged(first, at("11:00", "Keys, against: a peer"))
    told = [line for line in second.splitlines() if line.startswith("Measured apart")]
    assert [(line.split(";")[0], line.rpartition("): ")[2]) for line in told] == [
        ("Measured apart (Date: 10:00", "Two."),
        ("Measured apart (Date: 11:00", "Keys, against: a peer."),
    ]
    assert "- Two: 1.20 (1.00–1.40), aimed at ≤ 1.00." in second
    assert "- Keys, against: a peer: " not in second
    assert merged(second, at("12:00", "Two")).count("Measured apart") == 2
