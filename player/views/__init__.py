"""Typed values for every room (strings, numbers, aware datetimes, enums), drawn by `player.render`."""

from player.views.account import Account, ApiToken, Device, Login, Recover, Register, ViewingDevice
from player.views.channels import ChannelCard, Channels, ChannelTitle
from player.views.common import (
    Failure,
    LicenceState,
    LicenceTerms,
    Notice,
    Page,
    Person,
    Progress,
    Role,
    Stage,
    Theme,
    Tier,
    TitleState,
    Tone,
)
from player.views.figures import FigureDay, TitleFigures, WatchingNow
from player.views.film import Action, ActionKind, Chapter, Film
from player.views.foyer import FilmCard, Foyer, Scope
from player.views.house import ErrorPage, HouseAccount, HouseFault, Job, Operator, Worker
from player.views.offers import (
    Bulk,
    CodeRow,
    HistoryLine,
    OfferCard,
    OfferCodes,
    OfferDraft,
    OfferForm,
    Redeem,
)
from player.views.screen import Door, DoorState, Overlay, Playing, Screen
from player.views.studio import (
    Candidate,
    ChunkFault,
    FieldError,
    GuestLink,
    HolderKind,
    IssueLicence,
    LicenceDraft,
    LicenceRow,
    LinkUse,
    Priority,
    Rung,
    Studio,
    StudioFilm,
    StudioTitle,
    SubtitleDraft,
    Track,
    TrackKind,
    TrackRole,
    TransferLicence,
    Upload,
)

View = (
    Foyer
    | Film
    | Screen
    | Door
    | Studio
    | StudioTitle
    | TransferLicence
    | TitleFigures
    | IssueLicence
    | GuestLink
    | Account
    | Login
    | Register
    | Recover
    | ErrorPage
    | Operator
    | OfferCodes
    | OfferForm
    | Redeem
    | Channels
    | Bulk
)

__all__ = [
    "Account",
    "Action",
    "ActionKind",
    "ApiToken",
    "Bulk",
    "Candidate",
    "ChannelCard",
    "ChannelTitle",
    "Channels",
    "Chapter",
    "ChunkFault",
    "CodeRow",
    "Device",
    "Door",
    "DoorState",
    "ErrorPage",
    "Failure",
    "FieldError",
    "FigureDay",
    "Film",
    "FilmCard",
    "Foyer",
    "GuestLink",
    "HistoryLine",
    "HolderKind",
    "HouseAccount",
    "HouseFault",
    "IssueLicence",
    "Job",
    "LicenceDraft",
    "LicenceRow",
    "LicenceState",
    "LicenceTerms",
    "LinkUse",
    "Login",
    "Notice",
    "OfferCard",
    "OfferCodes",
    "OfferDraft",
    "OfferForm",
    "Operator",
    "Overlay",
    "Page",
    "Person",
    "Playing",
    "Priority",
    "Progress",
    "Recover",
    "Redeem",
    "Register",
    "Role",
    "Rung",
    "Scope",
    "Screen",
    "Stage",
    "Studio",
    "StudioFilm",
    "StudioTitle",
    "SubtitleDraft",
    "Theme",
    "Tier",
    "TitleFigures",
    "TitleState",
    "Tone",
    "Track",
    "TrackKind",
    "TrackRole",
    "TransferLicence",
    "Upload",
    "View",
    "ViewingDevice",
    "WatchingNow",
    "Worker",
]
