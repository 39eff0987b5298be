"""Devices are called what people call them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.accounts.devices import LONGEST, UNKNOWN, device_words, tidy

CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
)
BRANDS = '"Chromium";v="156", "Not A(Brand";v="24"'


@pytest.mark.parametrize(
    ("agent", "brands", "words"),
    [
        (CHROME, BRANDS, "Chromium on Linux"),
        (CHROME, BRANDS + ', "Google Chrome";v="156"', "Chrome on Linux"),
        (CHROME, "", "Chrome on Linux"),
        (CHROME.replace("Chrome/", "HeadlessChrome/"), "", "Chromium on Linux"),
        (CHROME + " Edg/156.0", BRANDS, "Edge on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "",
            "Firefox on Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            "Version/19.0 Mobile/15E148 Safari/604.1",
            "",
            "Safari on iPhone",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            "Version/19.0 Safari/605.1.15",
            "",
            "Safari on macOS",
        ),
        (
            "Mozilla/5.0 (Linux; Android 16; Pixel) AppleWebKit/537.36 "
            "(KHTML, like Gecko) Chrome/156 Mobile Safari/537.36",
            "",
            "Chrome on Android",
        ),
        ("curl/8.10.1", "", "curl"),
        ("python-httpx/0.28.1", "", "python-httpx"),
        ("matinee/0.1.0 (Linux)", "", "matinee on Linux"),
        ("Mozilla/5.0", "", UNKNOWN),
        ("", "", UNKNOWN),
        ("<script>alert(1)</script>", "", UNKNOWN),
    ],
)
def test_user_agents_become_words(agent: str, brands: str, words: str) -> None:
    assert device_words(agent, brands) == words


@given(st.text(max_size=700), st.text(max_size=100))
def test_any_user_agent_gives_a_short_plain_name(agent: str, brands: str) -> None:
    words = device_words(agent, brands)
    assert words
    assert len(words) <= LONGEST
    assert not set(words) & set("<>&\"'\n")


@given(st.text(max_size=300))
def test_labels_are_one_visible_line(text: str) -> None:
    label = tidy(text)
    assert len(label) <= LONGEST
    assert label == label.strip()
    assert tidy(label) == label
