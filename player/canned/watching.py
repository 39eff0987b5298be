"""Canned foyers, films, screens and doors."""

from __future__ import annotations

from dataclasses import replace

from player.canned.base import (
    BEN,
    ENDED,
    FINISH_BEFORE,
    LONG_NAME,
    NOT_BEGUN,
    PICTURES,
    REVOKED,
    RUNNING,
    UNTIL,
    State,
    ahead,
)
from player.views import (
    Chapter,
    Door,
    DoorState,
    Failure,
    Film,
    FilmCard,
    Foyer,
    LicenceState,
    Overlay,
    Page,
    Playing,
    Progress,
    Scope,
    Screen,
    Stage,
    TitleState,
)

NAMES = (
    "The Lamplighter", "Salt Roads", "A Winter in Porto", "Nine Rooms", "The Night Ferry", "Orchard",
    "Small Hours",
    "The Cartographer's Sister", "Concrete and Ivy", "Until the Rain", "Kites", "The Last Projectionist",
    "Three Letters from Trieste", "Low Tide", "Meridian", LONG_NAME, "The Glass Mountain", "Ferrous",
    "Evening Class", "Lucía Before Noon", "The Understudy", "Paper Moons", "雨の日", "North of Everything",
)  # fmt: skip

CARDS = tuple(
    FilmCard(
        id=f"ti_{n:04d}",
        name=name,
        year=1967 + (n * 7) % 58,
        duration_s=4200 + (n * 977) % 4600,
        poster_url=PICTURES[n % 6] if n % 4 == 1 else None,
        owner_name="Ana",
        mine=n % 5 == 0,
        licence_state=LicenceState.RUNNING if n % 5 else None,
        ends_at=ahead(hours=6) if n % 7 == 3 else ahead(days=n + 2) if n % 3 == 0 else None,
    )
    for n, name in enumerate(NAMES)
)
MIXED = (
    FilmCard("ti_mix1", "Salt Roads", TitleState.ENCODING, 2024, 5520, PICTURES[1], mine=True, percent=12.4),
    replace(CARDS[0], id="ti_mix2", state=TitleState.QUEUED, mine=True),
    replace(CARDS[4], resume_s=2467.0, licence_state=LicenceState.RUNNING, ends_at=ahead(hours=5)),
    replace(CARDS[5], licence_state=LicenceState.ENDED, mine=False),
    replace(CARDS[6], licence_state=LicenceState.NOT_BEGUN, valid_from=ahead(hours=22), mine=False),
    replace(CARDS[7], licence_state=None, mine=False, offered=True),
    replace(CARDS[9], poster_url=PICTURES[3], state=TitleState.FAILED, mine=True, ends_at=None),
    *CARDS[10:],
)
BEGUN = (
    replace(CARDS[4], poster_url=PICTURES[4], resume_s=2467.0, ends_at=ahead(hours=5)),
    replace(CARDS[2], poster_url=PICTURES[2], resume_s=610.0, ends_at=None),
    replace(CARDS[13], resume_s=4100.0, ends_at=ahead(days=12)),
)

DESCRIPTION = (
    "In a port town where the last ferry leaves at midnight, a projectionist finds a reel that shows her own "
    "street, filmed forty years before she was born, and somebody at her window who waves.\n\n"
    "Shot over three winters with a crew of five, on short ends and borrowed light."
)


def film(page: Page) -> Film:
    """A film that Ben holds a licence on."""
    return Film(
        page,
        "ti_0004",
        "The Night Ferry",
        TitleState.READY,
        "Ana",
        year=1996,
        duration_s=5524,
        description=DESCRIPTION,
        still_url=PICTURES[4],
        width=1920,
        height=1080,
        languages=("Portuguese", "English"),
        subtitles=("English", "Deutsch"),
        licence=RUNNING,
    )


def _mine(
    page: Page, state: TitleState, progress: Progress | None = None, failure: Failure | None = None
) -> Film:
    return replace(
        film(page), state=state, licence=None, mine=True, may_manage=True, progress=progress, failure=failure
    )


