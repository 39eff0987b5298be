"""Look at a film while it arrives: is its index in front, what is it, and how far of it can be decoded."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

from transcoder.errors import EncodeFailed, Refused
from transcoder.planning.arriving import COPY_SECONDS, Arrivals, is_here, may_be_copied
from transcoder.planning.copying import PacketReader, why_not
from transcoder.planning.plan import Plan, Policy, make_plan
from transcoder.programs.sandbox import DEFAULT_LIMITS, Limits
from transcoder.source.media import MediaInfo
from transcoder.studying.packets import show_packets
from transcoder.studying.probe import probe_arriving

_EBML = b"\x1a\x45\xdf\xa3"
_MOST_BOXES = 64
_BACK = 2
"""Seconds before what is known from which packets are read again."""


class Shape(StrEnum):
    """What the first bytes of a file promise: its index is here, may still come, or comes last if at all."""

    READABLE = "readable"
    UNSURE = "unsure"
    WAITS = "waits"


@dataclass(frozen=True, slots=True)
class Study:
    """What is known of a film of which a part is here.

    `plan` is None as long as nothing can be made of it; `reach` is how many seconds of it are wholly here.
    `waits`: nothing will be made of it before its last byte.
    """

    plan: Plan | None = None
    reach: Fraction = Fraction(0)
    waits: bool = False


def shape_of(file: BinaryIO, arrived: int) -> Shape:
    """Judge the first `arrived` bytes of a file. Matroska has its tracks in front; MP4 (ISO/IEC 14496-12
    §6.2) may have its index before or behind its media."""
    file.seek(0)
    head = file.read(min(arrived, 12))
    if len(head) < 12:
        return Shape.UNSURE
    if head.startswith(_EBML):
        return Shape.READABLE
    return _shape_of_boxes(file, arrived) if head[4:8] in {b"ftyp", b"moov"} else Shape.WAITS


def _shape_of_boxes(file: BinaryIO, arrived: int) -> Shape:
    at = 0
    for _ in range(_MOST_BOXES):
        file.seek(at)
        head = file.read(max(0, min(16, arrived - at)))
        size, kind = int.from_bytes(head[:4], "big"), head[4:8]
        if size == 1:
            size = int.from_bytes(head[8:16], "big") if len(head) == 16 else 0
        if len(head) < 8:
            return Shape.UNSURE
        if kind == b"mdat" or size < 8:
            return Shape.WAITS
        if kind == b"moov":
            return Shape.READABLE if at + size <= arrived else Shape.UNSURE
        at += size
    return Shape.WAITS


def study(
    source: Path,
    policy: Policy,
    known: Study,
    arrived: int,
    *,
    cancel: threading.Event | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Study:
    """Look how much of a film can be made now that its first `arrived` bytes are here; `known` is what an
    earlier look found. A fault of the film is none here: it is told when the film is complete.

    Raises Cancelled, and OSError when the file is gone.
    """
    limits = replace(limits, arrived=arrived)
    with source.open("rb") as file:
        shape = shape_of(file, arrived)
    if known.waits or shape is not Shape.READABLE:
        return replace(known, waits=known.waits or shape is Shape.WAITS)
    try:
        if known.plan is not None:
            return replace(known, reach=_reach(source, known.plan.info, known.reach, limits, cancel))
        return _begun(source, policy, limits, cancel)
    except (Refused, EncodeFailed):
        return known


def _begun(source: Path, policy: Policy, limits: Limits, cancel: threading.Event | None) -> Study:
    """Plan once the first chunk is here: before that, less is known of the tracks."""
    plan = make_plan(probe_arriving(source, limits, cancel), policy)
    reach = _reach(source, plan.info, Fraction(0), limits, cancel)
    if not is_here(plan, plan.chunks[0], reach):
        return Study()
    if _may_be_copied(source, plan, limits, cancel):
        return Study(waits=reach > COPY_SECONDS)
    return Study(plan, reach)


def _may_be_copied(source: Path, plan: Plan, limits: Limits, cancel: threading.Event | None) -> bool:
    track, reader = plan.info.video, PacketReader(plan.info.video)
    if why_not(track, plan.policy):
        return False

    def take(pts: str = "", size: str = "", flags: str = "", *_: str) -> None:
        if "C" not in flags:  # cut off where the film is so far
            reader.take(_number(pts), _number(size) or 0, flags)

    words = ["-select_streams", str(track.index), "-show_entries", "packet=pts,size,flags"]
    show_packets(source, [*words, "-read_intervals", f"%+{COPY_SECONDS + _BACK}"], take, limits, cancel)
    return may_be_copied(plan, reader)


def _reach(
    source: Path, info: MediaInfo, known: Fraction, limits: Limits, cancel: threading.Event | None
) -> Fraction:
    arrivals = Arrivals(info, limits.arrived or 0, known)

    def take(index: str = "", dts: str = "", size: str = "", pos: str = "", flags: str = "", *_: str) -> None:
        if index.isdigit():
            arrivals.take(int(index), _number(dts), _number(pos), _number(size), flags)

    show_packets(source, [*_FIELDS, *_from(info, known)], take, limits, cancel)
    return arrivals.reach


_FIELDS = ("-show_entries", "packet=stream_index,dts,size,pos,flags")


def _from(info: MediaInfo, reach: Fraction) -> Sequence[str]:
    begin = info.video.start + reach - _BACK
    return ("-read_intervals", f"{float(begin):.3f}%") if reach > _BACK else ()


def _number(text: str) -> int | None:
    return int(text) if text.lstrip("-").isdigit() else None
