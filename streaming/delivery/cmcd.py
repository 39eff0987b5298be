"""Reports of players about how a film plays: Common Media Client Data, CTA-5004 (v1) and its version 2. Pure.

A report is a dictionary of structured fields (RFC 8941 §3.2). It comes as the query `CMCD=…` or as four
headers of a request, or, in the event mode of version 2, one a line in the body of a POST. What is not read
here is passed over; what is no dictionary at all is no report.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import unquote_plus

MAX_REPORT = 4096
"""Characters of one report; players send a few hundred."""
MAX_REPORTS = 64
"""Reports in one body."""
MAX_BODY = 32 * 1024
HEADERS = (b"cmcd-object", b"cmcd-request", b"cmcd-session", b"cmcd-status")

Bare = int | Decimal | str | bool | bytes
"""A bare item; tokens are text as strings are."""


@dataclass(frozen=True, slots=True)
class Item:
    """A bare item with its parameters (RFC 8941 §3.3)."""

    value: Bare
    parameters: Mapping[str, Bare]


Member = Item | tuple[Item, ...]

_KEY = re.compile(r"[A-Za-z*][A-Za-z0-9_.*-]*", re.ASCII)
"""As RFC 8941 §3.1.2, and capitals, which custom keys of version 1 may have."""
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,3})?", re.ASCII)
_STRING = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')
_TOKEN = re.compile(r"[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*", re.ASCII)
_BYTES = re.compile(r":([A-Za-z0-9+/=]*):", re.ASCII)
_BOOLEAN = re.compile(r"\?[01]")
_SPACES = re.compile(r"[ \t]*")


class NotAReport(ValueError):
    """The text is no dictionary of structured fields."""


def dictionary(text: str) -> dict[str, Member]:
    """Parse a dictionary (RFC 8941 §4.2.2); of a key that comes twice the last counts.

    Raises `NotAReport`.
    """
    if len(text) > MAX_REPORT or not text.isascii():
        raise NotAReport("too long, or not ASCII")
    return dict(_members(_Reader(text.strip(" "))))


def _members(reader: "_Reader") -> Iterator[tuple[str, Member]]:
    while not reader.done():
        key = reader.take(_KEY)
        yield key, reader.member() if reader.skip("=") else Item(True, reader.parameters())
        reader.take(_SPACES)
        if reader.done():
            return
        reader.want(",")
        reader.take(_SPACES)
        if reader.done():
            raise NotAReport("ends with a comma")


class _Reader:
    """Reads a text from its start, without looking back."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def done(self) -> bool:
        return self._at >= len(self._text)

    def take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        if found is None:
            raise NotAReport(f"unreadable at {self._at}")
        self._at = found.end()
        return found[0]

    def skip(self, character: str) -> bool:
        if not self._text.startswith(character, self._at):
            return False
        self._at += 1
        return True

    def want(self, character: str) -> None:
        if not self.skip(character):
            raise NotAReport(f"no {character} at {self._at}")

    def member(self) -> Member:
        return self._inner_list() if self.skip("(") else self._item()

    def parameters(self) -> dict[str, Bare]:
        found: dict[str, Bare] = {}
        while self.skip(";"):
            self.take(_SPACES)
            key = self.take(_KEY)
            found[key] = self._bare() if self.skip("=") else True
        return found

    def _inner_list(self) -> tuple[Item, ...]:
        items: list[Item] = []
        while True:
            spaces = self.take(_SPACES)
            if self.skip(")"):
                self.parameters()
                return tuple(items)
            if items and not spaces:
                raise NotAReport("items of a list stand apart")
            items.append(self._item())

    def _item(self) -> Item:
        return Item(self._bare(), self.parameters())

    def _bare(self) -> Bare:
        first = self._text[self._at : self._at + 1]
        if first == '"':
            return re.sub(r"\\(.)", r"\1", self.take(_STRING)[1:-1])
        if first == "?":
            return self.take(_BOOLEAN) == "?1"
        if first == ":":
            return self.take(_BYTES)[1:-1].encode()
        if first.isdigit() or first == "-":
            number = self.take(_NUMBER)
            return Decimal(number) if "." in number else int(number)
        return self.take(_TOKEN)


@dataclass(frozen=True, slots=True)
class Report:
    """What is read of a report. Times in milliseconds, bitrates in kbit/s; None: not said."""

    event: str = ""
    """`ps` play state, `bc` bitrate, `t` time interval, `e` error…; "" for one that came with a request."""
    at: int | None = None
    state: str = ""
    """`s` starting, `p` playing, `k` seeking, `r` rebuffering, `a` paused, `e` ended, `f` failed…"""
    startup: int | None = None
    bitrate: int | None = None
    starved: bool = False
    """The buffer ran dry before this request (`bs`)."""
    starved_ms: int | None = None


def report(text: str) -> Report:
    """Read one report. Raises `NotAReport`."""
    said = dictionary(text)
    return Report(
        event=_token(said.get("e")),
        at=_number(said.get("ts")),
        state=_token(said.get("sta"))[:1],
        startup=_number(said.get("msd")),
        bitrate=_number(said.get("br")),
        starved=_bare(said.get("bs")) is True,
        starved_ms=_number(said.get("bsd")),
    )


def batch(body: bytes) -> list[Report]:
    """Read the body of event mode: one report a line. Raises `NotAReport`, also for too many."""
    lines = [line for line in body.decode("ascii", "replace").splitlines() if line.strip()]
    if len(lines) > MAX_REPORTS:
        raise NotAReport("too many reports")
    return [report(line) for line in lines]


def of_request(query: bytes, headers: list[tuple[bytes, bytes]]) -> Report | None:
    """Read the report that came with a request, in query or headers; None without a good one."""
    found = re.search(rb"(?:^|&)CMCD=([^&]*)", query) if b"CMCD=" in query else None
    text = unquote_plus(found[1].decode("latin-1")) if found else ""
    if not text:
        text = ",".join(value.decode("latin-1").strip() for name, value in headers if name in HEADERS)
    try:
        return report(text) if text else None
    except NotAReport:
        return None


def _bare(member: Member | None) -> Bare | None:
    """An item's value; of a list its first."""
    if isinstance(member, tuple):
        return member[0].value if member else None
    return member.value if member else None


def _number(member: Member | None) -> int | None:
    """A whole number that is not negative; of a list (a number for each kind of object) the sum."""
    items = member if isinstance(member, tuple) else (member,) if member else ()
    numbers = [
        int(one.value)
        for one in items
        if isinstance(one.value, (int, Decimal)) and not isinstance(one.value, bool)
    ]
    return sum(numbers) if numbers and all(one >= 0 for one in numbers) else None


def _token(member: Member | None) -> str:
    value = _bare(member)
    return value[:8] if isinstance(value, str) else ""
