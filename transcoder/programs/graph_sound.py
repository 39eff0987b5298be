"""From a sound rendition to its filters and its encoder; every option has its reason beside it.

Takes and gives streams of ffmpeg-python, which `graph` puts together.
"""

from collections.abc import Sequence
from math import gcd
from typing import Any

from transcoder.planning.ladder import AudioRendition
from transcoder.planning.plan import Chunk, Plan
from transcoder.programs.graph_steady import may_change
from transcoder.programs.graph_words import plain
from transcoder.source.media import AudioTrack

AUDIO_LEAD = {"aac": 8, "opus": 50}
"""Frames encoded before a chunk and thrown away: by then the encoder has the state it would have had."""

AUDIO_TAIL = 3
"""Frames of sound given after a chunk: the encoder looks ahead and overlaps."""

AUDIO_PRIMING = {"aac": 1024, "opus": 312}
"""Samples of silence that the encoder puts before the sound."""

_MOST_STEP = 20
"""Steps of frames that are worth aligning to; stranger sample rates go without."""

_LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}

_LIMITER = {"limit": 0.97, "attack": 5, "release": 50, "level": 0, "latency": 1}
"""Milliseconds; it acts on what exceeds the limit, leaves every other sample as it is, and delays nothing."""


def encoded_sounds(
    film: Any, plan: Plan, audios: Sequence[AudioRendition], chunk: Chunk
) -> list[tuple[AudioRendition, Any]]:
    """Filter the tracks of the input `film` to exactly the samples whose frames a chunk needs."""
    found = []
    for index in dict.fromkeys(audio.stream for audio in audios):
        own = [audio for audio in audios if audio.stream == index]
        track = _timed(film, plan, plan.info.audio(index))
        # One decode for all that is made of a track.
        parts = track.filter_multi_output("asplit", len(own)) if len(own) > 1 else [track]
        found += [(audio, _cut(parts[number], plan, audio, chunk)) for number, audio in enumerate(own)]
    return found


def _timed(film: Any, plan: Plan, track: AudioTrack) -> Any:
    """The track on the film's clock, in samples of its own rate."""
    stream = film[str(track.index)]
    ticks = 1 / (track.time_base * track.sample_rate)
    if ticks.denominator != 1:
        # The container rounds times (to milliseconds, say). Back to the codec's frame grid, or two chunks
        # would disagree by some samples about where they meet.
        stream = stream.filter("asetpts", _snapped(track))
    return stream.filter("asetpts", f"PTS-{round(plan.info.video.start * track.sample_rate)}")


def _cut(stream: Any, plan: Plan, audio: AudioRendition, chunk: Chunk) -> Any:
    track = plan.info.audio(audio.stream)
    first, end = audio_span(plan, audio, chunk)
    begin = first * audio.samples * track.sample_rate // audio.rate
    sound = (
        # To the sample, and before resampling: every chunk then resamples in the same phase.
        stream.filter("atrim", start_pts=begin).filter(
            "aresample",
            audio.rate,
            ochl=_LAYOUTS[audio.channels],
            osf="fltp",
            **{"async": 1},  # gaps become silence,
            min_hard_comp=0.01,  # those of a hundredth of a second too, or lips would be that late after them
            first_pts=begin,  # silence up to the first sound; counted at the source's rate
        )
    )
    if track.channels > audio.channels or may_change(plan, track):
        # Fewer speakers carry the sum of more. Turning all down for the sum's sake would take the dialogue
        # with it; so only what would clip is held back.
        sound = sound.filter("alimiter", **_LIMITER)
    # With the encoder's priming before them, its frames lie on the film's grid again.
    skip = AUDIO_PRIMING[audio.codec] % audio.samples
    return (
        sound.filter("apad")
        .filter("atrim", start_sample=skip, end_sample=(end - first) * audio.samples)
        # The chunk begins at 0. Muxers count from the first frame anyhow; but where sound was ahead of what
        # is copied beside it, by its lead, ffmpeg 8.1 waited for the copies and they for it.
        .filter("asetpts", f"N-{_lead(plan, audio, chunk) * audio.samples}")
    )


def audio_span(plan: Plan, audio: AudioRendition, chunk: Chunk) -> tuple[int, int]:
    """Frames of sound given to the encoder for a chunk: first, and first after the last.

    The first is at least `AUDIO_LEAD` before the chunk and falls on a whole sample of the source.
    """
    borders = plan.audio_borders(audio.name)
    first = borders[chunk.first_segment] - AUDIO_LEAD[audio.codec]
    step = audio.rate // gcd(audio.rate, audio.samples * plan.info.audio(audio.stream).sample_rate)
    if step <= _MOST_STEP:
        first -= first % step
    return first, borders[chunk.first_segment + chunk.segments] + AUDIO_TAIL


def spare_frames(plan: Plan, audio: AudioRendition, chunk: Chunk) -> int:
    """Frames that come out of the encoder before the chunk's own: whole ones of priming, and the lead-in."""
    return _lead(plan, audio, chunk) + AUDIO_PRIMING[audio.codec] // audio.samples


def _lead(plan: Plan, audio: AudioRendition, chunk: Chunk) -> int:
    """Frames of sound given to the encoder before the chunk's own."""
    return plan.audio_borders(audio.name)[chunk.first_segment] - audio_span(plan, audio, chunk)[0]


def _snapped(track: AudioTrack) -> str:
    start = round(track.start_pts * track.time_base * track.sample_rate)
    grid = f"{start}+round((PTS-{start})/NB_SAMPLES)*NB_SAMPLES"
    near = track.sample_rate * 11 // 10_000
    return f"if(lte(abs({grid}-PTS),{near}),{grid},PTS)"


def sound_output(audio: AudioRendition) -> dict[str, Any]:
    """Give the encoder's options: ADTS of AAC frames, or fragmented MP4 with some Opus packets each."""
    common = {"b:a": audio.bitrate, "ar": audio.rate, "ac": audio.channels, "flush_packets": 1, **plain()}
    if audio.codec == "opus":
        return common | _OPUS
    return common | {"c:a": "aac", "f": "adts"}


_OPUS = {
    "c:a": "libopus",
    # Packets of one length, whatever their bits: their times are counted.
    "frame_duration": 20,
    # Bits of a packet depend little on what came before: two chunks agree where they meet.
    "vbr": "constrained",
    "f": "mp4",
    "movflags": "+empty_moov+default_base_moof+skip_trailer",
    "frag_duration": 500_000,
    "use_editlist": 0,
    "write_btrt": 0,
}
