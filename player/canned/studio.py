"""Canned studios, films in the studio and licences."""

from __future__ import annotations

from dataclasses import replace

from player.canned.base import (
    ENDED,
    FINISH_BEFORE,
    LONG_NAME,
    NOT_BEGUN,
    PICTURES,
    REVOKED,
    RUNNING,
    UNTIL,
    State,
    ago,
    ahead,
)
from player.canned.watching import AUDIO_ONLY, DESCRIPTION, ENCODING
from player.views import (
    Candidate,
    ChunkFault,
    Failure,
    HolderKind,
    LicenceRow,
    LicenceState,
    LicenceTerms,
    Page,
    Priority,
    Progress,
    Rung,
    Stage,
    Studio,
    StudioFilm,
    StudioTitle,
    SubtitleDraft,
    Tier,
    TitleState,
    Track,
    TrackKind,
    TrackRole,
    Upload,
)

GB = 1_000_000_000
READY = StudioFilm(
    "ti_0004",
    "The Night Ferry",
    TitleState.READY,
    ago(days=12),
    PICTURES[4],
    5524,
    int(2.81 * GB),
    14,
    3,
    4812,
)
FILMS = (
    StudioFilm(
        "ti_0101",
        "Salt Roads",
        TitleState.ENCODING,
        ago(minutes=6),
        PICTURES[1],
        5520,
        int(0.31 * GB),
        progress=ENCODING,
    ),
    StudioFilm(
        "ti_0102",
        "Low Tide",
        TitleState.QUEUED,
        ago(minutes=2),
        progress=Progress(Stage.QUEUED, queue_position=2),
        duration_s=604,
    ),
    READY,
    StudioFilm(
        "ti_0103", "interview-final-FINAL(2).mp4", TitleState.FAILED, ago(hours=3), failure=AUDIO_ONLY
    ),
    StudioFilm(
        "ti_0104",
        "Meridian",
        TitleState.FAILED,
        ago(hours=5),
        PICTURES[3],
        312,
        failure=Failure(
            "The house ran out of disk space while encoding this film.",
            "What is done is kept. Ask whoever runs the house to make room, then try again.",
            "disk_full",
            can_retry=True,
        ),
    ),
    replace(READY, id="ti_0105", name="Orchard", licences=0, watching=0, minutes_watched=0, still_url=None),
    StudioFilm("ti_0106", LONG_NAME, TitleState.CANCELLED, ago(days=30), None, 7260, int(1.1 * GB)),
)
UPLOADING = StudioFilm(
    "ti_0201",
    "the-glass-mountain-master.mov",
    TitleState.UPLOADING,
    ago(hours=20),
    progress=Progress(Stage.UPLOADING, prepared_s=2384),
    upload=Upload(
        "up_1", "ti_0201", "the-glass-mountain-master.mov", int(41.6 * GB), int(17.2 * GB), ahead(days=6)
    ),
)
BROKEN = Failure(
    "The film could not be encoded between 2:10 and 3:10, and in 1 more place.",
    "Everything else is finished and kept. Try that part again; if it fails again, the file may be damaged "
    "there.",
    "encoder_failed",
    can_retry=True,
)
ANEW_PROGRESS = replace(ENCODING, playable_s=0.0)
ANEW = "The version that plays is untouched. Make the film anew once more when the cause is mended."
FAULTS = (
    ChunkFault(
        4,
        "Between 2:10 and 3:10: The film could not be encoded.",
        "encoder_failed",
        (
            "[h264 @ 0x55d0c8a0] error while decoding MB 52 21, bytestream -9",
            "[h264 @ 0x55d0c8a0] Invalid NAL unit size (1718908012 > 40322).",
            "Error while decoding stream #0:0: Invalid data found when processing input",
        ),
    ),
    ChunkFault(11, "Between 9:10 and 10:10: The encoder took too long.", "timed_out"),
)
PLAN_REASONS = (
    "Measured on 8 short samples of the film: the picture moves and has detail, as most films do.",
    "360p is left out: at the same rate another size looks as good or better.",
)
LADDER = (
    Rung(
        "v1080",
        1080,
        1920,
        5_200_000,
        Tier.HD,
        "About 3.0 Mbit/s, 4.7 Mbit/s at most: 720p would lose visible detail.",
        9.0,
    ),
    Rung(
        "v720",
        720,
        1280,
        2_800_000,
        Tier.HD,
        "About 1.3 Mbit/s, 2.5 Mbit/s at most: 43 % of the bits of 1080p, "
        "and no size looks better for as many.",
        12.4,
    ),
    Rung(
        "v480",
        480,
        854,
        1_200_000,
        Tier.SD,
        "About 520 kbit/s, 1.1 Mbit/s at most: 40 % of the bits of 720p, "
        "and no size looks better for as many.",
        16.0,
    ),
    Rung(
        "v240",
        240,
        426,
        400_000,
        Tier.SD,
        "Comes first, so that the film starts at once, and carries it over the slowest lines.",
        16.0,
    ),
    Rung("a0", None, None, 128_000, Tier.SD, "AAC, stereo.", 21.0),
)
TRACKS = (
    Track("a0", TrackKind.AUDIO, "Portuguese", "pt", detail="AAC stereo, AAC 5.1", default=True),
    Track(
        "a1",
        TrackKind.AUDIO,
        "The director and the projectionist, commentary",
        "en",
        "The director and the projectionist",
        "AAC stereo",
        TrackRole.COMMENTARY,
    ),
    Track("t0", TrackKind.TEXT, "English", "en", default=True),
    Track("t1", TrackKind.TEXT, "Signs and letters, forced", "en", "Signs and letters", forced=True),
    Track("t4", TrackKind.TEXT, "German, SDH", "de", role=TrackRole.SDH, uploaded=True),
)
LANGUAGES = (("und", "Not said"), ("en", "English"), ("de", "German"), ("pt", "Portuguese"))
CANDIDATES = (
    *(Candidate(n, url, "film", n == 4) for n, url in enumerate(PICTURES)),
    Candidate(6, PICTURES[2], "cover"),
    Candidate(7, PICTURES[0], "upload"),
)
REFUSED = SubtitleDraft(
    "de",
    "Deutsch",
    sdh=True,
    error="Line 12: this is no time like 00:01:02.500 --> 00:01:04.000.",
)


