"""The `matinee` command as people type it: its words, JSON and exit codes; how a house lives and dies."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.media.films import counted, run_ffmpeg
from tests.support.house import MATINEE, PASSWORD, House, free_port, running, until
from transcoder.programs.isolation import Isolation
from transcoder.programs.process import protection

pytestmark = pytest.mark.e2e
MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Desk:
    """A running house, a creator's token and a published film."""

    house: House
    token: str
    film: Path
    title: str

    def json(self, *words: str, token: str | None = None) -> Any:
        """Run a command with --json that must succeed; stdout is one JSON document, stderr stays empty."""
        done = self.house.run(*words, "--json", token=self.token if token is None else token)
        assert (done.returncode, done.stderr) == (0, "")
        return json.loads(done.stdout)

    def text(self, *words: str) -> str:
        """Run a command that must succeed; gives what it printed."""
        done = self.house.run(*words, token=self.token)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def refused(self, code: int, name: str, *words: str, token: str | None = None, **more: str) -> str:
        """Run a command that must end with `code`, saying `name` behind a sentence on stderr alone."""
        done = self.house.run(*words, token=self.token if token is None else token, **more)
        assert done.returncode == code, done.stderr
        assert done.stdout == ""
        sentence, _, rest = done.stderr.partition("matinee: ")[2].partition("\n")
        assert sentence.endswith(".")
        assert f"({name})" in rest
        assert "Traceback" not in done.stderr
        return done.stderr


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("cli")
    film = counted(folder, Fraction(25), 60, size=(160, 90))
    with running(folder / "data") as house:
        token = house.add_user("ana", "creator")
        house.add_user("ben", "viewer")
        done = house.run("publish", str(film), "--title", "Count", "--wait", "--json", token=token)
        assert done.returncode == 0, done.stderr
        yield Desk(house, token, film, json.loads(done.stdout)["id"])


TITLE = {
    "id", "name", "description", "year", "state", "owner_name", "mine", "duration_s", "created_at",
    "width", "height", "progress", "failure", "renditions", "poster_url", "size_bytes", "source_name",
    "protection",
}  # fmt: skip
LICENCE = {
    "id", "title_id", "title_name", "holder", "state", "valid_from", "valid_until", "rental_s",
    "playback_s", "first_played_at", "ends_at", "tier", "max_streams", "issued_by", "issued_at",
    "revoked_at", "watching", "readback",
}  # fmt: skip
PLAYBACK = {
    "playback_id", "playlist_url", "renew_url", "release_url", "lease_until", "ends_at", "start_at_s",
    "tier", "title",
}  # fmt: skip


