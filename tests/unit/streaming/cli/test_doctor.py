import pytest

from streaming.cli.doctor import examine, exposure, protections
from streaming.settings import Settings
from transcoder.programs.isolation import Isolation, Protection

PUBLIC = "https://films.example.org"


@pytest.mark.parametrize(
    ("settings", "weak"),
    [
        (Settings(), []),
        (Settings(host="0.0.0.0"), ["Address"]),
        (Settings(public_url=PUBLIC), ["Proxy"]),
        (Settings(public_url=PUBLIC, trusted_proxies="127.0.0.1"), []),
    ],
)
def test_a_house_behind_a_proxy_should_know_it(settings: Settings, weak: list[str]) -> None:
    assert [finding.what for finding in exposure(settings) if finding.state == "weak"] == weak


NO_BWRAP, NO_UNSHARE = "bwrap: not installed", "unshare: Operation not permitted"


@pytest.mark.parametrize(
    ("active", "states", "words"),
    [
        (
            Protection(Isolation.BUBBLEWRAP),
            ["good", "good"],
            "bubblewrap: ffmpeg has no network and sees its own film alone",
        ),
        (
            Protection(Isolation.NAMESPACES, (NO_BWRAP,)),
            ["good", "weak"],
            f"namespaces: ffmpeg has no network but can read what this account can ({NO_BWRAP})",
        ),
        (
            Protection(Isolation.NONE, (NO_BWRAP, NO_UNSHARE), ("prlimit", "setpriv")),
            ["weak", "weak"],
            f"none: ffmpeg can reach the network and can read what this account can "
            f"({NO_BWRAP}; {NO_UNSHARE})",
        ),
    ],
)
def test_it_says_what_keeps_ffmpeg_from_harm_and_the_mend(
    active: Protection, states: list[str], words: str
) -> None:
    limits, sandbox = protections(active)
    assert [limits.state, sandbox.state] == states
    assert sandbox.said == words
    assert all(bool(finding.mend) == (finding.state == "weak") for finding in (limits, sandbox))


def test_it_names_every_protection_of_this_machine() -> None:
    assert {"Film formats", "Film limits", "Film sandbox"} <= {one.what for one in examine(Settings())}
