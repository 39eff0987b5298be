"""Requests made of the whole OpenAPI document, right and wrong ones: no answer is a fault of the house.

`schemathesis` makes them; half of the ids in addresses are those of things that are there.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from streaming.accounts.principal import Role
from streaming.app import mount
from streaming.clock import FixedClock
from streaming.settings import Settings
from streaming.wiring import build
from tests.functional.conftest import WholeHouse

Operation = APIOperation[Any, Any, Any, Any]
Asked = Case[Any]

EXAMPLES = 6
"""Requests of each kind to each operation, by each person."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
UPLOAD = {
    "tus-resumable": "1.0.0",
    "upload-length": "10",
    "upload-metadata": "filename ZmlsbS5tcDQ=",
}


@dataclass(frozen=True)
class World:
    """A house with one of everything, its operations, and the cookies of those who ask."""

    operations: tuple[Operation, ...]
    ids: dict[str, tuple[str, ...]]
    cookies: dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Iterator[World]:
    chosen = Settings(data=tmp_path_factory.mktemp("openapi") / "house", public_url="http://house.test")
    shutil.copytree(prepared, chosen.data)
    clock = FixedClock(datetime(2026, 11, 22, 12, 0, tzinfo=UTC))
    services = build(chosen, clock)
    app = mount(services)
    yield furnished(WholeHouse(services, clock, app))
    app.close()
    services.database.close()


def furnished(house: WholeHouse) -> World:
    """Make a film, licences and tokens; nothing is asked of the house that people could not ask."""
    ana, ben, olga = (
        house.person(name, role)
        for name, role in (("ana", Role.CREATOR), ("ben", Role.VIEWER), ("olga", Role.ADMIN))
    )
    made = [ana.post("/api/v1/uploads", headers=UPLOAD) for _ in range(2)]
    titles = tuple(one.headers["matinee-title"] for one in made)
    issue = f"/api/v1/titles/{titles[0]}/licences"
    given_out = [
        ana.post(issue, json=asked).json() for asked in ({"to": "ben"}, {"link": True, "label": "Jury"})
    ]
    schema = schemathesis.openapi.from_asgi("/openapi.json", house.app)
    read = list(schema.get_all_operations())
    operations = [one.ok() for one in read if isinstance(one, Ok)]
    assert len(operations) == len(read), read
    return World(
        # What takes things away comes last.
        tuple(sorted(operations, key=lambda one: one.method == "delete")),
        {
            "title_id": titles,
            "upload_id": tuple(one.headers["location"].rsplit("/", 1)[1] for one in made),
            "licence_id": tuple(one["id"] for one in given_out),
            "token": (given_out[1]["link_url"].rsplit("/", 1)[1],),
            "name": ("t0", "u0"),
            "number": ("0", "1"),
        },
        {"nobody": {}, "ana": dict(ana.cookies), "ben": dict(ben.cookies), "olga": dict(olga.cookies)},
    )


def cases(world: World, operation: Operation) -> st.SearchStrategy[Asked]:
    """Right and wrong requests of one operation; half the time to things that are there."""
    made = st.one_of([operation.as_strategy(mode) for mode in GenerationMode])

    def aimed(drawn: tuple[Asked, bool, int]) -> Asked:
        case, there, which = drawn
        if there:
            for name, known in world.ids.items():
                if name in (case.path_parameters or {}):
                    case.path_parameters[name] = known[which % len(known)]
        return case

    return st.tuples(made, st.booleans(), st.integers(0, 1)).map(aimed)


def fuzz(world: World, operation: Operation, who: str) -> tuple[int, dict[str, str]]:
    """Ask an operation as somebody; gives how often, and what is wrong with the answers."""
    asked, faults = 0, dict[str, str]()

    @given(cases(world, operation))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Asked) -> None:
        nonlocal asked
        answer = case.call(cookies=world.cookies[who])
        asked += 1
        try:
            case.validate_response(answer, checks=CHECKS)
        except (Failure, FailureGroup) as fault:
            faults.setdefault(f"{operation.label} {answer.status_code}", f"{fault}\n{answer.text[:400]}")

    ask()
    return asked, faults


@pytest.mark.parametrize("who", ["nobody", "ben", "olga", "ana"])
def test_no_request_is_answered_with_a_fault_of_the_house(world: World, who: str) -> None:
    faults: dict[str, str] = {}
    for operation in world.operations:
        asked, found = fuzz(world, operation, who)
        assert asked, f"{operation.label} was never asked"
        faults |= found
    assert not faults, "\n\n".join(f"{name}:\n{told}" for name, told in faults.items())
