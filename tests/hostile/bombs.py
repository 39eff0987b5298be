"""Films that would fill memory, take for ever or go round in circles: each made by code, small on disk."""

import struct
import zlib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from PIL import Image

from tests.hostile import ebml
from tests.media import films
from transcoder.formats.fmp4 import make_box, make_full_box

Maker = Callable[[Path], bytes]

_MOST = 2**32 - 1
_DEEP = 10_000
_JPEG_SIZE = b"\xff\xc0\x00\x11\x08"


def good(folder: Path, container: str = "mp4", *extra: str) -> bytes:
    """A film of a second and more that is fine."""
    words = {"size": (160, 90), "extra": extra}
    return films.counted(folder, Fraction(25), 32, container, **words, name="good").read_bytes()  # type: ignore[arg-type]


def converted(folder: Path, container: str, *words: str) -> bytes:
    """The good film through ffmpeg once more."""
    source, path = folder / "whole.mp4", folder / f"converted.{container}"
    source.write_bytes(good(folder))
    films.run_ffmpeg("-i", str(source), *words, str(path))
    return path.read_bytes()


def patched(data: bytes, kind: bytes, change: Callable[[bytes], bytes], most: int = 99) -> bytes:
    """Rewrite the bodies of MP4 boxes of a kind, in place: their size must not change."""
    at = data.find(kind)
    while at > 0 and most:
        size = int.from_bytes(data[at - 4 : at])
        body = change(data[at + 4 : at - 4 + size])
        assert len(body) == size - 8
        data = data[: at + 4] + body + data[at + 4 + len(body) :]
        at, most = data.find(kind, at + size), most - 1
    return data


def sample_entry_of(width: int, height: int) -> Maker:
    def make(folder: Path) -> bytes:
        data = good(folder)
        at = data.index(b"avc1", data.index(b"stsd")) + 28
        return data[:at] + struct.pack(">HH", width, height) + data[at + 4 :]

    return make


def raw_picture(width: int, height: int) -> Maker:
    return lambda _folder: ebml.segment(
        ebml.info(),
        ebml.element(
            ebml.TRACKS,
            ebml.picture_track(
                1, "V_MS/VFW/FOURCC", width, height, ebml.element(0x63A2, _bitmap(b"I420", width, height))
            ),
        ),
        *(ebml.cluster(n * 40, ebml.block(1, 0, bytes(64))) for n in range(50)),
    )


def jpeg_of_another_size(folder: Path) -> bytes:
    """Motion JPEG whose pictures say 65500 × 65500."""
    Image.new("RGB", (64, 64), "red").save(folder / "picture.jpg")
    path = folder / "jpeg.mkv"
    words = ("-loop", "1", "-i", str(folder / "picture.jpg"), "-frames:v", "20", "-c:v", "copy")
    films.run_ffmpeg(*words, str(path))
    data, at = path.read_bytes(), 0
    while (at := data.find(_JPEG_SIZE, at)) > 0:
        data = data[: at + 5] + struct.pack(">HH", 65500, 65500) + data[at + 9 :]
        at += 9
    return data


def jpeg_of_one_colour(folder: Path) -> bytes:
    """Motion JPEG just within the limit: 100 pictures of 35 million pixels in some hundred kilobytes each."""
    Image.new("RGB", (8192, 4352), "red").save(folder / "large.jpg", quality=1)
    path = folder / "large.mkv"
    words = ("-loop", "1", "-i", str(folder / "large.jpg"), "-frames:v", "8", "-c:v", "copy")
    films.run_ffmpeg(*words, str(path))
    return path.read_bytes()


