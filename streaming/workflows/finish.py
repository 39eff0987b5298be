"""The last steps: the check of everything stored, the signed manifest, and publishing."""

import hashlib
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session

from streaming.catalogue import attempts, making, remaking
from streaming.catalogue.collector import collect_title
from streaming.catalogue.model import PeriodInitRow, RenditionRow, SegmentRow, VersionRow
from streaming.catalogue.pictures import candidates_of, listed_picture
from streaming.catalogue.published import signing_key
from streaming.catalogue.values import Stage, VersionFacts
from streaming.catalogue.work import new_attempt
from streaming.errors import Code, Fault
from streaming.ids import UploadId, VersionId
from streaming.workflows.carrying import Carried, carry_over, is_as_seen
from streaming.workflows.estimate import ENCODED
from streaming.workflows.house import House, folder_of
from streaming.workflows.putting import put_noted
from transcoder.encoding.verify import verify_title
from transcoder.keys.manifest import Kind, Manifest, ManifestObject, sign_manifest

log = logging.getLogger(__name__)
MANIFEST = "manifest"
KINDS = {"text": Kind.TEXT, "image": Kind.IMAGE}
LOOK_SECONDS = 0.5


def publish(house: House, version_id: VersionId, run: int) -> None:
    """Check every object, sign the manifest, and make the title ready in one transaction."""
    facts = house.facts(version_id, run)
    with house.database.write() as session:
        making.set_stage(session, version_id, Stage.VERIFYING)
    carried = carry_over(house, facts)
    _check(house, facts, carried)
    while not _shown(house, facts, carried):  # its owner added something meanwhile
        carried = carry_over(house, facts)


def _check(house: House, facts: VersionFacts, carried: Carried) -> None:
    """Read and check everything. Raises `VerifyFailed`, `Stopped`."""
    version_id, run = facts.id, facts.run
    with house.database.read() as session:
        manifest = manifest_of(session, facts, house)
        names = making.rendition_names(session, version_id)
    plan = house.plan(version_id)
    texts = (*(text for text in plan.texts if text.name in names), *carried.texts)
    kept = replace(plan, texts=texts)
    size, began = sum(item.size for item in manifest.objects), time.monotonic()
    keys, get = house.keys(facts), _getter(house, version_id, run, size)
    findings = verify_title(manifest, kept, get, keys.content_key, keys.common_key)
    house.note_check(size, time.monotonic() - began)
    if findings:
        for finding in findings:
            log.error("%s: %s %s", version_id, finding.name, finding.sentence)
        raise VerifyFailed(findings[0].sentence)


def _shown(house: House, facts: VersionFacts, carried: Carried) -> bool:
    """Sign the manifest and let the version take its place, unless more was added than went over."""
    with house.database.read() as session:
        manifest = manifest_of(session, facts, house)
    blob = sign_manifest(manifest, signing_key(house.root))
    attempt = new_attempt()
    name = f"{folder_of(facts)}/manifest-{attempt}.cbor"
    put_noted(house, facts, MANIFEST, attempt, {name: blob})
    now = house.clock.now()
    with house.database.write() as session:
        making.check_running(session, facts.id, facts.run)
        if not is_as_seen(session, facts, carried):
            attempts.end_attempt(session, attempt, "lost", now)
            return False
        making.publish(session, facts.id, name, hashlib.sha256(blob).digest(), len(blob), now)
        attempts.end_attempt(session, attempt, "committed", now)
        remaking.take_place(session, facts.id, now)
    return True


class VerifyFailed(Fault):
    """What is stored is not what was made; everything is made anew on a retry."""

    NAME = "verification_failed"

    def __init__(self, finding: str) -> None:
        super().__init__(
            Code.INTERNAL,
            f"The finished film did not pass its check: {finding}",
            "Try it again; it will be made anew. If it happens again, check this machine's disk.",
            name=self.NAME,
        )


def tidy(house: House, facts: VersionFacts, upload_id: UploadId | None) -> None:
    """After publishing: the upload has done its work, and so have attempts that lost."""
    if upload_id is not None and not house.keep_uploads:
        house.sources.discard(upload_id)
        with house.database.write() as session:
            making.source_gone(session, facts.id)
    collect_title(house.database, house.objects, facts.title_id, house.clock.now())
    house.forget(facts.id)


def manifest_of(session: Session, facts: VersionFacts, house: House) -> Manifest:
    """List every object of a version, as the index knows it."""
    plan = house.plan(facts.id)
    rows = session.scalars(
        select(RenditionRow).where(RenditionRow.version_id == facts.id).order_by(RenditionRow.position)
    ).all()
    objects: list[ManifestObject] = []
    for row in rows:
        objects += objects_of(session, row)
    version = session.get_one(VersionRow, facts.id)
    objects += [listed_picture(row) for row in candidates_of(session, facts.id)]
    return Manifest(
        title=facts.title_id,
        version=facts.number,
        protection=version.protection,
        frame_rate=plan.frame_rate,
        frames=plan.frames,
        objects=tuple(objects),
    )


def objects_of(session: Session, row: RenditionRow) -> list[ManifestObject]:
    """List every object of a rendition, as the index knows it: init segments, then segments in order."""
    inits = _period_inits(session, row)
    if row.init_object and row.init_sha256:
        inits = [
            ManifestObject(
                row.init_object, Kind.INIT, row.name, row.tier, -1, -1, row.init_bytes, row.init_sha256
            )
        ]
    return [*inits, *_segments(session, row)]


def _period_inits(session: Session, row: RenditionRow) -> list[ManifestObject]:
    found = session.scalars(
        select(PeriodInitRow)
        .where(PeriodInitRow.version_id == row.version_id, PeriodInitRow.rendition == row.name)
        .order_by(PeriodInitRow.period)
    )
    return [
        ManifestObject(init.object, Kind.INIT, row.name, row.tier, init.period, -1, init.size, init.sha256)
        for init in found
    ]


def _segments(session: Session, row: RenditionRow) -> list[ManifestObject]:
    found = session.scalars(
        select(SegmentRow)
        .where(SegmentRow.version_id == row.version_id, SegmentRow.rendition == row.name)
        .order_by(SegmentRow.sequence)
    )
    return [
        ManifestObject(
            name=segment.object,
            kind=KINDS.get(row.kind, Kind.SEGMENT),
            rendition=row.name,
            tier=row.tier,
            period=segment.period,
            sequence=segment.sequence,
            size=segment.size,
            sha256=segment.sha256,
            duration=Fraction(segment.duration_ticks, row.timescale),
        )
        for segment in found
    ]


def _getter(house: House, version_id: VersionId, run: int, size: int) -> Callable[[str], bytes]:
    """Read objects for the check; twice a second say how far it is, and look whether it is still wanted."""
    began = looked = time.monotonic()
    read = 0

    def look() -> None:
        now, share = time.monotonic(), read / size if size else 1.0
        left = (now - began) * (1 - share) / share if share else None
        with house.database.write() as session:
            making.check_running(session, version_id, run)
            frames = making.count_frames(session, version_id)
            percent = 100 * (ENCODED + (1 - ENCODED) * min(1.0, share))
            making.save_progress(session, version_id, frames, percent, left, house.clock.now())

    def get(name: str) -> bytes:
        nonlocal looked, read
        if time.monotonic() - looked > LOOK_SECONDS:
            looked = time.monotonic()
            look()
        try:
            found = house.objects.get(name)
        except Fault as fault:
            raise LookupError(name) from fault
        read += len(found)
        return found

    return get
