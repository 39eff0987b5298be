from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from streaming.hosts import DeliveryHost, Form, origins, read_hosts
from streaming.settings import Settings

NEAR = DeliveryHost("near", "https://a.example", Form.NGINX, 1, 3)


def test_hosts_are_read_as_they_are_written() -> None:
    text = "near=https://a.example/;form=nginx;weight=3, far=http://B.example:8080/films;priority=2"
    assert read_hosts(text) == (NEAR, DeliveryHost("far", "http://b.example:8080/films", priority=2))


def test_nothing_is_no_host() -> None:
    assert read_hosts(" , ") == ()


def test_a_policy_names_origins_once() -> None:
    assert origins([NEAR, replace(NEAR, name="b", base="https://a.example/b")]) == ("https://a.example",)


@pytest.mark.parametrize(
    "text",
    [
        "near",
        "=https://a.example",
        "near=a.example",
        "near=ftp://a.example",
        "near=https://a.example/?x",
        "near=https://a.example;weight=0",
        "near=https://a.example;weight=x",
        "near=https://a.example;form=rot13",
        "near=https://a.example;colour=red",
        "near=https://a.example,near=https://b.example",
        "near=https://user@a.example",
        "near=https://*.example",
        'near=https://a.example"',
        "near=https://a.example/{x}",
    ],
)
def test_what_cannot_be_a_host_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        read_hosts(text)
    with pytest.raises(ValidationError):
        Settings(delivery_hosts=text)


@given(st.text(max_size=80))
def test_no_text_breaks_out_of_a_policy_or_a_playlist(text: str) -> None:
    try:
        hosts = read_hosts("a=https://" + text)
    except ValueError:
        return
    for host in hosts:
        assert host.base.isascii()
        assert not set(host.base) & set(" ;,'\"\\\r\n<>*?#@")
