"""What a DRM vendor says of keys: taken over from CPIX, told to players, refused where it cannot be."""

import uuid
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from streaming.delivery.exchange import document_of, taken_over
from streaming.delivery.index import LiveIndex
from streaming.delivery.signals import SignalStore
from streaming.delivery.values import Version
from streaming.errors import Code, Fault
from streaming.keys.cpix import ContentKey, Document, DrmSystem, write
from streaming.keys.cpix_reading import read
from streaming.licences.policy import Tier
from tests.unit.streaming.delivery.house import BEN, KEYS, START, TITLE, VERSION, House, ask, login
from transcoder.formats.pssh import COMMON_SYSTEM, Pssh, make_pssh

VENDOR = uuid.UUID("edef8ba9-79d6-4ace-a3c8-27dcd51d21ed")
KID = KEYS.kid("sd", 0)
PSSH = make_pssh(Pssh(VENDOR, (), b"what only the vendor reads"))
ELEMENT = '<pssh xmlns="urn:mpeg:cenc:2013">AAAA</pssh><x:Laurl xmlns:x="https://dashif.org/CPS">https://drm.example</x:Laurl>'
KEY_LINE = '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="data:text/plain;base64,AAAA",KEYFORMAT="urn:uuid:edef8ba9"'


def vendor(**said: object) -> DrmSystem:
    known = {"pssh": PSSH, "content_protection": ELEMENT, "hls_media": KEY_LINE, "name": "A DRM"}
    return DrmSystem(KID, VENDOR, **{**known, **said})  # type: ignore[arg-type]


@pytest.fixture
def house(tmp_path: Path) -> Iterable[House]:
    made = House(tmp_path)
    made.make_film(protection="cbcs")
    yield made
    made.close()


@pytest.fixture
def store(house: House) -> SignalStore:
    return SignalStore(house.database)


def version(house: House) -> Version:
    found = LiveIndex(house.index).read_version(TITLE)
    assert found is not None
    return found


def test_what_is_imported_is_exported_again(house: House, store: SignalStore) -> None:
    store.replace(VERSION, [vendor()], START)
    document = read(write(document_of(version(house), KEYS, 1, store.of(VERSION)), []))
    (said,) = (one for one in document.systems if one.system == VENDOR)
    assert (said.kid, said.pssh, said.hls_media, said.name) == (KID, PSSH, KEY_LINE, "A DRM")
    store.replace(VERSION, [said], START)
    assert len(store.of(VERSION)[KID]) == 1


def test_what_is_imported_stands_in_the_mpd(house: House, store: SignalStore) -> None:
    store.replace(VERSION, [vendor()], START)
    house.licence()
    doors = house.open(signals_of=store.of)
    reply = ask(doors, "GET", f"/play/{house.start().token}/main.mpd", cookies=login(BEN))
    doors.close()
    found = ET.fromstring(reply.body).findall(
        "{*}Period/{*}AdaptationSet[@id='0']/{*}ContentProtection[@schemeIdUri='urn:uuid:"
        + str(VENDOR)
        + "']"
    )
    assert len(found) == 1, "only the first crypto period's key has a signal"
    assert [child.tag for child in found[0]] == ["{urn:mpeg:cenc:2013}pssh", "{https://dashif.org/CPS}Laurl"]
    assert found[0].get("value") == "A DRM"


def test_a_later_import_takes_the_place_of_the_systems_it_names(store: SignalStore, house: House) -> None:
    other = uuid.UUID(int=7)
    store.replace(VERSION, [vendor(), DrmSystem(KID, other, make_pssh(Pssh(other)))], START)
    store.replace(VERSION, [vendor(name="Another")], START)
    assert {one.system: one.name for one in store.of(VERSION)[KID]} == {VENDOR: "Another", other: ""}


@pytest.mark.parametrize(
    "said",
    [
        {"pssh": b"no box"},
        {"pssh": make_pssh(Pssh(COMMON_SYSTEM))},
        {"pssh": PSSH * 2},
        {"content_protection": "<open>"},
        {"content_protection": "</signal><signal>"},
        {"content_protection": '<!DOCTYPE x [<!ENTITY a "b">]><x xmlns="y">&a;</x>'},
        {"content_protection": "<ContentProtection/>"},
        {"hls_media": "https://example.test/segment.m4s"},
        {"hls_media": '#EXT-X-KEY:METHOD=NONE,URI="x"'},
        {"hls_media": '#EXT-X-KEY:METHOD=AES-128,URI="x"'},
        {"hls_media": f"{KEY_LINE}\n#EXTINF:4,\nelsewhere.m4s"},
        {"hls_media": '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="x'},
    ],
    ids=str,
)
def test_what_no_player_could_be_told_is_not_imported(store: SignalStore, said: dict[str, object]) -> None:
    with pytest.raises(Fault) as refused:
        store.replace(VERSION, [vendor(**said)], START)
    assert (refused.value.code, refused.value.name) == (Code.INVALID, "bad_cpix")
    assert store.of(VERSION) == {}


def test_a_document_names_every_key_and_what_it_is_for(house: House) -> None:
    document = document_of(version(house), KEYS, 2, {}, [VENDOR])
    assert [one.kid for one in document.keys] == [
        KEYS.kid(tier, period) for period in (0, 1) for tier in ("sd", "hd")
    ]
    assert [(one.track, one.period, one.min_pixels, one.max_pixels) for one in document.rules[:3]] == [
        ("SD", 0, None, 426 * 240),
        ("AUDIO", 0, None, None),
        ("HD", 0, 426 * 240 + 1, None),
    ]
    assert {one.system for one in document.systems} == {COMMON_SYSTEM, VENDOR}
    assert all(one.key == KEYS.tier_key("sd", 0) for one in document.keys[:1])


def test_a_document_of_another_film_is_refused(house: House) -> None:
    with pytest.raises(Fault) as refused:
        taken_over(Document("x", (ContentKey(uuid.UUID(int=9)),), (vendor(),)), version(house), KEYS, 1)
    assert refused.value.name == "foreign_keys"


def test_a_document_that_tells_players_nothing_is_refused(house: House) -> None:
    exported = document_of(version(house), KEYS, 1, {}, [VENDOR])
    with pytest.raises(Fault) as refused:
        taken_over(exported, version(house), KEYS, 1)
    assert refused.value.name == "empty_cpix"


def test_a_film_under_aes_128_has_no_keys_to_exchange(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.make_film()
    with pytest.raises(Fault) as refused:
        document_of(version(house), KEYS, 1, {})
    assert refused.value.name == "not_common_encryption"
    house.close()


def test_the_tier_of_a_licence_does_not_change_what_is_said(house: House, store: SignalStore) -> None:
    store.replace(VERSION, [DrmSystem(KEYS.kid("hd", 0), VENDOR, PSSH)], START)
    house.licence(tier=Tier.SD)
    doors = house.open(signals_of=store.of)
    reply = ask(doors, "GET", f"/play/{house.start().token}/main.mpd", cookies=login(BEN))
    doors.close()
    assert str(VENDOR) not in reply.body.decode()
