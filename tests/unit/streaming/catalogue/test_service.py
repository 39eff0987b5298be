"""What owners, strangers and holders of licences can do with titles."""

import json
from datetime import timedelta
from typing import Any

import pytest

from streaming.catalogue import attempts, making
from streaming.catalogue.model import SegmentRow, TitleRow, VersionRow
from streaming.catalogue.service import TitleChanges
from streaming.catalogue.values import Asker, Failure, Priority, Stage, TitleState, VersionFacts
from streaming.errors import Code, Fault
from streaming.ids import TitleId, UploadId, new_id
from tests.unit.streaming.catalogue.house import House


def upload_of(facts: VersionFacts) -> UploadId:
    assert facts.upload_id
    return facts.upload_id


def refused(call: Any, *arguments: Any) -> str:
    with pytest.raises(Fault) as caught:
        call(*arguments)
    return caught.value.name


def state(house: House, owner: Asker, title: TitleId) -> TitleState:
    found: TitleState = house.catalogue.show(owner, title).state
    return found


def fail(house: House, title: TitleId) -> None:
    from streaming.catalogue import store

    with house.database.write() as session:
        failure = Failure("no_video", "There is no picture in this file.", "Choose another.")
        assert store.set_state(
            session, title, TitleState.FAILED, house.clock.now(), among=tuple(TitleState), failure=failure
        )


def test_a_title_follows_its_upload_into_the_queue_once(house: House) -> None:
    owner, upload = house.account(), UploadId(new_id("up"))
    title = house.catalogue.title_for_upload(owner.account_id, upload, "../My_Film.mp4", None, 7)
    assert house.catalogue.title_for_upload(owner.account_id, upload, "again.mp4") == title
    shown = house.catalogue.show(owner, title)
    assert (shown.name, shown.source_name, shown.state) == ("My Film", "My_Film.mp4", TitleState.UPLOADING)
    for _ in range(2):
        house.catalogue.upload_finished(upload)
    shown = house.catalogue.show(owner, title)
    assert shown.state is TitleState.QUEUED
    assert shown.progress is not None
    assert (shown.progress.stage, shown.progress.queue_position) == (Stage.QUEUED, 1)


def test_a_finished_title_is_not_queued_again_by_a_late_message(house: House) -> None:
    owner = house.account()
    facts = house.planned(owner)
    house.catalogue.upload_finished(upload_of(facts))
    assert state(house, owner, facts.title_id) is TitleState.ENCODING


def test_an_upload_that_is_given_up_takes_its_title_along_but_a_queued_one_stays(house: House) -> None:
    owner, upload = house.account(), UploadId(new_id("up"))
    title = house.catalogue.title_for_upload(owner.account_id, upload, "a.mp4")
    house.catalogue.upload_gone(upload)
    house.catalogue.upload_gone(upload)
    assert refused(house.catalogue.show, owner, title) == "not_found"
    facts = house.planned(owner)
    house.catalogue.upload_gone(upload_of(facts))
    assert state(house, owner, facts.title_id) is TitleState.ENCODING


def test_strangers_learn_nothing_and_holders_no_more_than_they_should(house: House) -> None:
    owner, stranger, admin = house.account(), house.account(), Asker(house.account().account_id, admin=True)
    title = house.uploaded(owner)
    catalogue = house.catalogue
    for call in (catalogue.show, catalogue.poster, catalogue.cancel, catalogue.retry, catalogue.delete):
        assert refused(call, stranger, title) == "not_found"
    assert refused(catalogue.change, stranger, title, TitleChanges(name="mine")) == "not_found"
    assert catalogue.show(admin, title).source_name == "film.mp4"
    house.guests.held.add((stranger.account_id, title))
    view = catalogue.show(stranger, title)
    assert (view.source_name, view.mine, view.upload_id) == ("", False, None)
    assert view.owner_name == f"name of {owner.account_id}"
    assert refused(catalogue.delete, stranger, title) == "not_found"
    fail(house, title)
    assert refused(catalogue.show, stranger, title) == "not_found"
    assert catalogue.show(owner, title).failure == Failure(
        "no_video", "There is no picture in this file.", "Choose another."
    )


def test_lists_are_paged_searched_and_hold_what_one_may_see(house: House) -> None:
    owner, other = house.account(), house.account()
    titles = [house.uploaded(owner, f"film_{number}%.mp4") for number in range(5)]
    lent = house.uploaded(other, "lent.mp4")
    house.uploaded(other, "secret.mp4")
    house.guests.held.add((owner.account_id, lent))
    seen, cursor = [], ""
    while True:
        page = house.catalogue.page(owner, cursor=cursor, limit=2)
        seen += [view.id for view in page.titles]
        cursor = page.cursor
        if not cursor:
            break
    assert sorted(seen) == sorted([*titles, lent])
    assert len(house.catalogue.page(owner, mine=True).titles) == 5
    assert [v.name for v in house.catalogue.page(owner, query="FILM 3%").titles] == ["film 3%"]
    assert len(house.catalogue.page(Asker(owner.account_id, admin=True)).titles) == 7
    assert refused(lambda: house.catalogue.page(owner, cursor="x")) == "invalid"


def test_words_are_changed_and_checked(house: House) -> None:
    owner = house.account()
    title = house.uploaded(owner)
    view = house.catalogue.change(owner, title, TitleChanges(name=" A\nB ", description="d", year=1999))
    assert (view.name, view.description, view.year) == ("A B", "d", 1999)
    assert house.catalogue.change(owner, title, TitleChanges(clear_year=True)).year is None
    assert refused(house.catalogue.change, owner, title, TitleChanges(name=" ")) == "empty_name"


