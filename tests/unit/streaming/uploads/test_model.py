"""What an upload says about itself."""

from dataclasses import replace
from datetime import UTC, datetime

from streaming.ids import AccountId, UploadId
from streaming.uploads.metadata import format_metadata
from streaming.uploads.model import State, Upload

NOW = datetime(2031, 5, 1, tzinfo=UTC)


def upload(**metadata: str) -> Upload:
    row = Upload(
        id=UploadId("up_a"),
        owner_id=AccountId("ac_a"),
        title_id=None,
        state=State.RECEIVING,
        kind="whole",
        raw_metadata="",
        raw_concat="",
        joined_into=None,
        length=1,
        offset=0,
        created_at=NOW,
        touched_at=NOW,
        expires_at=None,
    )
    return replace(row, raw_metadata=format_metadata(metadata))


def test_a_title_may_hold_slashes_but_a_file_name_may_not() -> None:
    told = upload(filename="../../films/live.mp4", title="AC/DC: Let There Be Rock")
    assert (told.title, told.filename) == ("AC/DC: Let There Be Rock", "live.mp4")


def test_without_a_title_the_house_makes_one_of_the_file_name() -> None:
    assert upload(filename="Big_Buck.Bunny.mp4").title == ""
