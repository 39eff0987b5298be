"""Bounds within which hostile films are read: formats, pixels, streams, memory, time. Values only."""

from dataclasses import dataclass
from pathlib import Path

DEMUXERS = (
    "mov,mp4,m4a,3gp,3g2,mj2",
    "matroska,webm",
    "avi",
    "mpegts",
    "mpeg",
    "asf",
    "flv",
    "ogg",
    "mxf",
    "dv",
)
PROTOCOLS = ("file",)
"""What an input may be; pipes are outputs, which this list does not concern."""
PART_OF_A_FILE = "subfile"
"""The protocol that shows the first bytes of a file as if they were all of it."""

PICTURE_DECODERS = (
    "h264,hevc,av1,vvc,vp6,vp6a,vp6f,vp8,vp9,vp3,theora,mpeg1video,mpeg2video,mpeg4,"
    "msmpeg4v1,msmpeg4v2,msmpeg4,h263,h263i,h263p,flv,wmv1,wmv2,wmv3,vc1,mjpeg,mjpegb,"
    "dvvideo,prores,prores_raw,dnxhd,cfhd,hap,jpeg2000,ffv1,huffyuv,ffvhuff,utvideo,magicyuv,"
    "lagarith,rawvideo,v210,v308,v408,v410,r10k,r210,yuv4,qtrle,rpza,svq1,svq3,cinepak,"
    "indeo3,indeo4,indeo5,msvideo1,msrle"
)
SOUND_DECODERS = (
    "aac,aac_latm,ac3,eac3,dca,truehd,mlp,als,mp1,mp1float,mp2,mp2float,mp3,mp3float,"
    "mp3adu,mp3adufloat,alac,flac,tta,wavpack,opus,libopus,vorbis,speex,wmav1,wmav2,wmapro,"
    "wmalossless,wmavoice,nellymoser,amrnb,amrwb,gsm,gsm_ms,qdm2,qdmc,qcelp,mace3,mace6,"
    "s302m,dvaudio,adpcm_ms,adpcm_ima_wav,adpcm_ima_qt,adpcm_swf,adpcm_yamaha,pcm_alaw,pcm_mulaw,"
    "pcm_s8,pcm_u8,pcm_s16le,pcm_s16be,pcm_u16le,pcm_u16be,pcm_s24le,pcm_s24be,pcm_s32le,"
    "pcm_s32be,pcm_f32le,pcm_f32be,pcm_f64le,pcm_f64be,pcm_bluray,pcm_dvd,pcm_s16le_planar,"
    "pcm_s24le_planar,pcm_s32le_planar"
)
FILM_DECODERS = f"{PICTURE_DECODERS},{SOUND_DECODERS}"
"""What films are made of, by ffmpeg's names of decoders; games, slideshows and curiosities stay out."""

TEXT_DECODERS = "subrip,srt,ass,ssa,mov_text,webvtt,text"
"""Subtitles are read in a process of their own, after the film: a hostile one can harm no picture."""

PROBE_DECODERS = f"{FILM_DECODERS},{TEXT_DECODERS},dvbsub,dvdsub,pgssub,xsub,cc_dec,bmp,gif,tiff,webp"
"""What may lie beside a film, too (picture subtitles, covers): ffprobe opens a decoder for every stream, and
ends where it may not."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """All that a process may see of this machine: the files it `reads`, by absolute path.

    A file may still grow while it is read; one that is replaced under its name stays the old one.
    """

    reads: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a process may use: wall-clock `seconds`, `memory` bytes of address space, `open_files`.

    `niceness` is how far it stands back behind this process (nice(2)).
    """

    seconds: float
    memory: int
    open_files: int
    niceness: int = 0


SPARE_NICENESS = 10
"""For what nobody waits for: it takes what the encoders leave of the processor."""

MEASURE_NICENESS = 8
"""For what a film's other rungs wait for: behind its starter, but done in time also where others encode."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one process. Times in seconds, memory in bytes.

    `threads` of every decoder and H.264 encoder, 0: as many as they think right for themselves alone.
    `encode_seconds` is a floor; a chunk gets `encode_seconds + encode_factor * seconds of film`.
    `arrived` is how many bytes of the film may be read while the rest is still to come; None: all of it.
    """

    max_pixels: int = 8192 * 4352
    max_streams: int = 256
    max_duration: int = 12 * 3600
    probe_seconds: float = 60.0
    encode_seconds: float = 180.0
    encode_factor: float = 120.0
    memory: int = 8 << 30
    probe_memory: int = 2 << 30
    open_files: int = 128
    threads: int = 0
    arrived: int | None = None

    @property
    def niceness(self) -> int:
        """How far what reads a film stands back: nobody waits for what is made before all of it is here."""
        return 0 if self.arrived is None else SPARE_NICENESS


DEFAULT_LIMITS = Limits()


def input_options(limits: Limits, decoders: str = FILM_DECODERS) -> dict[str, str]:
    """ffmpeg/ffprobe options that go before `-i`.

    The protocol list alone does not stop a playlist that calls itself a film from opening other local files;
    the demuxer list does. Parsers have no list: they follow from the decoders' codecs.
    """
    protocols = PROTOCOLS if limits.arrived is None else (*PROTOCOLS, PART_OF_A_FILE)
    return {
        "format_whitelist": ",".join(DEMUXERS),
        "protocol_whitelist": ",".join(protocols),
        "codec_whitelist": decoders,
        "max_pixels": str(limits.max_pixels),
        "max_streams": str(limits.max_streams),
    }


def input_name(path: Path, limits: Limits) -> str:
    """What ffmpeg and ffprobe call a film: the file, or as much of it as has arrived. Raises ValueError where
    nothing has."""
    if limits.arrived is None:
        return f"file:{path}"
    if limits.arrived < 1:
        raise ValueError("nothing has arrived")  # an end at 0 would mean the end of the file
    return f"{PART_OF_A_FILE},,start,0,end,{limits.arrived},,:file:{path}"
