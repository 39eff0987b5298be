"""The table: every kind of film that people really have, small. One line each, and why where it is odd."""

from fractions import Fraction

from tests.matrix.recipes import (
    cut_open,
    fields,
    filtered,
    shifted,
    size_changes,
    sound_changes,
    then_copy,
    turned,
    with_cover,
    with_data,
    with_small_twin,
    with_telemetry,
    with_texts,
    with_two_sounds,
)
from tests.matrix.source import H264, Source

NTSC, FILM, FAST = Fraction(30_000, 1001), Fraction(24_000, 1001), Fraction(60_000, 1001)
HEVC = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error:keyint=30:crf=12")
VP9 = ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-crf", "15", "-b:v", "0")
VP8 = ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "3M", "-crf", "4")
MPEG2 = ("-c:v", "mpeg2video", "-q:v", "2", "-bf", "2", "-g", "12")
MPEG4 = ("-c:v", "mpeg4", "-q:v", "2", "-g", "25")
OPUS = ("-c:a", "libopus")
VORBIS = ("-c:a", "vorbis", "-strict", "-2")
WOVEN = ("-flags", "+ilme+ildct")
MP2 = ("-c:a", "mp2")
MP3 = ("-c:a", "libmp3lame")
PCM = ("-c:a", "pcm_s16le")
BT2020 = "color_primaries=bt2020:colorspace=bt2020nc:range=tv"
BT709 = "colorspace=bt709:color_primaries=bt709:color_trc=bt709"
VFR = ("-fps_mode", "vfr")
TS = ("-muxdelay", "0")
SKIP_ONE = (0, *range(125))
"""ffmpeg's AVI begins with an empty picture where the sound's encoder has a delay."""

CODECS = (
    Source("h264-baseline", video=(*H264, "-profile:v", "baseline", "-bf", "0")),
    Source("h264-main", "mov", video=(*H264, "-profile:v", "main")),
    Source("h264-high10", "mkv", video=(*H264, "-pix_fmt", "yuv420p10")),
    Source("h264-422-10", "mov", video=(*H264, "-pix_fmt", "yuv422p10"), sound=("-c:a", "pcm_s24le")),
    Source("h264-444", video=(*H264, "-pix_fmt", "yuv444p")),
    Source("h264-rgb", "mkv", video=("-c:v", "libx264rgb", "-preset", "ultrafast", "-qp", "8")),
    Source("h264-gray", video=(*H264, "-pix_fmt", "gray"), colour=False),
    Source("h264-open-gop", video=(*H264, "-x264-params", "open-gop=1", "-bf", "3", "-flags", "-cgop")),
    Source("h264-one-key-frame", "mkv", video=(*H264, "-g", "9999", "-sc_threshold", "0")),
    Source("hevc", video=(*HEVC, "-tag:v", "hvc1")),
    Source("hevc-10", "mkv", video=(*HEVC, "-pix_fmt", "yuv420p10")),
    Source("vp9", "webm", video=VP9, sound=OPUS),
    Source("vp9-10", "mkv", video=(*VP9, "-pix_fmt", "yuv420p10"), sound=OPUS),
    Source("vp9-alpha", "webm", video=(*VP9, "-pix_fmt", "yuva420p"), sound=OPUS),
    Source("vp8", "webm", video=VP8, sound=VORBIS),
    Source("vp8-ogg", "ogv", video=VP8, sound=VORBIS),
    Source("mpeg2", "mpg", video=MPEG2, sound=MP2, extra=("-muxrate", "8M")),
    Source("mpeg2-ts", "ts", video=MPEG2, sound=("-c:a", "ac3"), rate=NTSC),
    Source("mpeg2-mxf", "mxf", video=MPEG2, sound=PCM),
    Source("mpeg1", "mpg", video=("-c:v", "mpeg1video", "-q:v", "2"), sound=MP2),
    Source("mpeg4", "avi", video=MPEG4, sound=MP3, numbers=SKIP_ONE),
    Source("mpeg4-mp4", video=(*MPEG4, "-bf", "2")),
    Source("msmpeg4", "avi", video=("-c:v", "msmpeg4v2", "-q:v", "2"), sound=MP3, numbers=SKIP_ONE),
    Source("mjpeg", "mov", video=("-c:v", "mjpeg", "-q:v", "2", "-pix_fmt", "yuvj420p"), sound=PCM),
    Source("mjpeg-avi", "avi", video=("-c:v", "mjpeg", "-q:v", "2", "-pix_fmt", "yuvj422p"), sound=PCM),
    Source("prores", "mov", video=("-c:v", "prores_ks", "-profile:v", "1"), sound=("-c:a", "pcm_s24le")),
    Source("prores-4444", "mov", video=("-c:v", "prores_ks", "-pix_fmt", "yuva444p10le"), sound=PCM),
    Source("dnxhr", "mov", video=("-c:v", "dnxhd", "-profile:v", "dnxhr_hq"), sound=PCM, size=(256, 144)),
    Source("dnxhr-mxf", "mxf", video=("-c:v", "dnxhd", "-profile:v", "dnxhr_sq"), sound=PCM, size=(256, 144)),
    Source("ffv1", "mkv", video=("-c:v", "ffv1"), sound=("-c:a", "flac")),
    Source("huffyuv", "avi", video=("-c:v", "huffyuv", "-pix_fmt", "yuv422p"), sound=PCM),
    Source("utvideo", "avi", video=("-c:v", "utvideo", "-pix_fmt", "gbrp"), sound=PCM),
    Source("dv", "dv", video=("-c:v", "dvvideo", "-pix_fmt", "yuv420p", "-vf", "setsar=16/15"), sound=PCM,
           size=(720, 576), frames=75, shown=(768, 576)),
    Source("dv-ntsc", "avi", video=("-c:v", "dvvideo", "-pix_fmt", "yuv411p", "-vf", "setsar=8/9"), sound=PCM,
           size=(720, 480), frames=75, rate=NTSC, shown=(640, 480)),
    Source("wmv2", "wmv", video=("-c:v", "wmv2", "-q:v", "2"), sound=("-c:a", "wmav2", "-b:a", "128k")),
    Source("flv1", "flv", video=("-c:v", "flv", "-q:v", "2"), sound=MP3, sample_rate=44_100),
    Source("h264-flv", "flv", sample_rate=44_100),
    Source("h263", "3gp", video=("-c:v", "h263", "-q:v", "2"), size=(176, 144), shown=(192, 144),
           sample_rate=8_000, layout="mono"),
    Source("cinepak", "mov", video=("-c:v", "cinepak"), sound=PCM, frames=75, size=(96, 56),
           alike=(0.8, 0.8), colour=False, levels=False),
    Source("qtrle-alpha", "mov", video=("-c:v", "qtrle", "-pix_fmt", "argb"), sound=PCM),
    Source("palette", "avi", video=("-c:v", "msrle", "-pix_fmt", "pal8"), sound=PCM, colour=False,
           levels=False, alike=(0.6, 0.6)),
    Source("jpeg2000", "mxf", video=("-c:v", "jpeg2000", "-q:v", "2"), sound=PCM, frames=75),
    Source("cfhd", "mov", video=("-c:v", "cfhd"), sound=PCM),
    Source("v210", "mov", video=("-c:v", "v210"), sound=PCM, frames=75),
    Source("raw", "avi", video=("-c:v", "rawvideo", "-pix_fmt", "uyvy422"), sound=PCM, frames=75),
)  # fmt: skip

