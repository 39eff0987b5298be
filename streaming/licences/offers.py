"""Offers: terms that viewers take by themselves, and the licences they get by them.

A price is written on an offer for people to read. Nothing is paid here, and taking an offer never asks
whether anything was.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

from streaming.clock import Clock
from streaming.db.engine import Database
from streaming.errors import Code, Fault, not_found
from streaming.ids import AccountId, ChannelId, LicenceId, OfferId, TitleId, new_id
from streaming.licences import audit, store
from streaming.licences.audit import What
from streaming.licences.channels import channels_with, own_channel
from streaming.licences.offer_model import ChannelRow, ChannelTitleRow, OfferRow
from streaming.licences.offer_rules import checked
from streaming.licences.offer_values import Kind, Offer, OfferTerms, State, Taken, given_by
from streaming.licences.policy import Channel, Holder, Licence, Terms, Tier, is_live
from streaming.licences.service import LicenceService
from streaming.licences.values import Actor

MOST_OFFERS = 50


class OfferService:
    """The offers of the house."""

    def __init__(self, database: Database, clock: Clock, licences: LicenceService) -> None:
        self._database = database
        self._clock = clock
        self._licences = licences

    def make(
        self,
        actor: Actor,
        terms: OfferTerms,
        *,
        title: TitleId | None = None,
        channel: ChannelId | None = None,
    ) -> Offer:
        """Make an offer on a title or a channel of one's own. Raises `Fault`."""
        now = self._clock.now()
        if title is not None:
            self._licences.owned(actor, title)
        with self._database.write() as session:
            if channel is not None:
                own_channel(session, actor, channel)
            checked(terms, now, on_channel=channel is not None)
            if len(_read(session, _of(title, channel))) >= MOST_OFFERS:
                raise Fault(
                    Code.CONFLICT,
                    f"There are {MOST_OFFERS} offers here already.",
                    "Change one of them.",
                    name="too_many_offers",
                )
            row = OfferRow(
                id=new_id("of"),
                title_id=title,
                channel_id=channel,
                taken=0,
                made_by=actor.account_id,
                made_at=now,
                **_columns(terms),
            )
            session.add(row)
            session.flush()
            offer = find(session, OfferId(row.id))
            self._note(session, What.OFFER_MADE, actor, offer)
            return offer

    def change(self, actor: Actor, offer_id: OfferId, given: frozenset[str], values: OfferTerms) -> Offer:
        """Change the members of an offer named in `given`; licences taken before stay as they are."""
        now = self._clock.now()
        with self._database.write() as session:
            before = self.own_in(session, actor, offer_id)
            terms = given_by(before.terms, given, values)
            checked(terms, now, on_channel=before.channel is not None, taken=before.taken)
            row = session.get_one(OfferRow, offer_id)
            for name, value in _columns(terms).items():
                setattr(row, name, value)
            session.flush()
            after = find(session, offer_id)
            if after.terms != before.terms:
                self._note(session, What.OFFER_CHANGED, actor, after, before)
            return after

    def of_title(self, actor: Actor, title_id: TitleId) -> list[Offer]:
        """Every offer on a title of one's own, newest first."""
        self._licences.owned(actor, title_id)
        with self._database.read() as session:
            return _read(session, OfferRow.title_id == title_id)

    def of_channel(self, actor: Actor, channel_id: ChannelId) -> list[Offer]:
        """Every offer on a channel of one's own, newest first."""
        with self._database.read() as session:
            own_channel(session, actor, channel_id)
            return _read(session, OfferRow.channel_id == channel_id)

    def of_channels(self, actor: Actor) -> dict[ChannelId, list[Offer]]:
        """Every offer on the actor's channels, newest first."""
        found: dict[ChannelId, list[Offer]] = {}
        with self._database.read() as session:
            for one in _read(session, ChannelRow.owner_id == actor.account_id):
                if one.channel is not None:
                    found.setdefault(one.channel.id, []).append(one)
        return found

    def open_on(self, title_id: TitleId) -> list[Offer]:
        """What is offered on a title now: by itself, and with the channels it lies in; free ones first."""
        now = self._clock.now()
        with self._database.read() as session:
            around = channels_with(session, title_id)
            where = or_(OfferRow.title_id == title_id, OfferRow.channel_id.in_(around))
            found = _read(session, and_(where, _opens(now)))
        return sorted(found, key=lambda one: list(Kind).index(one.terms.kind))

    def offered_ids(self) -> frozenset[TitleId]:
        """Every title with an offer that can be taken now; everybody with an account may know of them."""
        takeable = and_(_opens(self._clock.now()), _left())
        alone = select(OfferRow.title_id).where(takeable, OfferRow.title_id.is_not(None))
        within = (
            select(ChannelTitleRow.title_id)
            .join(OfferRow, OfferRow.channel_id == ChannelTitleRow.channel_id)
            .where(takeable)
        )
        with self._database.read() as session:
            return frozenset(TitleId(one) for one in session.scalars(alone.union(within)) if one)

    def take(self, viewer: Actor, offer_id: OfferId) -> Taken:
        """Give a viewer the licence an offer is for; while one of it runs, that one. Raises `Fault`."""
        with self._database.write() as session:
            now = self._clock.now()
            offer = find(session, offer_id)
            if offer.terms.state is State.DRAFT:
                raise not_found("offer")
            owner, name = self._licences.belongs_to(session, offer.title_id, offer.channel)
            self._check_taker(session, viewer, offer, owner, name)
            kept = held(session, offer, viewer.account_id, now)
            if kept is not None:
                return Taken(kept, new=False)
            _check_open(offer, now)
            count = (
                update(OfferRow)
                .where(OfferRow.id == offer_id, _left())
                .values(taken=OfferRow.taken + 1)
                .returning(OfferRow.id)
            )
            if session.execute(count).first() is None:
                raise sold_out()
            return Taken(self.grant(session, viewer, offer, owner, What.TAKEN), new=True)

    def redeem(self, session: Session, viewer: Actor, offer_id: OfferId) -> Licence:
        """Give a viewer what a gift code stands for, whatever became of the offer since. Raises `Fault`."""
        offer = find(session, offer_id)
        owner, name = self._licences.belongs_to(session, offer.title_id, offer.channel)
        self._check_taker(session, viewer, offer, owner, name)
        if held(session, offer, viewer.account_id, self._clock.now()) is not None:
            raise Fault(
                Code.CONFLICT,
                f"You hold a licence of “{offer.name}” already, and it is still running.",
                "Keep the code for later, or give it to somebody else: it was not used up.",
                name="already_held",
            )
        return self.grant(session, viewer, offer, owner, What.REDEEMED)

    def grant(self, session: Session, viewer: Actor, offer: Offer, owner: AccountId, what: What) -> Licence:
        """Write the licence of an offer; the caller has checked and counted."""
        now, terms = self._clock.now(), offer.terms
        licence = Licence(
            LicenceId(new_id("li")),
            offer.title_id,
            Holder("account", viewer.name, viewer.account_id),
            Terms(
                now,
                now + terms.lasts if terms.lasts else None,
                terms.rental,
                terms.playback,
                terms.tier,
                terms.max_streams,
            ),
            "",
            now,
            channel=offer.channel,
            offer_id=offer.id,
        )
        store.add(session, licence, owner)
        session.flush()
        made = store.find(session, licence.id)
        assert made is not None  # noqa: S101 - it was written just now
        audit.record(
            session,
            what,
            now,
            by=viewer,
            licence=made,
            subject=offer.name,
            after=audit.terms_of(made.terms),
        )
        return made

    def own_in(self, session: Session, actor: Actor, offer_id: OfferId) -> Offer:
        """Read an offer on something of the actor's own. Raises `Fault` NOT_FOUND."""
        offer = find(session, offer_id)
        owner, _ = self._licences.belongs_to(session, offer.title_id, offer.channel)
        if not (actor.admin or owner == actor.account_id):
            raise not_found("offer")
        return offer

    def own(self, actor: Actor, offer_id: OfferId) -> Offer:
        """Give an offer on something of the actor's own. Raises `Fault` NOT_FOUND."""
        with self._database.read() as session:
            return self.own_in(session, actor, offer_id)

    def _check_taker(
        self, session: Session, viewer: Actor, offer: Offer, owner: AccountId, name: str
    ) -> None:
        if viewer.account_id == owner:
            raise Fault(
                Code.CONFLICT,
                f"“{name}” is yours: you can watch it without a licence.",
                "Nothing was taken.",
                name="holder_is_owner",
            )
        revoked = [one for one in store.of_offer(session, offer.id, viewer.account_id) if one.revoked_at]
        if revoked:
            raise Fault(
                Code.FORBIDDEN,
                "A licence of this offer was taken back from you.",
                f"Ask {revoked[0].issued_by or 'its owner'} for a new one.",
                name="offer_withdrawn",
            )

    def _note(
        self, session: Session, what: What, actor: Actor, offer: Offer, before: Offer | None = None
    ) -> None:
        audit.record(
            session,
            what,
            self._clock.now(),
            by=actor,
            title_id=offer.title_id,
            channel_id=offer.channel.id if offer.channel else None,
            subject=offer.name,
            before=before.terms.as_json() if before else None,
            after=offer.terms.as_json(),
        )


