from collections.abc import Mapping
from decimal import Decimal
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.delivery import cmcd
from streaming.delivery.cmcd import Item, Member, NotAReport, Report

V1 = 'bl=21300,br=3200,bs,cid="faec5fc2-ac30-11ea-bb37",d=4004,mtp=25400,ot=v,sf=h,sid="6e2f",st=v,su'
V2 = 'bl=(21300;v 9000;a),br=(3000;v 128;a),cid="pb_one",e=ps,msd=812,sn=4,sta=p,ts=1700000000123,v=2'

KEYS = st.from_regex(r"[a-z*][a-z0-9_.*-]{0,12}", fullmatch=True)
BARE = st.one_of(
    st.integers(-(10**15) + 1, 10**15 - 1),
    st.decimals(-(10**6), 10**6, places=3, allow_nan=False, allow_infinity=False),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20),
    st.booleans(),
)
ITEMS = st.builds(Item, BARE, st.dictionaries(KEYS, BARE, max_size=2))
MEMBERS = st.one_of(ITEMS, st.lists(ITEMS, max_size=3).map(tuple))


def written(value: object) -> str:
    """Serialise as RFC 8941 §4.1 says; the model that the parser is held against."""
    if isinstance(value, bool):
        return "?1" if value else "?0"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)


def parameters(said: Mapping[str, object]) -> str:
    return "".join(f";{key}={written(value)}" for key, value in said.items())


def member(one: Member) -> str:
    if isinstance(one, tuple):
        return f"({' '.join(member(item) for item in one)})"
    return written(one.value) + parameters(one.parameters)


@given(st.dictionaries(KEYS, MEMBERS, max_size=6))
def test_what_is_written_is_read(said: dict[str, Member]) -> None:
    text = ", ".join(f"{key}={member(value)}" for key, value in said.items())
    if len(text) <= cmcd.MAX_REPORT:
        assert cmcd.dictionary(text) == said


@given(st.text(max_size=200))
def test_any_text_is_a_report_or_none(text: str) -> None:
    try:
        said = cmcd.report(text)
    except NotAReport:
        return
    assert isinstance(said, Report)
    assert len(said.state) <= 1


@given(st.binary(max_size=400))
def test_any_body_is_reports_or_none(body: bytes) -> None:
    try:
        said = cmcd.batch(body)
    except NotAReport:
        return
    assert len(said) == sum(bool(line.strip()) for line in body.decode("ascii", "replace").splitlines())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a", {"a": Item(True, {})}),
        ("a;x=1;y", {"a": Item(True, {"x": 1, "y": True})}),
        ("a=1.5", {"a": Item(Decimal("1.5"), {})}),
        ("a=tok/en:1", {"a": Item("tok/en:1", {})}),
        ("a=:aGk=:", {"a": Item(b"aGk=", {})}),
        ("a=()", {"a": ()}),
        ("a=( 1  2 )", {"a": (Item(1, {}), Item(2, {}))}),
        ("a=1,a=2", {"a": Item(2, {})}),
        ("a=1 \t, b", {"a": Item(1, {}), "b": Item(True, {})}),
        ("com.example-Key=1", {"com.example-Key": Item(1, {})}),
        ("", {}),
    ],
)
def test_dictionaries_are_read(text: str, said: dict[str, Member]) -> None:
    assert cmcd.dictionary(text) == said


@pytest.mark.parametrize(
    "text",
    [
        "=1",
        "a=",
        "a=1,",
        "a=1;",
        "a=(1",
        'a="x',
        "a=1 b",
        "a=(1,2)",
        "1a=1",
        "a=?2",
        "a=é",
        "a" * 5000,
        'a=(1"x")',
    ],
)
def test_what_is_no_dictionary_is_refused(text: str) -> None:
    with pytest.raises(NotAReport):
        cmcd.dictionary(text)


def test_a_report_of_version_2_is_read() -> None:
    assert cmcd.report(V2) == Report("ps", 1700000000123, "p", 812, 3128)


def test_a_report_of_version_1_is_read() -> None:
    assert cmcd.report(V1) == Report(bitrate=3200, starved=True)


def test_numbers_below_zero_and_texts_in_their_place_say_nothing() -> None:
    assert cmcd.report('msd=-5,br="x",ts=tok,sta=1') == Report()


def test_a_request_carries_its_report_in_its_query_or_its_headers() -> None:
    query = f"s=1&CMCD={quote(V1)}&x=y".encode()
    assert cmcd.of_request(query, []) == cmcd.report(V1)
    headers = [(b"cmcd-object", b"br=3200,d=4004"), (b"cmcd-status", b"bs"), (b"cookie", b"a=1")]
    assert cmcd.of_request(b"", headers) == Report(bitrate=3200, starved=True)
    assert cmcd.of_request(b"", [(b"cookie", b"a=1")]) is None
    assert cmcd.of_request(b"CMCD=%22", []) is None


def test_a_body_has_one_report_a_line() -> None:
    assert cmcd.batch(f"{V2}\n\n{V1}\n".encode()) == [cmcd.report(V2), cmcd.report(V1)]
    with pytest.raises(NotAReport):
        cmcd.batch(b"bs\n" * (cmcd.MAX_REPORTS + 1))
