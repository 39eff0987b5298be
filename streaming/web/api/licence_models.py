"""JSON of licences: what comes in, checked, and what goes out."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from player import words
from player.views.common import LicenceState, LicenceTerms
from player.views.common import Tier as ShownTier
from streaming.catalogue.naming import shown
from streaming.licences import policy
from streaming.licences.links import Link
from streaming.licences.policy import Holder, Licence, Tier
from streaming.licences.values import Changes, Request
from streaming.web.api.link_models import LinkOut, LinkPasswordIn, Plays
from streaming.web.api.moments import Moment

LONGEST_S = 100 * 365 * 24 * 3600
Seconds = Annotated[int, Field(ge=-LONGEST_S, le=LONGEST_S)]
Name = Annotated[str, Field(max_length=128)]


class _TermsIn(BaseModel):
    """The terms of a licence to issue. Times are ISO 8601 with a zone."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True, hide_input_in_errors=True)

    valid_from: datetime | None = None
    valid_until: datetime | None = None
    rental_s: Seconds | None = Field(default=None, description="To be started within, from `valid_from`.")
    playback_s: Seconds | None = Field(
        default=None, description="To be finished within, from the first play."
    )
    tier: Tier = Tier.HD
    max_streams: int = Field(default=1, ge=-1000, le=1000)
    may_finish: bool = Field(
        default=False, description="Whether a film begun before `valid_until` may be seen to its end."
    )
    max_devices: Annotated[int, Field(ge=-1000, le=1000)] | None = Field(
        default=None, description="On how many devices it plays; of accounts' licences."
    )
    zone: str = Field(default="UTC", max_length=64, description="IANA zone of the times in `readback`.")

    def terms(self, to: str | None) -> Request:
        """Give the service's value for an account of that name."""
        return Request(
            (to or "").strip() or None,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            rental=span_of(self.rental_s),
            playback=span_of(self.playback_s),
            tier=self.tier,
            max_streams=self.max_streams,
            may_finish=self.may_finish,
            max_devices=self.max_devices,
        )


class GrantIn(_TermsIn):
    """A licence to issue to an account. Times are ISO 8601 with a zone."""

    to: Name

    def value(self) -> Request:
        """Give the service's value."""
        return self.terms(self.to)


class LicenceIn(_TermsIn):
    """A licence to issue: `to` an account by name, or as a `link`. Times are ISO 8601 with a zone."""

    to: Name | None = None
    link: bool = False
    label: str = Field(default="", max_length=200)
    redeem_until: datetime | None = Field(default=None, description="A link is to be used first before.")
    max_plays: Plays | None = Field(default=None, description="Browsers that may use a link.")
    password: LinkPasswordIn | None = Field(default=None, description="What a link asks for at its door.")

    def value(self) -> Request:
        """Give the service's value."""
        return replace(
            self.terms(self.to),
            link=self.link,
            label=shown(self.label),
            redeem_until=self.redeem_until,
            max_plays=self.max_plays,
            password=self.password.value() if self.password else None,
        )


class LicencePatch(BaseModel):
    """What to change of a licence; `null` takes a limit away, what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    valid_until: datetime | None = None
    rental_s: Seconds | None = None
    playback_s: Seconds | None = None
    tier: Tier | None = None
    max_streams: Annotated[int, Field(ge=-1000, le=1000)] | None = None
    may_finish: bool | None = None
    max_devices: Annotated[int, Field(ge=-1000, le=1000)] | None = None
    reason: str = Field(default="", max_length=300, description="Kept in the history; the holder reads it.")

    @property
    def words(self) -> str:
        """The reason on one line, without characters that could turn it around."""
        return shown(self.reason, 300)

    def value(self) -> Changes:
        """Give the service's value; only the members that were sent count."""
        given = frozenset(name.removesuffix("_s") for name in self.model_fields_set - {"reason"})
        return Changes(
            given,
            self.valid_until,
            span_of(self.rental_s),
            span_of(self.playback_s),
            self.tier,
            self.max_streams,
            self.may_finish,
            self.max_devices,
        )


class RevokeIn(BaseModel):
    """Why a licence is taken back; the holder reads it."""

    reason: str = Field(default="", max_length=300)

    @property
    def words(self) -> str:
        """The reason on one line, without characters that could turn it around."""
        return shown(self.reason, 300)


class TransferIn(BaseModel):
    """To whom a licence goes, and why; the old and the new holder's names stand in the history."""

    model_config = ConfigDict(extra="forbid")

    to: Name
    reason: str = Field(default="", max_length=300)

    @property
    def words(self) -> str:
        """The reason on one line, without characters that could turn it around."""
        return shown(self.reason, 300)