CONTAINERS = (
    Source("m2ts", "mts", sound=("-c:a", "ac3"), layout="5.1"),
    Source("fragmented", extra=("-movflags", "+frag_keyframe+empty_moov+default_base_moof")),
    Source("cmaf", extra=("-movflags", "+frag_keyframe+delay_moov+default_base_moof")),
    Source("faststart", "m4v", extra=("-movflags", "+faststart")),
    Source("h264-3gp", "3gp", size=(176, 144)),
    Source("h264-webm-like", "mkv", extra=("-live", "1")),
    Source("tmcd", "mov", extra=("-timecode", "01:00:00:00")),
    Source("telemetry", recipe=with_telemetry),
    Source("telemetry-ts", "ts", recipe=with_data),
    Source("texts-and-chapters", recipe=with_texts),
)

SOUNDS = (
    Source("silent", sound=()),
    Source("aac-8k-mono", sample_rate=8_000, layout="mono"),
    Source("aac-96k", sample_rate=96_000),
    Source("mp3-22k", "mkv", sound=MP3, sample_rate=22_050),
    Source("pcm-11k", "avi", video=MPEG4, sound=("-c:a", "pcm_u8"), sample_rate=11_025, layout="mono"),
    Source("eac3-5.1", "mkv", sound=("-c:a", "eac3"), layout="5.1", rate=FILM),
    Source("ac3-44k", sound=("-c:a", "ac3"), sample_rate=44_100),
    Source("flac-7.1", "mkv", sound=("-c:a", "flac"), layout="7.1", sample_rate=96_000),
    Source("dts", "mkv", sound=("-c:a", "dca", "-strict", "-2"), layout="5.1"),
    Source("truehd", "mkv", sound=("-c:a", "truehd", "-strict", "-2"), layout="5.1"),
    Source("alac", "mov", sound=("-c:a", "alac"), sample_rate=44_100),
    Source("opus-mono", "mkv", sound=OPUS, layout="mono"),
    Source("vorbis-44k", "mkv", sound=VORBIS, sample_rate=44_100),
    Source("adpcm", "avi", video=MPEG4, sound=("-c:a", "adpcm_ms"), sample_rate=22_050),
    Source("quad", "mov", sound=PCM, layout="quad"),
    Source("two-languages", "mkv", recipe=with_two_sounds, tracks=3),
    Source("stereo-then-5.1", "ts", layout="5.1",
           recipe=sound_changes(("-c:a", "ac3", "-ac", "2", "-f", "ac3"), ("-c:a", "ac3", "-f", "ac3"))),
    Source("5.1-then-stereo", "mkv", layout="5.1",
           recipe=sound_changes(("-c:a", "ac3", "-f", "ac3"), ("-c:a", "ac3", "-ac", "2", "-f", "ac3"))),
    Source("mono-then-stereo", "ts",
           recipe=sound_changes(("-c:a", "mp2", "-ac", "1", "-f", "mp2"), ("-c:a", "mp2", "-f", "mp2"))),
)  # fmt: skip

