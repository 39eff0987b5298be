"""JSON of guest links: what they ask for, who used them, and what the door is sent."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from streaming.licences.links import Link, LinkChanges
from streaming.licences.values import NewPassword
from streaming.licences.visits import Use
from streaming.web.api.account_models import AuthKey, Salt
from streaming.web.api.moments import Moment


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True, hide_input_in_errors=True)


class EnterIn(_Body):
    """What the door sends: the key derived of a password, a name if one was typed, a playback to stop."""

    auth_key: AuthKey | None = None
    name: str = Field(default="", max_length=200)
    stop: str = Field(default="", max_length=40)


class LinkPasswordIn(_Body):
    """A link's password, derived at the client as an account's is (Argon2id under a fresh salt)."""

    salt: Salt
    auth_key: AuthKey

    def value(self) -> NewPassword:
        """Give the service's value."""
        return NewPassword(self.salt, self.auth_key)


Plays = Annotated[int, Field(ge=-1_000_000_000, le=1_000_000_000)]


class LinkPatch(_Body):
    """What to change of a link; `null` takes a limit or the password away, what is left out stays."""

    redeem_until: datetime | None = None
    max_plays: Plays | None = None
    password: LinkPasswordIn | None = None

    def value(self) -> LinkChanges:
        """Give the service's value; only the members that were sent count."""
        password = self.password.value() if self.password else None
        return LinkChanges(frozenset(self.model_fields_set), self.redeem_until, self.max_plays, password)


class LinkOut(BaseModel):
    """What a link asks for, and how many plays were taken: browsers that redeemed it."""

    redeem_until: Moment | None
    max_plays: int | None
    plays: int
    has_password: bool

    @classmethod
    def of(cls, link: Link) -> "LinkOut":
        """Say a link in JSON."""
        terms = link.terms
        return cls(
            redeem_until=terms.redeem_until,
            max_plays=terms.max_plays,
            plays=link.plays,
            has_password=terms.password is not None,
        )


class UseOut(BaseModel):
    """One play of a link: when, on what kind of device, from what network (/24 or /48), by what name."""

    id: str
    used_at: Moment
    device: str
    network: str
    name: str

    @classmethod
    def of(cls, use: Use) -> "UseOut":
        """Say a use in JSON."""
        return cls(id=use.id, used_at=use.used_at, device=use.device, network=use.network, name=use.name)


class UsesOut(BaseModel):
    """Who used a link, latest first; what was forgotten is not there, but `plays` still counts it."""

    link: LinkOut
    items: list[UseOut]