AUDIO_ONLY = Failure(
    "There is no picture in this file, only sound.",
    "Export it again with a video track, then upload that.",
    "no_video_track",
)
ENCODING = Progress(Stage.ENCODING, 12.4, 410, 250, 5120, 41280)

CHAPTERS = tuple(
    Chapter(n + 1, 700.0 * n, 700.0 * (n + 1), name)
    for n, name in enumerate(
        ("Arrival", "The reel", "", "雨の日", LONG_NAME, "Last boat", "Portside", "Lights out")
    )
)

FOYERS = (
    State("Foyer", "full", lambda p: Foyer(p, CARDS, BEGUN, total=len(CARDS))),
    State("Foyer", "mixed states", lambda p: Foyer(p, MIXED, BEGUN[:1], total=len(MIXED))),
    State("Foyer", "nothing yet", Foyer),
    State("Foyer", "nothing yet, viewer", Foyer, BEN),
    State("Foyer", "loading", lambda p: Foyer(p, loading=True)),
    State(
        "Foyer",
        "5000 films",
        lambda p: Foyer(
            p,
            tuple(replace(CARDS[n % 24], id=f"ti_l{n}") for n in range(96)),
            total=5000,
            more_url="?cursor=96",
        ),
    ),
    State("Foyer", "one film", lambda p: Foyer(p, CARDS[:1], total=1), BEN),
    State("Foyer", "search", lambda p: Foyer(p, CARDS[4:7], query="night", total=3)),
    State("Foyer", "search without result", lambda p: Foyer(p, query="zeppelin")),
    State("Foyer", "new, none", lambda p: Foyer(p, scope=Scope.NEW)),
    State("Foyer", "keys", lambda p: Foyer(p, CARDS[:6], total=6), show_keys=True),
)
FILMS = (
    State("Film", "running", film, BEN),
    State("Film", "finish before", lambda p: replace(film(p), licence=FINISH_BEFORE, resume_s=2467.0), BEN),
    State("Film", "until tonight", lambda p: replace(film(p), licence=UNTIL, still_url=None), BEN),
    State("Film", "no licence", lambda p: replace(film(p), licence=None, still_url=PICTURES[2]), BEN),
    State("Film", "not begun", lambda p: replace(film(p), licence=NOT_BEGUN, still_url=PICTURES[0]), BEN),
    State(
        "Film",
        "ended",
        lambda p: replace(film(p), licence=ENDED, resume_s=2467.0, still_url=PICTURES[5]),
        BEN,
    ),
    State("Film", "chapters", lambda p: replace(film(p), chapters=CHAPTERS, resume_s=2467.0), BEN),
    State(
        "Film",
        "chapters, encoding",
        lambda p: replace(_mine(p, TitleState.ENCODING, ENCODING), chapters=CHAPTERS[:4]),
    ),
    State(
        "Film",
        "revoked",
        lambda p: replace(film(p), licence=replace(REVOKED, note="The festival has moved to spring.")),
        BEN,
    ),
    State("Film", "mine", lambda p: replace(_mine(p, TitleState.READY), still_url=PICTURES[0])),
    State("Film", "queued", lambda p: _mine(p, TitleState.QUEUED, Progress(Stage.QUEUED, queue_position=2))),
    State("Film", "encoding", lambda p: _mine(p, TitleState.ENCODING, ENCODING)),
    State("Film", "encoding, nothing yet", lambda p: _mine(p, TitleState.ENCODING, Progress(Stage.PROBING))),
    State("Film", "failed", lambda p: _mine(p, TitleState.FAILED, failure=AUDIO_ONLY)),
    State("Film", "cancelled", lambda p: _mine(p, TitleState.CANCELLED)),
    State(
        "Film",
        "long name, nothing known",
        lambda p: replace(
            _mine(p, TitleState.READY),
            id="ti_0015",
            name=LONG_NAME,
            description="",
            still_url=None,
            languages=(),
            subtitles=(),
        ),
    ),
)