def test_subtitles_are_added_replaced_and_removed_after_publishing(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "words.srt"
    file.write_text("1\n00:00:00,500 --> 00:00:01,500\nGood evening.\n", encoding="utf-8")
    add = ("title", "subtitle", "add", desk.title, str(file))
    made = desk.json(*add, "--language", "en", "--label", "English", "--sdh", "--forced")
    assert (made["label"], made["sdh"], made["forced"], made["origin"]) == ("English", True, True, "upload")
    other = desk.json(*add, "--language", "de", "--replaces", made["name"])
    assert other["name"] != made["name"]
    assert "German" in desk.text("title", "subtitle", "list", desk.title)
    file.write_text("1\n00:00:00,500 --> soon\nGood evening.\n", encoding="utf-8")
    assert "Line 2: this is no time" in desk.refused(1, "bad_subtitles", *add)
    changed = desk.json("title", "subtitle", "change", desk.title, other["name"], "--sdh", "--label", "Alles")
    assert changed == {**other, "sdh": True, "label": "Alles"}
    desk.json("title", "subtitle", "remove", desk.title, other["name"])
    assert desk.json("title", "subtitle", "list", desk.title) == []
    desk.refused(4, "not_found", "title", "subtitle", "remove", desk.title, other["name"])


def test_the_poster_is_chosen_or_brought_along(desk: Desk, tmp_path: Path) -> None:
    picture = tmp_path / "picture.jpg"
    run_ffmpeg("-f", "lavfi", "-i", "testsrc=s=200x300", "-frames:v", "1", str(picture))
    pictures = desk.json("title", "poster", desk.title)
    assert pictures[0]["chosen"]
    pictures = desk.json("title", "poster", desk.title, "--file", str(picture))
    assert (pictures[-1]["origin"], pictures[-1]["chosen"]) == ("upload", True)
    pictures = desk.json("title", "poster", desk.title, "--candidate", "0")
    assert [one["number"] for one in pictures if one["chosen"]] == [0]
    desk.refused(1, "bad_picture", "title", "poster", desk.title, "--file", __file__)


def test_help_names_every_command_and_the_exit_codes(desk: Desk) -> None:
    told = desk.house.run("--help")
    assert told.returncode == 0
    for name in ("serve", "worker", "demo", "user", "token", "publish", "title", "licence", "play", "doctor"):
        assert f" {name} " in told.stdout
    assert "Exit codes: 0 done, 1 refused, 2 typed wrong" in told.stdout


def test_accounts_and_tokens(desk: Desk) -> None:
    made = desk.house.run("user", "add", "dora", "--role", "viewer", "--json", MATINEE_PASSWORD=PASSWORD)
    told = json.loads(made.stdout)
    assert (told["name"], told["role"], sorted(told)) == (
        "dora",
        "viewer",
        ["id", "name", "recovery_code", "role"],
    )
    assert len(told["recovery_code"].split("-")) == 8
    token = desk.json("token", "dora", token="")["token"]
    assert desk.json("title", "list", token=token) == []
    desk.refused(1, "name_taken", "user", "add", "Dora", "--role", "viewer", MATINEE_PASSWORD=PASSWORD)
    desk.refused(1, "bad_role", "user", "add", "emil", "--role", "king", MATINEE_PASSWORD=PASSWORD)
    desk.refused(1, "short_password", "user", "add", "emil", "--role", "viewer", MATINEE_PASSWORD="short")
    desk.refused(1, "no_password", "user", "add", "emil", "--role", "viewer")
    desk.refused(4, "unknown_account", "token", "emil")


def test_titles(desk: Desk) -> None:
    (listed,) = desk.json("title", "list")
    shown = desk.json("title", "show", desk.title)
    assert set(shown) >= TITLE
    assert TITLE - {"renditions"} <= set(listed)
    assert (shown["id"], shown["state"], shown["duration_s"]) == (desk.title, "ready", pytest.approx(2.4))
    heard_and_seen = [one["name"] for one in shown["renditions"] if one["kind"] in ("video", "audio")]
    assert heard_and_seen == ["v240", "a0"]
    assert desk.title in desk.text("title", "list")
    assert "160x90" in desk.text("title", "show", desk.title)
    desk.refused(4, "not_found", "title", "show", "ti_nothing")


def test_publish_prints_where_the_film_is_and_delete_removes_it(desk: Desk) -> None:
    told = desk.text("publish", str(desk.film))
    title = told.split()[-2]
    assert told.splitlines()[1] == f"{title}  {desk.house.url}/t/{title}"
    assert desk.json("title", "delete", title, "--yes") == {"deleted": title}
    desk.refused(4, "not_found", "title", "show", title)
    desk.refused(1, "no_file", "publish", "nowhere.mp4")
    viewer = desk.json("token", "ben", token="")["token"]
    desk.refused(3, "role_too_low", "publish", str(desk.film), token=viewer)


def test_deleting_asks_first(desk: Desk) -> None:
    done = desk.house.run("title", "delete", desk.title, token=desk.token)
    assert done.returncode == 1
    assert "Aborted" in done.stderr
    assert desk.json("title", "show", desk.title)["state"] == "ready"


def test_licences(desk: Desk) -> None:
    made = desk.json(
        *("licence", "issue", desk.title, "--to", "ben", "--valid-from", "now", "--valid-until", "in 30d"),
        *("--rental", "7d", "--playback", "PT48H", "--tier", "sd", "--max-streams", "2"),
    )
    assert set(made) >= LICENCE
    assert made["holder"] == {"kind": "account", "name": "ben"}
    assert (made["rental_s"], made["playback_s"], made["tier"], made["max_streams"]) == (
        7 * 86400,
        48 * 3600,
        "sd",
        2,
    )
    link = desk.json("licence", "issue", desk.title, "--link", "--label", "press")
    assert link["link_url"].startswith(f"{desk.house.url}/l/")
    listed = desk.json("licence", "list", desk.title)
    assert {one["id"] for one in listed} == {made["id"], link["id"]}
    assert {one["id"] for one in desk.json("licence", "list")} == {made["id"], link["id"]}
    assert all(not one.get("link_url") for one in listed), "a link is told once"
    assert made["id"] in desk.text("licence", "list")
    assert "ben may watch" in desk.text("licence", "show", made["id"])
    longer = desk.json("licence", "extend", made["id"], "--valid-until", "in 60d", "--max-streams", "3")
    assert longer["max_streams"] == 3
    assert longer["valid_until"] > made["valid_until"]
    assert desk.json("licence", "revoke", made["id"], "--reason", "Refunded.")["state"] == "revoked"
    told = desk.json("licence", "history", made["id"])
    assert next((one["what"], one["reason"]) for one in told) == ("revoked", "Refunded.")
    assert "issued a licence to ben" in desk.text("licence", "history", desk.title)
    assert desk.text("licence", "history", made["id"], "--csv").startswith('"number","at"')
    assert "revoked" in desk.text("licence", "revoke", link["id"])
    desk.refused(4, "not_found", "licence", "show", "li_nothing")
    desk.refused(
        1, "bad_time", "licence", "issue", desk.title, "--to", "ben", "--valid-until", "yesterdayish"
    )
    desk.refused(1, "bad_duration", "licence", "issue", desk.title, "--to", "ben", "--rental", "often")


def test_offers_codes_and_channels(desk: Desk, tmp_path: Path) -> None:
    ben = desk.house.run("token", "ben").stdout.strip()
    terms = ("--rental", "30d", "--playback", "48h", "--price", "4.99-EUR", "--most", "5")
    made = desk.json("offer", "make", desk.title, "rental", *terms)
    assert (made["price_minor"], made["currency"], made["rental_s"], made["most"]) == (499, "EUR", 2592000, 5)
    offer = made["id"]
    assert "Rental" in desk.text("offer", "list", desk.title)
    changed = desk.json("offer", "change", offer, "--price", "none", "--most", "3", "--playback", "24h")
    assert (changed["price_minor"], changed["most"], changed["playback_s"]) == (None, 3, 86400)
    assert changed["rental_s"] == 2592000  # what is not named stays
    [code] = desk.text("code", "make", offer, "1").split()
    redeemed = desk.json("code", "redeem", code, token=ben)
    assert redeemed["licence"]["playback_s"] == 86400
    assert desk.json("offer", "close", offer)["state"] == "closed"
    again = desk.json("offer", "take", offer, token=ben)  # ben has it already, open or not
    assert (again["new"], again["licence"]["id"]) == (False, redeemed["licence"]["id"])
    channel = desk.json("channel", "make", "Noir")["id"]
    assert desk.json("channel", "put", channel, desk.title)["title_ids"] == [desk.title]
    assert desk.json("channel", "grant", channel, "--to", "ben")["holder"]["name"] == "ben"
    guests = tmp_path / "guests.csv"
    guests.write_text("to\nben\nnobody-here\n")
    done = desk.house.run("licence", "bulk", desk.title, str(guests), token=desk.token)
    assert done.returncode == 1
    assert "1 could be issued: say --issue to do it; 1 wrong." in done.stdout


def test_playing_prints_an_address_that_answers(desk: Desk) -> None:
    url = desk.text("play", desk.title, "--print-url").strip()
    told = desk.json("play", desk.title)
    assert set(told) >= PLAYBACK
    with desk.house.client() as client:
        for address in (url, told["playlist_url"]):
            assert client.get(address).text.startswith("#EXTM3U")
    other = desk.house.add_user("finn", "viewer")
    desk.refused(3, "no_licence", "play", desk.title, "--print-url", token=other)


def test_without_a_player_play_gives_the_address_and_says_what_to_do(desk: Desk) -> None:
    done = desk.house.run("play", desk.title, token=desk.token, PATH="/nonexistent")
    assert done.returncode == 1
    assert "(no_player)" in done.stderr
    assert "/play/" in done.stdout


@pytest.mark.parametrize(
    "words",
    [
        ["play"],
        ["licence", "issue", "ti_x"],
        ["licence", "issue", "ti_x", "--to", "ben", "--link"],
        ["licence", "extend", "li_x"],
        ["title"],
        ["shutdown"],
        ["serve", "--port", "many"],
    ],
    ids=" ".join,
)
def test_what_is_typed_wrong_ends_with_2(desk: Desk, words: list[str]) -> None:
    done = desk.house.run(*words, token=desk.token)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_who_is_not_known_ends_with_3_and_a_silent_house_with_6(desk: Desk) -> None:
    desk.refused(3, "no_token", "title", "list", token="")
    desk.refused(3, "bad_token", "title", "list", token="mt_wrong")
    desk.refused(6, "unreachable", "title", "list", MATINEE_URL=f"http://127.0.0.1:{free_port()}")


def test_a_setting_that_cannot_be_used_is_named(desk: Desk) -> None:
    assert "MATINEE_PORT" in desk.refused(1, "bad_setting", "serve", "--port", "99999")
    assert "MATINEE_QUOTA_BYTES" in desk.refused(1, "bad_setting", "doctor", MATINEE_QUOTA_BYTES="-1")


def test_doctor_finds_a_running_house_well(desk: Desk) -> None:
    findings = desk.json("doctor", token="")
    assert all(sorted(one) == ["mend", "said", "state", "what"] for one in findings)
    weak = {one["what"] for one in findings if one["state"] != "good"}
    assert weak == (set() if protection().isolation is Isolation.BUBBLEWRAP else {"Film sandbox"})
    assert {"ffmpeg", "Web player", "Data folder", "Root key", "Database", "Service"} <= {
        one["what"] for one in findings
    }


def test_doctor_names_what_is_wrong_and_the_mend(tmp_path: Path) -> None:
    house = House(tmp_path / "data")
    told = house.run("doctor")
    assert told.returncode == 0
    assert "matinee serve" in told.stdout
    house.data.mkdir()
    house.data.chmod(0o755)
    (house.data / "root.key").write_bytes(b"not a key")
    with socket.create_server(("127.0.0.1", house.port)):
        done = house.run("doctor", "--json")
    assert done.returncode == 1
    found = {one["what"]: one for one in json.loads(done.stdout)}
    assert (found["Data folder"]["state"], found["Root key"]["state"], found["Service"]["state"]) == (
        "weak",
        "bad",
        "bad",
    )
    assert all(found[what]["mend"] for what in ("Data folder", "Root key", "Service"))


def test_a_second_house_on_the_same_folder_is_refused(desk: Desk) -> None:
    done = desk.house.run("serve", MATINEE_PORT=str(free_port()))
    assert done.returncode == 1
    assert "Another Matinee already runs" in done.stderr
    assert desk.house.is_ready()


def test_a_port_in_use_is_named(desk: Desk, tmp_path: Path) -> None:
    done = desk.house.run("serve", "--data", str(tmp_path / "other"))
    assert done.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{desk.house.port}" in done.stderr
    assert "--port" in done.stderr


def test_a_worker_needs_a_house(tmp_path: Path) -> None:
    done = House(tmp_path / "data").run("worker")
    assert done.returncode == 4
    assert "(no_house)" in done.stderr


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_further_worker_starts_and_stops(desk: Desk, sign: signal.Signals) -> None:
    locks = desk.house.data / "workers"
    before = set(locks.iterdir())
    worker = subprocess.Popen([MATINEE, "worker"], env=desk.house.environment(), stdin=subprocess.DEVNULL)
    try:
        until(lambda: set(locks.iterdir()) - before or worker.poll() is not None, "a second worker", 30)
        assert worker.poll() is None
        time.sleep(1.0)  # its engine is starting: a signal must count then too
        worker.send_signal(sign)
        assert worker.wait(15) == 0
    finally:
        worker.kill()
        worker.wait()
    for lock in set(locks.iterdir()) - before:
        lock.unlink()


# How a house lives and dies: one of its own for each, because each is left in another state.


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with running(tmp_path / "data") as opened:
        yield opened


def all_gone(processes: list[psutil.Process]) -> bool:
    return not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in processes)


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_house_stops_cleanly(tmp_path: Path, sign: signal.Signals) -> None:
    house = House(tmp_path / "data")
    house.start()
    tree = house.tree()
    assert len(tree) >= 3
    assert house.process is not None
    house.process.send_signal(sign)
    assert house.process.wait(20) == 0
    assert all_gone(tree)
    assert "stopped" in house.said()
    assert "Traceback" not in house.said()
    house.start()  # the folder is free at once
    assert house.stop() == 0


