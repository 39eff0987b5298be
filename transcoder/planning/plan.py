"""From what a film is to what will be made of it: renditions, segments, crypto periods, chunks. Pure."""

import json
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

from transcoder.jsonform import from_plain, to_plain
from transcoder.planning.codec_rungs import add_codecs
from transcoder.planning.grid import (
    Chunk,
    Segment,
    audio_border,
    chunk_borders,
    make_chunks,
    make_segments,
    period_length,
    segment_borders,
)
from transcoder.planning.ladder import CARE_STEPS, AudioRendition, VideoRendition, make_ladder
from transcoder.planning.sounds import make_sounds
from transcoder.planning.tiles import PER_SHEET, Storyboard, make_storyboard
from transcoder.source.media import MediaInfo

__all__ = ["Chunk", "Plan", "Policy", "Segment", "TextRendition", "make_plan"]


LOWEST_STEPS = CARE_STEPS + 2
"""Steps of CRF that the lowest rung of a ladder by content is coarser: what one sees of it is its size."""

FIRST = "Comes first, so that the film starts at once, and carries it over the slowest lines."
OWN_SIZE = "The picture's own size."
LONE = "The picture is too small for a second quality."
BY_SIZE = "The qualities and rates are the usual ones for a picture of this size."


@dataclass(frozen=True, slots=True)
class Policy:
    """The house's choices. Times in seconds; `crf`, `preset` as x264 knows them, `hevc_preset` as x265,
    `av1_preset` as SVT-AV1.

    `codecs`: "h264", which every player knows, and what the best rungs are made in beside it ("hevc", "av1");
    `ladder`: "fixed", by the picture's size alone, or "content", by what `choosing` finds.
    `audio_codecs`: "aac", which every player knows, and what is offered beside it ("opus").
    `protection`: "aes-128", whole segments, which every HLS player knows, or "cbcs", samples, as DRM has it.
    A streamable source is copied up to `copied_rate` times the bits a second that a fixed ladder would give
    its picture (0: never), and if its key frames are at most `copied_seconds` apart.
    """

    crypto_period_seconds: int = 60
    segment_seconds: int = 4
    crf: int = 22
    preset: str = "veryfast"
    hevc_preset: str = "veryfast"
    av1_preset: int = 8
    codecs: tuple[str, ...] = ("h264",)
    ladder: str = "content"
    audio_codecs: tuple[str, ...] = ("aac",)
    copied_rate: int = 2
    copied_seconds: int = 6
    protection: str = "aes-128"


PROTECTIONS = ("aes-128", "cbcs")
"""What a film's picture and sound can be protected by."""


@dataclass(frozen=True, slots=True)
class TextRendition:
    """One subtitle track; `stream` is its index in the source."""

    name: str
    tier: str
    stream: int
    language: str
    title: str
    forced: bool
    sdh: bool = False
    default: bool = False


@dataclass(frozen=True, slots=True)
class IFrameRendition:
    """The key frames of the rung `source`, one a segment, for winding; `reorder` is the rung's."""

    name: str
    tier: str
    source: str
    reorder: int


