"""Subtitles of a published film: added, replaced and removed, each under a name that is used once."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from streaming.catalogue import making, store
from streaming.catalogue.index import TitleIndex
from streaming.catalogue.model import VersionRow
from streaming.catalogue.pictures import Pictures
from streaming.catalogue.published import Published, signing_key
from streaming.catalogue.subtitles import Subtitles
from streaming.catalogue.values import Asker, NewSubtitle, SubtitleWords, TitleState
from streaming.errors import Code, Fault
from streaming.ids import TitleId
from tests.media.facts import picture
from tests.unit.streaming.catalogue.house import House, keys_of, manifest_of
from transcoder.keys.encrypt import decrypt_segment
from transcoder.keys.manifest import Kind, Manifest, sign_manifest
from transcoder.planning.plan import Plan, Policy, make_plan
from transcoder.source.media import MediaInfo, TextTrack

SRT = b"1\n00:00:01,000 --> 00:00:02,000\nGood evening.\n\n2\n00:00:09,000 --> 00:00:11,000\nAcross.\n"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House.open(tmp_path)
    yield house
    house.database.close()


@pytest.fixture
def subtitles(house: House) -> Subtitles:
    return Subtitles(Published(house.database, house.clock, house.objects, house.root))


def planned() -> Plan:
    info = MediaInfo("mov", 1, picture(), (), (TextTrack(2, "subrip", "eng", "", False),))
    return make_plan(info, Policy(crypto_period_seconds=10))


def published(house: House, owner: Asker) -> TitleId:
    """A ready film of 30 s with one subtitle track of its own; nothing of it is encoded."""
    facts = house.planned(owner)
    plan = planned()
    manifest = Manifest(facts.title_id, facts.number, "aes-128", Fraction(24), 720, ())
    name = f"{facts.title_id}/{facts.id}/manifest-first.cbor"
    house.objects.put(name, sign_manifest(manifest, signing_key(house.root)))
    with house.database.write() as session:
        row = session.get_one(VersionRow, facts.id)
        row.plan, row.texts_made = plan.to_json(), 1
        making.publish(session, facts.id, name, b"", 1, house.clock.now())
        among = (TitleState.ENCODING,)
        store.set_state(session, facts.title_id, TitleState.READY, house.clock.now(), among=among)
    return facts.title_id


def test_a_file_becomes_a_track_that_plays_and_is_in_the_signed_manifest(
    house: House, subtitles: Subtitles
) -> None:
    owner = house.account()
    title = published(house, owner)
    made = subtitles.add(owner, title, NewSubtitle(SRT, SubtitleWords("en", "English", sdh=True)))
    assert (made.name, made.sdh, made.origin) == ("t1", True, "upload")
    version = TitleIndex(house.database).version(title)
    assert version is not None
    track = next(one for one in version.renditions if one.name == "t1")
    assert (track.kind, track.language, track.label, track.role) == ("text", "en", "English", "sdh")
    segments = TitleIndex(house.database).segments(version.version_id, "t1")
    assert [segment.period for segment in segments] == [0, 1, 2]
    keys, texts = keys_of(house, title), []
    for segment in segments:
        key = keys.content_key("t1", "sd", segment.period)
        texts.append(decrypt_segment(house.objects.get(segment.object), key, segment.sequence).decode())
    assert ["Good evening." in text for text in texts] == [True, False, False]
    assert ["Across." in text for text in texts] == [True, True, False]
    listed = manifest_of(house, title).objects
    assert [(item.kind, item.name) for item in listed] == [(Kind.TEXT, one.object) for one in segments]


def test_a_replaced_track_gets_a_new_name_and_takes_the_old_ones_place(
    house: House, subtitles: Subtitles
) -> None:
    owner = house.account()
    title = published(house, owner)
    first = subtitles.add(owner, title, NewSubtitle(SRT, SubtitleWords("en")))
    subtitles.add(owner, title, NewSubtitle(SRT, SubtitleWords("de")))
    second = subtitles.add(
        owner, title, NewSubtitle(SRT.replace(b"evening", b"night"), SubtitleWords("en")), first.name
    )
    assert second.name == "t3"
    assert [track.name for track in subtitles.tracks(owner, title)] == ["t3", "t2"]
    assert not any("/t1/" in name for name in house.objects.list(title))
    assert not any("/t1/" in item.name for item in manifest_of(house, title).objects)


def test_what_is_said_of_a_track_can_be_changed_and_one_alone_is_shown_by_default(
    house: House, subtitles: Subtitles
) -> None:
    owner = house.account()
    title = published(house, owner)
    first = subtitles.add(owner, title, NewSubtitle(SRT, SubtitleWords("en", default=True)))
    second = subtitles.add(owner, title, NewSubtitle(SRT, SubtitleWords("de", default=True)))
    before = set(house.objects.list(title))
    said = subtitles.change(owner, title, first.name, lambda now: replace(now, label=" Full\n", default=True))
    assert (said.language, said.label, said.default) == ("en", "Full", True)
    forced = subtitles.change(owner, title, second.name, lambda now: replace(now, forced=True, default=True))
    assert (forced.forced, forced.default) == (True, False)
    assert [one.default for one in subtitles.tracks(owner, title)] == [True, False]
    assert set(house.objects.list(title)) == before
    for who, name in ((owner, "v240"), (house.account(), first.name)):
        with pytest.raises(Fault) as refused:
            subtitles.change(who, title, name, lambda now: now)
        assert refused.value.code is Code.NOT_FOUND


def test_a_removed_track_leaves_nothing_and_its_name_is_never_used_again(
    house: House, subtitles: Subtitles
) -> None:
    owner = house.account()
    title = published(house, owner)
    with house.database.read() as session:
        before = store.bytes_of_owner(session, owner.account_id)
    made = subtitles.add(owner, title, NewSubtitle(SRT))
    subtitles.remove(owner, title, made.name)
    with house.database.read() as session:
        assert store.bytes_of_owner(session, owner.account_id) == before
    assert [name for name in house.objects.list(title) if "/t" in name] == []
    assert subtitles.add(owner, title, NewSubtitle(SRT)).name == "t2"


def test_a_refused_file_uses_no_keys_and_leaves_no_objects(house: House, subtitles: Subtitles) -> None:
    owner = house.account()
    title = published(house, owner)
    before = set(house.objects.list())
    late = SRT.replace(b"00:00:0", b"01:00:0").replace(b"00:00:11", b"01:00:11")
    for data in (b"no subtitles", b"1\n00:00:01,000 --> nonsense\nHi", late):
        with pytest.raises(Fault) as refused:
            subtitles.add(owner, title, NewSubtitle(data))
        assert (refused.value.code, refused.value.name) == (Code.INVALID, "bad_subtitles")
    assert set(house.objects.list()) == before
    assert subtitles.tracks(owner, title) == []


@pytest.mark.parametrize("name", ["t9", "v240", "nonsense"])
def test_tracks_that_are_none_cannot_be_removed_or_replaced(
    house: House, subtitles: Subtitles, name: str
) -> None:
    owner = house.account()
    title = published(house, owner)
    for call in (
        lambda: subtitles.remove(owner, title, name),
        lambda: subtitles.add(owner, title, NewSubtitle(SRT), name),
    ):
        with pytest.raises(Fault) as refused:
            call()
        assert refused.value.code is Code.NOT_FOUND


def test_only_the_owner_changes_a_film_and_only_when_it_is_ready(house: House, subtitles: Subtitles) -> None:
    owner, stranger = house.account(), house.account()
    title = published(house, owner)
    for call in (
        lambda: subtitles.tracks(stranger, title),
        lambda: subtitles.add(stranger, title, NewSubtitle(SRT)),
        lambda: subtitles.remove(stranger, title, "t0"),
    ):
        with pytest.raises(Fault) as refused:
            call()
        assert refused.value.code is Code.NOT_FOUND
    waiting = house.uploaded(owner)
    with pytest.raises(Fault) as early:
        subtitles.add(owner, waiting, NewSubtitle(SRT))
    assert early.value.name == "not_ready"


def test_of_two_changes_at_once_both_are_made(
    house: House, subtitles: Subtitles, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = house.account()
    title = published(house, owner)
    put, others = house.objects.put, [NewSubtitle(SRT, SubtitleWords("fr"))]

    def interrupted(name: str, data: bytes) -> None:
        put(name, data)
        if "/t1/" in name and others:
            subtitles.add(owner, title, others.pop())

    monkeypatch.setattr(house.objects, "put", interrupted)
    subtitles.add(owner, title, NewSubtitle(SRT, SubtitleWords("en")))
    assert [track.language for track in subtitles.tracks(owner, title)] == ["fr", "en"]
    known = set(house.objects.list(title))
    with house.database.read() as session:
        found = store.title(session, title)
        assert found is not None
        assert known == store.object_names(session, found.version_id or "")


def test_an_uploaded_picture_becomes_the_poster_and_another_can_be_chosen_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = house.account()
    title = published(house, owner)
    monkeypatch.setattr("streaming.catalogue.pictures.repaint", lambda data, _: b"painted " + data)
    pictures = Pictures(Published(house.database, house.clock, house.objects, house.root))
    first, second = pictures.add(owner, title, b"one"), pictures.add(owner, title, b"two")
    assert house.catalogue.poster(owner, title).data == b"painted two"
    before = house.catalogue.poster_etag(owner, title)
    pictures.choose(owner, title, first.number)
    assert house.catalogue.poster(owner, title).data == b"painted one"
    assert house.catalogue.poster_etag(owner, title) != before
    assert [(one.number, one.origin, one.chosen) for one in pictures.candidates(owner, title)] == [
        (0, "upload", True),
        (1, "upload", False),
    ]
    assert pictures.picture(owner, title, second.number) == b"painted two"
    assert [item.kind for item in manifest_of(house, title).objects] == [Kind.POSTER] * 2
    with pytest.raises(Fault):
        pictures.choose(owner, title, 7)
