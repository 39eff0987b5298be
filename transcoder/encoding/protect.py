"""From clear segments to stored ones: whole segments by AES-128, or samples by `cbcs`, as the plan says."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from transcoder.errors import BadMedia, EncodeFailed
from transcoder.formats.cbcs import (
    first_protected,
    protect_fragments,
    protect_init,
    read_packaged,
    read_protection,
    unprotect_fragment,
)
from transcoder.formats.iframes import first_picture
from transcoder.formats.remux import not_copyable
from transcoder.keys.encrypt import encrypt_segment
from transcoder.keys.keyschedule import NO_PERIOD, CommonKey, CommonKeySource, KeySource
from transcoder.planning.ladder import AudioRendition, VideoRendition
from transcoder.planning.plan import IFrameRendition, Plan, Segment
from transcoder.programs.packager import SEGMENT_SECONDS, package
from transcoder.programs.sandbox import Limits

Made = VideoRendition | AudioRendition
_MOST_BYTES = 8 << 20
"""Clear bytes that wait for one run of the packager: starting it takes as long as encrypting some of them."""


class Out(Protocol):
    """Where what is ready goes, in order."""

    def put_init(self, name: str, period: int, codecs: str, data: bytes) -> None:
        """Take a rendition's init segment for a crypto period, or for all of them (`NO_PERIOD`)."""

    def put_stored(
        self, rendition: Made | IFrameRendition, segment: Segment, stored: bytes, frames: int
    ) -> None:
        """Take an encrypted segment."""


class Protecting(Protocol):
    """How clear segments are encrypted; for each rendition it is called in order and never twice at once."""

    def begin(self, rendition: Made, codecs: str, init: bytes) -> None:
        """Take the clear init segment."""

    def put(self, rendition: Made, segment: Segment, clear: bytes, frames: int) -> None:
        """Take a clear segment."""

    def finish(self, rendition: Made) -> None:
        """No more segments come."""


def protecting(
    plan: Plan,
    keys: KeySource,
    common: CommonKeySource | None,
    out: Out,
    cancel: threading.Event | None,
    limits: Limits,
) -> Protecting:
    """Choose by the plan; raises ValueError where keys are missing for it."""
    if plan.policy.protection == "aes-128":
        return WholeSegments(plan, keys, out)
    if plan.policy.protection != "cbcs" or common is None:
        raise ValueError(f"no keys for protection {plan.policy.protection!r}")
    return Samples(plan, common, out, cancel, limits)


class WholeSegments:
    """AES-128 over whole segments, as HLS has it; init segments stay clear."""

    def __init__(self, plan: Plan, keys: KeySource, out: Out) -> None:
        self._plan = plan
        self._keys = keys
        self._out = out

    def begin(self, rendition: Made, codecs: str, init: bytes) -> None:
        """Hand the init segment on."""
        for name in _names(self._plan, rendition):
            self._out.put_init(name, NO_PERIOD, codecs, init)

    def put(self, rendition: Made, segment: Segment, clear: bytes, frames: int) -> None:
        """Encrypt, and hand on."""
        self._encrypt(rendition, segment, clear, frames)
        if rendition.name == self._plan.iframes.source:
            self._encrypt(self._plan.iframes, segment, first_picture(clear), 1)

    def finish(self, rendition: Made) -> None:
        """Nothing waits."""

    def _encrypt(
        self, rendition: Made | IFrameRendition, segment: Segment, clear: bytes, frames: int
    ) -> None:
        key = self._keys(rendition.name, rendition.tier, segment.period)
        self._out.put_stored(rendition, segment, encrypt_segment(clear, key, segment.sequence), frames)


@dataclass
class _Waiting:
    """What of a rendition waits for the packager, all of one crypto period."""

    codecs: str
    init: bytes
    begun: int = NO_PERIOD
    """The crypto period whose init segment was handed on."""
    segments: list[tuple[Segment, bytes, int]] = field(default_factory=list)

    @property
    def size(self) -> int:
        return sum(len(clear) for _, clear, _ in self.segments)


