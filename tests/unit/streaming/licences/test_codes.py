"""A gift code is redeemed exactly once, by however many at once, and tells nothing to who guesses."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.errors import Fault
from streaming.licences.code_text import ALPHABET, bare, grouped, new_code
from streaming.licences.offer_values import Kind, OfferTerms, State
from streaming.licences.values import Actor
from tests.unit.streaming.delivery.house import ANA, BEN, EVE, START, TITLE, House

OWNER, VIEWER, OTHER = Actor(ANA, "Ana"), Actor(BEN, "Ben"), Actor(EVE, "Eve")
CODES = st.text(ALPHABET, min_size=12, max_size=12)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    house.make_film(segments=9)
    yield house
    house.close()


def make(house: House, count: int = 1, **more: Any) -> list[str]:
    offer = house.offers.make(OWNER, OfferTerms(Kind.FREE, state=State.DRAFT), title=TITLE)
    return [one.text for one in house.codes.make(OWNER, offer.id, count, **more)]


def refused(call: Any, *arguments: Any) -> Fault:
    with pytest.raises(Fault) as caught:
        call(*arguments)
    return caught.value


def test_a_code_gives_its_licence_and_to_the_same_person_the_same_again(house: House) -> None:
    (code,) = make(house)
    first, again = house.codes.redeem(VIEWER, code), house.codes.redeem(VIEWER, code)
    assert (first.new, again.new, again.licence.id) == (True, False, first.licence.id)
    assert house.key(house.start()).status == 200
    offer = first.licence.offer_id
    assert offer is not None
    (view,) = house.codes.of_offer(OWNER, offer)
    assert (view.state, view.redeemed_by, view.licence_id) == ("redeemed", "Ben", first.licence.id)
    told = [one.what for one in house.licences.history_of_title(OWNER, TITLE)]
    assert told == ["first_played", "redeemed", "codes_made", "offer_made"]


def test_of_a_hundred_at_once_one_redeems_it(house: House) -> None:
    (code,) = make(house)
    people = [VIEWER, OTHER]

    def attempt(number: int) -> str:
        try:
            return "new" if house.codes.redeem(people[number % 2], code).new else "again"
        except Fault as fault:
            return fault.name

    with ThreadPoolExecutor(25) as pool:
        told = Counter(pool.map(attempt, range(100)))
    assert told == {"new": 1, "again": 49, "unknown_code": 50}


PROCESS = """
import sys
from pathlib import Path
from streaming.errors import Fault
from streaming.ids import AccountId
from streaming.licences.values import Actor
from tests.unit.streaming.delivery.house import House
house = House(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
told = []
for number in range(5):
    try:
        house.codes.redeem(Actor(AccountId(sys.argv[2]), "x"), sys.argv[3])
        told.append("yes")
    except Fault as fault:
        told.append(fault.name)
print(",".join(told), flush=True)
house.close()
"""


def test_of_several_processes_one_redeems_it(house: House) -> None:
    (code,) = make(house)
    command = [sys.executable, "-c", PROCESS, str(house.folder)]
    running = [
        subprocess.Popen([*command, who, code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for who in (BEN, EVE)
    ]
    for one in running:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    told = [one.communicate("go\n", timeout=60)[0].strip().split(",") for one in running]
    winners = [answers for answers in told if "yes" in answers]
    assert all(set(answers) == {"yes"} for answers in winners)
    assert len(winners) == 1
    assert len(house.licences.of_title(OWNER, TITLE)) == 1


def test_unknown_used_revoked_and_expired_codes_get_one_answer(house: House) -> None:
    used, over, back = make(house)[0], make(house, expires_at=START + timedelta(hours=1))[0], make(house)[0]
    house.codes.redeem(OTHER, used)
    offer = house.offers.of_title(OWNER, TITLE)
    codes = [one for each in offer for one in house.codes.of_offer(OWNER, each.id)]
    revoked = [one for one in codes if one.state == "ready" and one.expires_at is None]
    assert house.codes.revoke(OWNER, revoked[0].id).state == "revoked"
    house.wait(hours=1)
    told = {
        (fault.code, fault.name, fault.sentence, fault.hint, str(fault.extra))
        for fault in (refused(house.codes.redeem, VIEWER, one) for one in (used, over, back, new_code(), "?"))
    }
    assert len(told) == 1
    assert {one.state for each in offer for one in house.codes.of_offer(OWNER, each.id)} == {
        "redeemed", "expired", "revoked",
    }  # fmt: skip


def test_who_holds_it_already_keeps_the_code(house: House) -> None:
    first, second = make(house, 2)
    house.codes.redeem(VIEWER, first)
    assert refused(house.codes.redeem, VIEWER, second).name == "already_held"
    assert refused(house.codes.redeem, OWNER, second).name == "holder_is_owner"
    assert house.codes.redeem(OTHER, second).new


def test_a_redeemed_code_cannot_be_taken_back(house: House) -> None:
    (code,) = make(house)
    offer = house.codes.redeem(VIEWER, code).licence.offer_id
    assert offer is not None
    (view,) = house.codes.of_offer(OWNER, offer)
    assert refused(house.codes.revoke, OWNER, view.id).name == "code_redeemed"
    assert refused(house.codes.revoke, OTHER, view.id).code == "not_found"


def test_no_code_lies_in_the_database_nor_can_its_hash_be_made_without_the_houses_secret(
    house: House,
) -> None:
    import hashlib

    (code,) = make(house)
    stored = b"".join(path.read_bytes() for path in house.folder.glob("house.sqlite*"))
    plain = bare(code)
    assert plain is not None
    for secret in (code, plain):
        assert secret.encode() not in stored
        assert hashlib.sha256(secret.encode()).digest() not in stored


@pytest.mark.parametrize("count", [0, 1001])
def test_codes_are_made_in_sensible_numbers(house: House, count: int) -> None:
    assert refused(make, house, count).name == "bad_number"


def test_a_thousand_codes_are_a_thousand_different_ones(house: House) -> None:
    made = make(house, 1000)
    assert len(set(made)) == 1000
    assert not set("".join(made)) - set(ALPHABET) - {"-"}


def test_the_alphabet_has_no_look_alikes_and_a_code_60_bits() -> None:
    assert len(set(ALPHABET)) == 32
    assert not set("ILOU") & set(ALPHABET)
    assert len(bare(new_code()) or "") * 5 >= 60


@given(CODES, st.sampled_from(["", " ", "-", " - ", ".", "\u2013"]))
def test_a_code_is_read_however_it_is_typed(code: str, gap: str) -> None:
    spoken = gap.join(code).lower().replace("0", "o").replace("1", "l")
    assert bare(spoken) == code
    assert bare(grouped(code)) == code


@given(st.text(max_size=40))
def test_whatever_is_typed_is_a_code_or_is_not(text: str) -> None:
    read = bare(text)
    assert read is None or (len(read) == 12 and set(read) <= set(ALPHABET))
