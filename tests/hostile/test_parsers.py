"""Whatever bytes a damaged film makes an encoder give, parsers read them or raise BadMedia; nothing else."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path

import pytest

from tests.fuzz.mutations import mutate
from tests.media import films
from tests.media.pipeline import KEYS, SHORT, MemorySink, transcode
from transcoder.encoding.encode import encode_chunk
from transcoder.errors import BadMedia, BadSubtitles, EncodeFailed
from transcoder.formats import aac, codec_names, fmp4, h264, iframes, opus
from transcoder.planning.plan import make_plan
from transcoder.programs import process
from transcoder.studying.probe import probe
from transcoder.texts import subtitlefile, webvtt

pytestmark = pytest.mark.e2e

Parser = Callable[[bytes], object]
ROUNDS = 400


def split(data: bytes) -> None:
    splitter = fmp4.Splitter()
    for number, piece in enumerate(splitter.feed(data)):
        if number:  # the first is the init segment
            fmp4.read_fragment(piece)
    splitter.close()


def read_adts(data: bytes) -> None:
    parser = aac.AdtsParser(48_000, 2)
    list(parser.feed(data))
    parser.close()


def read_opus(data: bytes) -> None:
    parser = opus.PacketParser()
    list(parser.feed(data))
    parser.close()


PARSERS: dict[str, tuple[Parser, str]] = {
    "the splitter of boxes": (split, "film"),
    "the reader of fragments": (fmp4.read_fragment, "segment"),
    "the writer of times": (lambda data: fmp4.retime(data, 1, 0, 2), "segment"),
    "the cutter of first pictures": (iframes.first_picture, "segment"),
    "the writer of edit lists": (lambda data: fmp4.add_edit_list(data, 2), "init"),
    "the reader of codecs": (codec_names.video_codecs, "init"),
    "the reader of AVC settings": (h264.read_avcc, "init"),
    "the reader of ADTS": (read_adts, "adts"),
    "the reader of Opus packets": (read_opus, "opus"),
    "the reader of cues": (lambda data: webvtt.read_cues(data.decode("utf-8", "replace")), "cues"),
    "the reader of subtitle files": (subtitlefile.read_subtitles, "cues"),
}


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Whole and sound bytes of each kind."""
    folder = tmp_path_factory.mktemp("parsers")
    film = films.counted(folder, Fraction(25), 50, size=(160, 90))
    done = transcode(film)
    name = done.plan.video[-1].name
    adts, packets = folder / "sound.aac", folder / "sound.mp4"
    films.run_ffmpeg("-i", str(film), "-vn", "-ac", "2", "-ar", "48000", "-f", "adts", str(adts))
    pieces = ("-movflags", "+empty_moov+frag_every_frame", "-c:a", "libopus", "-ac", "2")
    films.run_ffmpeg("-i", str(film), "-vn", "-af", "atrim=end_sample=47688", *pieces, str(packets))
    init, whole = done.sink.inits[name][0], done.clear(name)
    return {
        "film": whole,
        "init": init,
        "segment": whole[len(init) :],
        "adts": adts.read_bytes(),
        "opus": packets.read_bytes(),
        "cues": b"WEBVTT\n\n00:01.000 --> 00:02.000 line:0\n<i>One</i> & <b>2\n\n00:03.000 --> 00:04.000",
    }


@pytest.mark.parametrize("name", PARSERS)
def test_damaged_bytes_are_read_or_refused(samples: dict[str, bytes], name: str) -> None:
    parse, kind = PARSERS[name]
    parse(samples[kind])
    donors, read = list(samples.values()), 0
    for seed in range(ROUNDS):
        _, data = mutate(seed, [samples[kind]], donors)
        try:
            parse(data)
        except (BadMedia, BadSubtitles):
            continue
        read += 1
    assert 0 < read <= ROUNDS


def test_an_encoder_that_ends_in_the_middle_of_a_box_has_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = films.counted(tmp_path, Fraction(25), 50, size=(160, 90))
    plan = make_plan(probe(film), SHORT)

    def cut_off(_: object, consumers: Mapping[str, process.Consumer], *__: object) -> process.Finished:
        consumers[plan.starter[0]](iter([b"\0\0\1\0moov cut off"]))
        return process.Finished(0, ())

    monkeypatch.setattr(process, "run", cut_off)
    with pytest.raises(EncodeFailed) as caught:
        encode_chunk(film, plan, plan.chunks[0], plan.starter[:1], KEYS.content_key, MemorySink())
    assert caught.value.code == "output_mismatch"
