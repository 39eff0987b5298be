"""Tracks and pictures of a film as the studio shows them."""

from collections.abc import Sequence

from player import views
from streaming.catalogue.values import CandidateView, RenditionView, SubtitleView, TitleView
from streaming.web.api.extras import picture_address
from transcoder.source import languages
from transcoder.source.languages import track_name

LANGUAGES = (
    ("und", "Not said"),
    *sorted(languages.LANGUAGES.items(), key=lambda one: one[1]),
)


def tracks_of(title: TitleView, subtitles: Sequence[SubtitleView]) -> tuple[views.Track, ...]:
    """Every sound once, whatever it is encoded as, then every subtitle track."""
    sounds: dict[str, list[RenditionView]] = {}
    for one in title.renditions:
        if one.kind == "audio":
            sounds.setdefault(one.name.rstrip("so"), []).append(one)
    uploaded = {one.name for one in subtitles if one.origin == "upload"}
    texts = (_track(one, one.name in uploaded) for one in title.renditions if one.kind == "text")
    return (*(_sound(group) for group in sounds.values()), *texts)


def candidates_of(title: TitleView, found: Sequence[CandidateView]) -> tuple[views.Candidate, ...]:
    """The pictures to choose a poster from."""
    return tuple(
        views.Candidate(one.number, picture_address(title.id, one), one.origin, one.chosen) for one in found
    )


def _sound(group: Sequence[RenditionView]) -> views.Track:
    return _track(group[0], False, ", ".join(dict.fromkeys(_detail(one) for one in group)))


def _detail(sound: RenditionView) -> str:
    codec = "Opus" if sound.codecs == "opus" else "AAC"
    return f"{codec} {'5.1' if (sound.channels or 2) > 2 else 'mono' if sound.channels == 1 else 'stereo'}"


def _track(one: RenditionView, uploaded: bool, detail: str = "") -> views.Track:
    return views.Track(
        id=one.name,
        kind=views.TrackKind(one.kind),
        name=track_name(one.language, one.label, one.role, forced=one.forced),
        language=languages.language_tag(one.language) or "und",
        label=one.label,
        detail=detail,
        role=views.TrackRole(one.role),
        forced=one.forced,
        default=one.default,
        uploaded=uploaded,
    )
