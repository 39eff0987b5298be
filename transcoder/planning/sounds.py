"""What is made of every sound track of a film: stereo for all, 5.1 where there is as much, by codec. Pure."""

from collections.abc import Iterator, Sequence

from transcoder.planning.grid import AAC_SAMPLES, OPUS_SAMPLES
from transcoder.planning.ladder import AudioRendition
from transcoder.source.media import AudioTrack

SURROUND = 6
"""Channels of 5.1; a track of more is mixed down to it."""

_BITRATES = {("aac", 2): 128_000, ("aac", 6): 384_000, ("opus", 2): 96_000, ("opus", 6): 256_000}
_SAMPLES = {"aac": AAC_SAMPLES, "opus": OPUS_SAMPLES}
_MARKS = {("aac", 2): "", ("aac", 6): "s", ("opus", 2): "o", ("opus", 6): "os"}
"""What a rendition's name has behind `a` and its track's number."""


def make_sounds(tracks: Sequence[AudioTrack], codecs: Sequence[str]) -> tuple[AudioRendition, ...]:
    """Decide what is made of the tracks, in `codecs`; the first track plays when nobody has chosen."""
    return tuple(sound for number, track in enumerate(tracks) for sound in _sounds(number, track, codecs))


def _sounds(number: int, track: AudioTrack, codecs: Sequence[str]) -> Iterator[AudioRendition]:
    for codec in codecs:
        for channels in (2, SURROUND) if track.channels >= SURROUND else (2,):
            yield AudioRendition(
                name=f"a{number}{_MARKS[codec, channels]}",
                stream=track.index,
                codec=codec,
                bitrate=_BITRATES[codec, channels],
                channels=channels,
                language=track.language,
                title=track.title,
                role=track.role,
                default=number == 0,
                samples=_SAMPLES[codec],
            )
