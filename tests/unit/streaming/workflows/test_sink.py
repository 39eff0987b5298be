"""Objects of an attempt: named by it, durable after `finish`, gone after `discard`."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import pytest

from streaming.storage.objects import MemoryObjects
from streaming.workflows.sink import IN_FLIGHT, ObjectSink
from transcoder.encoding.encode import EncodedSegment, InitSegment


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def init(name: str = "v240", sha256: bytes = b"i" * 32) -> InitSegment:
    return InitSegment(name, "avc1", 4, sha256, b"init")


def segment(sequence: int, name: str = "v240") -> EncodedSegment:
    return EncodedSegment(name, "sd", sequence, 0, Fraction(1), 25, 4, b"s" * 32)


def test_names_carry_rendition_place_and_attempt(pool: ThreadPoolExecutor) -> None:
    objects = MemoryObjects()
    sink = ObjectSink(objects, pool, "ti/ve", "abcdefgh", {})
    sink.put(init(), b"init")
    sink.put(segment(12), b"data")
    sink.put(segment(0, "t0"), b"text")
    sink.finish()
    assert set(objects.list()) == {
        "ti/ve/v240/init-abcdefgh.mp4",
        "ti/ve/v240/v-000012-abcdefgh.m4s",
        "ti/ve/t0/t-000000-abcdefgh.vtt",
    }
    assert sink.init(init()).object == "ti/ve/v240/init-abcdefgh.mp4"


def test_an_init_segment_that_is_visible_already_is_not_put_again(pool: ThreadPoolExecutor) -> None:
    objects = MemoryObjects()
    sink = ObjectSink(objects, pool, "ti/ve", "abcdefgh", {("v240", -1): b"i" * 32})
    sink.put(init(), b"init")
    sink.put(init(sha256=b"j" * 32), b"other")
    sink.finish()
    assert len(list(objects.list())) == 1


def test_discard_leaves_nothing(pool: ThreadPoolExecutor) -> None:
    objects = MemoryObjects()
    sink = ObjectSink(objects, pool, "ti/ve", "abcdefgh", {})
    for sequence in range(3 * IN_FLIGHT):
        sink.put(segment(sequence), b"data")
    sink.discard()
    assert not list(objects.list())


def test_a_full_disk_ends_the_attempt_with_its_own_fault(pool: ThreadPoolExecutor) -> None:
    class Full(MemoryObjects):
        def put(self, name: str, data: bytes) -> None:
            raise OSError(28, "No space left on device")

    sink = ObjectSink(Full(), pool, "ti/ve", "abcdefgh", {})
    sink.put(segment(0), b"data")
    with pytest.raises(OSError, match="No space"):
        sink.finish()
    with pytest.raises(OSError, match="No space"):
        sink.put(segment(1), b"data")
    sink.discard()