def test_cancel_leaves_nothing_behind_and_retry_starts_under_new_keys(house: House) -> None:
    owner = house.account()
    facts = house.planned(owner)
    house.commit(facts, house.attempt(facts, 0))
    house.attempt(facts, 1)
    assert house.catalogue.cancel(owner, facts.title_id).state is TitleState.CANCELLED
    assert not list(house.objects.list())
    with house.database.read() as session:
        assert not making.is_running(session, facts.id, facts.run)
        assert session.query(SegmentRow).count() == 0
        assert session.get_one(VersionRow, facts.id).wrapped_title_secret is None
    assert refused(house.catalogue.cancel, owner, facts.title_id) == "not_in_the_making"
    assert house.catalogue.retry(owner, facts.title_id).state is TitleState.QUEUED
    with house.database.read() as session:
        assert making.facts(session, facts.id) is None
        again = making.facts(session, house.catalogue.show(owner, facts.title_id).version_id or "")
    assert again is not None
    assert (again.number, again.run, again.upload_id) == (2, 0, facts.upload_id)
    assert again.wrapped_title_secret not in (None, facts.wrapped_title_secret)


def test_retry_of_a_failed_title_keeps_finished_chunks_and_keys(house: House) -> None:
    owner = house.account()
    facts = house.planned(owner)
    house.commit(facts, house.attempt(facts, 0))
    assert refused(house.catalogue.retry, owner, facts.title_id) == "nothing_to_retry"
    fail(house, facts.title_id)
    house.catalogue.retry(owner, facts.title_id)
    with house.database.read() as session:
        again = making.facts(session, facts.id)
        assert attempts.is_committed(session, facts.id, 0, "all")
    assert again is not None
    assert again.wrapped_title_secret == facts.wrapped_title_secret


def test_a_creators_priority_orders_their_films_and_an_operators_everybodys(house: House) -> None:
    ana, ben, admin = house.account(), house.account(), Asker(house.account().account_id, admin=True)
    titles = []
    for owner in (ana, ana, ben):
        titles.append(house.uploaded(owner))
        house.clock.advance(timedelta(seconds=1))
    first, second, third = titles
    change = house.catalogue.change

    def places() -> list[int | None]:
        views = [house.catalogue.show(admin, title) for title in (first, second, third)]
        return [view.progress.queue_position for view in views if view.progress]

    assert places() == [1, 3, 2], "owners take turns"
    shown = change(ana, second, TitleChanges(priority=Priority.HIGH))
    assert (shown.priority, shown.priority_by_house) == (Priority.HIGH, False)
    assert places() == [3, 1, 2]
    change(admin, third, TitleChanges(priority=Priority.HIGH))
    assert places() == [3, 2, 1]
    shown = change(ben, third, TitleChanges(priority=Priority.LOW))
    assert (shown.priority, shown.priority_by_house) == (Priority.HIGH, True), "the operator's word stays"
    shown = change(admin, third, TitleChanges(priority=Priority.NORMAL))
    assert (shown.priority, shown.priority_by_house) == (Priority.LOW, False)
    house.guests.held.add((ben.account_id, second))
    assert house.catalogue.show(ben, second).priority is Priority.NORMAL, "nobody else is told"


def test_retry_without_the_upload_says_so(house: House) -> None:
    owner = house.account()
    facts = house.planned(owner)
    fail(house, facts.title_id)
    house.sources.discard(upload_of(facts))
    assert refused(house.catalogue.retry, owner, facts.title_id) == "source_gone"
    assert state(house, owner, facts.title_id) is TitleState.FAILED


def test_delete_removes_rows_keys_objects_and_upload(house: House) -> None:
    owner = house.account()
    facts = house.planned(owner)
    house.commit(facts, house.attempt(facts, 0))
    house.catalogue.delete(owner, facts.title_id)
    assert not list(house.objects.list())
    assert house.sources.source_path(upload_of(facts)) is None
    with house.database.read() as session:
        assert [session.query(table).count() for table in (TitleRow, VersionRow, SegmentRow)] == [0, 0, 0]


def test_stored_bytes_are_those_of_encrypted_objects(house: House) -> None:
    owner = house.account()
    assert house.catalogue.stored_bytes(owner.account_id) == 0
    facts = house.planned(owner)
    assert house.catalogue.stored_bytes(owner.account_id) == 0
    house.commit(facts, house.attempt(facts, 0))
    assert house.catalogue.stored_bytes(owner.account_id) == 2020
    with house.database.write() as session:
        making.publish(session, facts.id, "m", b"m" * 32, 5, house.clock.now())
    assert house.catalogue.stored_bytes(owner.account_id) == 2025


def test_secrets_of_a_new_title_are_wrapped_and_never_the_same(house: House) -> None:
    owner = house.account()
    rows = []
    for _ in range(2):
        facts = house.planned(owner)
        rows += [facts.wrapped_title_secret, facts.wrapped_server_share]
    assert len({bytes(row) for row in rows if row}) == 4


def test_fault_codes_map_to_what_happened(house: House) -> None:
    owner = house.account()
    with pytest.raises(Fault) as caught:
        house.catalogue.cancel(owner, TitleId("ti_nothing"))
    assert caught.value.code is Code.NOT_FOUND


def test_the_owner_hears_why_the_ladder_is_as_it_is(house: House) -> None:
    owner = house.account()
    facts = house.planned(owner)
    with house.database.write() as session:
        session.get_one(VersionRow, facts.id).plan = json.dumps(
            {"reasons": ["The picture is calm."], "video": [{"name": "v240", "reason": "Comes first."}]}
        )
    view = house.catalogue.show(owner, facts.title_id)
    assert view.plan_reasons == ("The picture is calm.",)
    assert [(one.name, one.reason) for one in view.renditions] == [("v240", "Comes first."), ("a0", "")]