def _row(
    n: int, holder: str, terms: LicenceTerms, kind: HolderKind = HolderKind.ACCOUNT, watching: int = 0
) -> LicenceRow:
    plays = (3 * watching, 20) if kind is HolderKind.LINK else (None, None)
    return LicenceRow(f"li_{n}", kind, holder, terms, ago(days=n + 1, hours=n), watching, *plays)


ROWS = (
    _row(1, "Ben", RUNNING, watching=1),
    _row(2, "Press", UNTIL, HolderKind.LINK, watching=2),
    _row(3, "Clara", FINISH_BEFORE),
    _row(4, "Festival jury", NOT_BEGUN, HolderKind.LINK),
    _row(5, "Daniel", LicenceTerms(LicenceState.RUNNING, tier=Tier.SD, max_streams=3)),
    _row(6, "Ernesto", ENDED),
    _row(7, "", REVOKED, HolderKind.LINK),
)


def title(page: Page, film: StudioFilm = READY) -> StudioTitle:
    """A film in the studio, with all there is of it."""
    return StudioTitle(
        page,
        film,
        description=DESCRIPTION,
        year=1996,
        source_name="night-ferry-master-v3.mov",
        picture="1920 × 1080",
        protection="aes-128",
        tracks=TRACKS,
        languages=LANGUAGES,
        candidates=CANDIDATES if film.state is TitleState.READY else (),
        may_change=film.state is TitleState.READY,
        ladder=LADDER,
        plan_reasons=PLAN_REASONS,
        licences=ROWS,
        licences_total=len(ROWS),
    )


def _crowded(page: Page) -> StudioTitle:
    """A film with as many tracks and pictures as people bring along, some with long names."""
    texts = tuple(
        Track(f"t{n}", TrackKind.TEXT, f"{name}, {LONG_NAME}" if n == 3 else name, code, uploaded=n > 2)
        for n, (code, name) in enumerate(LANGUAGES[1:] * 5)
    )
    pictures = tuple(Candidate(n, PICTURES[n % 6], "upload" if n > 7 else "film", n == 9) for n in range(24))
    return replace(title(page), tracks=(*TRACKS[:2], *texts), candidates=pictures)


def _bare(page: Page, film: StudioFilm) -> StudioTitle:
    return StudioTitle(page, film, source_name="night-ferry-master-v3.mov")


def _many() -> tuple[LicenceRow, ...]:
    return tuple(_row(n, f"guest-{n:03d}", (RUNNING, UNTIL, ENDED)[n % 3]) for n in range(50))


def _state(film: StudioFilm, state: TitleState, progress: Progress | None = None) -> StudioFilm:
    return replace(film, state=state, progress=progress, watching=0)


