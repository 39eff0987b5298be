"""Two web processes over one data folder count together what they must."""

import base64
from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from streaming.app import mount
from streaming.wiring import build
from tests.functional.conftest import FILM, WholeHouse


@pytest.fixture
def another(whole_house: WholeHouse) -> Iterator[WholeHouse]:
    """The same house once more, as another web process has it."""
    services = build(whole_house.services.settings, whole_house.clock)
    app = mount(services)
    yield WholeHouse(services, whole_house.clock, app)
    app.close()
    services.close()


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_tries_of_a_link_s_password_are_counted_over_all_web_processes(
    whole_house: WholeHouse, another: WholeHouse, ana: TestClient
) -> None:
    password = {"salt": text(b"s" * 16), "auth_key": text(b"k" * 32)}
    asked = {"link": True, "password": password}
    made = ana.post(f"/api/v1/titles/{FILM}/licences", json=asked).json()["link_url"]
    door = made.removeprefix("http://house.test") + "/enter"

    def guess(house: WholeHouse) -> int:
        return int(house.visitor().post(door, json={"auth_key": text(b"w" * 32)}).status_code)

    assert [guess(house) for house in (whole_house, another) * 3] == [403] * 6
    assert [guess(another), guess(whole_house)] == [429, 429]
    whole_house.clock.advance(timedelta(seconds=20))
    assert [guess(another), guess(whole_house)] == [403, 429]
