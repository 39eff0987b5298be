"""The page of a film's figures, from the numbers in the database to the words on the page."""

import re

from fastapi.testclient import TestClient
from sqlalchemy import text

from streaming.accounts.principal import Role
from streaming.delivery.quality import SUMS
from tests.functional.conftest import WholeHouse

HTML = {"accept": "text/html"}


def film(creator: TestClient) -> str:
    """Begin an upload: the film it will be has its page already."""
    made = creator.post(
        "/api/v1/uploads",
        headers={
            "tus-resumable": "1.0.0",
            "upload-length": "10",
            "upload-metadata": "filename ZmlsbS5tcDQ=",
            "origin": "http://house.test",
        },
    )
    return str(made.headers["matinee-title"])


def count(house: WholeHouse, title: str, **sums: float) -> None:
    """Put a day's sums in place."""
    day = house.clock.now().toordinal() - 719_163
    names = ("plays", "watched_s", "refused", *SUMS)
    values = {"title": title, "day": day, **dict.fromkeys(names, 0), **sums}
    with house.services.database.write() as session:
        session.execute(
            text(
                f"INSERT INTO title_days (title_id, day, {', '.join(names)})"
                f" VALUES (:title, :day, {', '.join(':' + name for name in names)})"
            ),
            values,
        )


def test_a_film_that_nobody_watched_says_so(whole_house: WholeHouse) -> None:
    ana = whole_house.person("ana", Role.CREATOR)
    said = ana.get(f"/studio/t/{film(ana)}/figures", headers=HTML)
    assert said.status_code == 200
    assert "Nobody has watched it yet" in said.text


def test_the_page_says_what_was_counted(whole_house: WholeHouse) -> None:
    ana = whole_house.person("ana", Role.CREATOR)
    title = film(ana)
    told = {"startups": 2, "slow_startups": 1, "startup_ms": 1800, "played_ms": 99_000, "stalled_ms": 1000}
    count(whole_house, title, plays=7, watched_s=1500, refused=3, rated_ms=99_000, kilobits=198_000, **told)
    page = ana.get(f"/studio/t/{title}/figures", headers=HTML).text
    figures = dict(re.findall(r'class="figure"><dt>(.*?)</dt><dd>(.*?)</dd>', page))
    assert figures == {
        "Watched": "25 min",
        "Plays": "7",
        "Watching now": "0",
        "From play to picture": "<span>0.9 <small>s</small></span>",
        "Time lost to waiting": "<span>1.0 <small>%</small></span>",
        "Average bitrate": "<span>2.0 <small>Mbit/s</small></span>",
    }
    assert len(re.findall(r"<rect class=\"chart__bar\"", page)) == 1
    rows = dict(
        re.findall(r'<span class="list__text">([^<]*)</span><span class="num">(.*?)</span></li>', page)
    )
    assert rows["Starts refused because every screen was taken"] == "3"
    assert rows["Starts that took more than four seconds"] == "<span>50 <small>%</small></span>"


def test_a_film_of_somebody_else_has_no_figures_to_see(whole_house: WholeHouse) -> None:
    title = film(whole_house.person("ana", Role.CREATOR))
    for name, role, status in (("eve", Role.CREATOR, 404), ("ben", Role.VIEWER, 403)):
        answer = whole_house.person(name, role).get(f"/studio/t/{title}/figures", headers=HTML)
        assert answer.status_code == status
    assert whole_house.visitor().get(f"/studio/t/{title}/figures", headers=HTML).status_code == 303
