"""Issuing, listing, extending and revoking licences, and finding the one that counts for a viewer."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from streaming.clock import Clock
from streaming.db.engine import Database
from streaming.errors import Code, Fault, not_found
from streaming.ids import AccountId, ChannelId, LicenceId, TitleId, new_id, new_token, token_hash
from streaming.licences import audit, channels, store
from streaming.licences import visits as visit_store
from streaming.licences.audit import Event, What
from streaming.licences.links import LinkPassword, LinkTerms, check_link
from streaming.licences.policy import OWNER_GRANT, Channel, Grant, Holder, Licence, Terms, decide, ends_at
from streaming.licences.validation import (
    amended,
    check_holder,
    checked_terms,
    devices_of_a_link,
    invalid,
)
from streaming.licences.values import AccountRef, Actor, Changes, Issued, Request, Standing, TitleRef

MAX_REASON = 300


class LicenceService:
    """The licences of the house.

    `titles` and `accounts` tell of titles by id and of an account by name, or None; they are how this
    feature hears of the others. Titles somebody may not know of are answered as absent.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        titles: Callable[[Collection[TitleId]], Mapping[TitleId, TitleRef]],
        accounts: Callable[[str], AccountRef | None],
    ) -> None:
        self._database = database
        self._clock = clock
        self._titles = titles
        self._accounts = accounts

    def title(self, title_id: TitleId) -> TitleRef:
        """Tell of a title. Raises `Fault` NOT_FOUND."""
        found = self._titles([title_id])
        if title_id not in found:
            raise not_found("film")
        return found[title_id]

    def subjects(self, licences: Collection[Licence]) -> dict[LicenceId, str]:
        """Name what licences are on: their channel, or their title."""
        titles = self._titles({one.title_id for one in licences if one.title_id})
        return {one.id: _subject(one, titles) for one in licences}

    def preview(self, actor: Actor, title: TitleRef, request: Request) -> Licence:
        """Check a request on a title that `owned` gave, and make its licence without issuing it."""
        check_holder(request)
        now = self._clock.now()
        terms = checked_terms(request, now)
        check_link(link_terms(request), now)
        holder = self.holder(title, request)
        return Licence(LicenceId(new_id("li")), title.id, holder, terms, actor.name, now)

    def issue(self, actor: Actor, title_id: TitleId, request: Request) -> Issued:
        """Issue a licence. Only the title's owner or an admin may. Raises `Fault`."""
        licence = self.preview(actor, self.owned(actor, title_id), request)
        return self.issue_all(actor, [(licence, request)])[0]

    def grant(self, actor: Actor, channel_id: ChannelId, request: Request) -> Licence:
        """Issue a licence on a channel of one's own to an account. Raises `Fault`.

        A link opens one title's screen, so none leads to a channel.
        """
        if request.link or request.to is None:
            sentence = "A licence on a channel goes to an account."
            raise invalid(sentence, "Give its name, or make links to films.", "no_account", "to")
        check_holder(request)
        now = self._clock.now()
        terms = checked_terms(request, now)
        with self._database.write() as session:
            row = channels.own_channel(session, actor, channel_id)
            name = f"The channel “{row.name}”"
            holder = self.account_holder(request.to, AccountId(row.owner_id), name)
            licence = Licence(
                LicenceId(new_id("li")),
                None,
                holder,
                terms,
                actor.name,
                now,
                channel=Channel(channel_id, row.name),
            )
            return _issued(session, actor, licence, request).licence

    def issue_all(self, actor: Actor, previewed: Sequence[tuple[Licence, Request]]) -> list[Issued]:
        """Issue licences that `preview` gave, all of them or none."""
        with self._database.write() as session:
            return [_issued(session, actor, licence, request) for licence, request in previewed]

    def show(self, actor: Actor, licence_id: LicenceId) -> Licence:
        """Give one licence to its holder, the title's owner or an admin. Raises `Fault` NOT_FOUND."""
        with self._database.read() as session:
            licence = store.find(session, licence_id)
            if licence is not None and (
                licence.holder.account_id == actor.account_id or self._may_manage(session, actor, licence)
            ):
                return licence
        raise not_found("licence")

    def managed(self, actor: Actor, licence_id: LicenceId) -> Licence:
        """Give one licence to the title's owner or an admin. Raises `Fault` NOT_FOUND."""
        with self._database.read() as session:
            return self.managed_in(session, actor, licence_id)

    def of_title(self, actor: Actor, title_id: TitleId) -> list[Licence]:
        """Every licence of a title, newest first, for its owner or an admin."""
        self.owned(actor, title_id)
        with self._database.read() as session:
            return store.of_title(session, title_id)

    def of_owner(self, actor: Actor) -> list[Licence]:
        """Every licence on the actor's titles (an admin's: on all titles), newest first."""
        with self._database.read() as session:
            return store.of_owner(session, None if actor.admin else actor.account_id)

    def held_by(self, account_id: AccountId | None, visits: Sequence[str] = ()) -> list[Licence]:
        """Every licence an account holds, and those whose links a visitor redeemed; newest first."""
        with self._database.read() as session:
            return store.held(session, account_id, [token_hash(one) for one in visits])

    def by_link(self, token: str) -> Licence | None:
        """Give the licence a link opens, whatever its state."""
        with self._database.read() as session:
            return store.find_by_link(session, token_hash(token))

    def amend(self, actor: Actor, licence_id: LicenceId, changes: Changes, reason: str = "") -> Licence:
        """Extend, shorten or change a licence; playing viewers meet the change at their next key."""
        with self._database.write() as session:
            licence = self.managed_in(session, actor, licence_id)
            if licence.revoked_at is not None:
                raise Fault(
                    Code.CONFLICT,
                    "This licence was taken back and cannot be changed.",
                    "Issue a new one.",
                    name="licence_revoked",
                )
            if licence.holder.kind == "link" and changes.max_devices is not None:
                raise devices_of_a_link()
            now = self._clock.now()
            store.amend(session, licence_id, amended(licence.terms, changes, now))
            session.flush()
            changed = self.managed_in(session, actor, licence_id)
            if changed.terms != licence.terms:
                audit.record(
                    session,
                    kind_of_change(licence, changed, now),
                    now,
                    by=actor,
                    licence=changed,
                    reason=kept_reason(reason),
                    before=audit.terms_of(licence.terms),
                    after=audit.terms_of(changed.terms),
                )
            return changed

    def revoke(self, actor: Actor, licence_id: LicenceId, reason: str = "") -> Licence:
        """Take a licence back; it stops at the next key. Doing it twice changes nothing."""
        with self._database.write() as session:
            now, kept = self._clock.now(), kept_reason(reason)
            before = self.managed_in(session, actor, licence_id)
            store.revoke(session, licence_id, now, kept)
            session.flush()
            if before.revoked_at is None:
                audit.record(session, What.REVOKED, now, by=actor, licence=before, reason=kept)
            return self.managed_in(session, actor, licence_id)

    def note_removed_device(self, actor: Actor, licence_ids: Collection[LicenceId]) -> None:
        """Write into the log of these licences that their holder removed a device; which one, is theirs."""
        with self._database.write() as session:
            for licence_id in licence_ids:
                licence = store.find(session, licence_id)
                audit.record(session, What.DEVICE_REMOVED, self._clock.now(), by=actor, licence=licence)

    def history_of_title(self, actor: Actor, title_id: TitleId, limit: int = 0) -> list[Event]:
        """Read a title's audit log, newest first, for its owner or an admin; 0: all of it."""
        self.owned(actor, title_id)
        with self._database.read() as session:
            return audit.of_title(session, title_id, limit)

    def note_of(self, licence_id: LicenceId) -> Event | None:
        """Find the latest change of a licence that was given a reason; whoever asks may see the licence."""
        with self._database.read() as session:
            return audit.latest_reason(session, licence_id)

    def history_of_licence(self, actor: Actor, licence_id: LicenceId) -> list[Event]:
        """Read a licence's audit log, newest first, for its title's owner or an admin."""
        with self._database.read() as session:
            self.managed_in(session, actor, licence_id)
            return audit.of_licence(session, licence_id)

    def standing(self, title: TitleRef, account_id: AccountId | None, visits: Sequence[str] = ()) -> Standing:
        """Say how somebody stands towards a title, streams aside; their best licence counts."""
        if account_id is not None and title.owner_id == account_id:
            return Standing(None, OWNER_GRANT)
        ranked = self.ranked(title.id, account_id, visits)
        best = ranked[0] if ranked else None
        return Standing(best, decide(best, self._clock.now()))

    def ranked(
        self, title_id: TitleId, account_id: AccountId | None, visits: Sequence[str] = ()
    ) -> list[Licence]:
        """Every licence somebody has on a title, best first: open before shut, better picture, later end."""
        now = self._clock.now()
        with self._database.read() as session:
            held = store.held(session, account_id, [token_hash(one) for one in visits])
            around = channels.channels_with(session, title_id)
        mine = [one for one in held if one.title_id == title_id or (one.channel and one.channel.id in around)]
        return sorted(mine, key=lambda one: _rank(one, now), reverse=True)

    def best_of(self, account_id: AccountId) -> dict[TitleId, Licence]:
        """The licence that counts for an account on every title it has one on, as `standing` chooses it."""
        now = self._clock.now()
        with self._database.read() as session:
            held = sorted(store.held(session, account_id, ()), key=lambda one: _rank(one, now))
            inside = channels.titles_of(session, {one.channel.id for one in held if one.channel})
        return {title: one for one in held for title in _titles_of(one, inside)}

    def knows_of(self, account_id: AccountId, title_id: TitleId) -> bool:
        """Tell whether an account holds a licence on a title, or held one."""
        return title_id in self.known_ids(account_id)

    def known_ids(self, account_id: AccountId) -> frozenset[TitleId]:
        """Titles an account holds licences on, or held: their pages say why they do not open any more."""
        with self._database.read() as session:
            return store.known(session, account_id)

    def holder(self, title: TitleRef, request: Request) -> Holder:
        """Find out whom a licence on a title is for. Raises `Fault` INVALID."""
        if request.to is None or request.link:
            return Holder("link", request.label or "Whoever has the link")
        return self.account_holder(request.to, title.owner_id, title.name)

    def account_holder(self, to: str, owner_id: AccountId, name: str) -> Holder:
        """Find the account a licence is for, on what is called `name`. Raises `Fault` INVALID."""
        account = self._accounts(to)
        if account is None:
            sentence = f"There is nobody called {to} here."
            raise invalid(sentence, "Check the name, or send a link instead.", "unknown_name", "to")
        if account.id == owner_id:
            sentence = f"{name} belongs to {account.name}, who can watch it without a licence."
            raise invalid(sentence, "Choose somebody else.", "holder_is_owner", "to")
        return Holder("account", account.name, account.id)

    def belongs(self, session: Session, licence: Licence) -> tuple[AccountId, str]:
        """Tell whose a licence's title or channel is, and what it is called. Raises `Fault` NOT_FOUND."""
        return self.belongs_to(session, licence.title_id, licence.channel)

    def belongs_to(
        self, session: Session, title_id: TitleId | None, channel: Channel | None
    ) -> tuple[AccountId, str]:
        """Tell whose a title or channel is, and what it is called. Raises `Fault` NOT_FOUND."""
        if channel is not None:
            owner = channels.owner_of(session, channel.id)
            if owner is None:
                raise not_found("channel")
            return owner, channel.name
        title = self.title(title_id or TitleId(""))
        return title.owner_id, title.name

    def owned(self, actor: Actor, title_id: TitleId) -> TitleRef:
        """Give a title of the actor's own; an admin's are all. Raises `Fault` NOT_FOUND."""
        title = self.title(title_id)
        if not actor.admin and title.owner_id != actor.account_id:
            raise not_found("film")
        return title

    def managed_in(self, session: Session, actor: Actor, licence_id: LicenceId) -> Licence:
        """Read a licence that the actor may change. Raises `Fault` NOT_FOUND."""
        licence = store.find(session, licence_id)
        if licence is None or not self._may_manage(session, actor, licence):
            raise not_found("licence")
        return licence

    def _may_manage(self, session: Session, actor: Actor, licence: Licence) -> bool:
        if licence.channel is not None:
            owner = channels.owner_of(session, licence.channel.id)
        else:
            titles = self._titles([licence.title_id] if licence.title_id else [])
            owner = next((one.owner_id for one in titles.values()), None)
        return owner is not None and (actor.admin or owner == actor.account_id)


