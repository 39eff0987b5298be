"""What codecs are called in playlists (RFC 6381): as planned, and as an init segment says. Pure.

H.264 and H.265: ISO/IEC 14496-15 annex E. AV1: "AV1 Codec ISO Media File Format Binding" §5.
"""

from transcoder.errors import BadMedia
from transcoder.formats.fmp4 import Buffer, boxes, find
from transcoder.planning.ladder import AudioRendition, VideoRendition

VIDEO_CODECS = ("h264", "hevc", "av1")
AUDIO_CODECS = ("aac", "opus")
"""What can be asked for; the first is always made, because every player knows it."""


def choose(text: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """Read some of the `known` words, by commas; the first is always among them. Raises ValueError."""
    said = {word.strip().lower() for word in text.split(",") if word.strip()}
    if strange := said - set(known):
        raise ValueError(f"{', '.join(sorted(strange))} is not known here; choose from {', '.join(known)}")
    return tuple(word for word in known if word in said | {known[0]})


def planned_codecs(rendition: VideoRendition | AudioRendition) -> str:
    """Name the codec of a rendition that has no init segment yet, e.g. "avc1.64001e"."""
    if isinstance(rendition, AudioRendition):
        return "opus" if rendition.codec == "opus" else "mp4a.40.2"
    number = round(float(rendition.level) * 10)
    if rendition.codec == "hevc":
        return f"hvc1.1.6.L{number * 3}.90"
    if rendition.codec == "av1":
        return f"av01.0.{av1_level(number):02}M.{10 if rendition.hdr else 8:02}"
    return f"avc1.6400{number:02x}"


def av1_level(number: int) -> int:
    """Give AV1's `seq_level_idx` of level X.Y, written as 10 * X + Y (AV1 specification A.3)."""
    return (number // 10 - 2) * 4 + number % 10


def video_codecs(init: Buffer) -> str:
    """Name the codec of an H.264, H.265 or AV1 init segment; raises BadMedia for any other."""
    stsd = find(init, "moov/trak/mdia/minf/stbl/stsd")
    entry = next(boxes(init, stsd.body + 8, stsd.end))
    for box in boxes(init, entry.body + 78, entry.end):
        body = bytes(init[box.body : box.end])
        if box.kind in _NAMES and len(body) >= 4:
            return _NAMES[box.kind](body)
    raise BadMedia("no avcC, hvcC or av1C box")


def _avc(body: bytes) -> str:
    return "avc1." + body[1:4].hex()


def _hevc(body: bytes) -> str:
    if len(body) < 13:
        raise BadMedia("an hvcC box is cut off")
    space, tier, profile = ("", "A", "B", "C")[body[1] >> 6], "H" if body[1] & 0x20 else "L", body[1] & 0x1F
    # The compatibility flags are written with their bits in reverse.
    flags = int(f"{int.from_bytes(body[2:6], 'big'):032b}"[::-1], 2)
    constraints = [f"{byte:x}" for byte in body[6:12].rstrip(b"\0")]
    return ".".join((f"hvc1.{space}{profile}", f"{flags:x}", f"{tier}{body[12]}", *constraints))


def _av1(body: bytes) -> str:
    profile, level, tier = body[1] >> 5, body[1] & 0x1F, "H" if body[2] & 0x80 else "M"
    depth = 8 if not body[2] & 0x40 else 12 if body[2] & 0x20 else 10
    return f"av01.{profile}.{level:02}{tier}.{depth:02}"


_NAMES = {b"avcC": _avc, b"hvcC": _hevc, b"av1C": _av1}