def find(session: Session, offer_id: OfferId) -> Offer:
    """Read an offer. Raises `Fault` NOT_FOUND."""
    found = _read(session, OfferRow.id == offer_id)
    if not found:
        raise not_found("offer")
    return found[0]


def held(session: Session, offer: Offer, account_id: AccountId, now: datetime) -> Licence | None:
    """Find the licence of this offer that an account holds and that still runs or will."""
    found = store.of_offer(session, offer.id, account_id)
    return next((one for one in found if is_live(one, now)), None)


def sold_out() -> Fault:
    """As many as were offered have been taken."""
    return Fault(
        Code.CONFLICT,
        "This offer was taken as often as it can be.",
        "Ask its owner for more.",
        name="sold_out",
    )


def _check_open(offer: Offer, now: datetime) -> None:
    terms = offer.terms
    if terms.open_from is not None and now < terms.open_from:
        raise Fault(
            Code.CONFLICT, "This offer is not open yet.", "Come back when it is.", name="offer_not_open"
        )
    if terms.state is State.CLOSED or (terms.open_until is not None and now >= terms.open_until):
        raise Fault(
            Code.CONFLICT, "This offer is closed.", "Ask its owner for a licence.", name="offer_closed"
        )


def _of(title: TitleId | None, channel: ChannelId | None) -> ColumnElement[bool]:
    return OfferRow.title_id == title if title is not None else OfferRow.channel_id == channel


