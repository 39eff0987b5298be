"""Channels, as their maker keeps them in the studio."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from player.views.common import Page
from player.views.offers import OfferCard
from player.views.studio import LicenceRow


@dataclass(frozen=True, slots=True)
class ChannelTitle:
    """A film that can lie in a channel."""

    id: str
    name: str
    inside: bool = False


@dataclass(frozen=True, slots=True)
class ChannelCard:
    """A channel in its maker's list."""

    id: str
    name: str
    description: str = ""
    subscribers: int = 0
    titles: tuple[ChannelTitle, ...] = ()
    offers: tuple[OfferCard, ...] = ()
    licences: tuple[LicenceRow, ...] = ()
    """The newest of those that run or will; `subscribers` counts all of them."""


@dataclass(frozen=True, slots=True)
class Channels:
    """`/studio/channels`: a creator's channels and what lies in them."""

    template: ClassVar[str] = "channels.html"
    room: ClassVar[str] = "studio"

    page: Page
    channels: tuple[ChannelCard, ...] = ()
