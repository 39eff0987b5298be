"""Writes Matroska by hand (RFC 8794, RFC 9559): what no muxer would write. Pure."""

HEADER = bytes.fromhex("1A45DFA3")
SEGMENT = bytes.fromhex("18538067")
INFO = bytes.fromhex("1549A966")
TRACKS = bytes.fromhex("1654AE6B")
CLUSTER = bytes.fromhex("1F43B675")
TAGS = bytes.fromhex("1254C367")
CHAPTERS = bytes.fromhex("1043A770")


def element(identifier: bytes | int, *parts: bytes) -> bytes:
    """An element with an eight-byte size."""
    name = (
        identifier
        if isinstance(identifier, bytes)
        else identifier.to_bytes((identifier.bit_length() + 7) // 8)
    )
    body = b"".join(parts)
    return name + (len(body) | 1 << 56).to_bytes(8) + body


def number(identifier: int, value: int) -> bytes:
    """An element that holds an unsigned integer."""
    return element(identifier, value.to_bytes(max(1, (value.bit_length() + 7) // 8)))


def text(identifier: int, value: str) -> bytes:
    """An element that holds a string."""
    return element(identifier, value.encode())


def segment(*parts: bytes) -> bytes:
    """A whole file with these top-level elements."""
    head = element(HEADER, number(0x4286, 1), text(0x4282, "matroska"), number(0x4287, 4), number(0x4285, 2))
    return head + element(SEGMENT, *parts)


def info(*parts: bytes) -> bytes:
    """Segment information with ticks of a millisecond."""
    return element(INFO, number(0x2AD7B1, 1_000_000), *parts)


def picture_track(index: int, codec: str, width: int, height: int, *parts: bytes) -> bytes:
    """One video TrackEntry."""
    size = element(0xE0, number(0xB0, width), number(0xBA, height))
    return element(
        0xAE, number(0xD7, index), number(0x73C5, index), number(0x83, 1), text(0x86, codec), size, *parts
    )


def cluster(time: int, *blocks: bytes) -> bytes:
    """A cluster of simple blocks."""
    return element(CLUSTER, number(0xE7, time), *blocks)


def block(track: int, offset: int, data: bytes) -> bytes:
    """A SimpleBlock with a key frame, `offset` ticks after its cluster."""
    return element(0xA3, bytes([0x80 | track]), offset.to_bytes(2, signed=True), b"\x80", data)