def png_bomb(folder: Path) -> bytes:
    """A PNG of 30000 × 30000 in one zlib stream, as a Matroska track."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    packer, rows = zlib.compressobj(9), bytearray()
    for _ in range(30):
        rows += packer.compress(bytes(1000 * 3751))
    rows += packer.flush()
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 30000, 30000, 1, 0, 0, 0, 0))
    png += chunk(b"IDAT", bytes(rows)) + chunk(b"IEND", b"")
    track = ebml.picture_track(1, "V_MS/VFW/FOURCC", 30000, 30000, ebml.element(0x63A2, _bitmap(b"MPNG")))
    return ebml.segment(ebml.info(), ebml.element(ebml.TRACKS, track), ebml.cluster(0, ebml.block(1, 0, png)))


def _bitmap(fourcc: bytes, width: int = 64, height: int = 64) -> bytes:
    return struct.pack("<IIIHH4sIiiII", 40, width, height, 1, 24, fourcc, 0, 0, 0, 0, 0)


def vp9_of_another_size(folder: Path) -> bytes:
    """VP9 whose first header says 65536 × 65536 (VP9 bitstream §7.2.2): sizes at bits 36 and 52."""
    data = converted(folder, "webm", "-an", "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8")
    at = data.index(b"\x49\x83\x42") - 1
    value = int.from_bytes(data[at : at + 16])
    ones = (1 << 32) - 1
    return data[:at] + (value | ones << (128 - 36 - 32)).to_bytes(16) + data[at + 16 :]


def many_mp4_tracks(folder: Path) -> bytes:
    data = good(folder)
    at = data.index(b"moov") - 4
    body = data[at + 8 : at + int.from_bytes(data[at : at + 4])]
    begin = body.index(b"trak") - 4
    trak = body[begin : begin + int.from_bytes(body[begin : begin + 4])]
    return data[:at] + make_box("moov", body, *([trak] * 3000))


def many_matroska_tracks(_folder: Path) -> bytes:
    tracks = [ebml.picture_track(n, "V_MPEG4/ISO/AVC", 16, 16) for n in range(1, 5000)]
    return ebml.segment(
        ebml.info(), ebml.element(ebml.TRACKS, *tracks), ebml.cluster(0, ebml.block(1, 0, b"x"))
    )


def many_transport_streams(_folder: Path) -> bytes:
    """A transport stream whose program map announces ever other streams."""
    packets = [_ts(0, _section(0, struct.pack(">HH", 1, 0xE000 | 4096)))]
    pids = iter(range(32, 8190))
    for version in range(32):
        streams = b"".join(
            struct.pack(">BHH", 0x1B, 0xE000 | pid, 0xF000) for pid, _ in zip(pids, range(30), strict=False)
        )
        packets.append(_ts(4096, _section(2, b"\xff\xff\xf0\x00" + streams, version)))
    return b"".join(packets * 40)


def _section(table: int, body: bytes, version: int = 0) -> bytes:
    head = struct.pack(">BHHBBB", table, 0xB000 | (len(body) + 9), 1, 0xC1 | version << 1, 0, 0)
    return head + body + _mpeg_crc(head + body).to_bytes(4)


def _mpeg_crc(data: bytes) -> int:
    crc = _MOST
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ 0x04C11DB7 if crc >> 31 else crc << 1) & _MOST
    return crc


def _ts(pid: int, section: bytes) -> bytes:
    return (struct.pack(">BHB", 0x47, 0x4000 | pid, 0x10) + b"\0" + section).ljust(188, b"\xff")


def samples_without_end(folder: Path) -> bytes:
    """An index that says it has four thousand million samples."""
    data = patched(good(folder), b"stsz", lambda body: body[:4] + struct.pack(">II", 1, _MOST) + body[12:])
    return patched(data, b"stts", lambda body: body[:8] + struct.pack(">II", _MOST, 1) + body[16:])


def lengths_without_end(folder: Path) -> bytes:
    """Every sample lasts as long as can be written."""
    return patched(good(folder), b"stts", lambda body: body[:12] + struct.pack(">I", _MOST) + body[16:])


def clock(ticks: int, length: int) -> Maker:
    """A track whose clock has `ticks` a second and whose length is `length`."""
    return lambda folder: patched(
        good(folder), b"mdhd", lambda body: body[:12] + struct.pack(">II", ticks, length) + body[20:]
    )


def edits(count: int, duration: int, start: int) -> Maker:
    def make(folder: Path) -> bytes:
        data = good(folder)
        at = data.index(b"moov") - 4
        body = data[at + 8 :]
        begin = body.index(b"edts") - 4
        size = int.from_bytes(body[begin : begin + 4])
        entry = struct.pack(">QqI", duration, start, 0x10000)
        made = make_box("edts", make_full_box("elst", 1, 0, struct.pack(">I", count), entry * count))
        trak = body.index(b"trak") - 4
        grown = int.from_bytes(body[trak : trak + 4]) - size + len(made)
        body = body[:trak] + struct.pack(">I", grown) + body[trak + 4 : begin] + made + body[begin + size :]
        return data[:at] + make_box("moov", body)

    return make


def matroska_times(*times: int) -> Maker:
    """A film whose clusters are at these milliseconds; the pictures are real."""

    def make(folder: Path) -> bytes:
        shown = picture(folder)
        track = ebml.picture_track(1, "V_MJPEG", 160, 90)
        clusters = [ebml.cluster(time % 2**64, ebml.block(1, 0, shown)) for time in times]
        return ebml.segment(ebml.info(), ebml.element(ebml.TRACKS, track), *clusters)

    return make


def picture(folder: Path) -> bytes:
    """A small JPEG."""
    Image.new("RGB", (160, 90), "green").save(folder / "one.jpg")
    return (folder / "one.jpg").read_bytes()


def block_times_back_and_forth(folder: Path) -> bytes:
    shown = picture(folder)
    track = ebml.picture_track(1, "V_MJPEG", 160, 90)
    blocks = [ebml.block(1, (-1) ** n * 32_000, shown) for n in range(200)]
    clusters = [ebml.cluster(abs(n * 7919 % 40_000), *blocks[:4]) for n in range(50)]
    return ebml.segment(ebml.info(), ebml.element(ebml.TRACKS, track), *clusters)


def compressed_tracks(algorithm: int, bomb: bytes) -> Maker:
    """Matroska ContentCompression (RFC 9559 §5.1.4.1.31): 0 zlib, 1 bzlib, 2 lzo1x, 3 header stripping."""

    def make(_folder: Path) -> bytes:
        settings = [ebml.element(0x4255, bomb)] if algorithm == 3 else []
        packed = ebml.element(0x5034, ebml.number(0x4254, algorithm), *settings)
        encodings = ebml.element(0x6D80, ebml.element(0x6240, ebml.number(0x5031, 0), packed))
        track = ebml.picture_track(1, "V_MJPEG", 160, 90, encodings)
        piece = b"x" if algorithm == 3 else bomb
        clusters = [ebml.cluster(n * 40, ebml.block(1, 0, piece)) for n in range(50)]
        return ebml.segment(ebml.info(), ebml.element(ebml.TRACKS, track), *clusters)

    return make


def _zlib_bomb() -> bytes:
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(100)) + packer.flush()


def _lzo_bomb() -> bytes:
    """One literal, then a match of ten million bytes: each zero adds 255 to its length."""
    return b"\x12x" + b"\x20" + bytes(39_000) + b"\x01\x00\x00" + b"\x11\x00\x00"


def compressed_index(_folder: Path) -> bytes:
    """A `cmov` (QuickTime's compressed index) that unpacks to a gigabyte."""
    packed = make_box("cmvd", struct.pack(">I", 1 << 30), _zlib_bomb())
    return make_box("ftyp", b"qt  \0\0\0\0qt  ") + make_box(
        "moov", make_box("cmov", make_box("dcom", b"zlib"), packed)
    )


def nested_boxes(_folder: Path) -> bytes:
    data = b""
    for _ in range(_DEEP):
        data = make_box("moov", make_box("trak", data))
    return make_box("ftyp", b"isom\0\0\0\0isom") + data


def nested_elements(_folder: Path) -> bytes:
    tag = ebml.text(0x45A3, "TITLE")
    for _ in range(2000):
        tag = ebml.element(0x67C8, ebml.text(0x45A3, "TITLE"), tag)
    return ebml.segment(ebml.info(), ebml.element(ebml.TAGS, ebml.element(0x7373, tag)))


def seek_heads_in_circles(_folder: Path) -> bytes:
    """A seek head that leads to itself."""
    seek = ebml.element(0x4DBB, ebml.element(0x53AB, bytes.fromhex("114D9B74")), ebml.number(0x53AC, 0))
    return ebml.segment(ebml.element(0x114D9B74, *([seek] * 1000)), ebml.info())


def avi_index_in_circles(folder: Path) -> bytes:
    """OpenDML super indexes whose entries lead back to the first of them."""
    data = converted(folder, "avi", "-c:v", "mpeg4", "-c:a", "mp2")
    at = data.index(b"JUNK", data.index(b"strl"))
    size = int.from_bytes(data[at + 4 : at + 8], "little")
    entries = (size - 24) // 16
    index = struct.pack("<HBBI4sIII", 4, 0, 0, entries, b"00dc", 0, 0, 0)
    index += struct.pack("<QII", at, size, 1) * entries
    return data[:at] + b"indx" + struct.pack("<I", size) + index.ljust(size, b"\0") + data[at + 8 + size :]


def mxf_partitions_in_circles(folder: Path) -> bytes:
    """MXF whose partitions name themselves as the one before (SMPTE 377, PreviousPartition)."""
    data = converted(folder, "mxf", "-c:v", "mpeg2video", "-ar", "48000", "-c:a", "pcm_s16le")
    key, at = bytes.fromhex("060e2b34020501010d010201"), 0
    while (at := data.find(key, at)) >= 0:
        body = at + 16 + (1 if data[at + 16] < 128 else 1 + data[at + 16] - 128)
        data = data[: body + 16] + struct.pack(">Q", at) + data[body + 24 :]
        at += 16
    return data


def chained_ogg(folder: Path) -> bytes:
    """Three hundred Ogg films one after another, each with streams of its own."""
    data = converted(folder, "ogg", "-an", "-frames:v", "3", "-c:v", "libvpx", "-deadline", "realtime")
    return data * 300


def flash_without_end(_folder: Path) -> bytes:
    """FLV metadata (AMF0) nested ten thousand objects deep."""
    amf = b"\x02\x00\x0aonMetaData" + b"\x03\x00\x01a" * _DEEP
    tag = b"\x12" + len(amf).to_bytes(3) + bytes(7) + amf
    return b"FLV\x01\x05\0\0\0\x09\0\0\0\0" + tag + struct.pack(">I", len(tag))


def asf_extended(_folder: Path) -> bytes:
    """An ASF header that says it has more objects than there are bytes."""
    head = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
    return head + struct.pack("<QIBB", 2**62, _MOST, 1, 2) + bytes(4096)


def with_subtitles(codec: str, text: str) -> Maker:
    """The good film in Matroska with a subtitle file muxed in."""

    def make(folder: Path) -> bytes:
        path = folder / f"words.{codec}"
        path.write_text(text)
        words = ("-i", str(path), "-map", "0", "-map", "1", "-c", "copy")
        return converted(folder, "mkv", *words)

    return make


def subtitle_packet(packet: bytes, codec: str = "S_TEXT/UTF8", head: bytes = b"") -> Maker:
    """A subtitle track with one packet that no muxer would write, said to last for ever."""

    def make(folder: Path) -> bytes:
        private = [ebml.element(0x63A2, head)] if head else []
        subtitles = ebml.element(
            0xAE,
            ebml.number(0xD7, 2),
            ebml.number(0x73C5, 2),
            ebml.number(0x83, 17),
            ebml.text(0x86, codec),
            *private,
        )
        tracks = ebml.element(ebml.TRACKS, ebml.picture_track(1, "V_MJPEG", 160, 90), subtitles)
        said = b"\x82" + bytes(2) + b"\0" + packet
        group = ebml.element(0xA0, ebml.element(0xA1, said), ebml.number(0x9B, 2**40))
        shown = picture(folder)
        clusters = [
            ebml.cluster(n * 40, ebml.block(1, 0, shown), *([group] if n == 1 else [])) for n in range(20)
        ]
        return ebml.segment(ebml.info(), tracks, *clusters)

    return make


def attached(folder: Path) -> bytes:
    """A film with a font that is none, and a file with the name of another."""
    font = folder / "font.ttf"
    font.write_bytes(b"\0\1\0\0\xff\xff" + b"%n" * 100_000)
    words = ("-attach", str(font), "-metadata:s:t", "mimetype=application/x-truetype-font")
    return converted(folder, "mkv", "-c", "copy", *words, "-metadata:s:t", "filename=../../../etc/passwd")


def many_chapters(container: str) -> Maker:
    def make(folder: Path) -> bytes:
        path = folder / "chapters.txt"
        marks = (
            f"[CHAPTER]\nTIMEBASE=1/100000\nSTART={n}\nEND={n + 1}\ntitle={'<b>' * 30}\n"
            for n in range(_DEEP)
        )
        path.write_text(";FFMETADATA1\n" + "".join(marks))
        return converted(folder, container, "-i", str(path), "-map", "0", "-map_chapters", "1", "-c", "copy")

    return make


def _srt(*texts: str) -> str:
    return "".join(
        f"{number}\n00:00:00,{number % 900:03} --> 00:00:01,000\n{text}\n\n"
        for number, text in enumerate(texts, 1)
    )


_ASS = "[Script Info]\nScriptType: v4.00+\n\n[Events]\nFormat: Layer, Start, End, Style, Text\n"


def truncated(container: str, part: int) -> Maker:
    """The good film, `part` of a thousand of it."""
    return lambda folder: (whole := good(folder, container))[: len(whole) * part // 1000]


BOMBS: dict[str, Maker] = {
    "a sample entry of 65535 × 65535": sample_entry_of(65535, 65535),
    "a sample entry of 0 × 0": sample_entry_of(0, 0),
    "raw pictures of 65535 × 65535": raw_picture(65535, 65535),
    "raw pictures of 2³¹ × 2³¹": raw_picture(2**31, 2**31),
    "raw pictures of one line a million wide": raw_picture(1_000_000, 1),
    "JPEG that says 65500 × 65500": jpeg_of_another_size,
    "JPEG of 35 million pixels of one colour": jpeg_of_one_colour,
    "a PNG bomb": png_bomb,
    "VP9 that says 65536 × 65536": vp9_of_another_size,
    "3000 tracks in MP4": many_mp4_tracks,
    "5000 tracks in Matroska": many_matroska_tracks,
    "a thousand streams in a transport stream": many_transport_streams,
    "four thousand million samples": samples_without_end,
    "samples as long as can be": lengths_without_end,
    "a clock of one tick and a long film": clock(1, _MOST),
    "a clock that stands still": clock(0, 100),
    "a clock of 2³² ticks": clock(_MOST, _MOST),
    "thirty thousand edits": edits(30_000, 1, 0),
    "an edit before all time": edits(1, 2**62, -(2**62)),
    "an edit after all time": edits(2, 1, 2**62),
    "times at the end of all time": matroska_times(0, 40, 2**62, 2**63 - 1, 2**64 - 1),
    "times before the beginning": matroska_times(-90_000, -50_000, -2, -1, 0),
    "two pictures eleven hours apart": matroska_times(0, 40, 39_000_000),
    "two pictures ten years apart": matroska_times(0, 40, 315_360_000_000),
    "times back and forth": block_times_back_and_forth,
    "zlib tracks": compressed_tracks(0, _zlib_bomb()),
    "bzlib tracks": compressed_tracks(1, b"BZh91AY&SY" + bytes(99)),
    "lzo tracks": compressed_tracks(2, _lzo_bomb()),
    "headers of a megabyte, stripped": compressed_tracks(3, bytes(1 << 20)),
    "a compressed index": compressed_index,
    "boxes in boxes": nested_boxes,
    "tags in tags": nested_elements,
    "seek heads in circles": seek_heads_in_circles,
    "AVI indexes in circles": avi_index_in_circles,
    "MXF partitions in circles": mxf_partitions_in_circles,
    "chained Ogg": chained_ogg,
    "Flash metadata without end": flash_without_end,
    "ASF of countless objects": asf_extended,
    "one subtitle of eight megabytes": with_subtitles("srt", _srt("word " * 1_600_000)),
    "ten thousand subtitles": with_subtitles("srt", _srt(*(f"Good evening {n}." for n in range(10_000)))),
    "tags in tags in subtitles": with_subtitles("srt", _srt("<i><b><u>" * 30_000)),
    "fonts in fonts in subtitles": with_subtitles("srt", _srt('<font color="red" size="9">' * 30_000)),
    "a subtitle of braces": with_subtitles(
        "ass", _ASS + "Dialogue: 0,0:00:00.00,0:00:01.00,," + "{\\t(" * 50_000
    ),
    "a drawing of many points": with_subtitles(
        "ass", _ASS + "Dialogue: 0,0:00:00.00,0:00:01.00,,{\\p1}" + "m 0 0 l 9 9 " * 50_000
    ),
    "a subtitle that is no text": subtitle_packet(bytes(range(256)) * 4000),
    "a subtitle of arrows": subtitle_packet(b"\n\n00:00.000 --> 99:00.000\nowned\n" * 9000),
    "an ASS track without a head": subtitle_packet(
        b"1,0,,,0,0,0,,{\\fn" + b"x" * 999_999, "S_TEXT/ASS", b"\0" * 70_000
    ),
    "a WebVTT track that is none": subtitle_packet(b"\xff" * 99_999, "S_TEXT/WEBVTT", b"NOTE " * 9999),
    "picture subtitles of noise": subtitle_packet(b"\x16\xff\xff" * 9999, "S_HDMV/PGS"),
    "DVD subtitles of noise": subtitle_packet(
        b"\xff\xff\0\4" * 9999, "S_VOBSUB", b"size: 65535x65535\npalette: " * 99
    ),
    "an attached font that is none": attached,
    "ten thousand chapters in Matroska": many_chapters("mkv"),
    "ten thousand chapters in MP4": many_chapters("mp4"),
    **{
        f"{container} cut at {part} ‰": truncated(container, part)
        for container in ("mp4", "mkv", "ts", "avi", "flv")
        for part in (1, 20, 500, 999)
    },
}
