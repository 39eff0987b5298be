"""A title's pictures: sealed, some to choose from, one of them its poster.

The seal is AES-256-GCM under a key of its own, bound to the title and version the picture shows.
"""

import hashlib
from collections.abc import Sequence
from fractions import Fraction

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from streaming.catalogue.model import PosterCandidateRow, VersionRow
from streaming.catalogue.naming import poster_tag
from streaming.catalogue.published import Change, Published, Shelf
from streaming.catalogue.values import Asker, CandidateView
from streaming.errors import Code, Fault, not_found
from streaming.ids import TitleId
from transcoder.errors import EncodeFailed
from transcoder.keys.encrypt import open_poster, poster_aad, seal_poster
from transcoder.keys.manifest import Kind, ManifestObject
from transcoder.pictures.poster import MOST_UPLOAD, repaint
from transcoder.programs.sandbox import DEFAULT_LIMITS, Limits

MOST_CANDIDATES = 24
JPEG = "image/jpeg"
PNG = b"\x89PNG"


def poster_name(folder: str, number: int, attempt: str) -> str:
    """Name a picture's object."""
    return f"{folder}/poster-{number}-{attempt}.bin"


def candidates_of(session: Session, version_id: str) -> Sequence[PosterCandidateRow]:
    """Pictures of a version, in order."""
    return session.scalars(
        select(PosterCandidateRow)
        .where(PosterCandidateRow.version_id == version_id)
        .order_by(PosterCandidateRow.number)
    ).all()


def save_candidate(
    session: Session, version_id: str, number: int, origin: str, name: str, stored: bytes, *, chosen: bool
) -> None:
    """Remember a picture; `stored` is its ciphertext. `chosen` makes it the poster."""
    digest = hashlib.sha256(stored).digest()
    session.add(
        PosterCandidateRow(
            version_id=version_id, number=number, origin=origin, object=name, size=len(stored), sha256=digest
        )
    )
    version = session.get_one(VersionRow, version_id)
    version.stored_bytes += len(stored)
    if chosen:
        version.poster_object, version.poster_type = name, JPEG


def listed_picture(row: PosterCandidateRow) -> ManifestObject:
    """Describe a picture for the manifest."""
    return _listed(row.object, row.size, row.sha256)


def _listed(name: str, size: int, digest: bytes) -> ManifestObject:
    return ManifestObject(name, Kind.POSTER, "", "sd", -1, -1, size, digest, Fraction(0))


class Pictures:
    """The pictures of titles, for their owners. Every method raises `Fault`."""

    def __init__(self, published: Published, limits: Limits = DEFAULT_LIMITS) -> None:
        self._published = published
        self._limits = limits

    def candidates(self, asker: Asker, title_id: TitleId) -> list[CandidateView]:
        """List the pictures to choose from."""
        with self._published.database.read() as session:
            _, version = self._published.owned(session, asker, title_id)
            return [
                CandidateView(
                    row.number, row.origin, row.object == version.poster_object, poster_tag(row.object)
                )
                for row in candidates_of(session, version.id)
            ]

    def picture(self, asker: Asker, title_id: TitleId, number: int) -> bytes:
        """Decrypt one of them: JPEG."""
        shelf = self._published.shelf(asker, title_id)
        with self._published.database.read() as session:
            row = session.get(PosterCandidateRow, (shelf.version_id, number))
        if row is None:
            raise not_found("picture")
        blob = self._published.objects.get(row.object)
        return open_poster(blob, shelf.keys.poster_key(), poster_aad(title_id, shelf.number))

    def choose(self, asker: Asker, title_id: TitleId, number: int) -> None:
        """Make a picture the poster."""
        with self._published.database.write() as session:
            _, version = self._published.owned(session, asker, title_id)
            row = session.get(PosterCandidateRow, (version.id, number))
            if row is None:
                raise not_found("picture")
            version.poster_object, version.poster_type = row.object, JPEG

    def add(self, asker: Asker, title_id: TitleId, data: bytes) -> CandidateView:
        """Take a picture in, encoded anew, and make it the poster."""
        self._published.shelf(asker, title_id)
        picture = self._repainted(data)
        number = self._next(asker, title_id)

        def plan(shelf: Shelf, attempt: str) -> Change:
            sealed = seal_poster(picture, shelf.keys.poster_key(), poster_aad(title_id, shelf.number))
            name = poster_name(shelf.folder, number, attempt)

            def write(session: Session, row: VersionRow) -> None:
                if session.get(PosterCandidateRow, (row.id, number)) is not None:
                    raise _changed()
                save_candidate(session, row.id, number, "upload", name, sealed, chosen=True)

            listed = _listed(name, len(sealed), hashlib.sha256(sealed).digest())
            return Change({name: sealed}, [listed], [], write)

        self._published.apply(asker, title_id, plan)
        return self.candidates(asker, title_id)[-1]

    def _next(self, asker: Asker, title_id: TitleId) -> int:
        with self._published.database.read() as session:
            _, version = self._published.owned(session, asker, title_id)
            where = PosterCandidateRow.version_id == version.id
            count = session.scalar(select(func.count()).where(where)) or 0
            last = session.scalar(select(func.max(PosterCandidateRow.number)).where(where))
        if count >= MOST_CANDIDATES:
            raise Fault(
                Code.CONFLICT,
                f"This film has {MOST_CANDIDATES} pictures already.",
                "Choose one of them.",
                name="too_many_pictures",
            )
        return 0 if last is None else last + 1

    def _repainted(self, data: bytes) -> bytes:
        if data.startswith(PNG):
            raise _bad_picture("PNG pictures cannot be read here.", "Save it as JPEG, then send it again.")
        if len(data) > MOST_UPLOAD:
            raise Fault(
                Code.TOO_LARGE,
                f"This picture is larger than {MOST_UPLOAD >> 20} MB.",
                "Make it smaller: the poster is shown at most 1280 pixels wide.",
                name="bad_picture",
            )
        try:
            return repaint(data, self._limits)
        except EncodeFailed:
            raise _bad_picture(
                "This file is no JPEG or WebP picture, or it is damaged.",
                "Save it as JPEG, then send it again.",
            ) from None


def _bad_picture(sentence: str, hint: str) -> Fault:
    beside = {"errors": [{"field": "picture", "sentence": f"{sentence} {hint}"}]}
    return Fault(Code.INVALID, sentence, hint, name="bad_picture", extra=beside)


def _changed() -> Fault:
    return Fault(
        Code.CONFLICT,
        "Somebody else is changing this film at the same time.",
        "Look at it again, then try once more.",
        name="changed_meanwhile",
    )
