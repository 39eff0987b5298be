"""Look at the packets of a source with ffprobe, without decoding one, and plan to copy what can be copied."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from transcoder.errors import EncodeFailed
from transcoder.planning.copying import PacketReader, Packets, why_not, why_not_packets, with_copy
from transcoder.planning.plan import Plan
from transcoder.programs import binaries, process
from transcoder.programs.sandbox import (
    DEFAULT_LIMITS,
    PROBE_DECODERS,
    Bounds,
    Limits,
    Sandbox,
    input_name,
    input_options,
)
from transcoder.source.media import MediaInfo

_SOUND_SECONDS = 2


def copy_if_possible(
    source: Path, plan: Plan, *, cancel: threading.Event | None = None, limits: Limits = DEFAULT_LIMITS
) -> Plan:
    """Give `plan`, or the one in which the best rung is copied; its `reasons` say why not. Raises Cancelled.

    Two hours of film in MP4 or Matroska are looked through in about as many seconds.
    """
    fault = why_not(plan.info.video, plan.policy)
    if not fault:
        packets = read_packets(source, plan.info, cancel=cancel, limits=limits)
        fault = why_not_packets(plan, packets)
        if not fault:
            return with_copy(plan, packets)
    return replace(plan, reasons=(*plan.reasons, f"The picture is not copied, but encoded: {fault}."))


def read_packets(
    source: Path,
    info: MediaInfo,
    *,
    cancel: threading.Event | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Packets:
    """Read the times of every packet of the picture and of the first ones of the sound. Raises Cancelled."""
    reader, sounds = PacketReader(info.video), dict[int, int]()
    heard = {str(track.index) for track in info.audios}

    def sound(index: str, pts: str, *_: str) -> None:
        if index in heard and _is_number(pts):
            sounds.setdefault(int(index), int(pts))

    def picture(pts: str, size: str, flags: str, *more: str) -> None:
        # New parameters in the middle: what is decoded after them needs another init segment.
        flags += "D" if "New Extradata" in more else ""
        reader.take(int(pts) if _is_number(pts) else None, int(size) if _is_number(size) else 0, flags)

    begin = ["-show_entries", "packet=stream_index,pts", "-read_intervals", f"%+{_SOUND_SECONDS}"]
    whole = ["-show_entries", "packet=pts,size,flags:packet_side_data=side_data_type"]
    try:
        show_packets(source, begin, sound, limits, cancel)
        show_packets(source, [*whole, "-select_streams", str(info.video.index)], picture, limits, cancel)
    except EncodeFailed:
        return Packets(fault="its packets cannot be read in good time")
    return reader.result(sounds)


def show_packets(
    source: Path,
    words: Sequence[str],
    take: Callable[..., None],
    limits: Limits,
    cancel: threading.Event | None,
) -> None:
    """Give the fields of every line that ffprobe writes to `take`. Raises EncodeFailed, Cancelled."""
    known = input_options(limits, PROBE_DECODERS)
    options = [word for name, value in known.items() for word in (f"-{name}", value)]
    argv = [binaries.ffprobe(), "-hide_banner", "-v", "error", *options, *words]
    argv += ["-of", "compact=p=0:nk=1", input_name(source, limits)]

    def read(stream: Iterator[bytes]) -> None:
        pending = b""
        for data in stream:
            *lines, pending = (pending + data).split(b"\n")
            for line in lines:
                if fields := line.decode("ascii", "replace").strip():
                    take(*fields.split("|"))

    bounds = Bounds(limits.probe_seconds, limits.probe_memory, limits.open_files, limits.niceness)
    finished = process.run(lambda _: argv, {"stdout": read}, bounds, Sandbox((source,)), cancel)
    if limits.arrived is None:  # the end of what has arrived is no fault of the film
        process.check(finished, "The packets could not be read.")


def _is_number(text: str) -> bool:
    return text.lstrip("-").isdigit()
