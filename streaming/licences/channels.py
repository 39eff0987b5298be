"""Channels: a creator's named sets of titles. A licence on one opens whatever lies in it at the time."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from streaming.clock import Clock
from streaming.db.engine import Database
from streaming.errors import Code, Fault, not_found
from streaming.ids import AccountId, ChannelId, TitleId, new_id
from streaming.licences import audit, store
from streaming.licences.audit import Event, What
from streaming.licences.offer_model import ChannelRow, ChannelTitleRow
from streaming.licences.policy import Licence, is_live
from streaming.licences.validation import invalid
from streaming.licences.values import Actor, TitleRef

MAX_NAME = 100
MAX_ABOUT = 2000
MOST_TITLES = 1000
MOST_CHANNELS = 200


@dataclass(frozen=True, slots=True)
class ChannelView:
    """A channel with the titles that lie in it now, in the order they were put there."""

    id: ChannelId
    owner_id: AccountId
    name: str
    description: str
    created_at: datetime
    title_ids: tuple[TitleId, ...]
    subscribers: int


class ChannelService:
    """The channels of the house; `owned` gives a title of the actor's own or raises `Fault` NOT_FOUND."""

    def __init__(self, database: Database, clock: Clock, owned: Callable[[Actor, TitleId], TitleRef]) -> None:
        self._database = database
        self._clock = clock
        self._owned = owned

    def make(self, actor: Actor, name: str, description: str = "") -> ChannelView:
        """Make an empty channel. Raises `Fault` INVALID."""
        row = ChannelRow(
            id=new_id("ch"),
            owner_id=actor.account_id,
            name=checked_name(name),
            description=checked_about(description),
            created_at=self._clock.now(),
        )
        with self._database.write() as session:
            held = session.scalar(select(func.count()).where(ChannelRow.owner_id == actor.account_id)) or 0
            if held >= MOST_CHANNELS:
                raise Fault(
                    Code.CONFLICT,
                    f"You have {MOST_CHANNELS} channels, which is as many as there can be.",
                    "Delete one that nobody holds a licence on.",
                    name="too_many_channels",
                )
            session.add(row)
            session.flush()
            return view_of(session, row, self._clock.now())

    def all(self, actor: Actor) -> list[ChannelView]:
        """Every channel of the actor's, newest first."""
        query = select(ChannelRow).where(ChannelRow.owner_id == actor.account_id)
        with self._database.read() as session:
            rows = session.scalars(query.order_by(ChannelRow.created_at.desc(), ChannelRow.id)).all()
            return views_of(session, rows, self._clock.now())

    def show(self, actor: Actor, channel_id: ChannelId) -> ChannelView:
        """Give a channel to its owner or an admin. Raises `Fault` NOT_FOUND."""
        with self._database.read() as session:
            return view_of(session, own_channel(session, actor, channel_id), self._clock.now())

    def rename(
        self, actor: Actor, channel_id: ChannelId, name: str | None, description: str | None
    ) -> ChannelView:
        """Give a channel another name or description; None leaves it. Raises `Fault`."""
        with self._database.write() as session:
            row = own_channel(session, actor, channel_id)
            row.name = row.name if name is None else checked_name(name)
            row.description = row.description if description is None else checked_about(description)
            return view_of(session, row, self._clock.now())

    def put(self, actor: Actor, channel_id: ChannelId, title_id: TitleId) -> ChannelView:
        """Put a title of one's own into a channel; its holders may watch it at once. Twice is no fault."""
        title = self._owned(actor, title_id)
        with self._database.write() as session:
            row = own_channel(session, actor, channel_id)
            if title.owner_id != row.owner_id:
                raise not_found("film")
            inside = titles_of(session, [channel_id])[channel_id]
            if title_id not in inside:
                if len(inside) >= MOST_TITLES:
                    raise Fault(
                        Code.CONFLICT,
                        f"A channel holds at most {MOST_TITLES} films.",
                        "Make another channel.",
                        name="channel_full",
                    )
                now = self._clock.now()
                session.add(ChannelTitleRow(channel_id=channel_id, title_id=title_id, added_at=now))
                session.flush()
                self._note(session, actor, row, f"“{title.name}” was put in")
            return view_of(session, row, self._clock.now())

    def take_out(self, actor: Actor, channel_id: ChannelId, title_id: TitleId) -> ChannelView:
        """Take a title out of a channel: whoever watches it by the channel stops at the next key."""
        with self._database.write() as session:
            row = own_channel(session, actor, channel_id)
            inside = session.get(ChannelTitleRow, (channel_id, title_id))
            if inside is None:
                raise not_found("film")
            session.delete(inside)
            session.flush()
            self._note(session, actor, row, f"“{self._owned(actor, title_id).name}” was taken out")
            return view_of(session, row, self._clock.now())

    def delete(self, actor: Actor, channel_id: ChannelId) -> None:
        """Delete a channel that nobody holds a running licence on. Raises `Fault` CONFLICT."""
        with self._database.write() as session:
            row = own_channel(session, actor, channel_id)
            if count_running(session, [channel_id], self._clock.now())[channel_id]:
                raise Fault(
                    Code.CONFLICT,
                    "People hold licences on this channel.",
                    "Revoke them first, or take the films out one by one.",
                    name="channel_in_use",
                )
            session.delete(row)

    def licences(self, actor: Actor, channel_id: ChannelId) -> list[Licence]:
        """Every licence on a channel of one's own, newest first."""
        with self._database.read() as session:
            own_channel(session, actor, channel_id)
            return store.on_channels(session, [channel_id])

    def held(self, actor: Actor) -> dict[ChannelId, list[Licence]]:
        """Every licence on the actor's channels that runs or will, newest first."""
        now, found = self._clock.now(), dict[ChannelId, list[Licence]]()
        with self._database.read() as session:
            mine = session.scalars(select(ChannelRow.id).where(ChannelRow.owner_id == actor.account_id))
            for one in store.on_channels(session, [ChannelId(id_) for id_ in mine]):
                if one.channel is not None and is_live(one, now):
                    found.setdefault(one.channel.id, []).append(one)
        return found

    def history(self, actor: Actor, channel_id: ChannelId, limit: int = 0) -> list[Event]:
        """Read a channel's audit log, newest first; 0: all of it."""
        with self._database.read() as session:
            own_channel(session, actor, channel_id)
            return audit.of_channel(session, channel_id, limit)

    def _note(self, session: Session, actor: Actor, row: ChannelRow, words: str) -> None:
        audit.record(
            session,
            What.CHANNEL_CHANGED,
            self._clock.now(),
            by=actor,
            channel_id=ChannelId(row.id),
            subject=words,
        )


