"""May the source's own packets be the best rung? What speaks against it, and the plan if nothing does. Pure.

A source that every player could play as it is needs no encoding: its packets are cut at its key frames, put
into segments and encrypted. Then its key frames say where segments begin, in every rung.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise

from transcoder.planning.grid import chunk_borders, copied_borders, make_segments
from transcoder.planning.ladder import AudioRendition, VideoRendition, make_ladder
from transcoder.planning.plan import Plan, Policy
from transcoder.source.media import AudioTrack, VideoTrack

PROFILES = {"Constrained Baseline", "Baseline", "Main", "High"}
MOST_LEVEL = 42
MOST_REORDER = 4
"""Frames: H.264 allows 16 to small pictures, but devices' decoders hold few, and the start waits for them."""

_STEADY = Fraction(1, 100)
"""Seconds by which a frame may come too early or too late: half of what an ear forgives."""
_PEAK = 2
"""A segment may have this many times the bits a second that are allowed on average."""


@dataclass(frozen=True, slots=True)
class Packets:
    """What the packets of a picture say.

    `keys`: frames at which decoding can begin; `sizes`: bytes from each of them to the next; `reorder`:
    frames by which decoding runs ahead of showing. `sounds`: first packet of each audio stream, by its index,
    in ticks of its track. `fault`: why they cannot be copied, as the end of a sentence; "" if they can.
    """

    keys: tuple[int, ...] = ()
    sizes: tuple[int, ...] = ()
    reorder: int = 0
    sounds: Mapping[int, int] = field(default_factory=dict)
    fault: str = ""


class PacketReader:
    """Takes the picture's packets one by one, in decoding order, and holds little of them.

    Every frame of the grid must come once, about when it should; a key frame counts as one if every frame
    before it in the file is shown before it, so that no picture after it leans on one before it.
    """

    def __init__(self, track: VideoTrack) -> None:
        self._track = track
        # Whole numbers: there are hundreds of thousands of packets.
        scale = track.time_base * track.frame_rate
        self._up, self._down = scale.numerator, scale.denominator
        self._loose = int(self._down * min(Fraction(1, 4), _STEADY * track.frame_rate))
        self._ahead: set[int] = set()
        self._shown = 0
        self._count = 0
        self._keys: list[int] = []
        self._sizes: list[int] = []
        self._reorder = 0
        self._fault = ""

    def take(self, pts: int | None, size: int, flags: str) -> None:
        """Take a packet: `pts` in ticks of the track, `size` in bytes, `flags` as ffprobe writes them."""
        if not self._fault:
            self._fault = self._take(pts, size, flags)

    def _take(self, pts: int | None, size: int, flags: str) -> str:
        if pts is None:
            return "its container does not say when each picture is shown"
        if "D" in flags or "C" in flags:
            return "an edit list cuts into it, or packets are damaged"
        at = (pts - self._track.start_pts) * self._up
        number = (2 * at + self._down) // (2 * self._down)
        if abs(at - number * self._down) > self._loose:
            return "its pictures do not come at a steady rate"
        if number < self._shown or number in self._ahead:
            return "two pictures come at one time"
        if "K" in flags and number == self._count == self._shown:
            self._keys.append(number)
            self._sizes.append(0)
        if not self._keys:
            return "it does not begin with a key frame"
        self._note(number, size)
        return "pictures are missing" if len(self._ahead) > MOST_REORDER * 2 else ""

    def _note(self, number: int, size: int) -> None:
        self._sizes[-1] += size
        self._reorder = max(self._reorder, self._count - number)
        self._count += 1
        self._ahead.add(number)
        while self._shown in self._ahead:
            self._ahead.remove(self._shown)
            self._shown += 1

    @property
    def shown(self) -> int:
        """Frames from the first one on without a gap."""
        return self._shown

    def so_far(self) -> Packets:
        """Sum up a film that goes on behind the last packet taken."""
        return Packets(tuple(self._keys), tuple(self._sizes), self._reorder, fault=self._fault)

    def result(self, sounds: Mapping[int, int]) -> Packets:
        """Sum up after the last packet."""
        fault = self._fault
        if not fault and not self._count == self._shown == self._track.frames:
            fault = "pictures are missing"
        return Packets(tuple(self._keys), tuple(self._sizes), self._reorder, sounds, fault)


def why_not(track: VideoTrack, policy: Policy) -> str:
    """Say why a picture cannot be copied, before its packets are looked at, as the end of a sentence; "" if
    nothing speaks against it yet."""
    reasons = (
        (policy.copied_rate < 1, "this house encodes every film"),
        (track.codec != "h264", "it is not H.264"),
        (track.profile not in PROFILES, f"few players know the profile {track.profile or 'that it has'}"),
        (not 0 < track.level <= MOST_LEVEL, "its level is above 4.2"),
        (track.pixel_format != "yuv420p", "its colours are not 8-bit 4:2:0 in the range of television"),
        (bool(track.hdr), "it is brighter than ordinary screens"),
        (track.interlaced, "it is interlaced"),
        (track.rotation != 0, "a player would have to turn it"),
        ((track.width, track.height) != (track.coded_width, track.coded_height), "its pixels are not square"),
        (track.width % 2 + track.height % 2 > 0, "its size is odd"),
    )
    return next((reason for holds, reason in reasons if holds), "")