RATES = (
    Source("23.976", rate=FILM, frames=123),
    Source("24", "mkv", rate=Fraction(24), frames=121),
    Source("29.97", "mkv", rate=NTSC, frames=151),
    Source("30", "ts", rate=Fraction(30), frames=149, extra=TS),
    Source("50", rate=Fraction(50), frames=251),
    Source("59.94", "mkv", rate=FAST, frames=301),
    Source("60", "mov", rate=Fraction(60), frames=241),
    Source("12.5", rate=Fraction(25, 2), frames=63),
    Source("5", rate=Fraction(5), frames=25, grid=Fraction(10), numbers=tuple(n // 2 for n in range(49))),
    Source("120", rate=Fraction(120), frames=481, grid=Fraction(60), numbers=tuple(range(0, 481, 2))),
)

SIZES = (
    Source("1x1", "mkv", video=("-c:v", "ffv1"), size=(1, 1), shown=(16, 16), sound=("-c:a", "flac")),
    Source("16x16", video=H264, size=(16, 16)),
    Source("odd-sizes", "mkv", video=("-c:v", "ffv1"), size=(321, 179), sound=("-c:a", "flac")),
    Source("odd-vp9", "webm", video=VP9, size=(161, 91), sound=OPUS),
    Source("upright", size=(108, 192)),
    Source("very-wide", size=(420, 84)),
    Source("anamorphic", recipe=filtered("setsar=4/3"), size=(144, 108), shown=(192, 108)),
    Source("tall-pixels", "mkv", recipe=filtered("setsar=1/2"), size=(384, 108), shown=(192, 108)),
    Source("720p", size=(1280, 720), rate=Fraction(12), frames=36, alike=(0.95, 0.95)),
    Source("1080p", "mkv", size=(1920, 1080), rate=Fraction(10), frames=30, alike=(0.95, 0.95)),
    Source("2160p", size=(3840, 2160), frames=6, sound=(), alike=(0.95, 0.95)),
)

TURNS = (
    Source("turned-90", recipe=turned("transpose=clock", "-display_rotation", "90")),
    Source("turned-180", "mov", recipe=turned("hflip,vflip", "-display_rotation", "180")),
    Source("turned-270", "mkv", recipe=turned("transpose=cclock", "-display_rotation", "270")),
    Source("mirrored", recipe=turned("hflip", "-display_hflip")),
    Source("turned-and-mirrored", "mov",
           recipe=turned("transpose=cclock_flip", "-display_rotation", "90", "-display_vflip")),
    Source("turned-anamorphic", size=(144, 108), shown=(192, 108),
           recipe=turned("setsar=4/3,transpose=clock", "-display_rotation", "90")),
)  # fmt: skip

CLOCKS = (
    Source("screen-recording", "mkv", numbers=tuple(39 if 40 <= n < 60 else n for n in range(125)),
           recipe=filtered("select='not(between(n,40,59))'", "", *VFR)),
    Source("phone", rate=Fraction(30), frames=150,
           recipe=filtered("setpts='PTS+0.004*sin(N*1.7)/TB'", "", *VFR, "-video_track_timescale", "90000")),
    Source("starts-at-an-hour", "ts", extra=("-output_ts_offset", "3600")),
    Source("clock-wraps", "ts", extra=("-output_ts_offset", "95441.2")),
    Source("negative-times-mp4", extra=("-output_ts_offset", "-0.52", "-avoid_negative_ts", "disabled"),
           numbers=tuple(range(13, 125)), heard=(1, 2)),
    Source("negative-offsets", extra=("-movflags", "+negative_cts_offsets", "-use_editlist", "0"), sound=PCM),
    Source("trimmed-by-edit-list", numbers=tuple(range(40, 125)), heard=(1, 2),
           recipe=then_copy(before=("-ss", "1.6"))),
    Source("trimmed-by-edit-list-mov", "mov", video=MPEG4, sound=PCM, numbers=tuple(range(33, 125)),
           heard=(1, 2), recipe=then_copy(before=("-ss", "1.32"), first="mov")),
    Source("empty-edit-before-sound", recipe=shifted(0, 0.5)),
    Source("empty-edit-before-picture", recipe=shifted(0.5, 0)),
    Source("sound-starts-late", heard=(1, 2), recipe=filtered("", "atrim=start=1.0013")),
    Source("sound-starts-late-mkv", "mkv", heard=(1, 2), recipe=filtered("", "atrim=start=1.0013")),
    Source("sound-ends-early", heard=(0, 1), recipe=filtered("", "atrim=end=3")),
    Source("sound-with-a-gap", "mkv", recipe=filtered("", "aselect='not(between(t,1,2))'")),
    Source("sound-with-a-gap-ts", "ts", recipe=filtered("", "aselect='not(between(t,1,2))'")),
    Source("switched-on-late", "ts", recipe=cut_open(Fraction(1, 8)), heard=(1, 2),
           numbers=tuple(range(30, 125))),
    Source("three-seconds", rate=Fraction(24), frames=72),
    Source("one-picture", frames=1, sound=()),
)  # fmt: skip

FIELDS = (
    Source("psf", "ts", video=(*MPEG2, *WOVEN), sound=MP2,
           recipe=filtered("setfield=tff")),
    Source("50i", "ts", video=(*MPEG2, *WOVEN, "-b:v", "4M"), sound=MP2,
           recipe=fields("tff"), step=2),
    Source("mbaff", "mkv", video=(*H264, *WOVEN), recipe=fields("tff"), step=2),
    Source("60i-bottom-first", "mov", video=("-c:v", "prores_ks", *WOVEN), sound=PCM, rate=NTSC, frames=150,
           step=2, recipe=fields("bff")),
    Source("telecined", "ts", video=(*MPEG2, *WOVEN), sound=MP2, rate=FILM,
           frames=120, grid=NTSC, recipe=filtered("telecine=first_field=top:pattern=23"),
           numbers=tuple(4 * (n // 5) + (0, 1, 1, 2, 3)[n % 5] for n in range(150))),
)  # fmt: skip

COLOURS = (
    Source("full-range", video=(*H264, "-pix_fmt", "yuvj420p")),
    Source("full-range-tagged", "mkv", recipe=filtered("scale=out_range=pc,format=yuv420p")),
    Source("tagged-bt709", recipe=filtered(f"setparams={BT709}")),
    Source("hdr10", video=(*HEVC, "-pix_fmt", "yuv420p10"), colour=False, levels=False, alike=(0.5, 0.5),
           recipe=filtered(f"setparams=color_trc=smpte2084:{BT2020}")),
    Source("hlg", "mkv", video=(*HEVC, "-pix_fmt", "yuv420p10"), colour=False, levels=False, alike=(0.5, 0.5),
           recipe=filtered(f"setparams=color_trc=arib-std-b67:{BT2020}")),
)  # fmt: skip

STREAMS = (
    Source("cover-art", recipe=with_cover("-disposition:v:0", "attached_pic")),
    Source("cover-as-a-track", "mkv", recipe=with_cover()),
    Source("cover-as-a-track-mov", "mov", recipe=with_cover()),
    Source("two-pictures", recipe=with_small_twin),
    Source("size-changes", "ts", frames=126, recipe=size_changes, alike=(0.8, 0.8)),
)

MIDDLE = (640, 360)
FINE = (0.98, 0.9)
COPIED = (
    Source("copied", size=MIDDLE, copied=True, alike=FINE),
    Source("copied-23.976", "mkv", size=MIDDLE, rate=FILM, frames=123, copied=True, alike=FINE),
    Source("copied-50", "mov", size=MIDDLE, rate=Fraction(50), frames=200, sample_rate=44_100, copied=True,
           alike=FINE),
    Source("copied-ts", "ts", size=MIDDLE, copied=True, alike=FINE),
    Source("copied-silent", size=MIDDLE, sound=(), copied=True, alike=FINE),
    Source("copied-sound-late", "mkv", size=MIDDLE, copied=True, alike=FINE, heard=(1, 2),
           recipe=filtered("", "atrim=start=1.0013")),
)  # fmt: skip

SOURCES = (
    *CODECS,
    *CONTAINERS,
    *SOUNDS,
    *RATES,
    *SIZES,
    *TURNS,
    *CLOCKS,
    *FIELDS,
    *COLOURS,
    *STREAMS,
    *COPIED,
)
