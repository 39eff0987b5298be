"""One row of the table, measured: features first, then the endings."""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.clients import native, watching
from tests.clients.clients import Client, version
from tests.clients.endings import ENDS, native_seat, web_seat
from tests.clients.outcome import ENDINGS, FEATURES, Outcome, Row
from tests.clients.premiere import Premiere
from tests.clients.tabs import Tab
from tests.clients.watching import Screening, attempt

Say = Callable[[Client, str, Outcome], None]


def measure(
    premiere: Premiere,
    client: Client,
    tab: Tab | None,
    say: Say,
    names: Iterable[str] = (*FEATURES, *ENDINGS),
) -> Row:
    """Measure a client; `tab` is its browser's. `say` is told each outcome as it comes."""
    found: dict[str, Outcome] = {}
    wanted = list(names)

    def note(name: str, outcome: Outcome) -> None:
        say(client, name, outcome)
        known = client.known(name)
        found[name] = Outcome(False, known) if known and not outcome.well else outcome

    if set(wanted) & FEATURES.keys():
        licence = premiere.licence(client.protection)
        for name, outcome in _features(premiere, client, tab):
            if name in wanted:
                note(name, outcome)
        premiere.revoke(licence)
    if found and not any(outcome.well for outcome in found.values()):
        wanted = []  # what shows no film ends none
    for name in (one for one in ENDINGS if one in wanted):
        note(name, _ended(premiere, client, tab, name))
    return Row(client.name, version(client), f"{client.protection} {client.form}", found)


def _ended(premiere: Premiere, client: Client, tab: Tab | None, name: str) -> Outcome:
    return attempt(lambda: ENDS[name](premiere, client.protection, lambda: _seat(premiere, client, tab)))


def _screening(premiere: Premiere, client: Client, tab: Tab) -> Screening:
    return Screening(premiere, tab, client.player, client.protection, client.form)


def _features(premiere: Premiere, client: Client, tab: Tab | None) -> Iterator[tuple[str, Outcome]]:
    if tab is not None:
        yield from watching.features(_screening(premiere, client, tab))
        return
    with tempfile.TemporaryDirectory() as folder:
        if client.protection == "cbcs":
            address = premiere.bare_address("cbcs")
            said = attempt(lambda: native.shows_nothing(client.player, address, Path(folder)))
            yield from ((name, Outcome(False, said.why)) for name in FEATURES)
            return
        yield from native.features(client.player, premiere.address(client.protection), Path(folder))


@contextmanager
def _seat(premiere: Premiere, client: Client, tab: Tab | None) -> Iterator[object]:
    if tab is not None:
        with web_seat(_screening(premiere, client, tab)) as web:
            yield web
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        native_seat(premiere, client.player, client.protection, Path(folder)) as seat,
    ):
        yield seat
