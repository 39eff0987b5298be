"""A DRM's licence service, a real one on this machine, behind the licence door."""

import asyncio
import json
import ssl
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from streaming.delivery.drm import MOST_LICENCE, MOST_REQUEST, ProxySystem, Service, read_services
from streaming.delivery.keysystems import KeySystems
from streaming.delivery.values import Started
from streaming.errors import Fault
from streaming.licences.policy import Tier
from tests.unit.streaming.delivery.house import BEN, KEYS, House, Reply, ask, login

SYSTEM = uuid.UUID("9a04f079-9840-4286-ab92-e65be0885f95")
CHALLENGE = b"\x00an opaque challenge\xff"


@dataclass
class Vendor:
    """A licence service that answers as it is told and remembers what it was asked."""

    url: str = ""
    status: int = 200
    answer: bytes = b"\x01an opaque licence"
    asked: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)


@contextmanager
def running() -> Iterator[Vendor]:
    vendor = Vendor()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            vendor.asked.append((body, {key.lower(): value for key, value in self.headers.items()}))
            self.send_response(vendor.status)
            self.send_header("content-type", "application/octet-stream")
            self.send_header("content-length", str(len(vendor.answer)))
            self.end_headers()
            self.wfile.write(vendor.answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        vendor.url = f"http://127.0.0.1:{server.server_port}/licence"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield vendor
        server.shutdown()
        thread.join()


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with running() as one:
        yield one


@pytest.fixture
def house(tmp_path: Path, vendor: Vendor) -> Iterator[House]:
    made = House(tmp_path)
    made.make_film(protection="cbcs")
    made.doors.close()
    service = Service("playready", SYSTEM, vendor.url, {"x-secret": "of the operator"})
    made.doors = made.open(systems=KeySystems([ProxySystem(service)]))
    yield made
    made.close()


def challenge(
    house: House, started: Started, tier: str = "sd", period: int = 0, body: bytes = CHALLENGE
) -> Reply:
    path = f"/play/{started.token}/licence/playready/{KEYS.kid(tier, period).hex}"
    return ask(house.doors, "POST", path, cookies=login(BEN), body=body)


def test_a_request_goes_to_the_service_and_its_licence_comes_back(house: House, vendor: Vendor) -> None:
    house.licence()
    reply = challenge(house, house.start())
    assert (reply.status, reply.body) == (200, vendor.answer)
    assert reply.headers["cache-control"] == "no-store"
    ((body, headers),) = vendor.asked
    assert body == CHALLENGE
    assert headers["x-secret"] == "of the operator"
    assert "cookie" not in headers


def test_no_request_reads_the_certificate_authorities_anew(
    house: House, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("read on the event loop")

    house.licence()
    started = house.start()
    monkeypatch.setattr(ssl, "create_default_context", refuse)
    assert challenge(house, started).status == 200


def test_nothing_is_sent_that_the_licence_does_not_cover(house: House, vendor: Vendor) -> None:
    house.licence(tier=Tier.SD)
    started = house.start()
    assert challenge(house, started, "hd").code == "tier_not_covered"
    for period in range(12):
        assert challenge(house, started, period=period).status == 200
    assert challenge(house, started, period=12).code == "budget_spent"
    house.release(started)
    assert challenge(house, started).code == "lease_ended"
    assert len(vendor.asked) == 12


def test_a_key_that_is_not_the_films_is_unknown(house: House, vendor: Vendor) -> None:
    house.licence()
    path = f"/play/{house.start().token}/licence/playready/{uuid.UUID(int=5).hex}"
    assert ask(house.doors, "POST", path, cookies=login(BEN), body=CHALLENGE).code == "unknown_key"
    assert vendor.asked == []


def test_the_mpd_says_where_to_ask(house: House) -> None:
    house.licence()
    started = house.start()
    reply = ask(house.doors, "GET", f"/play/{started.token}/main.mpd", cookies=login(BEN))
    where = ET.fromstring(reply.body).find(
        f"{{*}}Period/{{*}}AdaptationSet/{{*}}ContentProtection[@schemeIdUri='urn:uuid:{SYSTEM}']/{{*}}Laurl"
    )
    assert where is not None
    assert where.text == f"https://house.test/play/{started.token}/licence/playready/{KEYS.kid('sd', 0).hex}"


@pytest.mark.parametrize(
    ("status", "code"),
    [(403, "drm_refused"), (400, "drm_refused"), (500, "drm_unavailable"), (302, "drm_unavailable")],
)
def test_what_the_service_refuses_is_said_without_its_words(
    house: House, vendor: Vendor, status: int, code: str
) -> None:
    house.licence()
    vendor.status, vendor.answer = status, b"internal words of the vendor"
    reply = challenge(house, house.start())
    assert reply.code == code
    assert b"internal words" not in reply.body


def test_a_service_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with running() as gone:
        pass
    system = ProxySystem(Service("drm", SYSTEM, gone.url, {"x-secret": "hidden"}))
    with pytest.raises(Fault) as refused:
        asyncio.run(system.answer(CHALLENGE, {}))
    assert refused.value.name == "drm_unavailable"
    assert "hidden" not in repr(refused.value) + repr(system)


def test_sizes_are_bounded_both_ways(house: House, vendor: Vendor) -> None:
    house.licence()
    started = house.start()
    assert challenge(house, started, body=b"x" * (MOST_REQUEST + 1)).code == "too_large"
    assert challenge(house, started, body=b"x" * MOST_REQUEST).status == 200
    vendor.answer = b"x" * (MOST_LICENCE + 1)
    assert challenge(house, started).code == "drm_unavailable"


def services(folder: Path, text: str, headers: object = None, mode: int = 0o600) -> list[ProxySystem]:
    (folder / "headers.json").write_text(json.dumps({"x-key": "k"} if headers is None else headers))
    (folder / "headers.json").chmod(mode)
    (folder / "drm.toml").write_text(text)
    return read_services(folder / "drm.toml")


GOOD = f"""[playready]
system_id = "{SYSTEM}"
url = "https://drm.example/licence"
headers_file = "headers.json"
"""


def test_services_are_read_from_a_file(tmp_path: Path) -> None:
    (found,) = services(tmp_path, GOOD)
    assert (found.name, found.system) == ("playready", SYSTEM)


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("[", {}),
        (GOOD.replace("[playready]", "[clearkey]"), {}),
        (GOOD.replace("[playready]", "[Play-Ready]"), {}),
        (GOOD.replace("https://", "http://"), {}),
        (GOOD.replace("https://", "file://"), {}),
        (GOOD.replace(str(SYSTEM), "none"), {}),
        (GOOD + "key = 1", {}),
        (GOOD.replace("headers.json", "none.json"), {}),
        (GOOD, {"headers": ["x"]}),
        (GOOD, {"headers": {"x": 1}}),
        (GOOD, {"mode": 0o644}),
    ],
    ids=["no TOML", "a taken name", "a bad name", "http", "a file", "no system", "more", "no headers",
         "a list", "a number", "readable by all"],
)  # fmt: skip
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, text: str, options: dict[str, object]) -> None:
    with pytest.raises(Fault) as refused:
        services(tmp_path, text, **options)  # type: ignore[arg-type]
    assert refused.value.name == "bad_drm_file"
