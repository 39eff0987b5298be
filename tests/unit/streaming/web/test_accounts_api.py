"""The accounts API from outside, in process: what a browser and a program see."""

import base64
import json
import logging
import secrets
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from streaming.accounts import vault
from streaming.accounts.principal import Role
from transcoder.keys.secret import SecretBytes

House = Any  # the class lives in conftest.py
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36"
BRANDS = '"Chromium";v="156", "Not A(Brand";v="24"'


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def drawn(size: int) -> str:
    return b64(secrets.token_bytes(size))


def registration(name: str = "ada", **other: Any) -> dict[str, Any]:
    return {
        "name": name,
        "salt": drawn(16),
        "auth_key": drawn(32),
        "keys": {"x25519_public": drawn(32), "ed25519_public": drawn(32), "wrapped_private": drawn(92)},
        "recovery": {"auth_key": drawn(32), "wrapped_private": drawn(92)},
        **other,
    }


def new_password() -> dict[str, str]:
    return {"salt": drawn(16), "auth_key": drawn(32), "wrapped_private": drawn(92)}


def log_in(client: TestClient, body: dict[str, Any], **headers: str) -> Any:
    login = {"name": body["name"], "auth_key": body["auth_key"]}
    return client.post("/api/v1/session", json=login, headers=headers)


@pytest.fixture
def client(house: House) -> TestClient:
    made: TestClient = house.client()
    return made


@pytest.fixture
def ada(client: TestClient) -> dict[str, Any]:
    body = registration("Ada")
    client.post("/api/v1/accounts", json=body).raise_for_status()
    return body


def test_somebody_registers_logs_in_and_out(client: TestClient) -> None:
    body = registration("Ada")
    made = client.post("/api/v1/accounts", json=body)
    assert made.status_code == 201
    assert made.json()["name"] == "Ada"
    assert made.json()["role"] == "creator"
    assert made.json()["created_at"] == "2026-01-01T12:00:00Z"
    assert client.get("/api/v1/account").status_code == 401
    entered = log_in(client, body)
    assert entered.json()["account"] == made.json()
    assert entered.json()["keys"] == body["keys"]
    me = client.get("/api/v1/account").json()
    assert me["session_id"] == entered.json()["session_id"]
    assert me["keys"] == body["keys"]
    assert client.delete("/api/v1/session").status_code == 204
    assert client.get("/api/v1/account").status_code == 401


def test_the_whole_way_with_real_keys_from_a_real_password(client: TestClient) -> None:
    password = SecretBytes("ein langes Paßwort".encode())
    new = vault.new_account(password)
    given = new.registration
    body = {
        "name": "ada",
        "salt": b64(given.password.salt),
        "auth_key": b64(given.password.auth_key.reveal()),
        "keys": {
            "x25519_public": b64(given.x25519_public),
            "ed25519_public": b64(given.ed25519_public),
            "wrapped_private": b64(given.password.wrapped_private),
        },
        "recovery": {
            "auth_key": b64(given.recovery.auth_key.reveal()),
            "wrapped_private": b64(given.recovery.wrapped_private),
        },
    }
    client.post("/api/v1/accounts", json=body).raise_for_status()
    before = client.post("/api/v1/accounts/prelogin", json={"name": "ADA"}).json()
    assert before["kdf"] == {"alg": "argon2id", "v": 19, "m": 65536, "t": 3, "p": 4}
    keys = vault.from_password(password, unb64(before["salt"]))
    entered = log_in(client, {"name": "ada", "auth_key": b64(keys.auth_key.reveal())}).json()
    vault.unwrap(keys.wrapping_key, unb64(entered["keys"]["wrapped_private"]))


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    client: TestClient, ada: dict[str, Any], make_house: Any
) -> None:
    cookie = log_in(client, ada).headers["set-cookie"]
    assert cookie.startswith("matinee_session=")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    assert "Max-Age=7776000" in cookie
    assert "Secure" not in cookie
    secure_house = make_house(secure_cookies=True)
    other, body = secure_house.client(), registration()
    other.post("/api/v1/accounts", json=body)
    assert "; Secure" in log_in(other, body).headers["set-cookie"]


