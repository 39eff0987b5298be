"""Rungs in HEVC and AV1 beside the best ones in H.264, for players that know these codecs. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from transcoder.planning.ladder import CARE_STEPS, VideoRendition
from transcoder.source.media import VideoTrack

MOST = 2
"""Sizes that are made in further codecs: the large ones, whose bits weigh; the small ones cost few."""


@dataclass(frozen=True, slots=True)
class _Codec:
    """`share`: of H.264's most bits. `crf`: of the codec, beside H.264's at the same quality.

    `levels`: name, pixels a frame, pixels a second, bits a second (Main tier). `reorder` as in the rung.
    """

    word: str
    share: Fraction
    crf: int
    reorder: int
    levels: tuple[tuple[str, int, int, int], ...]


# H.265 tables A.8 and A.9; AV1 specification A.3.
_CODECS = {
    "hevc": _Codec(
        "HEVC",
        Fraction(7, 10),
        3,
        2,
        (
            ("2.0", 122_880, 3_686_400, 1_500_000),
            ("2.1", 245_760, 7_372_800, 3_000_000),
            ("3.0", 552_960, 16_588_800, 6_000_000),
            ("3.1", 983_040, 33_177_600, 10_000_000),
            ("4.0", 2_228_224, 66_846_720, 12_000_000),
            ("4.1", 2_228_224, 133_693_440, 20_000_000),
            ("5.0", 8_912_896, 267_386_880, 25_000_000),
            ("5.1", 8_912_896, 534_773_760, 40_000_000),
            ("5.2", 8_912_896, 1_069_547_520, 60_000_000),
        ),
    ),
    "av1": _Codec(
        "AV1",
        Fraction(6, 10),
        16,
        0,
        (
            ("2.0", 147_456, 4_423_680, 1_500_000),
            ("2.1", 278_784, 8_363_520, 3_000_000),
            ("3.0", 665_856, 19_975_680, 6_000_000),
            ("3.1", 1_065_024, 31_950_720, 10_000_000),
            ("4.0", 2_359_296, 70_778_880, 12_000_000),
            ("4.1", 2_359_296, 141_557_760, 20_000_000),
            ("5.0", 8_912_896, 267_386_880, 30_000_000),
            ("5.1", 8_912_896, 534_773_760, 40_000_000),
            ("5.2", 8_912_896, 1_069_547_520, 60_000_000),
        ),
    ),
}


def add_codecs(
    ladder: Sequence[VideoRendition], codecs: Sequence[str], track: VideoTrack
) -> tuple[VideoRendition, ...]:
    """Put a rung of every further codec behind each of the best of `ladder`; the order stays by size.

    What is brighter than a screen's white in the source stays so in AV1, which is written in 10 bits then.
    H.264 stays SDR for every screen, and so does HEVC: the encoder at hand writes it in 8 bits only.
    """
    rungs: list[VideoRendition] = []
    for place, rung in enumerate(ladder):
        rungs.append(rung)
        if place < MOST:
            rungs += _others(rung, codecs, track)
    return tuple(rungs)


def _others(rung: VideoRendition, codecs: Sequence[str], track: VideoTrack) -> Iterator[VideoRendition]:
    for name, codec in _CODECS.items():
        if name in codecs:
            maxrate = int(rung.maxrate * codec.share) // 1000 * 1000
            hdr = track.hdr if name == "av1" else ""
            yield replace(
                rung,
                name=f"{rung.name}{name}",
                codec=name,
                crf=rung.crf + codec.crf - (CARE_STEPS if rung.careful else 0),
                maxrate=maxrate,
                bufsize=maxrate * 2,
                level=_level(codec, rung, track.frame_rate, maxrate),
                copied=False,
                careful=False,
                hdr=hdr,
                reorder=codec.reorder,
                reason=_reason(codec, hdr),
            )


def _reason(codec: _Codec, hdr: str) -> str:
    if hdr:
        return f"{codec.word}: keeps the brightness of the source for screens that can show it."
    return f"{codec.word}: the same picture in fewer bits, for players that know it."


def _level(codec: _Codec, rung: VideoRendition, rate: Fraction, maxrate: int) -> str:
    pixels = rung.width * rung.height
    for level, frame, second, bits in codec.levels:
        if pixels <= frame and pixels * rate <= second and maxrate <= bits:
            return level
    return codec.levels[-1][0]
