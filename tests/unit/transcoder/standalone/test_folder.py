import hashlib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from tests.media.facts import picture, sound
from transcoder.encoding.encode import EncodedSegment, InitSegment
from transcoder.errors import EncodeFailed, Refused
from transcoder.keys.keyfile import KeyFile
from transcoder.planning.plan import make_plan
from transcoder.source.media import MediaInfo
from transcoder.standalone.folder import Folder, PartSink, Title, fingerprint, read_inside

PLAN = make_plan(MediaInfo("mov", 1000, picture(), (sound(),)))
TITLE = Title("ti_test", KeyFile.fresh().signer, "00" * 32, PLAN, (("v720", "avc1.64001f"),))
INIT = InitSegment("v720", "avc1.64001f", 4, hashlib.sha256(b"init").digest(), b"init")


def segment(sequence: int, data: bytes = b"data", name: str = "v720") -> EncodedSegment:
    digest = hashlib.sha256(data).digest()
    return EncodedSegment(name, "hd", sequence, 0, Fraction(1), 24, len(data), digest)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path / "out")
    folder.begin(TITLE)
    return folder


def filled(folder: Folder) -> PartSink:
    sink = PartSink(folder, PLAN, {})
    sink.put(INIT, b"init")
    sink.put(segment(0), b"data")
    sink.put(segment(0, b"text", "a0"), b"text")
    return sink


def test_a_title_is_read_as_it_was_written(folder: Folder) -> None:
    assert Title.from_json(TITLE.to_json()) == TITLE
    folder.close()
    assert Folder(folder.path).title == TITLE


def test_a_part_counts_from_its_record_on(folder: Folder) -> None:
    sink = filled(folder)
    assert folder.recorded("chunk-000000") is None
    folder.record("chunk-000000", sink.record())
    folder.close()
    again = Folder(folder.path)
    assert again.recorded("chunk-000000") is not None
    assert again.recorded("chunk-000001") is None
    found = again.recorded("chunk-000000")
    assert found is not None
    assert {item.name for item in found.objects} == {"v720/init.mp4", "v720/000000.m4s", "a0/000000.m4s"}
    assert found.codecs == (("v720", "avc1.64001f"),)


@pytest.mark.parametrize(
    "damage",
    [
        lambda out: (out / "a0/000000.m4s").unlink(),
        lambda out: (out / "v720/000000.m4s").write_bytes(b"dat"),
        lambda out: (out / ".making/chunk-000000.cbor").write_bytes(b"\xa0"),
        lambda out: (out / ".making/chunk-000000.cbor").write_bytes(
            (out / ".making/chunk-000000.cbor").read_bytes()[:-1]
        ),
    ],
    ids=["gone", "cut", "empty record", "cut record"],
)
def test_a_part_that_is_not_all_here_does_not_count(folder: Folder, damage: Callable[[Path], object]) -> None:
    folder.record("chunk-000000", filled(folder).record())
    damage(folder.path)
    assert folder.recorded("chunk-000000") is None


def test_a_chunk_that_fits_not_to_the_others_is_refused(folder: Folder) -> None:
    known: dict[tuple[str, int], bytes] = {}
    PartSink(folder, PLAN, known).put(INIT, b"init")
    other = InitSegment("v720", "avc1.64001f", 5, hashlib.sha256(b"other").digest(), b"other")
    with pytest.raises(EncodeFailed) as caught:
        PartSink(folder, PLAN, known).put(other, b"other")
    assert caught.value.code == "init_mismatch"
    assert (folder.path / "v720/init.mp4").read_bytes() == b"init"


def test_nothing_of_a_killed_write_has_a_segments_name(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: Path, _data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        folder.write("v720/000000.m4s", b"data")
    assert not (folder.path / "v720/000000.m4s").exists()


def test_one_at_a_time(folder: Folder) -> None:
    with pytest.raises(Refused) as caught:
        Folder(folder.path)
    assert caught.value.code == "folder_busy"
    folder.close()
    Folder(folder.path).close()


@pytest.mark.parametrize("name", ["thesis.txt", "title.json", "v720"])
def test_a_strangers_folder_is_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(Refused) as caught:
        Folder(tmp_path)
    assert caught.value.code == "folder_taken"
    assert [path.name for path in tmp_path.iterdir()] == [name]
    with pytest.raises(Refused):
        Folder(tmp_path / name)


def test_a_folder_in_which_nothing_was_begun_is_free(tmp_path: Path) -> None:
    (tmp_path / ".making").mkdir()
    assert Folder(tmp_path).title is None


def test_no_name_leads_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    out = tmp_path / "out"
    out.mkdir()
    (out / "link").symlink_to(tmp_path / "secret")
    for name in ("../secret", str(tmp_path / "secret"), "link"):
        with pytest.raises(OSError, match=r"secret|link"):
            read_inside(out, name)


def test_a_source_is_known_by_its_length_beginning_and_end(tmp_path: Path) -> None:
    film = tmp_path / "film"
    marks = set()
    for data in (bytes(3 << 20), bytes(3 << 20) + b"x", b"x" + bytes((3 << 20) - 1), b"", b"x"):
        film.write_bytes(data)
        marks.add(fingerprint(film))
        assert fingerprint(film) in marks
    assert len(marks) == 5
