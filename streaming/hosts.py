"""Delivery hosts as an operator writes them: who hands out segments besides the house, and how.

One setting holds them all, separated by commas or spaces: `NAME=BASE[;form=…][;priority=…][;weight=…]`, as in
`near=https://a.example;form=nginx;weight=3, far=https://b.example;priority=2`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

MAX_HOSTS = 16
MAX_NUMBER = 1000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}", re.ASCII)
"""What a PATHWAY-ID may be made of (draft-pantos-hls-rfc8216bis §4.4.6.2.1), less its dot."""
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,250}[A-Za-z0-9])?(:[0-9]{1,5})?", re.ASCII)
_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)*", re.ASCII)


class Form(StrEnum):
    """How the signature in an address is made; see `streaming.delivery.signing`."""

    HMAC = "hmac"
    NGINX = "nginx"
    CAT = "cat"
    """A Common Access Token; for delivery hosts alone, see `streaming.delivery.cat`."""


@dataclass(frozen=True, slots=True)
class DeliveryHost:
    """One host. Lower `priority` comes first; among equals, `weight` is its share of the playbacks."""

    name: str
    base: str
    """Scheme, host and perhaps a path, without a slash at its end: `/media/…` follows."""
    form: Form = Form.HMAC
    priority: int = 1
    weight: int = 1

    @property
    def origin(self) -> str:
        """What a content security policy calls it: scheme, host and port."""
        parts = urlsplit(self.base)
        return f"{parts.scheme}://{parts.netloc}"


def read_hosts(text: str) -> tuple[DeliveryHost, ...]:
    """Read the setting; empty is no host. Raises `ValueError` with a sentence for an operator."""
    hosts = tuple(_read(entry) for entry in re.split(r"[\s,]+", text.strip()) if entry)
    if len(hosts) > MAX_HOSTS:
        raise ValueError(f"there can be {MAX_HOSTS} delivery hosts at most")
    if len({one.name for one in hosts}) < len(hosts):
        raise ValueError("two delivery hosts have the same name")
    return hosts


def origins(hosts: Iterable[DeliveryHost]) -> tuple[str, ...]:
    """Give the hosts' origins, each once."""
    return tuple(dict.fromkeys(one.origin for one in hosts))


def _read(entry: str) -> DeliveryHost:
    name, _, rest = entry.partition("=")
    base, *more = rest.split(";")
    if not _NAME.fullmatch(name) or not base:
        raise ValueError(f"a delivery host is written NAME=https://HOST and not “{entry[:40]}”")
    options = dict(_option(name, one) for one in more if one)
    form, base = _form(name, options.pop("form", Form.HMAC)), _base(name, base)
    if form is Form.CAT and urlsplit(base).path:
        raise ValueError(f"delivery host {name} has form=cat so its address must end with its host")
    return DeliveryHost(
        name,
        base,
        form,
        _number(name, options.pop("priority", "1")),
        _number(name, options.pop("weight", "1")),
    )


def _option(name: str, text: str) -> tuple[str, str]:
    key, _, value = text.partition("=")
    if key not in {"form", "priority", "weight"}:
        raise ValueError(f"delivery host {name} has form and priority and weight and no “{key[:20]}”")
    return key, value


def _base(name: str, text: str) -> str:
    """Check a base: what could break out of a header, a playlist or a policy is no part of it."""
    scheme, _, rest = text.partition("://")
    host, slash, path = rest.rstrip("/").partition("/")
    path = slash + path
    if scheme not in {"https", "http"} or not _HOST.fullmatch(host) or not _PATH.fullmatch(path):
        raise ValueError(f"the address of delivery host {name} must be like https://cdn.example.org")
    return f"{scheme}://{host.lower()}{path}"


def _form(name: str, text: str) -> Form:
    try:
        return Form(text)
    except ValueError:
        known = " or ".join(Form)
        raise ValueError(f"the form of delivery host {name} must be {known}") from None


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_NUMBER):
        raise ValueError(f"priority and weight of delivery host {name} are numbers from 1 to {MAX_NUMBER}")
    return int(text)