STUDIOS = (
    State("Studio", "full", lambda p: Studio(p, FILMS, 6, int(11.4 * GB), 50 * GB)),
    State("Studio", "uploading", lambda p: Studio(p, (UPLOADING, *FILMS[:3]), 4, int(17.2 * GB), 50 * GB)),
    State(
        "Studio",
        "films made anew",
        lambda p: Studio(
            p,
            (
                replace(READY, remake=ANEW_PROGRESS),
                replace(FILMS[5], watching=0, remake=Progress(Stage.QUEUED, queue_position=2)),
                replace(
                    READY,
                    id="ti_0107",
                    name="Low Tide",
                    remake=Progress(Stage.UPLOADING),
                    upload=UPLOADING.upload,
                    watching=0,
                ),
                replace(READY, id="ti_0108", name="Kites", failure=BROKEN, watching=0),
                FILMS[0],
            ),
            5,
            int(11.4 * GB),
            50 * GB,
        ),
    ),
    State("Studio", "empty", lambda p: Studio(p, quota_bytes=50 * GB)),
    State(
        "Studio",
        "search without result",
        lambda p: Studio(p, query="zeppelin", used_bytes=GB, quota_bytes=50 * GB),
    ),
    State(
        "Studio",
        "long, space nearly gone",
        lambda p: Studio(
            p,
            tuple(replace(READY, id=f"ti_s{n}", name=f"Lecture {n + 1}", still_url=None) for n in range(50)),
            1204,
            int(48.7 * GB),
            50 * GB,
            more_url="?cursor=50",
        ),
    ),
    State("Studio film", "ready", title),
    State(
        "Studio film",
        "made anew",
        lambda p: title(p, replace(READY, remake=ANEW_PROGRESS)),
    ),
    State(
        "Studio film",
        "made anew, waiting for its turn",
        lambda p: title(p, replace(READY, remake=Progress(Stage.QUEUED, queue_position=3))),
    ),
    State(
        "Studio film",
        "made anew from a new file",
        lambda p: title(p, replace(READY, remake=Progress(Stage.UPLOADING), upload=UPLOADING.upload)),
    ),
    State(
        "Studio film",
        "made anew though a part failed",
        lambda p: replace(
            title(p, replace(READY, remake=ANEW_PROGRESS, priority=Priority.LOW)), faults=FAULTS
        ),
    ),
    State("Studio film", "can be made anew", lambda p: replace(title(p), can_remake=True)),
    State(
        "Studio film",
        "could not be made anew",
        lambda p: title(p, replace(READY, failure=replace(BROKEN, hint=ANEW, can_retry=False))),
    ),
    State("Studio film", "a subtitle file was refused", lambda p: replace(title(p), subtitle_draft=REFUSED)),
    State(
        "Studio film",
        "a picture was refused",
        lambda p: replace(
            title(p),
            poster_error="This file is no picture that your browser can read. "
            "Save it as JPEG, then choose that.",
        ),
    ),
    State(
        "Studio film",
        "without sound, subtitles and pictures",
        lambda p: replace(title(p), tracks=(), candidates=()),
    ),
    State("Studio film", "many tracks and pictures", _crowded),
    State("Studio film", "no licences", lambda p: replace(title(p), licences=(), licences_total=0)),
    State("Studio film", "many licences", lambda p: replace(title(p), licences=_many(), licences_total=1312)),
    State("Studio film", "encoding", lambda p: replace(title(p, FILMS[0]), licences=(), licences_total=0)),
    State("Studio film", "queued", lambda p: _bare(p, FILMS[1])),
    State(
        "Studio film",
        "verifying",
        lambda p: title(
            p, _state(READY, TitleState.ENCODING, Progress(Stage.VERIFYING, 99.9, 4, 5524, 41280, 41280))
        ),
    ),
    State("Studio film", "uploading", lambda p: _bare(p, UPLOADING)),
    State("Studio film", "failed", lambda p: _bare(p, FILMS[3])),
    State("Studio film", "failed, can retry", lambda p: _bare(p, FILMS[4])),
    State(
        "Studio film",
        "a part failed",
        lambda p: replace(_bare(p, replace(FILMS[4], failure=BROKEN)), faults=FAULTS, ladder=LADDER),
    ),
    State(
        "Studio film",
        "encoding goes on though a part failed",
        lambda p: replace(
            title(p, replace(FILMS[0], priority=Priority.HIGH, priority_by_house=True)), faults=FAULTS[:1]
        ),
    ),
    State("Studio film", "cancelled", lambda p: _bare(p, FILMS[5])),
    State(
        "Studio film",
        "link just issued",
        lambda p: replace(title(p), link_once="https://films.example/l/6tZbQ0Yv9mXw"),
    ),
)
