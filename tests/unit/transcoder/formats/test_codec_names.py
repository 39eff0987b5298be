"""Codecs are named as players expect: from the boxes that encoders write, and before there are any."""

import pytest

from transcoder.errors import BadMedia
from transcoder.formats.codec_names import planned_codecs, video_codecs
from transcoder.formats.fmp4 import make_box, make_full_box
from transcoder.planning.ladder import AudioRendition, VideoRendition


def init_with(entry: str, kind: str, body: str) -> bytes:
    inside = make_box(entry, bytes(78), make_box("pasp", bytes(8)), make_box(kind, bytes.fromhex(body)))
    box = make_full_box("stsd", 0, 0, bytes((0, 0, 0, 1)), inside)
    for outer in ("stbl", "minf", "mdia", "trak", "moov"):
        box = make_box(outer, box)
    return box


@pytest.mark.parametrize(
    ("entry", "kind", "body", "name"),
    [
        ("avc1", "avcC", "0164001effe1", "avc1.64001e"),
        ("hvc1", "hvcC", "0101600000009000000000003cf000fc", "hvc1.1.6.L60.90"),
        ("hvc1", "hvcC", "01222000000000b00000000099f0", "hvc1.2.4.H153.0.b0"),
        ("hvc1", "hvcC", "0102200000009000000000007bf000fc", "hvc1.2.4.L123.90"),
        ("av01", "av1C", "81000c00", "av01.0.00M.08"),
        ("av01", "av1C", "81084c00", "av01.0.08M.10"),
        ("av01", "av1C", "814dec00", "av01.2.13H.12"),
    ],
)
def test_what_an_encoder_wrote_is_named(entry: str, kind: str, body: str, name: str) -> None:
    assert video_codecs(init_with(entry, kind, body)) == name


def test_other_codecs_and_cut_boxes_are_refused() -> None:
    for kind, body in (("vpcC", "01000000"), ("hvcC", "01016000"), ("avcC", "01")):
        with pytest.raises(BadMedia):
            video_codecs(init_with("vide", kind, body))


@pytest.mark.parametrize(
    ("codec", "level", "hdr", "name"),
    [
        ("h264", "4.0", "", "avc1.640028"),
        ("hevc", "4.1", "", "hvc1.1.6.L123.90"),
        ("av1", "4.0", "", "av01.0.08M.08"),
        ("av1", "5.1", "pq", "av01.0.13M.10"),
    ],
)
def test_what_is_planned_is_named_alike(codec: str, level: str, hdr: str, name: str) -> None:
    rung = VideoRendition("v1080", "hd", 1920, 1080, 22, 6_000_000, 12_000_000, level, codec, hdr=hdr)
    assert planned_codecs(rung) == name


def test_sound_is_named() -> None:
    assert planned_codecs(AudioRendition("a0", 1)) == "mp4a.40.2"
    assert planned_codecs(AudioRendition("a0o", 1, codec="opus")) == "opus"
