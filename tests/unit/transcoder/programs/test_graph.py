"""The argv is a value: one plan, one command, asserted whole."""

from fractions import Fraction
from pathlib import Path

from tests.media.facts import picture, sound
from transcoder.planning.ladder import CARE_STEPS
from transcoder.planning.plan import Plan, make_plan
from transcoder.planning.sampling import Sample, Trial
from transcoder.programs.graph import encode_argv
from transcoder.programs.graph_sample import sample_argv
from transcoder.programs.sandbox import DEMUXERS, FILM_DECODERS, Limits
from transcoder.source.media import MediaInfo

VIDEO = picture(
    width=426, height=240, coded_width=426, coded_height=240, frame_rate=Fraction(24_000, 1001), frames=480,
    time_base=Fraction(1, 1000), start_pts=83, colour_matrix="bt709", colour_primaries="bt709",
    colour_transfer="bt709",
)  # fmt: skip
AUDIO = sound(
    codec="ac3", channels=6, layout="5.1", sample_rate=44_100, time_base=Fraction(1, 1000), start_pts=80
)
PIPES = {"v240": 5, "a0": 6, "progress": 7}


def plan() -> Plan:
    return make_plan(MediaInfo("matroska,webm", 1, VIDEO, (AUDIO,)))


def test_the_whole_command_of_a_middle_chunk() -> None:
    made = plan()
    argv = encode_argv(
        "ffmpeg", Path("/films/-a b.mkv"), made, made.chunks[1], ("v240", "a0"), PIPES, Limits()
    )
    graph = (
        "[0:0]settb=1/24000[s0];[s0]setpts=PTS-1992[s1];"
        "[s1]fps=fps=24000/1001:round=near:start_time=2.002000[s2];"
        "[s2]tpad=stop=-1:stop_mode=clone[s3];[s3]trim=end_pts=192:start_pts=48[s4];[s4]setpts=PTS-48[s5];"
        "[s5]setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709[s6];[s6]split=1[s7];"
        "[s7]scale=426:240:flags=bicubic:out_range=tv[s8];[s8]setsar=1[s9];[s9]format=yuv420p[s10];"
        "[dec:0]asetpts=PTS-44100000000,asetpts="
        "if(lte(abs(3528+round((PTS-3528)/NB_SAMPLES)*NB_SAMPLES-PTS)\\,48)\\,"
        "3528+round((PTS-3528)/NB_SAMPLES)*NB_SAMPLES\\,PTS)[s11];"
        "[s11]asetpts=PTS-3660[s12];[s12]atrim=start_pts=79968[s13];"
        "[s13]aresample=48000:async=1:first_pts=79968:min_hard_comp=0.01:ochl=stereo:osf=fltp[s14];"
        "[s14]alimiter=attack=5:latency=1:level=0:limit=0.97:release=50[s15];[s15]apad[s16];"
        "[s16]atrim=end_sample=300032:start_sample=0[s17];[s17]asetpts=N-9216[s18]"
    )
    assert argv == [
        *("ffmpeg", "-analyzeduration", "1000000", "-codec_whitelist", FILM_DECODERS, "-dn"),
        *("-format_whitelist", ",".join(DEMUXERS), "-max_pixels", "35651584", "-max_streams", "256"),
        *("-noaccurate_seek", "-probesize", "1000000"),
        *("-protocol_whitelist", "file", "-reinit_filter:v", "0", "-seek_timestamp", "1"),
        *("-sn", "-ss", "1.085000"),
        *("-threads", "auto", "-i", "file:/films/-a b.mkv"),
        # An AC-3 track may change its channels: it is decoded to what it has at its beginning.
        *("-map", "0:1", "-af", "aresample=osr=44100:ochl=5.1:osf=flt,asetpts=PTS+44100000000"),
        *("-c:a", "pcm_f32le"),
        *("-f", "null", "-", "-dec", "0:0"),
        *("-filter_complex", graph),
        *("-map", "[s10]", "-f", "mp4", "-avoid_negative_ts", "disabled", "-bf", "5", "-bufsize", "900000"),
        *("-c:v", "libx264", "-crf", "26", "-fflags", "+bitexact", "-flush_packets", "1"),
        *("-force_key_frames", "0.000000,1.981146,3.983146", "-forced-idr", "1", "-fps_mode", "passthrough"),
        *(
            "-g",
            "100000",
            "-keyint_min",
            "1",
            "-level:v",
            "2.1",
            "-map_chapters",
            "-1",
            "-map_metadata",
            "-1",
        ),
        *("-maxrate", "450000", "-movflags"),
        "+frag_keyframe+empty_moov+default_base_moof+negative_cts_offsets+skip_trailer",
        *("-preset", "veryfast", "-profile:v", "high", "-refs", "3", "-sc_threshold", "0"),
        *("-use_editlist", "0", "-video_track_timescale", "24000", "-write_btrt", "0", "-x264-params"),
        "stitchable=1:open-gop=0:weightp=1:b-pyramid=normal:rc-lookahead=40:trellis=1:b-adapt=2"
        ":subme=6:mixed-refs=1",
        "pipe:5",
        *("-map", "[s18]", "-f", "adts", "-ac", "2", "-ar", "48000", "-b:a", "128000", "-c:a", "aac"),
        *(
            "-fflags",
            "+bitexact",
            "-flush_packets",
            "1",
            "-map_chapters",
            "-1",
            "-map_metadata",
            "-1",
            "pipe:6",
        ),
        *("-hide_banner", "-nostdin", "-nostats", "-loglevel", "error", "-copyts"),
        *("-progress", "pipe:7", "-stats_period", "0.5"),
    ]