class Samples:
    """`cbcs` within the samples (ISO/IEC 23001-7), by Shaka Packager; an init segment for each crypto period.

    Pictures for winding are cut out of what is encrypted: they are the same samples.
    """

    def __init__(
        self, plan: Plan, common: CommonKeySource, out: Out, cancel: threading.Event | None, limits: Limits
    ) -> None:
        self._plan = plan
        self._common = common
        self._out = out
        self._cancel = cancel
        self._limits = limits
        self._waiting: dict[str, _Waiting] = {}

    def begin(self, rendition: Made, codecs: str, init: bytes) -> None:
        """Keep the init segment: it is handed on once for each crypto period."""
        self._waiting[rendition.name] = _Waiting(codecs, init)

    def put(self, rendition: Made, segment: Segment, clear: bytes, frames: int) -> None:
        """Let it wait for others of its crypto period."""
        waiting = self._waiting[rendition.name]
        if waiting.segments and waiting.segments[0][0].period != segment.period:
            self._package(rendition, waiting)
        waiting.segments.append((segment, clear, frames))
        if waiting.size >= _MOST_BYTES:
            self._package(rendition, waiting)

    def finish(self, rendition: Made) -> None:
        """Encrypt what waits."""
        waiting = self._waiting.get(rendition.name)
        if waiting is not None and waiting.segments:
            self._package(rendition, waiting)

    def _package(self, rendition: Made, waiting: _Waiting) -> None:
        try:
            init, made = self._packaged(rendition, waiting)
        except (BadMedia, EncodeFailed) as fault:
            if rendition.copied:  # an encoder of ours makes nothing that the packager does not know
                raise not_copyable(rendition.name, str(fault)) from fault
            if isinstance(fault, EncodeFailed):
                raise
            raise EncodeFailed(
                "protection_failed", "The film could not be encrypted.", (str(fault),)
            ) from fault
        period = waiting.segments[0][0].period
        if waiting.begun != period:
            waiting.begun = period
            for name in _names(self._plan, rendition):
                self._out.put_init(name, period, waiting.codecs, init)
        for (segment, _, frames), stored in zip(waiting.segments, made, strict=True):
            self._out.put_stored(rendition, segment, stored, frames)
            if rendition.name == self._plan.iframes.source:
                cut = first_protected(stored, first_picture(stored))
                self._out.put_stored(self._plan.iframes, segment, cut, 1)
        waiting.segments.clear()

    def _packaged(self, rendition: Made, waiting: _Waiting) -> tuple[bytes, Sequence[bytes]]:
        clear = [piece for _, piece, _ in waiting.segments]
        seconds = sum(
            float(self._plan.segment_duration(rendition.name, s.sequence)) for s, _, _ in waiting.segments
        )
        key = self._common(rendition.tier, waiting.segments[0][0].period)
        packaged = read_packaged(
            package(
                (waiting.init, *clear),
                "audio" if isinstance(rendition, AudioRendition) else "video",
                len(clear) + int(seconds / SEGMENT_SECONDS) + 2,
                key,
                cancel=self._cancel,
                limits=self._limits,
            )
        )
        init, made = protect_init(waiting.init, packaged), tuple(protect_fragments(clear, packaged))
        _check_opens(init, made[0], key, clear[0])
        return init, made


def _check_opens(init: bytes, stored: bytes, key: CommonKey, clear: bytes) -> None:
    """Raise BadMedia unless its key makes of a segment what it was: later nobody could tell (`trial`)."""
    said = read_protection(init)
    if (said.kid, said.iv) != (key.kid, key.iv) or unprotect_fragment(stored, said, key.key) != clear:
        raise BadMedia("the packager used another key than it was given")


def _names(plan: Plan, rendition: Made) -> tuple[str, ...]:
    """The renditions that an init segment belongs to: a rung's is that of the pictures cut from it, too."""
    return (rendition.name, plan.iframes.name) if rendition.name == plan.iframes.source else (rendition.name,)
