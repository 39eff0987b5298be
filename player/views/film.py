"""A film's own page, with the one right button for whoever looks at it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from player.format import clock_time, percent
from player.views.common import Failure, LicenceState, LicenceTerms, Page, Progress, TitleState
from player.views.offers import OfferCard


class ActionKind(StrEnum):
    """What the right button is: a link to go to, or a sentence that says why there is none."""

    WATCH = "watch"
    ASK = "ask"
    TAKE = "take"
    MEND = "mend"
    WAIT = "wait"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Action:
    """The one right button; without `href` or `post` it is a statement, not a control.

    `post` is an address to post to on the way to `href`.
    """

    kind: ActionKind
    label: str
    href: str | None = None
    post: str | None = None


@dataclass(frozen=True, slots=True)
class Chapter:
    """A named stretch of film, in seconds; `number` counts from 1 and names it where its title is empty."""

    number: int
    start_s: float
    end_s: float
    title: str = ""

    @property
    def name(self) -> str:
        """What it is called."""
        return self.title or f"Chapter {self.number}"

    @property
    def at(self) -> str:
        """Its beginning in seconds, as addresses of the screen say it."""
        return f"{self.start_s:.3f}".rstrip("0").rstrip(".")


@dataclass(frozen=True, slots=True)
class Film:
    """`/t/{id}`. `licence` is the viewer's own (None: none); `mine` needs none. Languages are names."""

    template: ClassVar[str] = "film.html"
    room: ClassVar[str] = "foyer"

    page: Page
    id: str
    name: str
    state: TitleState
    owner_name: str
    year: int | None = None
    duration_s: float | None = None
    description: str = ""
    poster_url: str | None = None
    still_url: str | None = None
    width: int | None = None
    height: int | None = None
    languages: tuple[str, ...] = ()
    subtitles: tuple[str, ...] = ()
    mine: bool = False
    may_manage: bool = False
    progress: Progress | None = None
    failure: Failure | None = None
    licence: LicenceTerms | None = None
    resume_s: float | None = None
    sealed: bool = False
    chapters: tuple[Chapter, ...] = ()
    """Shown to whoever may watch the film now, and to nobody else."""
    offers: tuple[OfferCard, ...] = ()
    """What this viewer may take now; empty while they hold a licence that runs."""

    @property
    def may_watch(self) -> bool:
        """Whether this viewer's right to the film holds now (whether it is encoded is another matter)."""
        running = self.licence is not None and self.licence.state is LicenceState.RUNNING
        return self.mine or running

    @property
    def playable(self) -> bool:
        """Whether there is anything to play yet."""
        begun = self.progress is not None and self.progress.playable_s > 0
        return self.state is TitleState.READY or (self.state is TitleState.ENCODING and begun)

    @property
    def shown_chapters(self) -> tuple[Chapter, ...]:
        """The chapters, where they may be shown; one alone tells nothing."""
        shown = self.playable and self.may_watch and len(self.chapters) > 1
        return self.chapters if shown else ()

    def opens(self, chapter: Chapter) -> bool:
        """Whether the film can be watched from a chapter on already."""
        whole = self.state is TitleState.READY
        return whole or (self.progress is not None and chapter.start_s < self.progress.playable_s)

    def stopped_in(self, chapter: Chapter) -> bool:
        """Whether the viewer stopped in a chapter."""
        return bool(self.resume_s) and chapter.start_s <= (self.resume_s or 0) < chapter.end_s

    @property
    def action(self) -> Action:
        """The one right button."""
        if not self.playable:
            return self._waiting()
        if not self.may_watch:
            return self._barred()
        if self.resume_s:
            return Action(ActionKind.WATCH, f"Continue at {clock_time(self.resume_s)}", f"/watch/{self.id}")
        return Action(ActionKind.WATCH, "Watch", f"/watch/{self.id}")

    def _barred(self) -> Action:
        """The button of somebody without a live licence."""
        state = self.licence.state if self.licence else None
        if state is LicenceState.NOT_BEGUN:
            return Action(ActionKind.WAIT, "Not yet: your licence has not begun")
        open_offers = [one for one in self.offers if not one.sold_out]
        free = next((one for one in open_offers if one.kind == "free"), None)
        if free is not None:
            return Action(ActionKind.TAKE, "Watch free", f"/watch/{self.id}", free.take_url)
        if open_offers:
            return Action(ActionKind.TAKE, "Get a licence", "#offers")
        match state:
            case LicenceState.ENDED:
                return Action(ActionKind.ASK, "Your licence has ended")
            case LicenceState.REVOKED:
                return Action(ActionKind.ASK, "Your licence was withdrawn")
        return Action(ActionKind.ASK, "You need a licence to watch this")

    def _waiting(self) -> Action:
        """The button of a film that cannot be played by anybody yet."""
        match self.state:
            case TitleState.UPLOADING:
                return Action(ActionKind.WAIT, "Not yet: still uploading")
            case TitleState.QUEUED:
                return Action(ActionKind.WAIT, "Not yet: waiting to be encoded")
            case TitleState.FAILED | TitleState.CANCELLED if self.may_manage:
                return Action(ActionKind.MEND, "Open in the studio", f"/studio/t/{self.id}")
            case TitleState.FAILED | TitleState.CANCELLED:
                return Action(ActionKind.NONE, "This film is not available")
        done = self.progress.percent if self.progress else None
        return Action(
            ActionKind.WAIT,
            f"Not yet: {percent(done)} encoded" if done is not None else "Not yet: being encoded",
        )
