"""Other people's players on our films: some of the table in the README is measured anew in every run.

All of it, with Firefox and VLC: `python -m tests.clients`.
"""

from collections.abc import Iterator

import pytest

from tests.clients.clients import CLIENTS, Client
from tests.clients.measure import measure
from tests.clients.outcome import FEATURES, Outcome, read_record
from tests.clients.premiere import Premiere, premiere
from tests.clients.tabs import Tab, tab_in

pytestmark = pytest.mark.e2e
AGAIN = {
    "hls.js in Chromium, aes-128 HLS": (*FEATURES, "stolen"),
    "video.js in Chromium, aes-128 HLS": ("revocation",),
    "Shaka Player in Chromium, aes-128 HLS": ("lowered",),
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Premiere]:
    with premiere(tmp_path_factory.mktemp("clients")) as opened:
        yield opened


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with tab_in("chromium", tmp_path_factory.mktemp("tab")) as opened:
        yield opened


@pytest.mark.parametrize("client", [one for one in CLIENTS if one.id in AGAIN], ids=lambda one: one.id)
def test_a_client_does_what_the_readme_says(house: Premiere, tab: Tab, client: Client) -> None:
    told = {(row.client, row.protection): row.outcomes for row in read_record()}
    known = told[client.name, f"{client.protection} {client.form}"]
    names = AGAIN[client.id]
    found = measure(house, client, tab, _silent, names).outcomes
    assert {name: found[name].well for name in names} == {name: known[name].well for name in names}, found


def _silent(client: Client, name: str, outcome: Outcome) -> None:
    """Say nothing while it goes on."""