def test_a_bound_on_threads_is_for_decoder_and_encoder_alike() -> None:
    made = plan()
    argv = encode_argv("ffmpeg", Path("a.mkv"), made, made.chunks[1], ("v240",), PIPES, Limits(threads=3))
    assert [argv[place + 1] for place, word in enumerate(argv) if word == "-threads"] == ["3", "3"]


def test_the_start_of_the_lowest_rung_is_made_quickly() -> None:
    made = plan()
    first, later = (
        encode_argv("ffmpeg", Path("a.mkv"), made, chunk, ("v240", "a0"), PIPES, Limits())
        for chunk in made.chunks[:2]
    )
    assert int(later[later.index("-crf") + 1]) - int(first[first.index("-crf") + 1]) == CARE_STEPS
    assert "mbtree=0" in first[first.index("-x264-params") + 1]
    assert "subme" not in first[first.index("-x264-params") + 1]


def test_the_first_chunk_does_not_seek() -> None:
    made = plan()
    argv = encode_argv("ffmpeg", Path("/a"), made, made.chunks[0], ("v240",), {"v240": 5}, Limits())
    assert "-ss" not in argv
    assert "pipe:6" not in argv


def test_samples_are_decoded_once_and_compared_with_what_every_encoder_made() -> None:
    made = plan()
    trials = (Trial("v240", 426, 240, 24), Trial("v240", 426, 240, 32))
    pipes = {"bits-0": 5, "quality-0": 6, "bits-1": 7, "quality-1": 8}
    samples = (Sample(Fraction(3), 12), Sample(Fraction(9), 8))
    argv = sample_argv("ffmpeg", Path("/films/a b.mkv"), made, samples, trials, pipes, Limits())
    assert argv.count("-i") == 2
    # By a quick encoder, finer by as much as a careful one may be coarser.
    assert [argv[place + 1] for place, word in enumerate(argv) if word == "-crf"] == ["20", "28"]
    keys = [argv[place + 1] for place, word in enumerate(argv) if word == "-force_key_frames"]
    assert keys == ["expr:eq(n,0)+eq(n,12)"] * 2
    assert [argv[place + 1] for place, word in enumerate(argv) if word == "-dec"] == ["0:0", "1:0", "2:0"]
    graphs = [argv[place + 1] for place, word in enumerate(argv) if word == "-filter_complex"]
    assert "trim=end_frame=12" in graphs[0]
    assert "trim=end_frame=8" in graphs[0]
    assert "concat=n=2" in graphs[0]
    reference = [word for word in argv if word in ("pipe:5", "pipe:7", "reference")].index("reference")
    assert graphs[1].startswith(f"[dec:{reference}]")
    assert [f"file=pipe\\\\:{pipe}" in graphs[1] for pipe in (6, 8)] == [True, True]