def test_an_idle_house_stays_under_300_megabytes(house: House) -> None:
    def weight() -> int:
        return sum(one.memory_full_info().pss for one in house.tree())

    until(lambda: weight() < 300 * MEGABYTE, "an idle house of less than 300 MB", 20, 1.0)
    assert len(house.tree()) >= 3


def test_nothing_outlives_a_killed_supervisor(house: House) -> None:
    tree = house.tree()
    assert house.process is not None
    os.kill(house.process.pid, signal.SIGKILL)
    until(lambda: all_gone(tree), "the end of every process", 15)
    house.kill()


def runs(process: psutil.Process, module: str) -> bool:
    """Tell whether a process runs a module; one that has gone meanwhile does not."""
    try:
        return module in process.cmdline()
    except psutil.NoSuchProcess:
        return False


def is_web(process: psutil.Process) -> bool:
    return runs(process, "streaming.cli.web_process")


def is_worker(process: psutil.Process) -> bool:
    return runs(process, "streaming.cli.worker_process")


@pytest.mark.parametrize("kind", [is_web, is_worker], ids=["web", "worker"])
def test_a_killed_part_is_started_again(house: House, kind: Callable[[psutil.Process], bool]) -> None:
    killed = next(one for one in house.tree() if kind(one))
    killed.kill()

    def is_back() -> bool:
        return any(kind(one) and one.pid != killed.pid for one in living(house)) and house.is_ready()

    until(is_back, "a part that is back", 40)
    assert "killed by SIGKILL" in house.said()
    assert house.stop() == 0


def test_a_killed_server_worker_is_started_again(house: House) -> None:
    deepest = [one for one in house.tree() if is_web(one)][-1]
    deepest.kill()
    until(lambda: deepest.pid not in [one.pid for one in living(house)] and house.is_ready(), "a server", 40)
    assert house.stop() == 0


def living(house: House) -> list[psutil.Process]:
    """The processes of a house that did not vanish while being looked at."""
    return [one for one in house.tree() if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
