import pytest

from streaming.cli.doctor import exposure
from streaming.settings import Settings

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