class NoteOut(BaseModel):
    """The latest change of a licence that was given a reason."""

    what: str
    at: Moment
    by: str
    reason: str


class HolderOut(BaseModel):
    """Who holds a licence: an account by name, or whoever has the link (by its label)."""

    kind: Literal["account", "link"]
    name: str


class LicenceOut(BaseModel):
    """A licence as it stands. `ends_at` is the earliest end that applies now; `link_url` is shown once."""

    id: str
    title_id: str | None = Field(description="Null for a licence on a channel.")
    title_name: str = Field(description="Of the title, or of the channel.")
    channel_id: str | None = None
    offer_id: str | None = None
    holder: HolderOut
    link_url: str | None = None
    link: LinkOut | None = Field(default=None, description="What the link of a link licence asks for.")
    state: Literal["not_begun", "running", "ended", "revoked"]
    valid_from: Moment
    valid_until: Moment | None
    rental_s: int | None
    playback_s: int | None
    start_by: Moment | None
    first_played_at: Moment | None
    ends_at: Moment | None
    tier: Tier
    max_streams: int
    may_finish: bool
    max_devices: int | None
    devices: int = Field(default=0, description="How many devices hold a place of it.")
    issued_by: str
    issued_at: Moment
    revoked_at: Moment | None
    revoke_reason: str
    watching: int
    readback: str
    note: NoteOut | None = Field(default=None, description="Only where one licence is asked for.")

    @classmethod
    def of(
        cls,
        licence: Licence,
        title: str,
        now: datetime,
        *,
        watching: int = 0,
        devices: int = 0,
        link: Link | None = None,
        link_url: str = "",
        zone: str = "UTC",
    ) -> "LicenceOut":
        """Say a licence in JSON."""
        terms = shown_terms(licence, now)
        return cls(
            id=licence.id,
            title_id=licence.title_id,
            title_name=title,
            channel_id=licence.channel.id if licence.channel else None,
            offer_id=licence.offer_id,
            holder=HolderOut(kind=licence.holder.kind, name=licence.holder.name),
            link_url=link_url or None,
            link=LinkOut.of(link) if link else None,
            state=policy.state(licence, now),
            valid_from=licence.terms.valid_from,
            valid_until=terms.valid_until,
            rental_s=terms.rental_s,
            playback_s=terms.playback_s,
            start_by=terms.start_by,
            first_played_at=terms.first_played_at,
            ends_at=terms.ends_at,
            tier=licence.terms.tier,
            max_streams=terms.max_streams,
            may_finish=terms.may_finish,
            max_devices=terms.max_devices,
            devices=devices,
            issued_by=terms.issuer,
            issued_at=licence.issued_at,
            revoked_at=terms.revoked_at,
            revoke_reason=licence.revoke_reason,
            watching=watching,
            readback=_readback(licence, title, link, now, zone),
        )


class LicencesOut(BaseModel):
    """Licences, newest first."""

    items: list[LicenceOut]


def shown_terms(licence: Licence, now: datetime) -> LicenceTerms:
    """Give a licence as pages and sentences take it."""
    terms = licence.terms
    start_by = None
    if terms.rental is not None and licence.first_played_at is None:
        start_by = terms.valid_from + terms.rental
    return LicenceTerms(
        state=LicenceState(policy.state(licence, now)),
        valid_from=terms.valid_from,
        valid_until=terms.valid_until,
        rental_s=None if terms.rental is None else int(terms.rental.total_seconds()),
        playback_s=None if terms.playback is None else int(terms.playback.total_seconds()),
        start_by=start_by,
        first_played_at=licence.first_played_at,
        ends_at=policy.ends_at(licence, now),
        revoked_at=licence.revoked_at,
        tier=ShownTier(terms.tier.value),
        max_streams=terms.max_streams,
        may_finish=terms.may_finish,
        max_devices=terms.max_devices,
        issuer=licence.issued_by,
    )


def _readback(licence: Licence, title: str, link: Link | None, now: datetime, zone: str) -> str:
    terms, on_channel = shown_terms(licence, now), licence.channel is not None
    said = words.readback(title, who(licence.holder), terms, now, zone, channel=on_channel)
    if link is None:
        return said
    asked = link.terms
    more = words.link_terms(
        asked.max_plays, asked.redeem_until, password=asked.password is not None, zone=zone
    )
    return f"{said} {more}".rstrip()


def who(holder: Holder) -> str:
    """Name a holder within a sentence."""
    if holder.kind == "account":
        return holder.name
    labelled = holder.name and holder.name != "Whoever has the link"
    return f"Anyone with the link “{holder.name}”" if labelled else "Anyone with the link"


def span_of(seconds: int | None) -> timedelta | None:
    """Give seconds as a span; None stays none."""
    return None if seconds is None else timedelta(seconds=seconds)