def _screen(page: Page, overlay: Overlay) -> Screen:
    return Screen(
        page,
        "ti_0004",
        "The Night Ferry",
        "/t/ti_0004",
        "Ana",
        1996,
        5524,
        PICTURES[4],
        UNTIL,
        overlay=overlay,
    )


def _screen_state(overlay: Overlay) -> State:
    return State("Screen", overlay.value, lambda p: _screen(p, overlay), BEN)


ELSEWHERE = (
    Playing("pb_1", "Firefox on Linux", "The Night Ferry", ahead(minutes=-41), 2467.0),
    Playing("pb_2", "Safari on iPhone", LONG_NAME, ahead(hours=-3), 610.0),
)
SCREENS = (
    *(_screen_state(overlay) for overlay in Overlay),
    State(
        "Screen",
        "elsewhere, list",
        lambda p: replace(_screen(p, Overlay.ELSEWHERE), playing=ELSEWHERE),
        BEN,
    ),
    State(
        "Screen",
        "elsewhere, a guest",
        lambda p: replace(
            _screen(p, Overlay.ELSEWHERE), guest=True, playing=(Playing("pb_1", "Firefox on Linux"),)
        ),
        None,
    ),
)


def _door(page: Page, state: DoorState) -> Door:
    return Door(
        page,
        state,
        enter_url="/l/token/enter",
        name="The Night Ferry",
        owner_name="Ana",
        title_id="ti_0004",
        year=1996,
        duration_s=5524,
        description="A projectionist finds a reel that shows her own street, filmed before she was born.",
        poster_url=PICTURES[4],
        licence=replace(RUNNING, valid_until=ahead(days=6), start_by=ahead(days=6)),
    )


DOORS = (
    State("Door", "open", lambda p: _door(p, DoorState.OPEN), None),
    State("Door", "open, begun", lambda p: replace(_door(p, DoorState.OPEN), licence=FINISH_BEFORE), None),
    State(
        "Door",
        "open, no picture",
        lambda p: replace(
            _door(p, DoorState.OPEN), poster_url=None, licence=UNTIL, title_id="ti_0011", name=LONG_NAME
        ),
        None,
    ),
    State(
        "Door",
        "wrong password",
        lambda p: replace(
            _door(p, DoorState.OPEN), ask_password=True, wrong_password=True, code="wrong_password"
        ),
        None,
    ),
    State("Door", "not begun", lambda p: replace(_door(p, DoorState.NOT_BEGUN), licence=NOT_BEGUN), None),
    State("Door", "not ready", lambda p: _door(p, DoorState.NOT_READY), None),
    State(
        "Door",
        "expired",
        lambda p: replace(
            _door(p, DoorState.EXPIRED), licence=ENDED, poster_url=PICTURES[2], code="licence_ended"
        ),
        None,
    ),
    State(
        "Door",
        "password",
        lambda p: replace(
            _door(p, DoorState.OPEN), ask_password=True, plays_left=1, redeem_until=ahead(hours=30)
        ),
        None,
    ),
    State("Door", "come back", lambda p: replace(_door(p, DoorState.OPEN), returning=True), None),
    State(
        "Door",
        "link expired",
        lambda p: replace(_door(p, DoorState.EXPIRED), redeem_until=ahead(hours=-30), code="link_expired"),
        None,
    ),
    State("Door", "used up", lambda p: replace(_door(p, DoorState.USED_UP), code="link_used_up"), None),
    State("Door", "revoked", lambda p: replace(_door(p, DoorState.REVOKED), code="licence_revoked"), None),
    State(
        "Door",
        "busy",
        lambda p: replace(
            _door(p, DoorState.BUSY),
            code="too_many_streams",
            licence=replace(RUNNING, max_streams=2),
            playing=(Playing("pb_1", "Firefox on Linux"), Playing("pb_2", "Safari on iPhone")),
        ),
        None,
    ),
    State("Door", "unknown", lambda p: Door(p, DoorState.UNKNOWN, code="bad_address"), None),
)
