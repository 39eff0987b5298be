"""The small parts of the measures that can be wrong without anybody noticing."""

import json
import socket
import threading
from contextlib import closing
from pathlib import Path

import pytest

from tests.bench.bare import whole
from tests.bench.drain import drain
from tests.bench.encryption import read_speed
from tests.bench.keys import person, write_paths
from tests.media.facts import picture, sound
from transcoder.planning.plan import make_plan
from transcoder.source.media import MediaInfo

SPEED = """\
version: 3.0.19
CPU info: OPENSSL_ia32cap=0x7ffef3ffffebffff:0x40069c219c97a9
The 'numbers' are in 1000s of bytes per second processed.
type         300000 bytes
AES-128-CBC    1523437.50k
"""


def test_openssl_speed_is_read_in_megabytes() -> None:
    assert read_speed(SPEED) == pytest.approx(1523.4375)
    with pytest.raises(ValueError, match="something else"):
        read_speed("openssl: unknown option")


def test_key_addresses_go_period_by_period_over_all_playbacks(tmp_path: Path) -> None:
    write_paths(tmp_path / "paths", ["aaa", "bbb"], 2)
    lines = (tmp_path / "paths").read_text().split()
    assert lines == [f"/play/{token}/key/v720/{period}" for period in (0, 1) for token in ("aaa", "bbb")]


def test_registrations_are_what_the_house_accepts() -> None:
    from streaming.web.api.account_models import RegisterIn

    one, other = person(1), person(2)
    assert RegisterIn.model_validate(json.loads(one)).name == "person-1"
    assert json.loads(one)["auth_key"] != json.loads(other)["auth_key"]


def test_large_answers_are_counted_to_the_byte() -> None:
    size = 3_000_000
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        thread = threading.Thread(target=serve, args=(server, size), daemon=True)
        thread.start()
        told = drain(server.getsockname()[1], ["/one", "/two"], 0.3, 1)
        thread.join(5)
    assert told["answers"] >= 1
    assert told["answers"] * size <= told["octets"] < (told["answers"] + 1) * size


def test_a_refusal_is_no_answer() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        thread = threading.Thread(target=serve, args=(server, 10, b"403 Forbidden"), daemon=True)
        thread.start()
        with pytest.raises(ConnectionError, match="403"):
            drain(server.getsockname()[1], ["/one"], 5, 1)
        thread.join(5)


def serve(server: socket.socket, size: int, status: bytes = b"200 OK") -> None:
    """Answer every request on one connection with `size` bytes, the head and the first byte apart."""
    answer = b"HTTP/1.1 %s\r\ncontent-length: %d\r\n\r\nx" % (status, size)
    with closing(server.accept()[0]) as connection:
        try:
            while connection.recv(4096):
                connection.sendall(answer)
                connection.sendall(bytes(size - 1))
        except OSError:
            return


def test_the_bare_peer_makes_the_whole_film_in_one_chunk() -> None:
    plan = make_plan(MediaInfo("matroska,webm", 1, picture(frames=7200), (sound(),)))
    one, chunk = whole(plan)
    assert len(plan.chunks) > 1
    assert one.chunks == (chunk,)
    assert (chunk.first_frame, chunk.frames) == (0, plan.frames)
    assert one.segments == plan.segments
    assert one.renditions == plan.renditions