def why_not_packets(plan: Plan, packets: Packets) -> str:
    """The same, after its packets were looked at."""
    track, policy = plan.info.video, plan.policy
    if packets.fault:
        return packets.fault
    if packets.reorder > MOST_REORDER:
        return f"pictures are shown more than {MOST_REORDER} frames after they are decoded"
    longest = max(b - a for a, b in pairwise((*packets.keys, track.frames)))
    if longest > round(policy.copied_seconds * track.frame_rate):
        seconds = float(longest / track.frame_rate)
        return f"{seconds:.1f} s pass from one key frame to the next, more than {policy.copied_seconds} s"
    most, peak = _most_rate(plan), _peak(track, packets)
    average = sum(packets.sizes) * 8 / (track.frames / track.frame_rate)
    if average > most or peak > most * _PEAK:
        too_much = average if average > most else Fraction(peak)
        return (
            f"its {float(too_much / 1_000_000):.1f} Mbit/s are more than {most / 1_000_000:.1f}, "
            "too much for a stream of that size"
        )
    return ""


def _most_rate(plan: Plan) -> int:
    return own_size(plan).maxrate * plan.policy.copied_rate


def own_size(plan: Plan) -> VideoRendition:
    """The rung of the picture's own size, as a fixed ladder would have it."""
    track = plan.info.video
    return make_ladder(track.width, track.height, plan.frame_rate, plan.policy.crf)[0]


def _peak(track: VideoTrack, packets: Packets) -> int:
    """The most bits a second from one key frame to another at least a second later."""
    peak, begin, size = Fraction(0), 0, 0
    for number, end in enumerate((*packets.keys[1:], track.frames)):
        size += packets.sizes[number]
        seconds = (end - begin) / track.frame_rate
        if seconds >= 1 or end == track.frames:
            peak = max(peak, size * 8 / max(seconds, Fraction(1)))
            begin, size = end, 0
    return int(peak)


def with_copy(plan: Plan, packets: Packets) -> Plan:
    """Give the plan in which the best H.264 rung is the source's own picture, and sound its own where it can
    be; the grid follows its key frames. The caller has asked `why_not` and `why_not_packets`."""
    track, policy = plan.info.video, plan.policy
    borders = copied_borders(
        packets.keys, track.frames, plan.frame_rate, policy.segment_seconds, policy.copied_seconds
    )
    return replace(
        plan,
        video=_ladder(plan, packets),
        audios=tuple(
            copied_sound(sound, plan.info.audio(sound.stream), track, packets.sounds) for sound in plan.audios
        ),
        segment_borders=borders,
        chunk_borders=chunk_borders(make_segments(borders, plan.period_frames), plan.frame_rate),
    )


def _ladder(plan: Plan, packets: Packets) -> tuple[VideoRendition, ...]:
    """The copied rung in the place of its size, or above the smaller ones where a ladder left that out."""
    track, own = plan.info.video, own_size(plan)
    peak = max(1, _peak(track, packets))
    apart = max(b - a for a, b in pairwise((*packets.keys, track.frames))) / track.frame_rate
    copied = replace(
        own,
        width=track.width,
        height=track.height,
        maxrate=peak,
        bufsize=peak * 2,
        level=f"{track.level // 10}.{track.level % 10}",
        copied=True,
        reorder=max(own.reorder, packets.reorder),
        reason=f"The source's own picture, not encoded again; key frames at most {float(apart):.1f} s apart.",
    )
    if any(rung.name == own.name for rung in plan.video):
        return tuple(copied if rung.name == own.name else rung for rung in plan.video)
    first = next((n for n, rung in enumerate(plan.video) if rung.height < own.height), len(plan.video))
    return (*plan.video[:first], copied, *plan.video[first:])


def copied_sound(
    sound: AudioRendition, track: AudioTrack, video: VideoTrack, firsts: Mapping[int, int]
) -> AudioRendition:
    """Give a sound that is copied if its track is what was going to be made of it, else the one given.

    Its frames stay where they are: frame 0 is the first that begins with the first picture or after it.
    """
    same = track.channels == sound.channels or (track.channels, sound.channels) == (1, 2)
    plain = track.codec == "aac" and track.profile == "LC" and track.sample_rate in (44_100, 48_000)
    if not (sound.codec == "aac" and same and plain and track.index in firsts):
        return sound
    begin = (firsts[track.index] * track.time_base - video.start) * track.sample_rate
    phase = round(begin) % sound.samples
    return replace(sound, channels=track.channels, rate=track.sample_rate, phase=phase, copied=True)
