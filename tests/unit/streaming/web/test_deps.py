"""Who is asking: cookies, bearer tokens and the walls between roles."""

from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import Depends
from starlette.requests import Request

from streaming.accounts.principal import Principal, Role
from streaming.settings import Settings
from streaming.web import deps

House = Any  # the class lives in conftest.py
ROLES = list(Role)


@pytest.fixture
def rooms(house: House) -> House:
    """Add one room for each wall to the house."""
    for name in ("maybe_viewer", "viewer", "creator", "admin", "logged_in"):
        wall = Depends(getattr(deps, name))

        def room(asker: Principal | None = wall) -> dict[str, Any]:
            return {"name": asker.name if asker else None}

        house.app.get(f"/{name}")(room)
    return house


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("wall", ["viewer", "creator", "admin"])
def test_each_role_passes_its_own_wall_and_the_lower_ones(rooms: House, role: Role, wall: str) -> None:
    key = rooms.account("ada", role)
    answer = rooms.entered("ada", key).get(f"/{wall}")
    if ROLES.index(role) >= ROLES.index(Role(wall)):
        assert answer.json() == {"name": "ada"}
    else:
        assert answer.status_code == 403
        assert answer.json()["code"] == "role_too_low"
        assert f"the role {wall}; yours is {role}" in answer.json()["detail"]


def test_nobody_passes_only_where_nobody_is_welcome(rooms: House) -> None:
    client = rooms.client()
    assert client.get("/maybe_viewer").json() == {"name": None}
    for wall in ("viewer", "creator", "admin", "logged_in"):
        answer = client.get(f"/{wall}")
        assert answer.status_code == 401
        assert answer.json()["code"] == "not_logged_in"
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_bearer_token_is_somebody_but_not_a_login(rooms: House) -> None:
    rooms.account("ada", Role.ADMIN)
    token = rooms.accounts.issue_token("ada", "").text.reveal().decode()
    for scheme in ("Bearer", "bearer"):
        headers = {"Authorization": f"{scheme} {token}"}
        assert rooms.client().get("/admin", headers=headers).json() == {"name": "ada"}
    answer = rooms.client().get("/logged_in", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["code"]) == (403, "login_needed")


@pytest.mark.parametrize("bearer", ["", "mt_wrong", "x" * 5000])
def test_a_bad_bearer_token_is_refused_even_with_a_good_cookie(rooms: House, bearer: str) -> None:
    client = rooms.entered("ada", rooms.account("ada", Role.VIEWER))
    assert client.get("/viewer").status_code == 200
    for wall in ("viewer", "maybe_viewer"):
        answer = client.get(f"/{wall}", headers={"Authorization": f"Bearer {bearer}"})
        assert (answer.status_code, answer.json()["code"]) == (401, "bad_token")


def test_a_bearer_token_outweighs_a_cookie(rooms: House) -> None:
    client = rooms.entered("ada", rooms.account("ada", Role.VIEWER))
    rooms.account("bob", Role.VIEWER)
    token = rooms.accounts.issue_token("bob", "").text.reveal().decode()
    assert client.get("/viewer", headers={"Authorization": f"Bearer {token}"}).json() == {"name": "bob"}


def test_a_made_up_cookie_is_nobody(rooms: House) -> None:
    headers = {"Cookie": "matinee_session=made-up"}
    assert rooms.client().get("/maybe_viewer", headers=headers).json() == {"name": None}
    assert rooms.client().get("/viewer", headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
        ("x" * 500, "x" * 64),
    ],
)
def test_clients_are_counted_by_the_network_they_hold(host: str, counted: str) -> None:
    assert deps.client_address(Request({"type": "http", "client": (host, 1)})) == counted


def test_a_client_without_an_address_is_counted_too() -> None:
    assert deps.client_address(Request({"type": "http", "client": None})) == ""


@pytest.mark.parametrize(
    ("settings", "scheme", "secure"),
    [
        ({}, "http", False),
        ({}, "https", True),
        ({"public_url": "https://house.test"}, "http", True),
        ({"public_url": "https://house.test", "secure_cookies": False}, "http", False),
    ],
)
def test_cookies_are_secure_by_the_settings_or_by_how_the_request_came(
    settings: dict[str, Any], scheme: str, secure: bool
) -> None:
    app = SimpleNamespace(state=SimpleNamespace(services=SimpleNamespace(settings=Settings(**settings))))
    address = {"scheme": scheme, "path": "/", "server": ("house.test", 80)}
    request = Request({"type": "http", "headers": [], "app": app, **address})
    assert deps.is_secure(request) is secure
