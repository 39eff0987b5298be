"""Sound that may change its channels or rate on the way, as a broadcast's does: brought to one form first.

ffmpeg makes its filters anew where a decoder's output changes, and they would count from the chunk's start
again: silence in place of all that follows. So such a track is decoded, brought to the form that it has at
its beginning, written as plain samples to nowhere, and read back from there (ffmpeg's loopback decoders):
the filters that count see one form for ever. Pure.
"""

from collections.abc import Iterable, Sequence

from transcoder.planning.ladder import AudioRendition
from transcoder.planning.plan import Plan
from transcoder.source.media import AudioTrack

_SELF_DESCRIBING = frozenset({"ac3", "eac3", "dts", "truehd", "mlp", "mp2", "mp3"})
"""Codecs whose every frame says how many channels it has, in any container."""

_FIXED_FORMS = frozenset({"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"})
"""Containers whose head says what AAC they hold; elsewhere each frame does (ADTS, LATM)."""

_SHIFT_SECONDS = 1_000_000
"""Added to all times on the way: ffmpeg drops what is written before 0, and a film may begin there."""

_LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}


def may_change(plan: Plan, track: AudioTrack) -> bool:
    """Tell whether the track's frames may differ from its first ones in channels and rate."""
    if track.channels not in _LAYOUTS:
        return False
    return track.codec in _SELF_DESCRIBING or (
        track.codec == "aac" and plan.info.container not in _FIXED_FORMS
    )


def steadied(argv: Sequence[str], plan: Plan, audios: Iterable[AudioRendition]) -> list[str]:
    """Give the command `argv` with every track that may change read by its filters in one form.

    The loops stand before the outputs, where ffmpeg counts them as its first ones.
    """
    tracks = [plan.info.audio(index) for index in dict.fromkeys(audio.stream for audio in audios)]
    tracks = [track for track in tracks if may_change(plan, track)]
    if not tracks:
        return list(argv)
    place = argv.index("-filter_complex")
    graph = argv[place + 1]
    words: list[str] = []
    for number, track in enumerate(tracks):
        shift = _SHIFT_SECONDS * track.sample_rate
        graph = graph.replace(f"[0:{track.index}]", f"[dec:{number}]asetpts=PTS-{shift},")
        words += _loop(number, track, shift)
    return [*argv[:place], *words, "-filter_complex", graph, *argv[place + 2 :]]


def _loop(number: int, track: AudioTrack, shift: int) -> tuple[str, ...]:
    form = f"aresample=osr={track.sample_rate}:ochl={_LAYOUTS[track.channels]}:osf=flt,asetpts=PTS+{shift}"
    encoded = ("-map", f"0:{track.index}", "-af", form, "-c:a", "pcm_f32le")
    return (*encoded, "-f", "null", "-", "-dec", f"{number}:0")
