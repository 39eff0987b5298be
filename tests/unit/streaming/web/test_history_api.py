import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.web.tables import csv_text, harmless
from tests.unit.streaming.delivery.house import ANA, BEN, House
from tests.unit.streaming.delivery.web_house import WebHouse

FILM = "/api/v1/titles/ti_film"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebHouse]:
    house = House(tmp_path)
    house.make_film(segments=9)
    web = WebHouse(house)
    yield web
    web.close()
    house.close()


def test_every_change_is_told_with_who_why_and_the_terms_around_it(web: WebHouse) -> None:
    made = web.issue(to="Ben", valid_until="2026-11-23T20:00:00Z")
    one, ana = f"/api/v1/licences/{made['id']}", web.browser(ANA)
    ana.patch(one, json={"valid_until": "2026-11-24T20:00:00Z", "reason": "The reel broke."})
    ana.patch(one, json={"valid_until": "2026-11-23T10:00:00Z"})
    ana.patch(one, json={"valid_until": None, "tier": "sd"})
    ana.post(f"{one}/revoke", json={"reason": "Refunded."})
    found = ana.get(f"{one}/history").json()["items"]
    assert [item["what"] for item in found] == ["revoked", "changed", "shortened", "extended", "issued"]
    assert [item["reason"] for item in found] == ["Refunded.", "", "", "The reel broke.", ""]
    assert found[3]["sentence"] == "Ana extended the licence of Ben."
    assert found[3]["before"]["valid_until"] == "2026-11-23T20:00:00Z"
    assert found[3]["after"]["valid_until"] == "2026-11-24T20:00:00Z"
    assert found == ana.get(f"{FILM}/history").json()["items"]


def test_strangers_and_holders_read_no_history(web: WebHouse) -> None:
    one = f"/api/v1/licences/{web.issue(to='Ben')['id']}"
    for path in (f"{one}/history", f"{one}/history.csv", f"{FILM}/history", f"{FILM}/history.csv"):
        assert web.browser().get(path).status_code == 401
        assert web.browser(BEN).get(path).status_code == 404


def test_the_file_is_a_table_in_which_no_formula_runs(web: WebHouse) -> None:
    web.issue(link=True, label='=HYPERLINK("http://evil.test","press")')
    answer = web.browser(ANA).get(f"{FILM}/history.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith("attachment;")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert rows[0]["subject"] == '\'=HYPERLINK("http://evil.test","press")'
    assert rows[0]["what"] == "issued"


@given(st.text())
def test_no_cell_begins_like_a_formula_and_none_is_lost(text: str) -> None:
    cell = harmless(text)
    assert cell.removeprefix("'") == text.removeprefix("'")
    assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
    assert [row[0] for row in csv.reader(io.StringIO(csv_text(["a"], [[text]]), newline=""))] == ["a", cell]