@dataclass(frozen=True)
class Plan:
    """Everything about the output that is decided before the first frame is decoded.

    Video times are whole frames: frame `k` begins at `k / frame_rate` seconds, or `k * frame_ticks` in
    `timescale`. `video` is best first. `segment_borders` are frames, `chunk_borders` are segment numbers;
    both end with their total. Read `segments` and `chunks` instead. `reasons` are sentences for the creator:
    why the ladder is as it is; until it `is_decided`, only what `opening` gives is sure.
    """

    info: MediaInfo
    policy: Policy
    video: tuple[VideoRendition, ...]
    audios: tuple[AudioRendition, ...]
    texts: tuple[TextRendition, ...]
    timescale: int
    frame_ticks: int
    period_frames: int
    segment_borders: tuple[int, ...]
    chunk_borders: tuple[int, ...]
    reasons: tuple[str, ...] = ()
    is_decided: bool = True

    @property
    def frame_rate(self) -> Fraction:
        """Frames a second of every video rendition."""
        return self.info.video.frame_rate

    @property
    def frames(self) -> int:
        """Frames of the whole film."""
        return self.segment_borders[-1]

    @property
    def duration(self) -> Fraction:
        """Seconds of the whole film."""
        return self.frames / self.frame_rate

    @property
    def periods(self) -> int:
        """Number of crypto periods."""
        return -(-self.frames // self.period_frames)

    def reorder_ticks(self, rung: "VideoRendition | IFrameRendition") -> int:
        """How much later a frame's composition time is than its place; the edit list takes it off."""
        return rung.reorder * self.frame_ticks

    @cached_property
    def target_duration(self) -> int:
        """Whole seconds for `EXT-X-TARGETDURATION` (RFC 8216 §4.3.3.1), the same in all renditions."""
        names = (self.video[0].name, *(sound.name for sound in self.audios))
        longest = max(self.segment_duration(n, s.sequence) for n in names for s in self.segments)
        return max(1, int(longest + Fraction(1, 2)))

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """The segment grid, shared by every video rendition; audio follows it to the nearest AAC frame."""
        return make_segments(self.segment_borders, self.period_frames)

    @cached_property
    def chunks(self) -> tuple[Chunk, ...]:
        """The units of work, in order."""
        return make_chunks(self.chunk_borders, self.segments)

    @cached_property
    def _sounds(self) -> dict[str, AudioRendition]:
        return {sound.name: sound for sound in self.audios}

    @cached_property
    def _audio_borders(self) -> dict[str, tuple[int, ...]]:
        last = len(self.segment_borders) - 1
        return {
            sound.name: tuple(
                audio_border(frame, self.frame_rate, sound, last=number == last)
                for number, frame in enumerate(self.segment_borders)
            )
            for sound in self.audios
        }

    def audio_borders(self, name: str) -> tuple[int, ...]:
        """Frames of the sound at which its segments begin, ending with their total; raises KeyError."""
        return self._audio_borders[name]

    def is_audio(self, name: str) -> bool:
        """Tell whether a rendition is sound."""
        return name in self._sounds

    @property
    def renditions(self) -> tuple[str, ...]:
        """Names of all video renditions, best first, and then sound."""
        return (*(rung.name for rung in self.video), *self._sounds)

    @property
    def lowest(self) -> VideoRendition:
        """The smallest rung that every player knows."""
        return next(rung for rung in reversed(self.video) if rung.codec == "h264")

    @property
    def starter(self) -> tuple[str, ...]:
        """The renditions of chunk 0 that make the film playable soonest: the lowest rung and sound."""
        return (self.lowest.name, *self._sounds)

    @property
    def copied(self) -> tuple[str, ...]:
        """What one process that copies the best rung gives: that rung and all sound; empty if none is."""
        rungs = tuple(rung.name for rung in self.video if rung.copied)
        return (*rungs, *self._sounds) if rungs else ()

    def opening(self) -> "Plan":
        """What is sure before the ladder is decided: the lowest rung, a copied one, and all but pictures."""
        if self.is_decided:
            return self
        return replace(self, video=tuple(r for r in self.video if r.copied or r == self.lowest))

    @cached_property
    def copied_names(self) -> frozenset[str]:
        """The renditions whose packets are the source's own."""
        rungs = {rung.name for rung in self.video if rung.copied}
        return frozenset(rungs | {sound.name for sound in self.audios if sound.copied})

    @cached_property
    def iframes(self) -> IFrameRendition:
        """The pictures for winding: those of the lowest rung."""
        rung = self.lowest
        return IFrameRendition(f"i{rung.name.removeprefix('v')}", rung.tier, rung.name, rung.reorder)

    @cached_property
    def storyboard(self) -> Storyboard:
        """The small pictures for the seek bar."""
        track = self.info.video
        return make_storyboard(track.width, track.height, self.frames, self.frame_rate)

    def sheet_duration(self, number: int) -> Fraction:
        """Exact seconds of film that a sheet of the storyboard stands for."""
        length = PER_SHEET * self.storyboard.frames
        return (min(self.frames, (number + 1) * length) - number * length) / self.frame_rate

    def rendition(
        self, name: str
    ) -> VideoRendition | AudioRendition | TextRendition | IFrameRendition | Storyboard:
        """Find a rendition; raises KeyError."""
        if name == self.storyboard.name:
            return self.storyboard
        if name in self._sounds:
            return self._sounds[name]
        if name == self.iframes.name:
            return self.iframes
        rungs = {rung.name: rung for rung in self.video}
        return rungs[name] if name in rungs else {text.name: text for text in self.texts}[name]

    def chunk_segments(self, chunk: Chunk) -> tuple[Segment, ...]:
        """List the segments of `chunk`."""
        return self.segments[chunk.first_segment : chunk.first_segment + chunk.segments]

    def segment_duration(self, name: str, sequence: int) -> Fraction:
        """Exact seconds of a video or audio segment, for `EXTINF`."""
        sound = self._sounds.get(name)
        if sound is not None:
            first, end = self._audio_borders[name][sequence : sequence + 2]
            return Fraction((end - first) * sound.samples, sound.rate)
        return self.segments[sequence].frames / self.frame_rate

    def text_duration(self, period: int) -> Fraction:
        """Exact seconds of a text segment: one crypto period, or what is left of the film."""
        end = min(self.frames, (period + 1) * self.period_frames)
        return (end - period * self.period_frames) / self.frame_rate

    def to_json(self) -> str:
        """Write the plan as canonical JSON text."""
        return json.dumps(to_plain(self), sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "Plan":
        """Read what `to_json` wrote; raises ValueError, KeyError or TypeError on anything else."""
        plan = from_plain(cls, json.loads(text))
        for borders in (plan.segment_borders, plan.chunk_borders):
            if len(borders) < 2 or borders[0] != 0 or any(a >= b for a, b in pairwise(borders)):
                raise ValueError("borders must rise from zero")
        return plan


DEFAULT_POLICY = Policy()


def make_texts(info: MediaInfo) -> tuple[TextRendition, ...]:
    """Decide what is made of every subtitle track.

    Most files call their first subtitles "default". They are only shown unasked where they translate what is
    spoken, or are forced: signs, or what is said in yet another language.
    """
    spoken = {"und", *(track.language for track in info.audios if track.role == "main")}
    return tuple(
        TextRendition(
            name=f"t{number}",
            tier="sd",
            stream=text.index,
            language=text.language,
            title=text.title,
            forced=text.forced,
            sdh=text.sdh,
            default=text.default and not text.forced and text.language not in spoken,
        )
        for number, text in enumerate(info.texts)
    )


def make_plan(info: MediaInfo, policy: Policy = DEFAULT_POLICY) -> Plan:
    """Decide what will be made of a film; the same input always gives the same plan.

    With a ladder by content all but its lowest rung is provisional: `content.choose_ladder` decides it.
    """
    track, rate = info.video, info.video.frame_rate
    # At least ten thousand ticks a second, as other packagers write: 24 becomes 24000, 1000 ticks a frame.
    scale = 1 if rate.numerator >= 10_000 else 1000
    borders = segment_borders(track.frames, rate, policy.crypto_period_seconds, policy.segment_seconds)
    period_frames = period_length(rate, policy.crypto_period_seconds)
    video = _ladder(info, policy)
    lone = sum(rung.codec == "h264" for rung in video) == 1
    return Plan(
        info=info,
        policy=policy,
        video=video,
        audios=make_sounds(info.audios, policy.audio_codecs),
        texts=make_texts(info),
        timescale=rate.numerator * scale,
        frame_ticks=rate.denominator * scale,
        period_frames=period_frames,
        segment_borders=borders,
        chunk_borders=chunk_borders(make_segments(borders, period_frames), rate),
        reasons=(LONE,) if lone else (BY_SIZE,) if policy.ladder == "fixed" else (),
        is_decided=lone or policy.ladder == "fixed",
    )


def _ladder(info: MediaInfo, policy: Policy) -> tuple[VideoRendition, ...]:
    track = info.video
    rungs = make_ladder(track.width, track.height, track.frame_rate, policy.crf)
    if policy.ladder == "content":
        steps, reason = (LOWEST_STEPS, FIRST) if len(rungs) > 1 else (CARE_STEPS, OWN_SIZE)
        rungs = (*rungs[:-1], replace(rungs[-1], crf=policy.crf + steps, careful=True, reason=reason))
    return add_codecs(rungs, policy.codecs, track)
