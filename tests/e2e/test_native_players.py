"""ffmpeg and mpv on the printed address: every frame, sound in step, and the end with the licence."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.media.films import flash_and_beep, picture_film
from tests.support.house import House, running
from tests.support.native import PLAYERS, address, picture_times, play_to_file, screen, shown, similarity

pytestmark = pytest.mark.e2e
PERIOD = 4
REAL_FILM = Path(__file__).parents[3] / "shared" / "media" / "big-buck-bunny-480p-30s.mp4"
LIP_SYNC = 0.020
SLACK = 1.0
"""Seconds for what a busy machine adds to a player's steps."""


@dataclass(frozen=True)
class Opened:
    """A house with a creator and a viewer, and a published flash-and-beep film of 24 s."""

    house: House
    creator: str
    viewer: str
    films: Path
    flash: str

    def publish(self, film: Path) -> str:
        """Publish with the command as a person would; gives the title's id."""
        done = self.house.run("publish", str(film), "--wait", "--json", token=self.creator)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        assert found["state"] == "ready"
        return str(found["id"])

    def license(self, *terms: str) -> str:
        """Let the viewer watch the flash film on two screens; gives the licence's id."""
        words = ("licence", "issue", self.flash, "--to", "ben", "--max-streams", "2", "--json", *terms)
        done = self.house.run(*words, token=self.creator)
        assert done.returncode == 0, done.stderr
        return str(json.loads(done.stdout)["id"])


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    folder = tmp_path_factory.mktemp("native")
    with running(folder / "data", MATINEE_CRYPTO_PERIOD_SECONDS=str(PERIOD)) as house:
        creator, viewer = house.add_user("ana", "creator"), house.add_user("ben", "viewer")
        made = Opened(house, creator, viewer, folder, "")
        title = made.publish(flash_and_beep(folder, seconds=24))
        yield Opened(house, creator, viewer, folder, title)


@pytest.fixture(scope="module")
def detailed(opened: Opened) -> tuple[Path, int, str]:
    """A film with a picture worth comparing: file, frames, title; the real one where it is."""
    film = REAL_FILM if REAL_FILM.exists() else picture_film(opened.films, seconds=20, size="480x270")
    return film, len(picture_times(film)), opened.publish(film)


@pytest.mark.parametrize("player", PLAYERS)
def test_every_frame_plays_and_sound_keeps_in_step_from_start_to_end(opened: Opened, player: str) -> None:
    url = address(opened.house, opened.creator, opened.flash)
    told = shown(play_to_file(player, url, opened.films / f"flash-{player}.mkv"))
    assert told.pictures == pytest.approx([float(Fraction(n, 24)) for n in range(24 * 24)], abs=0.001)
    assert told.flashes == pytest.approx(range(24), abs=0.001)
    assert max(map(abs, told.drift)) < LIP_SYNC, told.drift


@pytest.mark.parametrize("player", PLAYERS)
def test_the_top_rung_looks_like_the_source(
    opened: Opened, detailed: tuple[Path, int, str], player: str, capsys: pytest.CaptureFixture[str]
) -> None:
    film, frames, title = detailed
    played = play_to_file(
        player, address(opened.house, opened.creator, title), opened.films / f"top-{player}.mkv"
    )
    alike = similarity(played, film, frames)
    with capsys.disabled():
        print(f"\n{player} played all {frames} frames of {film.name}: SSIM {alike:.4f}")
    played.unlink()
    assert alike >= 0.95


def test_players_stop_within_one_crypto_period_of_revocation(opened: Opened, tmp_path: Path) -> None:
    licence = opened.license()
    with ExitStack() as stack:
        screens = {
            player: stack.enter_context(
                screen(player, address(opened.house, opened.viewer, opened.flash), tmp_path)
            )
            for player in PLAYERS
        }
        for one in screens.values():
            one.wait_for(5.0)
        # At once, not by a command that takes seconds to begin: in a period's last moments its successor's
        # key may be out already, and a player that began late on a busy machine is behind what the house
        # reckons.
        with opened.house.client(opened.creator) as creator:
            revoked = creator.post(f"/api/v1/licences/{licence}/revoke")
        assert revoked.status_code == 200, revoked.text
        before = {player: one.place for player, one in screens.items()}
        shown_after = {player: one.end() - before[player] for player, one in screens.items()}
    assert all(seconds <= PERIOD + SLACK for seconds in shown_after.values()), (before, shown_after)


def test_playing_stops_when_the_licence_ends(opened: Opened, tmp_path: Path) -> None:
    opened.license("--valid-until", "in 13s")
    with ExitStack() as stack:
        screens = {
            player: stack.enter_context(
                screen(player, address(opened.house, opened.viewer, opened.flash), tmp_path)
            )
            for player in PLAYERS
        }
        places = {player: one.end() for player, one in screens.items()}
    # It begins after the licence does and may end one period after it.
    assert all(2.0 < place <= 13 + PERIOD + SLACK for place in places.values()), places


def test_an_ended_licence_opens_nothing(opened: Opened) -> None:
    licence = opened.license()
    url = address(opened.house, opened.viewer, opened.flash)
    with opened.house.client() as nobody:
        assert nobody.get(url).status_code == 200
        assert opened.house.run("licence", "revoke", licence, token=opened.creator).returncode == 0
        refused = nobody.get(url)
    assert (refused.status_code, refused.json()["code"]) == (403, "licence_revoked")
    again = opened.house.run("play", opened.flash, "--print-url", token=opened.viewer)
    assert again.returncode == 3
    assert again.stdout == ""
    assert "(licence_" in again.stderr