def _issued(session: Session, actor: Actor, licence: Licence, request: Request) -> Issued:
    """Write a licence, its line in the log, and what its link asks."""
    token = new_token() if request.link else None
    store.add(session, licence, actor.account_id, token_hash(token) if token else None, request.label)
    after = audit.terms_of(licence.terms)
    audit.record(session, What.ISSUED, licence.issued_at, by=actor, licence=licence, after=after)
    if token:
        session.flush()
        visit_store.add_link(session, licence.id, link_terms(request))
    return Issued(licence, token)


def _subject(licence: Licence, titles: Mapping[TitleId, TitleRef]) -> str:
    if licence.channel is not None:
        return licence.channel.name
    title = titles.get(licence.title_id) if licence.title_id else None
    return title.name if title else ""


def _titles_of(licence: Licence, inside: Mapping[ChannelId, Sequence[TitleId]]) -> Sequence[TitleId]:
    """Every title a licence is on, given what lies in its channel."""
    if licence.channel is not None:
        return inside[licence.channel.id]
    return [licence.title_id] if licence.title_id else []


def kept_reason(reason: str) -> str:
    """Give a reason as it is kept and shown."""
    return reason.strip()[:MAX_REASON]


def kind_of_change(before: Licence, after: Licence, now: datetime) -> What:
    """Say what changed terms mean: a later end extends, an earlier one shortens, all else changes."""
    old, new = ends_at(before, now), ends_at(after, now)
    if _beside_time(before.terms) != _beside_time(after.terms) or old == new:
        return What.CHANGED
    longer = new is None or (old is not None and new > old)
    return What.EXTENDED if longer else What.SHORTENED


def _beside_time(terms: Terms) -> tuple[object, ...]:
    return terms.tier, terms.max_streams, terms.max_devices


def link_terms(request: Request) -> LinkTerms:
    """Give the terms of the link a request asks for."""
    password = LinkPassword.of(request.password) if request.password else None
    return LinkTerms(request.redeem_until, request.max_plays, password)


def _rank(licence: Licence, now: datetime) -> tuple[bool, bool, int, float]:
    verdict = decide(licence, now)
    end = ends_at(licence, now)
    latest = end.timestamp() if end else float("inf")
    tiers = ("sd", "hd", "uhd").index(licence.terms.tier)
    live = licence.revoked_at is None
    return isinstance(verdict, Grant), live, tiers if isinstance(verdict, Grant) else 0, latest
