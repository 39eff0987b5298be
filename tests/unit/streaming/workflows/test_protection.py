"""Titles protected by `cbcs` are made by the same steps, with keys and init segments by crypto period."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from streaming.catalogue import making, remaking
from streaming.catalogue.index import TitleIndex
from streaming.catalogue.values import Asker, Claim, TitleState
from streaming.errors import Code, Fault
from streaming.ids import TitleId, UploadId, new_id
from streaming.workflows.finish import publish
from streaming.workflows.house import House as Worker
from streaming.workflows.pictures import make_storyboard
from tests.media import films
from tests.unit.streaming.catalogue.house import House
from tests.unit.streaming.workflows.test_transcode import make_all, taken
from transcoder.formats.cbcs import read_protection
from transcoder.keys.keyschedule import TitleKeys
from transcoder.planning.plan import Policy

pytestmark = pytest.mark.e2e
PERIOD = 4


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine seconds that can be copied: three crypto periods."""
    return films.streamable(tmp_path_factory.mktemp("films"), Fraction(24), 9 * 24, "mp4")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House.open(tmp_path)
    yield house
    house.database.close()


def worker_of(house: House, policy: Policy) -> Worker:
    return Worker(
        house.database,
        house.objects,
        house.clock,
        house.root,
        house.sources,
        "w1",
        policy=policy,
        keep_uploads=True,
    )


def finished(house: House, worker: Worker, claim: Claim) -> TitleKeys:
    make_all(worker, claim)
    make_storyboard(worker, claim.version_id, claim.run)
    facts = worker.facts(claim.version_id, claim.run)
    publish(worker, claim.version_id, claim.run)
    return worker.keys(facts)


def taken_as(house: House, film: Path, protection: str, owner: Asker | None = None) -> tuple[TitleId, Claim]:
    made = house.catalogue.title_for_upload

    def told(owner_id, upload_id, filename, name=None, length=None):  # type: ignore[no-untyped-def]
        return made(owner_id, upload_id, filename, name, length, protection)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(house.catalogue, "title_for_upload", told)
        return taken(house, film, owner)


@pytest.mark.parametrize("copied", [0, 2], ids=["encoded", "copied"])
def test_each_rendition_has_an_init_segment_for_each_crypto_period_that_names_its_key(
    house: House, film: Path, copied: int
) -> None:
    house.catalogue._period_seconds = PERIOD
    title, claim = taken_as(house, film, "cbcs")
    worker = worker_of(house, Policy(copied_rate=copied, ladder="fixed", preset="ultrafast"))
    try:
        keys = finished(house, worker, claim)
    finally:
        worker.writers.shutdown()
    version = TitleIndex(house.database).version(title)
    assert version is not None
    assert (version.state, version.protection, version.complete) == (TitleState.READY, "cbcs", True)
    common = [one for one in version.renditions if one.kind in ("video", "audio", "iframe")]
    assert {one.kind for one in common} == {"video", "audio", "iframe"}
    assert any(one.kind == "image" for one in version.renditions)
    for one in common:
        periods = {s.period for s in TitleIndex(house.database).segments(version.version_id, one.name)}
        assert {period for period, _ in one.period_inits} == periods >= {0, 1}
        assert one.init_object == one.period_inits[0][1]
        for period, name in one.period_inits:
            assert read_protection(house.objects.get(name)).kid == keys.kid(one.tier, period)
    assert house.catalogue.show(Asker(version.owner_id), title).protection == "cbcs"


def test_a_title_is_made_anew_as_it_was_protected_or_as_its_owner_says(house: House, film: Path) -> None:
    owner = house.account()
    title, claim = taken_as(house, film, "cbcs", owner)
    with house.database.write() as session:
        making.publish(session, claim.version_id, "m", b"h", 1, house.clock.now())
        remaking.take_place(session, claim.version_id, house.clock.now())
    for word, wanted in (("", "cbcs"), ("aes-128", "aes-128")):
        house.catalogue.remake(owner, title, word)
        with house.database.read() as session:
            made = remaking.remake_of(session, title)
            assert made is not None
            assert made.protection == wanted
        house.catalogue.cancel(owner, title)


def test_an_unknown_protection_is_refused_in_a_sentence(house: House) -> None:
    owner = house.account()
    with pytest.raises(Fault) as caught:
        house.catalogue.title_for_upload(
            owner.account_id, UploadId(new_id("up")), "film.mp4", None, 1, "rot13"
        )
    assert (caught.value.code, caught.value.name) == (Code.INVALID, "unknown_protection")
