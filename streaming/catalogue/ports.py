"""What the catalogue asks of its neighbours; wiring hands the answers in."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Protocol

from streaming.ids import AccountId, TitleId, UploadId


class Access(Protocol):
    """Who may know of what, and what people are called. Whether a film plays is decided elsewhere."""

    def knows_of(self, account_id: AccountId, title_id: TitleId) -> bool:
        """Tell whether the account holds a licence, or held one that is over now."""
        ...

    def known_ids(self, account_id: AccountId) -> Collection[TitleId]:
        """Titles the account holds such licences for."""
        ...

    def names_of(self, account_ids: Collection[AccountId]) -> Mapping[AccountId, str]:
        """Names of accounts, for `owner_name`."""
        ...


class Arrivals(Protocol):
    """Uploads that still arrive, by their ids."""

    def arrived(self, upload_id: UploadId) -> tuple[Path, int] | None:
        """Give the file and how many of its bytes are sure to stay; None where no more are to come."""
        ...


class Sources(Protocol):
    """Uploaded files, by the upload's id."""

    def source_path(self, upload_id: UploadId) -> Path | None:
        """Give the whole uploaded file, or None when it is not there (any more)."""
        ...

    def discard(self, upload_id: UploadId) -> None:
        """Remove the upload and its file; an absent one is no fault."""
        ...
