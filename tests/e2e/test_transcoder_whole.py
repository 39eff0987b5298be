"""A whole title: encoded, listed, signed, verified; and every kind of damage found."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from tests.media import films
from tests.media.pipeline import KEYS, SHORT, MemorySink, Transcoded, transcode
from transcoder.encoding.encode import encode_chunk
from transcoder.encoding.verify import scrub, verify_title
from transcoder.errors import EncodeFailed
from transcoder.keys.encrypt import decrypt_segment, encrypt_segment
from transcoder.keys.manifest import Kind, Manifest, ManifestObject
from transcoder.pictures.poster import make_poster
from transcoder.planning.plan import make_plan
from transcoder.studying.probe import probe
from transcoder.texts.subtitles import extract_text

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return films.with_subtitles(tmp_path_factory.mktemp("films"))


@pytest.fixture(scope="module")
def done(film: Path) -> Transcoded:
    done = transcode(film)
    extract_text(film, done.plan, done.plan.texts[0], KEYS.content_key, done.sink)
    return done


def listed(done: Transcoded) -> tuple[Manifest, dict[str, bytes]]:
    store, objects = {}, []
    for name, inits in done.sink.inits.items():
        data = inits[0]
        store[f"{name}/init"] = data
        digest = hashlib.sha256(data).digest()
        objects.append(ManifestObject(f"{name}/init", Kind.INIT, name, "sd", -1, -1, len(data), digest))
    for (name, sequence), segment in done.sink.segments.items():
        kind = Kind.TEXT if name == "t0" else Kind.SEGMENT
        store[f"{name}/{sequence}"] = done.sink.stored[name, sequence]
        objects.append(
            ManifestObject(
                f"{name}/{sequence}",
                kind,
                name,
                segment.tier,
                segment.period,
                sequence,
                segment.size,
                segment.sha256,
                segment.duration,
            )
        )
    plan = done.plan
    return Manifest("ti_test", 1, "aes-128", plan.frame_rate, plan.frames, tuple(objects)), store


def test_a_whole_title_verifies(done: Transcoded) -> None:
    manifest, store = listed(done)
    assert verify_title(manifest, done.plan, store.__getitem__, KEYS.content_key) == ()
    assert scrub(manifest, store.get) == ()
    assert len(manifest.objects) == 3 + 3 * len(done.plan.segments) + done.plan.periods


def test_styled_subtitles_in_a_film_keep_their_places(tmp_path: Path) -> None:
    text, film = tmp_path / "words.ass", tmp_path / "film.mkv"
    text.write_text(
        "[Script Info]\n[V4+ Styles]\nFormat: Name, Italic, Alignment\nStyle: Sign,-1,8\n[Events]\n"
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
        "Dialogue: 0,0:00:01.00,0:00:01.50,Sign,,0,0,0,,Exit <here>\n"
        "Dialogue: 0,0:00:00.50,0:00:00.90,,,0,0,0,,{\\an4}Left{\\p1}m 0 0 l 9 9{\\p0}\n",
        encoding="utf-8",
    )
    picture = ("-f", "lavfi", "-i", "testsrc2=s=64x36:r=10:d=2", "-i", str(text))
    # The film begins half a second after its clock: words are told from its first picture on.
    films.run_ffmpeg(*picture, "-preset", "ultrafast", "-c:s", "copy", "-output_ts_offset", "0.5", str(film))
    plan, sink = make_plan(probe(film), SHORT), MemorySink()
    extract_text(film, plan, plan.texts[0], KEYS.content_key, sink)
    name, tier = plan.texts[0].name, plan.texts[0].tier
    clear = decrypt_segment(sink.stored[name, 0], KEYS.content_key(name, tier, 0), 0).decode()
    assert clear.split("\n\n", 1)[1] == (
        "00:00:00.500 --> 00:00:00.900 line:50%,center position:5%,line-left align:start\nLeft\n\n"
        "00:00:01.000 --> 00:00:01.500 line:0\n<i>Exit &lt;here&gt;</i>\n"
    )


def change(store: dict[str, bytes], name: str, edit: Callable[[bytes], bytes]) -> None:
    store[name] = edit(store[name])


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (lambda data: data[:-1] + bytes((data[-1] ^ 1,)), "hash"),
        (lambda data: data[:-16], "size"),
        (lambda data: data + b"x", "size"),
    ],
)
def test_changed_bytes_are_found(done: Transcoded, edit: Callable[[bytes], bytes], code: str) -> None:
    manifest, store = listed(done)
    change(store, "v240/3", edit)
    assert [(f.code, f.name) for f in scrub(manifest, store.get)] == [(code, "v240/3")]
    assert [f.code for f in verify_title(manifest, done.plan, store.get, KEYS.content_key)] == [code]


def test_a_missing_object_is_found(done: Transcoded) -> None:
    manifest, store = listed(done)
    del store["a0/2"]
    assert [(f.code, f.name) for f in scrub(manifest, store.__getitem__)] == [("missing", "a0/2")]


def relisted(manifest: Manifest, store: dict[str, bytes], name: str, data: bytes) -> Manifest:
    store[name] = data
    digest = hashlib.sha256(data).digest()
    objects = [
        replace(item, size=len(data), sha256=digest) if item.name == name else item
        for item in manifest.objects
    ]
    return replace(manifest, objects=tuple(objects))


def test_a_segment_in_anothers_place_is_found_even_if_the_manifest_vouches(done: Transcoded) -> None:
    manifest, store = listed(done)
    key = KEYS.content_key("v240", "sd", 0)
    moved = encrypt_segment(decrypt_segment(store["v240/0"], key, 0), key, 1)
    manifest = relisted(manifest, store, "v240/1", moved)
    assert {f.code for f in verify_title(manifest, done.plan, store.get, KEYS.content_key)} == {"time"}


def test_rubbish_under_the_right_key_is_found(done: Transcoded) -> None:
    manifest, store = listed(done)
    rubbish = encrypt_segment(b"no boxes here", KEYS.content_key("v240", "sd", 0), 0)
    manifest = relisted(manifest, store, "v240/0", rubbish)
    assert [f.code for f in verify_title(manifest, done.plan, store.get, KEYS.content_key)] == ["boxes"]


def test_a_manifest_that_leaves_out_doubles_or_misplaces_is_found(done: Transcoded) -> None:
    manifest, store = listed(done)
    first = next(item for item in manifest.objects if item.name == "v240/0")
    short = replace(manifest, objects=tuple(item for item in manifest.objects if item != first))
    assert [f.code for f in verify_title(short, done.plan, store.get, KEYS.content_key)] == ["absent"]
    store["again"] = store["v240/0"]
    double = replace(manifest, objects=(*manifest.objects, replace(first, name="again")))
    assert [f.code for f in verify_title(double, done.plan, store.get, KEYS.content_key)] == ["extra"]
    wrong = replace(first, duration=first.duration + Fraction(1, 25))
    longer = replace(manifest, objects=tuple(wrong if i == first else i for i in manifest.objects))
    found = {f.code for f in verify_title(longer, done.plan, store.get, KEYS.content_key)}
    assert found == {"place", "duration"}


def test_subtitles_are_cut_at_crypto_periods(done: Transcoded) -> None:
    texts = []
    for period in range(done.plan.periods):
        key = KEYS.content_key("t0", "sd", period)
        texts.append(decrypt_segment(done.sink.stored["t0", period], key, period).decode())
    assert [text.count("crosses") for text in texts] == [1, 1, 0]
    assert "Good evening." in texts[0]
    assert "00:00:08.000 --> 00:00:08.900\nThe end" in texts[2]
    assert all(text.startswith("WEBVTT\nX-TIMESTAMP-MAP=") for text in texts)


def test_the_poster_is_a_jpeg_of_the_films_shape(film: Path, done: Transcoded, tmp_path: Path) -> None:
    path = tmp_path / "poster.jpg"
    path.write_bytes(make_poster(film, done.plan))
    assert films.decode_gray(path, (320, 180)).shape == (1, 180, 320)


def test_the_starter_and_the_rest_together_are_the_whole_chunk(tmp_path: Path) -> None:
    film = films.picture_film(tmp_path, 5, "640x360")
    plan, sink = make_plan(probe(film), SHORT), MemorySink()
    assert plan.renditions == ("v360", "v240", "a0")
    for chunk in plan.chunks:
        parts = (plan.starter, ("v360",)) if chunk.index == 0 else (plan.renditions,)
        for names in parts:
            result = encode_chunk(film, plan, chunk, names, KEYS.content_key, sink)
            winding = {"i240"} if "v240" in names else set()
            assert {segment.rendition for segment in result.segments} == {*names} | winding
            assert [init.rendition for init in result.inits] == [
                n for n in (*plan.renditions, "i240") if n in {*names} | winding
            ]
    everything = (*plan.renditions, plan.iframes.name)
    assert set(sink.stored) == {(n, s.sequence) for n in everything for s in plan.segments}
    assert all(len(set(inits)) == 1 for inits in sink.inits.values())
    assert sorted(sink.inits) == ["a0", "i240", "v240", "v360"]


def test_unknown_renditions_are_refused(film: Path, done: Transcoded) -> None:
    for names in ((), ("v9",)):
        with pytest.raises(ValueError, match="not renditions"):
            encode_chunk(film, done.plan, done.plan.chunks[0], names, KEYS.content_key, MemorySink())


def test_a_source_that_changed_since_the_plan_fails_clearly(done: Transcoded, tmp_path: Path) -> None:
    other = films.counted(tmp_path, Fraction(25), 30)
    with pytest.raises(EncodeFailed):
        encode_chunk(other, done.plan, done.plan.chunks[-1], ("v240",), KEYS.content_key, MemorySink())