def own_channel(session: Session, actor: Actor, channel_id: ChannelId) -> ChannelRow:
    """Give a channel of the actor's own (an admin: of anybody's). Raises `Fault` NOT_FOUND."""
    row = session.get(ChannelRow, channel_id)
    if row is None or not (actor.admin or row.owner_id == actor.account_id):
        raise not_found("channel")
    return row


def titles_of(session: Session, channel_ids: Collection[ChannelId]) -> dict[ChannelId, list[TitleId]]:
    """Read what lies in channels now, in the order it was put there."""
    found: dict[ChannelId, list[TitleId]] = {one: [] for one in channel_ids}
    if not found:
        return found
    query = select(ChannelTitleRow.channel_id, ChannelTitleRow.title_id).where(
        ChannelTitleRow.channel_id.in_(found)
    )
    for channel, title in session.execute(query.order_by(ChannelTitleRow.added_at, ChannelTitleRow.title_id)):
        found[ChannelId(channel)].append(TitleId(title))
    return found


def channels_with(session: Session, title_id: TitleId) -> frozenset[ChannelId]:
    """Read which channels a title lies in now."""
    query = select(ChannelTitleRow.channel_id).where(ChannelTitleRow.title_id == title_id)
    return frozenset(ChannelId(one) for one in session.scalars(query))


def owner_of(session: Session, channel_id: ChannelId) -> AccountId | None:
    """Read whose a channel is."""
    found = session.scalar(select(ChannelRow.owner_id).where(ChannelRow.id == channel_id))
    return AccountId(found) if found else None


def count_running(session: Session, channel_ids: Sequence[ChannelId], now: datetime) -> Counter[ChannelId]:
    """Count the licences on channels that run or will."""
    held = store.on_channels(session, channel_ids)
    return Counter(one.channel.id for one in held if one.channel and is_live(one, now))


def view_of(session: Session, row: ChannelRow, now: datetime) -> ChannelView:
    """Describe a channel."""
    return views_of(session, [row], now)[0]


def views_of(session: Session, rows: Sequence[ChannelRow], now: datetime) -> list[ChannelView]:
    """Describe channels, however many in two statements."""
    ids = [ChannelId(row.id) for row in rows]
    inside, running = titles_of(session, ids), count_running(session, ids, now)
    return [
        ChannelView(
            id_,
            AccountId(row.owner_id),
            row.name,
            row.description,
            row.created_at,
            tuple(inside[id_]),
            running[id_],
        )
        for id_, row in zip(ids, rows, strict=True)
    ]


def checked_name(name: str) -> str:
    """Give a channel's name. Raises `Fault` INVALID."""
    if not name:
        raise invalid("A channel needs a name.", "Give it one.", "no_name", "name")
    if len(name) > MAX_NAME:
        raise invalid(
            f"A channel's name has at most {MAX_NAME} characters.", "Shorten it.", "name_too_long", "name"
        )
    return name


def checked_about(text: str) -> str:
    """Give a channel's description. Raises `Fault` INVALID."""
    if len(text) > MAX_ABOUT:
        raise invalid(
            f"A description has at most {MAX_ABOUT} characters.",
            "Shorten it.",
            "description_too_long",
            "description",
        )
    return text
