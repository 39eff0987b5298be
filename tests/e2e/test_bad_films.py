"""What bad input gets from a real house: a sentence and a code; nothing published, nothing left behind."""

import base64
import json
import re
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest

from streaming.accounts import vault
from tests.hostile.words import WORDS, film_of_words
from tests.media.films import counted, run_ffmpeg
from tests.support.house import PASSWORD, House, running, until, wait_for_title
from tests.support.native import address
from transcoder.keys.secret import SecretBytes

pytestmark = pytest.mark.e2e
QUOTA = 2_000_000
LEASE = 10
TUS = {"Tus-Resumable": "1.0.0"}
CHUNK = {**TUS, "Content-Type": "application/offset+octet-stream"}
JSON = {"Accept": "application/json"}
_SENTENCE = re.compile(r"[A-Z“0-9].*[.!?”]")
_MACHINE = re.compile(
    r"Traceback|Error\b|\bNone\b|\bnull\b|[{}]|/tmp|/home|\b(ti|up|ve)_[a-z0-9]{6}|[Ee]rrno"
)


@dataclass(frozen=True)
class Room:
    """A house with a creator, a viewer, a stranger who is a creator too, and one good film."""

    house: House
    creator: str
    viewer: str
    stranger: str
    folder: Path
    film: Path
    title: str

    def issue(self, *words: str) -> dict[str, Any]:
        """Issue a licence of the good film."""
        done = self.house.run("licence", "issue", self.title, *words, "--json", token=self.creator)
        assert done.returncode == 0, done.stderr
        made: dict[str, Any] = json.loads(done.stdout)
        return made

    def log_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        """Log in as a browser does: the password stays here."""
        with self.house.client() as client:
            told = client.post("/api/v1/accounts/prelogin", json={"name": name}).raise_for_status().json()
            salt = base64.urlsafe_b64decode(told["salt"] + "==")
            key = vault.from_password(SecretBytes(password.encode()), salt).auth_key
            text = base64.urlsafe_b64encode(key.reveal()).rstrip(b"=").decode()
            return client.post("/api/v1/session", json={"name": name, "auth_key": text, "device": "Test"})

    def ask(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the house's database."""
        file = f"file:{self.house.data / 'matinee.sqlite'}?mode=ro"
        with closing(sqlite3.connect(file, uri=True, timeout=15)) as connection:
            return connection.execute(sql, values).fetchall()

    def assert_nothing_left(self, title: str) -> None:
        """No upload, no object, no segment of a title that failed; and the house still answers."""
        until(lambda: not self.uploads(), "a removed upload", 15)
        until(lambda: not self.objects(title), "removed objects", 15)
        for table in ("renditions", "chunks", "segments"):
            sql = (
                f"SELECT count(*) FROM {table} JOIN title_versions v ON v.id = version_id WHERE title_id = ?"
            )
            assert self.ask(sql, title) == [(0,)], table
        assert self.house.is_ready()

    def uploads(self) -> list[str]:
        """Name the files of uploads."""
        return [path.name for path in (self.house.data / "uploads").glob("up_*")]

    def objects(self, title: str) -> list[Path]:
        """Name the files of a title in the store."""
        return [path for path in (self.house.data / "objects" / title).rglob("*") if path.is_file()]

    def titles(self, token: str = "") -> list[str]:
        """Name the ids of the creator's titles."""
        with self.house.client(token or self.creator) as client:
            return [one["id"] for one in client.get("/api/v1/titles").raise_for_status().json()["items"]]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    folder = tmp_path_factory.mktemp("bad")
    film = counted(folder, rate=Fraction(25), frames=60, size=(160, 90))
    settings = {
        "MATINEE_QUOTA_BYTES": str(QUOTA),
        "MATINEE_LEASE_SECONDS": str(LEASE),
        "MATINEE_LEASE_GRACE_SECONDS": "0",
    }
    with running(folder / "data", **settings) as house:
        creator, viewer = house.add_user("ana", "creator"), house.add_user("ben", "viewer")
        stranger = house.add_user("cleo", "creator")
        done = house.run("publish", str(film), "--title", "Good film", "--wait", "--json", token=creator)
        assert done.returncode == 0, done.stderr
        yield Room(house, creator, viewer, stranger, folder, film, json.loads(done.stdout)["id"])
        assert "Traceback" not in house.log.read_text()


def assert_speaks(problem: dict[str, Any], code: str) -> None:
    """The code is the one expected, and what stands there can be read aloud."""
    assert problem["code"] == code, problem
    sentence = problem.get("detail") or problem["sentence"]
    for text in (sentence, problem["hint"]):
        assert _SENTENCE.fullmatch(text), text
        assert len(text.split()) >= 3, text
        assert not _MACHINE.search(text), text


def refused(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The answer is a problem document (RFC 9457) of this status and code that a person understands."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    assert_speaks(problem, code)
    return problem


def text_file(folder: Path, _film: Path) -> bytes:
    return b"Dear diary, this is not a film.\n"


def cut_off(folder: Path, film: Path) -> bytes:
    return film.read_bytes()[:9000]


def cut_off_with_its_index(folder: Path, film: Path) -> bytes:
    whole = folder / "faststart.mp4"
    run_ffmpeg("-i", str(film), "-c", "copy", "-movflags", "+faststart", str(whole))
    return whole.read_bytes()[: whole.stat().st_size // 2]


def sound_alone(folder: Path, _film: Path) -> bytes:
    run_ffmpeg("-f", "lavfi", "-i", "sine=d=1", "-c:a", "aac", str(folder / "sound.mp4"))
    return (folder / "sound.mp4").read_bytes()


def without_pictures(folder: Path, film: Path) -> bytes:
    pieces = folder / "pieces.mp4"
    run_ffmpeg("-i", str(film), "-an", "-c", "copy", "-movflags", "empty_moov+frag_keyframe", str(pieces))
    whole = pieces.read_bytes()
    return whole[: whole.index(b"moof") - 4]


BAD: dict[str, tuple[Callable[[Path, Path], bytes], str]] = {
    "a text file": (text_file, "not_a_film"),
    "a film whose index was cut off": (cut_off, "truncated"),
    "a film whose end was cut off": (cut_off_with_its_index, "truncated"),
    "sound alone": (sound_alone, "no_video"),
    "nothing at all": (lambda _folder, _film: b"", "empty_file"),
    "a film without a picture": (without_pictures, "no_frames"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_film_is_refused_in_a_sentence_and_leaves_nothing(room: Room, kind: str) -> None:
    make, code = BAD[kind]
    film = room.folder / "film.mp4"
    film.write_bytes(make(room.folder, room.film))
    done = room.house.run("publish", str(film), "--wait", token=room.creator)
    assert done.returncode == 5, done.stderr
    assert done.stdout == ""
    failure = assert_nothing_came_of(room, room.titles()[0], code)
    for words in (failure["sentence"], failure["hint"], f"({code})"):
        assert words in done.stderr


def assert_nothing_came_of(room: Room, title: str, *codes: str) -> dict[str, Any]:
    """A title failed for a reason told in words, nothing of it stays, and it can be deleted; the reason."""
    with room.house.client(room.creator) as client:
        found = wait_for_title(client, title, "failed", "ready")
        assert (found["state"], found["renditions"], found["size_bytes"]) == ("failed", [], 0), found
        failure: dict[str, Any] = found["failure"]
        assert failure["code"] in codes
        assert_speaks(failure, failure["code"])
        room.assert_nothing_left(title)
        assert client.delete(f"/api/v1/titles/{title}").status_code == 204
        refused(client.get(f"/api/v1/titles/{title}"), 404, "not_found")
    return failure


def upload(room: Room, data: bytes, **pairs: str) -> str:
    """Upload in one request (tus 1.0.0, Creation With Upload); gives the title's id."""
    encoded = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())
    headers = {**CHUNK, "Upload-Length": str(len(data)), "Upload-Metadata": encoded}
    with room.house.client(room.creator) as client:
        made = client.post("/api/v1/uploads", headers=headers, content=data)
    assert made.status_code == 201, made.text
    return str(made.headers["matinee-title"])


@contextmanager
def canary() -> Iterator[tuple[int, list[str]]]:
    """A listener on loopback that notes whoever comes."""
    callers: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            while True:
                try:
                    caller, whence = server.accept()
                except OSError:
                    return
                callers.append(str(whence))
                caller.close()

        threading.Thread(target=listen, daemon=True).start()
        yield int(server.getsockname()[1]), callers
        server.shutdown(socket.SHUT_RDWR)


LURES = {
    "HLS": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{url}\n#EXT-X-ENDLIST\n",
    "HLS after blank lines": "\n \r\n\t#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{url}\n#EXT-X-ENDLIST\n",
    "HLS with a key": '#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{url}"\n#EXTINF:9,\n{url}\n#EXT-X-ENDLIST\n',
    "ffconcat": "ffconcat version 1.0\nfile '{url}'\n",
    "ffconcat after a remark": "# a film\nffconcat version 1.0\nfile '{url}'\n",
    "DASH": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>{url}</BaseURL></MPD>',
    "SDP": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video {port} RTP/AVP 96\n",
    "image list": "{url}\n",
}


@pytest.mark.parametrize("lure", LURES)
def test_a_lure_opens_neither_a_file_nor_a_connection(room: Room, lure: str) -> None:
    with canary() as (port, callers):
        for url in (f"http://127.0.0.1:{port}/film.mp4", f"file://{room.film}", str(room.film)):
            data = LURES[lure].format(url=url, port=port).encode()
            title = upload(room, data, filename="film.mp4", title="Lure")
            assert_nothing_came_of(room, title, "playlist_file", "not_a_film")
        assert callers == []


def test_a_name_with_folders_and_emoji_is_only_a_name(room: Room) -> None:
    name = "../../../etc/🎬 Zoë\u202e gnp.mp4"
    outside = set(room.folder.iterdir())
    title = upload(room, room.film.read_bytes(), filename=name, title="  AC/DC 🎸 ../live  ")
    with room.house.client(room.creator) as client:
        found = wait_for_title(client, title, "ready", "failed")
        assert (found["state"], found["name"]) == ("ready", "AC/DC 🎸 ../live")
        assert found["source_name"] == "🎬 Zoë gnp.mp4"
        assert client.delete(f"/api/v1/titles/{title}").status_code == 204
    room.assert_nothing_left(title)
    assert set(room.folder.iterdir()) == outside
    kept = [path.name for path in room.house.data.rglob("*")]
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+", one) for one in kept), kept


@pytest.mark.parametrize("kind", ["markup", "escape codes", "a terminal's markup"])
def test_words_in_a_film_are_only_words_on_pages_and_terminals(room: Room, kind: str) -> None:
    words = WORDS[kind]
    film = room.folder / "words.mkv"
    film.write_bytes(film_of_words(room.folder, words))
    title = upload(room, film.read_bytes(), filename=f"{words[:40]}.mkv", title=words)
    with room.house.client() as browser:
        browser.cookies = room.log_in("ana").cookies
        found = wait_for_title(browser, title, "ready", "failed")
        assert found["state"] == "ready", found
        for page in ("/", f"/t/{title}", f"/watch/{title}", "/studio", f"/studio/t/{title}"):
            answer = browser.get(page, headers={"Accept": "text/html"}).raise_for_status()
            assert not re.search(
                r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e]|<script>alert|<img src=x", answer.text
            ), page
    for command in (("title", "show", title), ("title", "list"), ("play", title, "--print-url")):
        shown = room.house.run(*command, token=room.creator)
        assert shown.returncode == 0, shown.stderr
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\x9b\u202a-\u202e]", shown.stdout + shown.stderr)
        if command[0] == "title" and kind != "escape codes":
            assert words[:20] in shown.stdout
    with room.house.client(room.creator) as client:
        assert client.delete(f"/api/v1/titles/{title}").status_code == 204
    room.assert_nothing_left(title)


def test_more_than_the_quota_is_refused_before_a_byte_is_sent(room: Room) -> None:
    film = room.folder / "large.mp4"
    with film.open("wb") as file:
        file.truncate(QUOTA + 1)
    before = room.titles()
    done = room.house.run("publish", str(film), "--wait", token=room.creator)
    assert done.returncode == 1
    assert "(upload_too_large)" in done.stderr
    assert "2 MB" in done.stderr
    film.write_bytes(b"")
    with film.open("wb") as file:
        file.truncate(QUOTA - 1)
    done = room.house.run("publish", str(film), "--wait", token=room.creator)
    assert done.returncode == 1
    assert "(quota_exceeded)" in done.stderr
    assert room.titles() == before
    assert room.uploads() == []


def test_a_chunk_that_does_not_fit_or_arrives_damaged_changes_nothing(room: Room) -> None:
    data = room.film.read_bytes()
    with room.house.client(room.creator) as client:
        made = client.post("/api/v1/uploads", headers={**TUS, "Upload-Length": str(len(data))})
        url, title = made.headers["location"], made.headers["matinee-title"]
        wrong = {**CHUNK, "Upload-Offset": "5"}
        refused(client.patch(url, headers=wrong, content=data[5:]), 409, "wrong_offset")
        damaged = {**CHUNK, "Upload-Offset": "0", "Upload-Checksum": f"sha256 {'A' * 43}="}
        refused(client.patch(url, headers=damaged, content=data), 460, "checksum_mismatch")
        beyond = {**CHUNK, "Upload-Offset": "0"}
        refused(client.patch(url, headers=beyond, content=data + b"x"), 413, "beyond_length")
        assert client.head(url, headers=TUS).headers["upload-offset"] == "0"
        assert client.get(f"/api/v1/titles/{title}").json()["state"] == "uploading"
        with room.house.client(room.viewer) as viewer:
            refused(viewer.patch(url, headers=beyond, content=data), 403, "role_too_low")
        assert client.delete(url, headers=TUS).status_code == 204
        refused(client.patch(url, headers=beyond, content=data), 410, "upload_terminated")
    assert title not in room.titles()
    room.assert_nothing_left(title)


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(room: Room) -> None:
    wrong = refused(room.log_in("ana", "wrong horse battery"), 401, "wrong_login")
    unknown = refused(room.log_in("nobody.here", PASSWORD), 401, "wrong_login")
    assert wrong == unknown
    assert room.log_in("ana").status_code == 200


def test_a_foreign_licence_is_unknown_and_opens_nothing(room: Room) -> None:
    licence = room.issue("--to", "ben")["id"]
    with room.house.client(room.stranger) as stranger:
        refused(stranger.get(f"/api/v1/licences/{licence}"), 404, "not_found")
        refused(stranger.post(f"/api/v1/licences/{licence}/revoke"), 404, "not_found")
        refused(stranger.patch(f"/api/v1/licences/{licence}", json={"max_streams": 2}), 404, "not_found")
        refused(stranger.post(f"/api/v1/titles/{room.title}/playback"), 403, "no_licence")
        refused(stranger.get(f"/api/v1/titles/{room.title}"), 404, "not_found")
    done = room.house.run("licence", "revoke", licence, token=room.stranger)
    assert done.returncode == 4
    assert room.house.run("play", room.title, "--print-url", token=room.stranger).returncode == 3
    assert room.house.run("play", room.title, "--print-url", token=room.viewer).returncode == 0


def test_an_expired_link_says_so_and_opens_nothing(room: Room) -> None:
    link = room.issue("--link", "--label", "premiere", "--valid-until", "in 2s")["link_url"]
    with room.house.client() as guest:

        def ended() -> httpx.Response | None:
            answer = guest.post(f"{link}/enter", headers=JSON)
            return answer if answer.status_code != 303 else None

        refused(until(ended, "the end of the link", 10, 0.2), 403, "licence_ended")
        guest.cookies.clear()
        page = guest.get(link, headers={"Accept": "text/html"})
        assert page.status_code in (200, 403, 410)
        assert "ended" in page.text
        refused(guest.post(f"{link}x/enter", headers=JSON), 404, "unknown_link")
        refused(guest.post(f"/api/v1/titles/{room.title}/playback"), 401, "not_logged_in")


def test_a_stale_lease_gives_no_key_until_it_is_renewed(room: Room) -> None:
    room.issue("--to", "ben")
    with room.house.client() as browser:
        browser.cookies = room.log_in("ben").cookies
        given = browser.post(f"/api/v1/titles/{room.title}/playback", json={}).raise_for_status().json()
        key = key_address(browser, given["playlist_url"])
        assert len(browser.get(key).content) == 16

        def refusal() -> httpx.Response | None:
            answer = browser.get(key, headers=JSON)
            return None if answer.status_code == 200 else answer

        refused(until(refusal, "the lapse of the lease", LEASE + 10, 0.5), 403, "lease_stale")
        renewed = browser.post(given["renew_url"], json={"position_s": 1, "playing": True})
        assert renewed.status_code == 200
        assert len(browser.get(key).content) == 16
        with room.house.client() as thief:
            refused(thief.get(key, headers=JSON), 401, "unauthenticated")


def key_address(client: httpx.Client, playlist: str) -> str:
    """Follow a multivariant playlist to the first key."""
    media = next(line for line in client.get(playlist).text.splitlines() if line.endswith(".m3u8"))
    listed = client.get(urljoin(playlist, media)).raise_for_status().text
    found = re.search(r'METHOD=AES-128,URI="([^"]+)"', listed)
    assert found, listed
    return str(urljoin(urljoin(playlist, media), found[1]))


def test_a_tampered_address_is_refused(room: Room) -> None:
    url = address(room.house, room.creator, room.title)
    with room.house.client() as nobody:
        media = next(line for line in nobody.get(url).text.splitlines() if line.endswith(".m3u8"))
        listed = nobody.get(media).raise_for_status().text
        name = next(line for line in listed.splitlines() if line.endswith(".m4s"))
        segment = urljoin(f"{room.house.url}{media}", name)
        assert nobody.get(segment).status_code == 200
        signed = re.search(r"/media/(\d+)\.([\w-]+)/", segment)
        assert signed
        later = str(int(signed[1]) + 3600)
        other = "A" if signed[2][0] != "A" else "B"
        for altered in (
            segment.replace(signed[1], later),
            segment.replace(signed[2], other + signed[2][1:]),
            segment.replace(room.title, room.title[:-1] + ("a" if room.title[-1] != "a" else "b")),
            media.replace(signed[1], later),
        ):
            refused(nobody.get(altered, headers=JSON), 403, "bad_address")
        token = url.split("/")[-2]
        forged = token[:-1] + ("A" if token[-1] != "A" else "B")
        refused(nobody.get(url.replace(token, forged), headers=JSON), 404, "unknown_playback")
        refused(
            nobody.get(key_address(nobody, url).rpartition("/")[0] + "/77", headers=JSON), 404, "bad_address"
        )
        refused(nobody.get(segment.rpartition("/")[0] + "/../../root.key", headers=JSON), 404, "bad_address")


def test_the_house_is_as_well_as_before(room: Room) -> None:
    assert room.titles() == [room.title]
    assert room.uploads() == []
    assert [path.name for path in (room.house.data / "objects").iterdir()] == [room.title]
    assert room.house.is_ready()
    done = room.house.run("publish", str(room.film), "--wait", "--json", token=room.creator)
    assert json.loads(done.stdout)["state"] == "ready"
