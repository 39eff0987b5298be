import pytest

from transcoder.standalone.output import length, megabytes, plain, print_table


def test_a_films_name_cannot_move_the_cursor_or_style_the_terminal() -> None:
    assert "\x1b" not in plain("\x1b[2Jfilm")
    assert plain("[bold]film[/bold]") == r"\[bold]film\[/bold]"
    assert "\u202e" not in plain("gpj.\u202eexe")


def test_an_empty_list_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("ID",), [], "No titles yet. Publish a film with: matinee publish FILM")
    assert "matinee publish FILM" in capsys.readouterr().out


def test_a_table_away_from_a_terminal_cuts_no_identifier(capsys: pytest.CaptureFixture[str]) -> None:
    identifier = "ti_" + "a" * 20
    print_table(("ID", "Name"), [(identifier, "A film with quite a long name " * 3)], "")
    assert identifier in capsys.readouterr().out


def test_sizes_and_lengths_are_said_as_people_say_them() -> None:
    assert megabytes(1_500_000_000) == "1.5 GB"
    assert megabytes(2_340_000) == "2.3 MB"
    assert length(3_725) == "1:02:05"
    assert length(59.6) == "1:00"
