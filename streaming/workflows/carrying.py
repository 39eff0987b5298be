"""What was added to the version that plays goes over to the one that takes its place: subtitles, pictures.

It is opened with the old version's keys and sealed under the new one's; nothing is encoded anew. Each time it
is done anew from the start, under names that were never used, so that it may be repeated at will.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from streaming.catalogue import attempts, making
from streaming.catalogue.added import Added, PictureFacts, added, counterpart, drop_pictures, put_in_order
from streaming.catalogue.model import SegmentRow, VersionRow
from streaming.catalogue.pictures import candidates_of, poster_name, save_candidate
from streaming.catalogue.texts import MOST_TRACKS, KeptText, drop_text, insert_text, name_text, text_rows
from streaming.catalogue.values import VersionFacts
from streaming.catalogue.work import new_attempt
from streaming.errors import Fault
from streaming.workflows.house import House, folder_of
from transcoder.keys.encrypt import decrypt_segment, open_poster, poster_aad, seal_poster
from transcoder.keys.keyschedule import TitleKeys
from transcoder.planning.plan import Plan, TextRendition
from transcoder.texts.subtitles import cut_text
from transcoder.texts.webvtt import Cue, in_order, read_cues

PART = "carry"


@dataclass(frozen=True, slots=True)
class Carried:
    """What went over: tracks that are in no plan, and how all stood then (None: no other version plays)."""

    texts: tuple[TextRendition, ...] = ()
    seen: Added | None = None


def carry_over(house: House, facts: VersionFacts) -> Carried:
    """Bring what was added to the version that plays to the one in the making. Raises `Stopped`, `Fault`."""
    while True:
        with house.database.read() as session:
            seen = added(session, facts.title_id, facts.id)
            old = making.facts(session, seen.version_id) if seen else None
        if seen is None or old is None:
            return Carried()
        try:
            return _Move(house, facts, old, seen).done()
        except Fault:
            # What was replaced while it was read is gone: then the new one is read.
            with house.database.read() as session:
                if added(session, facts.title_id, facts.id) == seen:
                    raise


@dataclass
class _Move:
    house: House
    facts: VersionFacts
    old: VersionFacts
    seen: Added
    attempt: str = field(default_factory=new_attempt)
    named: dict[str, str] = field(default_factory=dict)
    """Names of tracks in the new version by their names in the old one."""

    def done(self) -> Carried:
        house, facts = self.house, self.facts
        old_plan, plan = house.plan(self.old.id), house.plan(facts.id)
        opened, keys = house.keys(self.old), house.keys(facts)
        cues = {text.name: self._cues(text, opened) for text in self.seen.uploaded}
        pictures = {one.object: self._picture(one, opened, keys) for one in self.seen.pictures if _goes(one)}
        texts = self._renamed(plan)
        kept = {text.name: KeptText(folder_of(facts), self.attempt) for text in texts}
        for text, was in zip(texts, self.seen.uploaded, strict=False):
            cut_text(plan, text, cues[was.name], keys.content_key, kept[text.name])
        self._put(kept, pictures)
        with house.database.write() as session:
            making.check_running(session, facts.id, facts.run)
            version = session.get_one(VersionRow, facts.id)
            _write_texts(session, version, plan, texts, kept)
            self._say_anew(session, version, old_plan, plan)
            self._write_pictures(session, version, pictures)
            attempts.end_attempt(session, self.attempt, "committed", house.clock.now())
        return Carried(texts, self.seen)

    def _renamed(self, plan: Plan) -> tuple[TextRendition, ...]:
        """Take numbers for good: no key may serve two texts."""
        with self.house.database.write() as session:
            making.check_running(session, self.facts.id, self.facts.run)
            version = session.get_one(VersionRow, self.facts.id)
            known = {row.name for row in text_rows(session, version.id)} & {text.name for text in plan.texts}
            room = self.seen.uploaded[: MOST_TRACKS - len(known)]
            first, version.texts_made = version.texts_made, version.texts_made + len(room)
            now = self.house.clock.now()
            attempts.begin_attempt(session, version.id, 0, PART, self.attempt, self.house.worker, now)
        texts = tuple(replace(text, name=f"t{first + n}") for n, text in enumerate(room))
        self.named.update({was.name: text.name for was, text in zip(room, texts, strict=True)})
        return texts

    def _cues(self, text: TextRendition, keys: TitleKeys) -> list[Cue]:
        """Read a track back; what crosses a border is in the segments on both sides of it."""
        with self.house.database.read() as session:
            rows = session.execute(
                select(SegmentRow.sequence, SegmentRow.period, SegmentRow.object)
                .where(SegmentRow.version_id == self.old.id, SegmentRow.rendition == text.name)
                .order_by(SegmentRow.sequence)
            ).all()
        found: dict[Cue, None] = {}
        for sequence, period, name in rows:
            key = keys.content_key(text.name, text.tier, period)
            clear = decrypt_segment(self.house.objects.get(name), key, sequence)
            found |= dict.fromkeys(read_cues(clear.decode("utf-8", "replace")))
        return in_order(list(found))

    def _picture(self, one: PictureFacts, opened: TitleKeys, keys: TitleKeys) -> bytes:
        title = self.facts.title_id
        blob = self.house.objects.get(one.object)
        clear = open_poster(blob, opened.poster_key(), poster_aad(title, self.old.number))
        return seal_poster(clear, keys.poster_key(), poster_aad(title, self.facts.number))

    def _put(self, kept: Mapping[str, KeptText], pictures: Mapping[str, bytes]) -> None:
        for text in kept.values():
            for name, data in text.put_as.items():
                self.house.objects.put(name, data)
        for number, data in enumerate(pictures.values()):
            self.house.objects.put(self._picture_name(number), data)

    def _picture_name(self, number: int) -> str:
        # Numbered from 100: the same attempt gives each its name before its place is known.
        return poster_name(folder_of(self.facts), 100 + number, self.attempt)

    def _say_anew(self, session: Session, version: VersionRow, old_plan: Plan, plan: Plan) -> None:
        """Tracks of the source are called as they are called now; what was taken away stays away."""
        there = {row.name: row for row in text_rows(session, version.id)}
        for was in (*self.seen.came, *self.seen.gone):
            now = counterpart(old_plan, was.name, plan)
            if now is None or now.name not in there:
                continue
            self.named[was.name] = now.name
            if was in self.seen.gone:
                drop_text(session, version, now.name)
            else:
                name_text(session, there[now.name], was)
        order = [self.named[name] for name in self.seen.order if name in self.named]
        put_in_order(session, version.id, order)

    def _write_pictures(self, session: Session, version: VersionRow, pictures: Mapping[str, bytes]) -> None:
        """Uploaded pictures come after the new version's own; a chosen frame takes the place of its like."""
        rows = candidates_of(session, version.id)
        drop_pictures(session, version, [row for row in rows if row.origin == "upload"])
        own = {row.number: row for row in rows if row.origin != "upload"}
        if 0 in own:
            version.poster_object = own[0].object
        after = max(own, default=-1)
        for place, one in enumerate(one for one in self.seen.pictures if _goes(one)):
            like = own.get(one.number)
            if one.origin != "upload" and like is not None and like.origin == one.origin:
                drop_pictures(session, version, [like])
                number = one.number
            else:
                after += 1
                number = after
            name, data = self._picture_name(place), pictures[one.object]
            save_candidate(session, version.id, number, one.origin, name, data, chosen=one.chosen)
            session.flush()


def is_as_seen(session: Session, facts: VersionFacts, carried: Carried) -> bool:
    """Tell whether nothing was added or taken away since it went over."""
    return added(session, facts.title_id, facts.id) == carried.seen


def _goes(one: PictureFacts) -> bool:
    """Pictures of one's own go over, and a frame that was chosen; the typical one is painted anew."""
    return one.origin == "upload" or (one.chosen and one.number > 0)


def _write_texts(
    session: Session,
    version: VersionRow,
    plan: Plan,
    texts: tuple[TextRendition, ...],
    kept: Mapping[str, KeptText],
) -> None:
    """Show the tracks, in the place of those that an earlier try brought."""
    planned = {text.name for text in plan.texts}
    for row in text_rows(session, version.id):
        if row.name not in planned:
            drop_text(session, version, row.name)
    for text in texts:
        insert_text(session, version, plan, text, kept[text.name], None)
