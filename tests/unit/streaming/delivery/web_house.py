"""The same small house with its API and pages' doors in front: what a browser or a program would meet."""

from types import SimpleNamespace
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from streaming.accounts.service import AccountService
from streaming.accounts.throttle import Throttle
from streaming.delivery.figures import Figures
from streaming.hosts import DeliveryHost
from streaming.ids import AccountId
from streaming.licences.bulk import BulkService
from streaming.settings import Settings
from streaming.web import guest
from streaming.web.api import bulk, channels, devices, figures, history, licences, links, offers, playback
from streaming.web.problems import Problems
from streaming.web.security import secure
from tests.unit.streaming.delivery.house import House
from transcoder.keys.secret import SecretBytes


class WebHouse:
    """A `House` behind its doors."""

    def __init__(self, house: House, hosts: tuple[DeliveryHost, ...] = ()) -> None:
        self.house = house
        problems, app = Problems(), FastAPI()
        problems.install(app)
        for module in (devices, licences, bulk, history, figures, links, offers, channels, playback, guest):
            app.include_router(module.router)
        throttle = Throttle(house.clock)
        accounts = AccountService(
            house.database,
            house.clock,
            throttle,
            salt_secret=SecretBytes(b"s" * 32),
            open_role=None,
        )
        app.state.services = SimpleNamespace(
            settings=Settings(public_url="https://house.test"),
            clock=house.clock,
            accounts=accounts,
            licences=house.licences,
            links=house.links,
            channels=house.channels,
            offers=house.offers,
            codes=house.codes,
            transfers=house.transfers,
            bulk=BulkService(house.clock, house.licences),
            throttle=throttle,
            playbacks=house.playbacks,
            devices=house.devices,
            figures=Figures(house.database, house.clock, house.playbacks.lease),
        )
        self.doors = app.state.doors = house.open(
            secure(app, problems, own="https://house.test"), hosts=hosts
        )

    def close(self) -> None:
        self.doors.close()

    def browser(self, account: AccountId | None = None) -> TestClient:
        """Give a browser, logged in or not."""
        client = TestClient(self.doors, base_url="https://house.test", follow_redirects=False)
        if account is not None:
            client.cookies.set("matinee_session", f"cookie-{account}")
        return client

    def program(self, account: AccountId) -> TestClient:
        """Give a program with an API token."""
        return TestClient(
            self.doors,
            base_url="https://house.test",
            headers={"authorization": f"Bearer mt_{account}"},
        )

    def issue(self, **body: Any) -> dict[str, Any]:
        """Issue a licence as Ana."""
        answer = self.browser(AccountId("ac_ana")).post("/api/v1/titles/ti_film/licences", json=body)
        assert answer.status_code == 201, answer.text
        told: dict[str, Any] = answer.json()
        return told