def test_the_session_token_is_in_the_cookie_and_nowhere_else(client: TestClient, ada: dict[str, Any]) -> None:
    answer = log_in(client, ada)
    token = client.cookies["matinee_session"]
    assert token not in answer.text
    assert token not in client.get("/api/v1/sessions").text


def test_logging_in_again_gives_a_new_token_and_kills_the_old(
    house: House, client: TestClient, ada: dict[str, Any]
) -> None:
    log_in(client, ada)
    fixed = client.cookies["matinee_session"]
    log_in(client, ada)
    assert client.cookies["matinee_session"] != fixed
    assert house.accounts.by_session(fixed) is None
    assert len(client.get("/api/v1/sessions").json()["sessions"]) == 1


def test_a_planted_cookie_never_becomes_a_session(
    house: House, client: TestClient, ada: dict[str, Any]
) -> None:
    planted = log_in(client, ada, Cookie="matinee_session=planted")
    assert planted.status_code == 200
    assert house.accounts.by_session("planted") is None


# Enumeration


def test_unknown_and_known_names_are_answered_alike(client: TestClient, ada: dict[str, Any]) -> None:
    def prelogin(name: str) -> Any:
        return client.post("/api/v1/accounts/prelogin", json={"name": name})

    known, unknown = prelogin("ada"), prelogin("nobody")
    assert known.json()["salt"] == ada["salt"]
    assert unknown.text == prelogin("NOBODY").text
    assert known.headers == unknown.headers
    assert known.json().keys() == unknown.json().keys()
    assert len(known.content) == len(unknown.content)
    wrong = log_in(client, {"name": "ada", "auth_key": drawn(32)})
    nobody = log_in(client, {"name": "nobody", "auth_key": drawn(32)})
    assert (wrong.status_code, wrong.content, wrong.headers) == (401, nobody.content, nobody.headers)
    assert "set-cookie" not in wrong.headers
    spent = [
        client.post("/api/v1/accounts/recover/start", json={"name": name, "recovery_auth_key": drawn(32)})
        for name in ("ada", "nobody")
    ]
    assert spent[0].content == spent[1].content


def test_a_taken_name_and_a_bad_name_are_told_at_the_field(client: TestClient, ada: dict[str, Any]) -> None:
    taken = client.post("/api/v1/accounts", json=registration("ADA"))
    assert (taken.status_code, taken.json()["code"]) == (409, "name_taken")
    assert taken.json()["errors"][0]["field"] == "name"
    bad = client.post("/api/v1/accounts", json=registration("../etc"))
    assert (bad.status_code, bad.json()["code"]) == (400, "bad_name")
    assert bad.json()["errors"][0]["field"] == "name"


def test_registrations_prelogins_and_logins_run_out_and_say_until_when(
    house: House, client: TestClient
) -> None:
    def last(path: str, tries: int, body: dict[str, Any]) -> Any:
        answers = [client.post(path, json=body | {"name": f"name{n}"}) for n in range(tries + 1)]
        assert [a.status_code for a in answers[:-1]].count(429) == 0
        return answers[-1]

    key = {"auth_key": drawn(32)}
    for path, tries, body in (
        ("/api/v1/accounts", 20, registration()),
        ("/api/v1/accounts/prelogin", 60, {}),
        ("/api/v1/session", 40, key),
        ("/api/v1/accounts/recover/start", 20, {"recovery_auth_key": drawn(32)}),
    ):
        refused = last(path, tries, body)
        assert refused.status_code == 429
        assert refused.json()["code"] == "too_many_tries"
        assert refused.json()["hint"].startswith("Wait ")
        house.clock.advance(timedelta(seconds=int(refused.headers["retry-after"])))
        assert client.post(path, json=body | {"name": "later"}).status_code != 429


def test_a_closed_house_says_so(make_house: Any) -> None:
    closed = make_house(open_role=None).client()
    answer = closed.post("/api/v1/accounts", json=registration())
    assert (answer.status_code, answer.json()["code"]) == (403, "registration_closed")


