"""Offers, channels, codes and tables through the whole application: pages and API as people meet them."""

from datetime import timedelta
from html.parser import HTMLParser

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import select, update

from streaming.accounts.principal import Role
from streaming.catalogue.model import TitleRow
from streaming.ids import TitleId
from streaming.licences.model import LicenceRow
from tests.functional.conftest import FILM, WholeHouse, statements

HTML = {"accept": "text/html"}
OFFERS = f"/api/v1/titles/{FILM}/offers"


def make(ana: TestClient, **body: object) -> str:
    answer = ana.post(OFFERS, json={"kind": "free", "state": "open", **body})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


class Fields(HTMLParser):
    """The fields of a page's forms, as a browser would send them."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "input" and given.get("name"):
            self.values[given["name"]] = given.get("value", "")
        elif tag == "select":
            self._select = given["name"]
        elif tag == "option" and "selected" in given:
            self.values[self._select] = given.get("value", "")

    def handle_data(self, data: str) -> None:
        if self.values.get(self._select) == "":
            self.values[self._select] = data.strip()

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""


def fields_of(page: str) -> dict[str, str]:
    reader = Fields()
    reader.feed(page[page.index("<main") :])
    return reader.values


def test_an_offer_is_changed_on_a_page_that_its_maker_alone_sees(
    whole_house: WholeHouse, ana: TestClient, ben: TestClient
) -> None:
    terms = {"rental_s": 5400, "playback_s": 172_800, "price_minor": 499, "currency": "EUR", "most": 3}
    offer = make(ana, kind="rental", open_until="2026-12-01T20:40:00Z", **terms)
    ben.post(f"/api/v1/offers/{offer}/take")
    path = f"/studio/offers/{offer}/edit"
    assert path in ana.get(f"/studio/t/{FILM}", headers=HTML).text
    ana.cookies.set("tz", "Europe/Madrid", domain="house.test")
    page = ana.get(path, headers=HTML).text
    assert f'data-method="PATCH" data-url="/api/v1/offers/{offer}"' in page
    assert "1 person has taken it" in page
    filled = fields_of(page)
    assert filled == {
        "label": "", "state": "open", "rental_s": "90", "rental_unit": "minutes", "playback_s": "48",
        "playback_unit": "hours", "lasts_s": "", "lasts_unit": "days", "price": "4.99", "currency": "EUR",
        "tier": "hd", "max_streams": "1", "most": "3", "open_from": "", "open_until": "2026-12-01T21:40",
    }  # fmt: skip
    assert ben.get(path, headers=HTML).status_code in {403, 404}
    eve = whole_house.person("eve", Role.CREATOR)
    assert eve.get(path, headers=HTML).status_code == 404
    assert eve.patch(f"/api/v1/offers/{offer}", json={"price_minor": 1}).status_code == 404
    assert ana.patch(f"/api/v1/offers/{offer}", json={"open_until": None, "most": 5}).status_code == 200
    filled |= {"open_until": "", "most": "5"}
    assert fields_of(ana.get(path, headers=HTML).text) == filled


def test_a_subscription_is_changed_without_clocks_that_it_cannot_have(ana: TestClient) -> None:
    channel = ana.post("/api/v1/channels", json={"name": "Noir"}).json()["id"]
    body = {"kind": "subscription", "lasts_s": 2_592_000}
    offer = ana.post(f"/api/v1/channels/{channel}/offers", json=body).json()["id"]
    page = ana.get(f"/studio/offers/{offer}/edit", headers=HTML).text
    filled = fields_of(page)
    assert (filled["lasts_s"], filled["lasts_unit"], filled["state"]) == ("30", "days", "draft")
    assert {"kind", "rental_s", "playback_s"}.isdisjoint(filled)
    assert f'href="/studio/channels#{channel}"' in page


def test_a_film_is_known_to_everybody_while_it_is_offered_and_to_nobody_before(
    ana: TestClient, ben: TestClient
) -> None:
    offer = make(ana, state="draft")
    for path in (f"/t/{FILM}", f"/api/v1/titles/{FILM}", OFFERS):
        assert ben.get(path, headers=HTML).status_code == 404
    assert "The Kept Film" not in ben.get("/", headers=HTML).text
    ana.patch(f"/api/v1/offers/{offer}", json={"state": "open"})
    foyer = ben.get("/", headers=HTML).text
    assert "The Kept Film" in foyer
    assert "On offer" in foyer
    page = ben.get(f"/t/{FILM}", headers=HTML).text
    assert "Watch free" in page
    assert f"/api/v1/offers/{offer}/take" in page
    ana.patch(f"/api/v1/offers/{offer}", json={"state": "closed"})
    assert ben.get(f"/t/{FILM}", headers=HTML).status_code == 404


def test_what_a_viewer_is_told_of_an_offer_is_not_how_it_sells(ana: TestClient, ben: TestClient) -> None:
    make(ana, kind="purchase", price_minor=499, currency="eur", most=3)
    (seen,) = ben.get(OFFERS).json()["items"]
    assert (seen["price_minor"], seen["currency"], seen["left"]) == (499, "EUR", 3)
    assert (seen["taken"], seen["most"], seen["made_at"]) == (None, None, None)
    (own,) = ana.get(OFFERS).json()["items"]
    assert (own["taken"], own["most"]) == (0, 3)


def test_an_offer_is_taken_once_and_the_page_then_offers_nothing(ana: TestClient, ben: TestClient) -> None:
    offer = make(ana)
    first, again = (ben.post(f"/api/v1/offers/{offer}/take").json() for _ in range(2))
    assert (first["new"], again["new"]) == (True, False)
    assert first["licence"]["id"] == again["licence"]["id"]
    assert "Ways to watch it" not in ben.get(f"/t/{FILM}", headers=HTML).text
    assert "ben took “Free”" in ana.get(f"/studio/t/{FILM}", headers=HTML).text


def test_a_gift_code_is_shown_once_and_redeemed_by_who_typed_it(ana: TestClient, ben: TestClient) -> None:
    offer = make(ana, state="draft")
    made = ana.post(f"/api/v1/offers/{offer}/codes", json={"count": 2, "label": "Press"}).json()["items"]
    listed = ana.get(f"/api/v1/offers/{offer}/codes").json()["items"]
    assert [one["code"] for one in listed] == [None, None]
    assert made[0]["code"] not in ana.get(f"/studio/offers/{offer}", headers=HTML).text
    typed = made[0]["code"].lower().replace("-", " ")
    taken = ben.post("/api/v1/redeem", json={"code": typed}).json()
    assert taken["licence"]["title_id"] == FILM
    assert "by ben" in ana.get(f"/studio/offers/{offer}", headers=HTML).text


def test_guessing_codes_is_slowed_down(whole_house: WholeHouse, ben: TestClient) -> None:
    told = [ben.post("/api/v1/redeem", json={"code": "0000-0000-0000"}) for _ in range(11)]
    assert [one.status_code for one in told] == [404] * 10 + [429]
    assert int(told[-1].headers["retry-after"]) > 0
    whole_house.clock.advance(timedelta(minutes=1))
    assert ben.post("/api/v1/redeem", json={"code": "0000-0000-0000"}).status_code == 404


def test_a_table_is_read_back_before_it_is_issued_and_issued_whole_or_not(
    whole_house: WholeHouse, ana: TestClient, ben: TestClient
) -> None:
    bulk = f"/api/v1/titles/{FILM}/licences/bulk"
    table = "\ufeffto;label;playback\r\nben;;48h\r\nnobody;;\r\n;press;\r\n"
    dry = ana.post(bulk, json={"csv": table}).json()
    assert (dry["issued"], dry["well"], dry["wrong"]) == (False, 2, 1)
    assert dry["lines"][1]["sentence"].startswith("There is nobody called nobody here.")
    held = ana.post(bulk, json={"csv": table, "dry_run": False}).json()
    assert held["issued"] is False
    assert ana.get("/api/v1/licences").json()["items"] == []
    done = ana.post(bulk, json={"csv": table, "dry_run": False, "skip_bad": True}).json()
    assert [bool(one["licence_id"]) for one in done["lines"]] == [True, False, True]
    link = done["lines"][2]["link_url"]
    assert link in done["report"]
    assert whole_house.visitor().get(link.removeprefix("http://house.test"), headers=HTML).status_code != 404
    assert len(ana.get("/api/v1/licences").json()["items"]) == 2
    assert ben.get("/api/v1/licences?mine=true").json()["items"][0]["playback_s"] == 48 * 3600


def test_a_holder_reads_why_their_licence_was_changed(ana: TestClient, ben: TestClient) -> None:
    made = ana.post(f"/api/v1/titles/{FILM}/licences", json={"to": "ben"}).json()["id"]
    ana.patch(f"/api/v1/licences/{made}", json={"tier": "sd", "reason": "The HD copy is damaged."})
    note = ben.get(f"/api/v1/licences/{made}").json()["note"]
    assert (note["what"], note["by"], note["reason"]) == ("changed", "ana", "The HD copy is damaged.")
    long = {"tier": "hd", "reason": "x" * 301}
    assert ana.patch(f"/api/v1/licences/{made}", json=long).status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        "/redeem",
        f"/studio/t/{FILM}/licences/bulk",
        f"/studio/t/{FILM}/offers/new",
        f"/studio/t/{FILM}",
    ],
)
def test_every_room_is_drawn(ana: TestClient, path: str) -> None:
    assert ana.get(path, headers=HTML).status_code == 200


def test_a_licence_is_transferred_from_a_page_of_its_own_and_its_holder_reads_why(
    whole_house: WholeHouse, ana: TestClient, ben: TestClient
) -> None:
    clara = whole_house.person("clara", Role.VIEWER)
    made = ana.post(f"/api/v1/titles/{FILM}/licences", json={"to": "ben"}).json()
    path = f"/studio/t/{FILM}/licences/{made['id']}/transfer"
    assert path in ana.get(f"/studio/t/{FILM}", headers=HTML).text
    assert f"/api/v1/licences/{made['id']}/transfer" in ana.get(path, headers=HTML).text
    assert ben.get(path, headers=HTML).status_code in {403, 404}
    other = whole_house.person("eve", Role.CREATOR)
    assert other.get(path, headers=HTML).status_code == 404
    asked = {"to": "clara", "reason": "Ben cannot come."}
    assert ana.post(f"/api/v1/licences/{made['id']}/transfer", json=asked).status_code == 200
    assert "Ben cannot come." in clara.get(f"/t/{FILM}", headers=HTML).text
    link = ana.post(f"/api/v1/titles/{FILM}/licences", json={"link": True}).json()
    assert ana.get(path.replace(made["id"], link["id"]), headers=HTML).status_code == 404


def test_a_table_of_many_lines_and_a_list_of_many_films_ask_for_names_once(
    whole_house: WholeHouse, ana: TestClient
) -> None:
    def bulk(lines: int, *, dry: bool = True) -> Response:
        table = "label\n" + "".join(f"guest {number}\n" for number in range(lines))
        body = {"csv": table, "dry_run": dry}
        answer: Response = ana.post(f"/api/v1/titles/{FILM}/licences/bulk", json=body)
        return answer

    assert statements(whole_house, lambda: bulk(40)) == statements(whole_house, lambda: bulk(1))
    bulk(40, dry=False)
    listed = statements(whole_house, lambda: ana.get("/api/v1/licences"))
    with whole_house.services.database.write() as session:
        (kept,) = session.scalars(select(TitleRow))
        for number in range(20):
            title = TitleId(f"ti_more{number}")
            session.add(TitleRow(id=title, owner_id=kept.owner_id, name=title, state="ready",
                                 created_at=kept.created_at, updated_at=kept.updated_at))  # fmt: skip
            session.flush()
            session.execute(
                update(LicenceRow).where(LicenceRow.label == f"guest {number}").values(title_id=title)
            )
    assert statements(whole_house, lambda: ana.get("/api/v1/licences")) == listed
    told = {one["title_name"] for one in ana.get("/api/v1/licences").json()["items"]}
    assert told > {"ti_more0", "ti_more19"}
