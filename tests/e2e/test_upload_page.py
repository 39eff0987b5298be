"""Uploading in the studio's page when the tab is closed on the way."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Request, expect

from tests.support.browser import Visitor, Visitors, log_in
from tests.support.cinema import choose_file, padded_film, title_of_upload
from tests.support.house import PASSWORD, House, running, wait_for_title

pytestmark = pytest.mark.e2e
MEGABYTES = 12
SLOW = 1 << 20
"""Bytes a second: the tab is closed while most of the file is on its way, however late that is done."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house of its own."""
    with running(tmp_path_factory.mktemp("upload") / "data") as found:
        yield found


def slow_down(visitor: Visitor, bytes_per_second: int) -> None:
    """Let the page send no faster than this."""
    line = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_per_second}
    visitor.context.new_cdp_session(visitor.page).send("Network.emulateNetworkConditions", line)


def test_an_upload_goes_on_where_a_closed_tab_left_it(
    house: House, visitors: Visitors, tmp_path: Path
) -> None:
    token = house.add_user("ana", "creator")
    film = padded_film(tmp_path, MEGABYTES)
    ana = visitors.arrive("ana", house.url)
    log_in(ana, "ana", PASSWORD)
    ana.go("/studio")
    slow_down(ana, SLOW)
    choose_file(ana, film)
    title = title_of_upload(ana)
    ana.wait("least => document.querySelector('li.upload progress').value > least", about=15)
    expect(ana.find("li.upload [data-ref=speed]")).to_contain_text("/s")
    ana.page.close()

    sent: list[int] = []

    def note(request: Request) -> None:
        if request.method == "PATCH":
            sent.append(int(request.headers["upload-offset"]))

    ana.page.on("request", note)
    ana.go("/studio")
    row = ana.find("li.upload")
    expect(row).to_have_attribute("data-state", "waiting")
    expect(row).to_contain_text("Choose the same file and it goes on where it stopped.")
    kept = int(row.get_attribute("data-offset") or 0)
    assert kept > 1 << 20, f"only {kept} bytes were kept"
    choose_file(ana, film)
    expect(row).to_have_attribute("data-state", "done")
    assert sent, "nothing was sent"
    assert min(sent) >= kept
    with house.client(token) as client:
        told = wait_for_title(client, title, "ready")
    assert told["name"] == "Heavy"
    expect(ana.find("#results")).to_contain_text("Heavy")


def test_another_file_of_the_same_name_is_not_taken_for_the_first(
    house: House, visitors: Visitors, tmp_path: Path
) -> None:
    house.add_user("eve", "creator")
    film = padded_film(tmp_path, MEGABYTES)
    eve = visitors.arrive("eve", house.url)
    log_in(eve, "eve", PASSWORD)
    eve.go("/studio")
    slow_down(eve, SLOW)
    choose_file(eve, film)
    eve.wait("least => document.querySelector('li.upload progress').value > least", about=10)
    eve.page.close()

    with film.open("r+b") as other:
        other.seek(-1000, 2)
        other.write(b"other content")
    eve.go("/studio")
    expect(eve.find("li.upload")).to_have_attribute("data-state", "waiting")
    choose_file(eve, film)
    expect(eve.find("li.upload")).to_contain_text("the same name and size, but other content")
    eve.find("li.upload [data-action=cancel]").click()
    expect(eve.find("li.upload")).to_have_count(0)