def _opens(now: datetime) -> ColumnElement[bool]:
    return and_(
        OfferRow.state == State.OPEN.value,
        or_(OfferRow.open_from.is_(None), OfferRow.open_from <= now),
        or_(OfferRow.open_until.is_(None), OfferRow.open_until > now),
    )


def _left() -> ColumnElement[bool]:
    return or_(OfferRow.most.is_(None), OfferRow.taken < OfferRow.most)


def _read(session: Session, where: ColumnElement[bool]) -> list[Offer]:
    query = (
        select(OfferRow, ChannelRow.name)
        .join(ChannelRow, ChannelRow.id == OfferRow.channel_id, isouter=True)
        .where(where)
        .order_by(OfferRow.made_at.desc(), OfferRow.id)
        .execution_options(populate_existing=True)
    )
    return [_offer(row, name) for row, name in session.execute(query)]


def _offer(row: OfferRow, channel_name: str | None) -> Offer:
    return Offer(
        OfferId(row.id),
        TitleId(row.title_id) if row.title_id else None,
        Channel(ChannelId(row.channel_id), channel_name or "") if row.channel_id else None,
        OfferTerms(
            Kind(row.kind),
            row.label,
            Tier(row.tier),
            row.max_streams,
            _span(row.rental_s),
            _span(row.playback_s),
            _span(row.lasts_s),
            row.price_minor,
            row.currency,
            row.open_from,
            row.open_until,
            row.most,
            State(row.state),
        ),
        row.taken,
        row.made_at,
    )


def _columns(terms: OfferTerms) -> dict[str, object]:
    return {
        "kind": terms.kind.value,
        "label": terms.label,
        "tier": terms.tier.value,
        "max_streams": terms.max_streams,
        "rental_s": terms.rental and int(terms.rental.total_seconds()),
        "playback_s": terms.playback and int(terms.playback.total_seconds()),
        "lasts_s": terms.lasts and int(terms.lasts.total_seconds()),
        "price_minor": terms.price_minor,
        "currency": terms.currency,
        "open_from": terms.open_from,
        "open_until": terms.open_until,
        "most": terms.most,
        "state": terms.state.value,
    }


def _span(seconds: int | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)