# Bodies


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("salt", drawn(15)),
        ("salt", drawn(17)),
        ("salt", drawn(16) + "=="),
        ("salt", "!" * 22),
        ("salt", "A" * 21 + "B"),
        ("auth_key", drawn(31)),
        ("auth_key", 7),
        ("auth_key", None),
        ("name", "x" * 201),
        ("name", ["ada"]),
        ("keys", {"x25519_public": drawn(32), "ed25519_public": drawn(32), "wrapped_private": drawn(93)}),
        ("recovery", {"auth_key": drawn(32)}),
    ],
    # Drawn values would give every run, and every process of one, names of its own.
    ids=lambda one: one if isinstance(one, str) and one.isidentifier() and len(one) < 20 else "",
)
def test_parts_of_the_wrong_size_or_shape_are_refused_by_name(
    client: TestClient, field: str, value: Any
) -> None:
    answer = client.post("/api/v1/accounts", json=registration(**{field: value}))
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_input"
    assert answer.json()["errors"][0]["field"].startswith(field)
    if isinstance(value, str):
        assert value not in answer.text


def test_a_text_in_another_wrapping_is_not_taken_for_json(client: TestClient) -> None:
    body = json.dumps(registration())
    answer = client.post("/api/v1/accounts", content=body, headers={"Content-Type": "text/plain"})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        b'{"name": "\\ud800"}',
        b'{"name": "a\\u0000b"}',
        b"[" * 60_000,
        b"\xff\xfe",
        b'{"name": 1e999}',
        b"null",
        b"",
    ],
)
def test_hostile_bodies_are_refused_or_answered_but_never_break_anything(
    client: TestClient, body: bytes
) -> None:
    for path in ("/api/v1/accounts/prelogin", "/api/v1/session", "/api/v1/accounts"):
        answer = client.post(path, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code in {200, 400}


def test_other_sites_can_neither_log_in_nor_out_nor_register(client: TestClient, ada: dict[str, Any]) -> None:
    elsewhere = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    log_in(client, ada)
    for method, path in (
        ("POST", "/api/v1/session"),
        ("DELETE", "/api/v1/session"),
        ("POST", "/api/v1/accounts"),
        ("POST", "/api/v1/tokens"),
    ):
        answer = client.request(method, path, headers=elsewhere)
        assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")
    assert client.get("/api/v1/account").status_code == 200


# Devices


def test_devices_are_named_listed_and_logged_out(
    house: House, client: TestClient, ada: dict[str, Any]
) -> None:
    log_in(client, ada, **{"User-Agent": CHROME, "Sec-CH-UA": BRANDS})
    phone = house.client()
    login = {"name": "ada", "auth_key": ada["auth_key"], "device": "My phone"}
    phone.post("/api/v1/session", json=login).raise_for_status()
    listed = client.get("/api/v1/sessions").json()["sessions"]
    assert {(d["device"], d["current"]) for d in listed} == {("Chromium on Linux", True), ("My phone", False)}
    other = next(d["id"] for d in listed if not d["current"])
    assert client.delete(f"/api/v1/sessions/{other}").status_code == 204
    assert phone.get("/api/v1/account").status_code == 401
    assert client.delete(f"/api/v1/sessions/{other}").status_code == 404
    own = next(d["id"] for d in listed if d["current"])
    assert client.delete(f"/api/v1/sessions/{own}").status_code == 204
    assert "matinee_session" not in client.cookies


# Password and recovery


def test_a_password_change_keeps_this_browser_in_and_puts_the_others_out(
    house: House, client: TestClient, ada: dict[str, Any]
) -> None:
    log_in(client, ada)
    other = house.client()
    log_in(other, ada)
    changed = new_password()
    wrong = client.post("/api/v1/account/password", json={"old_auth_key": drawn(32), **changed})
    assert (wrong.status_code, wrong.json()["code"]) == (403, "wrong_password")
    before = client.cookies["matinee_session"]
    done = client.post("/api/v1/account/password", json={"old_auth_key": ada["auth_key"], **changed})
    assert done.status_code == 204
    assert client.cookies["matinee_session"] != before
    assert client.get("/api/v1/account").json()["keys"]["wrapped_private"] == changed["wrapped_private"]
    assert other.get("/api/v1/account").status_code == 401
    assert log_in(other, ada).status_code == 401
    assert log_in(other, ada | changed).status_code == 200


def test_a_recovery_code_gives_back_the_keys_and_sets_a_new_password(
    client: TestClient, ada: dict[str, Any]
) -> None:
    log_in(client, ada)
    proof = {"name": "ada", "recovery_auth_key": ada["recovery"]["auth_key"]}
    begun = client.post("/api/v1/accounts/recover/start", json=proof)
    assert begun.json() == {"wrapped_private": ada["recovery"]["wrapped_private"]}
    changed = new_password()
    fresh = {"auth_key": drawn(32), "wrapped_private": drawn(92)}
    done = client.post("/api/v1/accounts/recover", json={**proof, **changed, "recovery": fresh})
    assert done.json()["name"] == "Ada"
    assert client.get("/api/v1/account").status_code == 401
    assert log_in(client, ada | changed).status_code == 200
    again = client.post("/api/v1/accounts/recover", json={**proof, **changed, "recovery": fresh})
    assert (again.status_code, again.json()["code"]) == (401, "wrong_recovery_code")


# API tokens


def test_an_api_token_is_told_once_works_and_dies(
    house: House, client: TestClient, ada: dict[str, Any]
) -> None:
    log_in(client, ada)
    made = client.post("/api/v1/tokens", json={"label": "nightly"})
    assert made.status_code == 201
    token, token_id = made.json()["token"], made.json()["id"]
    listed = client.get("/api/v1/tokens")
    assert [t["label"] for t in listed.json()["tokens"]] == ["nightly"]
    assert token not in listed.text
    program = house.client(headers={"Authorization": f"Bearer {token}"})
    me = program.get("/api/v1/account").json()
    assert (me["name"], me["token_id"], me["session_id"], me["keys"]) == ("Ada", token_id, None, None)
    assert client.post("/api/v1/tokens", json={"label": None}).json()["label"] == "API token"
    assert client.delete(f"/api/v1/tokens/{token_id}").status_code == 204
    assert program.get("/api/v1/account").status_code == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/tokens"),
        ("DELETE", "/api/v1/tokens/tk_1"),
        ("DELETE", "/api/v1/sessions/se_1"),
        ("POST", "/api/v1/account/password"),
    ],
)
def test_an_api_token_cannot_widen_its_own_power(house: House, method: str, path: str) -> None:
    house.account("ada", Role.ADMIN)
    token = house.accounts.issue_token("ada", "").text.reveal().decode()
    body = {"label": "x", "old_auth_key": drawn(32), **new_password()}
    program = house.client(headers={"Authorization": f"Bearer {token}"})
    answer = program.request(method, path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (403, "login_needed")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/account"),
        ("GET", "/api/v1/sessions"),
        ("GET", "/api/v1/tokens"),
        ("POST", "/api/v1/tokens"),
        ("DELETE", "/api/v1/tokens/tk_1"),
        ("DELETE", "/api/v1/sessions/se_1"),
        ("POST", "/api/v1/account/password"),
    ],
)
def test_nobody_gets_nothing(client: TestClient, method: str, path: str) -> None:
    body = {"label": "x", "old_auth_key": drawn(32), **new_password()} if method == "POST" else None
    answer = client.request(method, path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_logged_in")


def test_no_secret_of_a_whole_life_reaches_the_log(
    client: TestClient, ada: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    log_in(client, ada)
    made = client.post("/api/v1/tokens", json={"label": "x"}).json()
    client.post("/api/v1/session", json={"name": "ada", "auth_key": ada["auth_key"] + "x"})
    hidden = [client.cookies["matinee_session"], made["token"], ada["auth_key"], ada["recovery"]["auth_key"]]
    assert [text for text in hidden if text in caplog.text] == []


def test_strangers_can_read_from_openapi_how_to_log_in_and_what_is_refused(house: House) -> None:
    told = house.client().get("/openapi.json").json()
    schemes = told["components"]["securitySchemes"]
    assert schemes["HTTPBearer"]["scheme"] == "bearer"
    assert schemes["APIKeyCookie"]["name"] == "matinee_session"
    operation = told["paths"]["/api/v1/tokens"]["post"]
    assert operation["security"]
    assert "application/problem+json" in operation["responses"]["403"]["content"]
    auth_key = told["components"]["schemas"]["RegisterIn"]["properties"]["auth_key"]
    assert auth_key["minLength"] == auth_key["maxLength"] == 43
