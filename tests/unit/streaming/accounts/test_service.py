"""Accounts: who gets in, who does not, and what is kept of them."""

import logging
import secrets
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from streaming.accounts import service as service_module
from streaming.accounts import store
from streaming.accounts.credentials import Credentials
from streaming.accounts.principal import Principal, Role
from streaming.accounts.service import AccountService
from streaming.accounts.values import Account, Login, Password, Recovery, Registration
from streaming.clock import FixedClock
from streaming.db.engine import Database
from streaming.errors import Code, Fault
from streaming.ids import AccountId, token_hash
from streaming.keys.proofs import StoredKey
from transcoder.keys.secret import SecretBytes

WRONG = SecretBytes(b"w" * 32)


def fault_of(call: Callable[[], object]) -> Fault:
    with pytest.raises(Fault) as caught:
        call()
    return caught.value


def new_password() -> Password:
    return Password(secrets.token_bytes(16), SecretBytes(secrets.token_bytes(32)), secrets.token_bytes(92))


def new_recovery() -> Recovery:
    return Recovery(SecretBytes(secrets.token_bytes(32)), secrets.token_bytes(92))


@pytest.fixture
def ada(service: AccountService, registration: Registration) -> Account:
    return service.register("Ada", registration)


@pytest.fixture
def key(registration: Registration) -> SecretBytes:
    return registration.password.auth_key


def enter(service: AccountService, key: SecretBytes, device: str = "a test") -> tuple[Login, str]:
    login = service.log_in("ada", key, device)
    return login, login.token.reveal().decode()


def recognised(service: AccountService, token: str) -> Principal:
    principal = service.by_session(token)
    assert principal is not None
    return principal


# Registration


def test_who_registers_gets_the_role_the_house_gives(service: AccountService, ada: Account) -> None:
    assert ada.role is Role.CREATOR
    assert service.named("aDa") == ada


def test_a_taken_name_is_refused_in_any_spelling(
    service: AccountService, ada: Account, registration: Registration
) -> None:
    fault = fault_of(lambda: service.register("ＡＤＡ", registration))
    assert (fault.code, fault.name) == (Code.CONFLICT, "name_taken")
    assert service.named("ada") == ada


def test_of_many_who_want_one_name_at_once_one_gets_it(
    service: AccountService, registration: Registration
) -> None:
    def attempt(_: int) -> bool:
        try:
            service.register("ada", registration)
        except Fault:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(8))) == 1


def test_a_closed_house_registers_nobody_but_its_operator_can(
    make_service: Callable[..., AccountService], registration: Registration
) -> None:
    closed = make_service(open_role=None)
    assert not closed.is_open
    assert fault_of(lambda: closed.register("ada", registration)).name == "registration_closed"
    assert closed.add_account("ada", Role.ADMIN, registration).role is Role.ADMIN


def test_names_of_gives_names_alone_and_leaves_out_who_is_not_there(
    service: AccountService, ada: Account
) -> None:
    assert service.names_of([ada.id, AccountId("ac_nobody")]) == {ada.id: "Ada"}
    assert service.names_of([]) == {}


# Enumeration


def test_prelogin_gives_a_real_salt_and_a_stable_invented_one(
    service: AccountService,
    make_service: Callable[..., AccountService],
    ada: Account,
    registration: Registration,
) -> None:
    assert service.prelogin("ADA") == registration.password.salt
    invented = service.prelogin("nobody")
    assert len(invented) == len(registration.password.salt)
    assert invented == service.prelogin("NoBody") == make_service().prelogin("nobody")
    assert invented != service.prelogin("nobody2")


@pytest.mark.parametrize("name", ["", "x", "a/b", "\x00", "\ud800", "a" * 200, "'; DROP TABLE accounts; --"])
def test_names_that_cannot_be_are_answered_like_names_that_are_not(
    service: AccountService, name: str
) -> None:
    assert len(service.prelogin(name)) == 16
    assert fault_of(lambda: service.log_in(name, WRONG, "")).name == "wrong_login"


def test_a_wrong_key_and_an_unknown_name_are_refused_in_the_same_words(
    service: AccountService, ada: Account
) -> None:
    known = fault_of(lambda: service.log_in("ada", WRONG, ""))
    unknown = fault_of(lambda: service.log_in("nobody", WRONG, ""))
    assert vars(known) == vars(unknown)
    assert known.code is Code.UNAUTHENTICATED


def test_unknown_names_cost_the_same_comparison(
    service: AccountService, ada: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[str] = []
    real = StoredKey.matches

    def counted(self: StoredKey, auth_key: SecretBytes) -> bool:
        compared.append("once")
        return real(self, auth_key)

    monkeypatch.setattr(StoredKey, "matches", counted)
    for name in ("ada", "nobody"):
        compared.clear()
        fault_of(lambda name=name: service.log_in(name, WRONG, ""))  # type: ignore[misc]
        fault_of(lambda name=name: service.begin_recovery(name, WRONG))  # type: ignore[misc]
        assert compared == ["once", "once"]


def test_unknown_names_cost_the_same_statements_and_rows(
    service: AccountService, database: Database, ada: Account
) -> None:
    asked: list[str] = []

    def noted(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(database.engine, "before_cursor_execute", noted)
    costs = []
    for name in ("ada", "nobody"):
        asked.clear()
        service.prelogin(name)
        fault_of(lambda name=name: service.log_in(name, WRONG, ""))  # type: ignore[misc]
        costs.append(list(asked))
    assert costs[0] == costs[1]
    assert len(costs[0]) == 4
    decoy = Credentials.decoy()
    with database.read() as db:
        real, false = (store.credentials(db, name, decoy) for name in ("ada", "nobody"))
    assert false == decoy
    assert real.account_id == ada.id
    assert len(real.recovery_wrapped) == len(false.recovery_wrapped)


def test_unknown_names_run_out_of_tries_like_known_ones(service: AccountService, ada: Account) -> None:
    for name in ("ada", "nobody"):
        names = [fault_of(lambda name=name: service.log_in(name, WRONG, "")).name for _ in range(11)]  # type: ignore[misc]
        assert names == ["wrong_login"] * 10 + ["too_many_tries"]


def test_the_right_key_does_not_help_once_the_tries_are_spent(
    service: AccountService, ada: Account, key: SecretBytes, clock: FixedClock
) -> None:
    for _ in range(10):
        fault_of(lambda: service.log_in("ada", WRONG, ""))
    fault = fault_of(lambda: service.log_in("ada", key, ""))
    assert fault.name == "too_many_tries"
    clock.advance(timedelta(seconds=fault.retry_after or 0))
    service.log_in("ada", key, "")


# Sessions


def test_logging_in_gives_keys_and_a_token_that_is_recognised(
    service: AccountService, ada: Account, key: SecretBytes, registration: Registration
) -> None:
    login, token = enter(service, key)
    assert login.account == ada
    assert login.keys.wrapped_private == registration.password.wrapped_private
    principal = recognised(service, token)
    assert principal == Principal(ada.id, "Ada", Role.CREATOR, session_id=login.session_id)


def test_every_login_has_a_token_of_its_own(service: AccountService, ada: Account, key: SecretBytes) -> None:
    assert enter(service, key)[1] != enter(service, key)[1]


def test_the_database_holds_hashes_of_tokens_and_keys_and_never_themselves(
    service: AccountService, ada: Account, key: SecretBytes, registration: Registration, tmp_path: Path
) -> None:
    _, token = enter(service, key)
    api_token = service.create_token(ada.id, "script").text.reveal()
    connection = sqlite3.connect(tmp_path / "house.sqlite")
    assert connection.execute("SELECT token_hash FROM auth_sessions").fetchone()[0] == token_hash(token)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for secret in (token.encode(), api_token, key.reveal(), registration.recovery.auth_key.reveal()):
        assert secret not in kept


def test_a_revoked_session_is_dead_at_once(service: AccountService, ada: Account, key: SecretBytes) -> None:
    login, token = enter(service, key)
    _, other = enter(service, key)
    service.revoke_device(ada.id, login.session_id)
    assert service.by_session(token) is None
    assert service.by_session(other) is not None
    assert fault_of(lambda: service.revoke_device(ada.id, login.session_id)).code is Code.NOT_FOUND


def test_nobody_revokes_the_sessions_and_tokens_of_somebody_else(
    service: AccountService, ada: Account, key: SecretBytes, registration: Registration
) -> None:
    bob = service.register("bob", registration)
    login, token = enter(service, key)
    issued = service.create_token(ada.id, "")
    assert fault_of(lambda: service.revoke_device(bob.id, login.session_id)).code is Code.NOT_FOUND
    assert fault_of(lambda: service.revoke_token(bob.id, issued.info.id)).code is Code.NOT_FOUND
    assert service.by_session(token) is not None
    assert service.by_token(issued.text.reveal().decode()) is not None


def test_logging_out_ends_that_session_and_is_harmless_twice(
    service: AccountService, ada: Account, key: SecretBytes
) -> None:
    _, token = enter(service, key)
    service.log_out(token)
    service.log_out(token)
    assert service.by_session(token) is None


def test_a_session_ends_after_thirty_idle_days(
    service: AccountService, ada: Account, key: SecretBytes, clock: FixedClock
) -> None:
    _, token = enter(service, key)
    clock.advance(timedelta(days=29))
    assert service.by_session(token) is not None
    clock.advance(timedelta(days=29))
    assert service.by_session(token) is not None
    clock.advance(timedelta(days=30))
    assert service.by_session(token) is None


def test_a_session_ends_after_ninety_days_however_busy(
    service: AccountService, ada: Account, key: SecretBytes, clock: FixedClock
) -> None:
    _, token = enter(service, key)
    for _ in range(89):
        clock.advance(timedelta(days=1))
        assert service.by_session(token) is not None
    clock.advance(timedelta(days=1))
    assert service.by_session(token) is None
    assert service.devices(ada.id) == []


def test_last_seen_moves_at_most_once_a_minute(
    service: AccountService, ada: Account, key: SecretBytes, clock: FixedClock
) -> None:
    _, token = enter(service, key)
    start = clock.now()
    clock.advance(timedelta(seconds=59))
    service.by_session(token)
    assert service.devices(ada.id)[0].last_seen_at == start
    clock.advance(timedelta(seconds=1))
    service.by_session(token)
    assert service.devices(ada.id)[0].last_seen_at == clock.now()


def test_devices_are_listed_by_last_sight_with_clean_names(
    service: AccountService, ada: Account, key: SecretBytes, clock: FixedClock
) -> None:
    enter(service, key, "Firefox\x1b[31m on\nLinux")
    clock.advance(timedelta(minutes=1))
    enter(service, key, "\x00")
    assert [d.device for d in service.devices(ada.id)] == ["An unknown device", "Firefox [31m on Linux"]


def test_an_account_keeps_a_bounded_number_of_sessions(
    service: AccountService,
    ada: Account,
    key: SecretBytes,
    clock: FixedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(service_module, "MOST_SESSIONS", 3)
    tokens = []
    for _ in range(5):
        clock.advance(timedelta(minutes=1))
        tokens.append(enter(service, key)[1])
    assert [service.by_session(token) is not None for token in tokens] == [False, False, True, True, True]


@pytest.mark.parametrize("token", ["", "x", "mt_x", "\x00", "é", "x" * 100_000])
def test_made_up_tokens_are_nobody(service: AccountService, ada: Account, token: str) -> None:
    assert service.by_session(token) is None
    assert service.by_token(token) is None


def test_cookies_and_api_tokens_do_not_stand_in_for_each_other(
    service: AccountService, ada: Account, key: SecretBytes
) -> None:
    _, token = enter(service, key)
    api_token = service.create_token(ada.id, "").text.reveal().decode()
    assert service.by_token(token) is None
    assert service.by_session(api_token) is None


# Password and recovery


def test_a_password_change_ends_other_sessions_and_renews_this_one(
    service: AccountService, ada: Account, key: SecretBytes
) -> None:
    _, token = enter(service, key)
    _, other = enter(service, key)
    api_token = service.create_token(ada.id, "").text.reveal().decode()
    asker, changed = recognised(service, token), new_password()
    renewed = service.change_password(asker, key, changed).reveal().decode()
    assert service.by_session(token) is None
    assert service.by_session(other) is None
    assert recognised(service, renewed).session_id == asker.session_id
    assert service.by_token(api_token) is not None
    assert fault_of(lambda: service.log_in("ada", key, "")).name == "wrong_login"
    assert service.prelogin("ada") == changed.salt
    assert enter(service, changed.auth_key)[0].keys.wrapped_private == changed.wrapped_private


def test_a_wrong_old_password_changes_nothing(
    service: AccountService, ada: Account, key: SecretBytes
) -> None:
    _, token = enter(service, key)
    fault = fault_of(lambda: service.change_password(recognised(service, token), WRONG, new_password()))
    assert fault.name == "wrong_password"
    assert service.by_session(token) is not None
    enter(service, key)


def test_neither_an_api_token_nor_a_revoked_session_changes_the_password(
    service: AccountService, ada: Account, key: SecretBytes
) -> None:
    by_token = service.by_token(service.create_token(ada.id, "").text.reveal().decode())
    login, token = enter(service, key)
    revoked = recognised(service, token)
    service.revoke_device(ada.id, login.session_id)
    for asker in (by_token, revoked):
        assert asker is not None
        fault = fault_of(lambda asker=asker: service.change_password(asker, key, new_password()))  # type: ignore[misc]
        assert fault.name == "login_needed"


def test_a_recovery_code_sets_a_new_password_once(
    service: AccountService, ada: Account, key: SecretBytes, registration: Registration
) -> None:
    _, token = enter(service, key)
    code = registration.recovery.auth_key
    assert service.begin_recovery("ADA", code) == registration.recovery.wrapped_private
    password, recovery = new_password(), new_recovery()
    assert service.recover("Ada", code, password, recovery) == ada
    assert service.by_session(token) is None
    assert fault_of(lambda: service.log_in("ada", key, "")).name == "wrong_login"
    enter(service, password.auth_key)
    spent = fault_of(lambda: service.recover("ada", code, new_password(), new_recovery()))
    assert spent.name == "wrong_recovery_code"
    assert service.begin_recovery("ada", recovery.auth_key) == recovery.wrapped_private


def test_passwords_and_recovery_codes_do_not_stand_in_for_each_other(
    service: AccountService, ada: Account, key: SecretBytes, registration: Registration
) -> None:
    assert fault_of(lambda: service.begin_recovery("ada", key)).name == "wrong_recovery_code"
    code = registration.recovery.auth_key
    assert fault_of(lambda: service.log_in("ada", code, "")).name == "wrong_login"


def test_recovery_refuses_unknown_names_and_wrong_codes_alike_and_not_too_often(
    service: AccountService, ada: Account
) -> None:
    known = fault_of(lambda: service.begin_recovery("ada", WRONG))
    unknown = fault_of(lambda: service.begin_recovery("nobody", WRONG))
    assert vars(known) == vars(unknown)
    names = [fault_of(lambda: service.begin_recovery("ada", WRONG)).name for _ in range(10)]
    assert names[-1] == "too_many_tries"


# API tokens


def test_api_tokens_are_marked_listed_used_and_revoked(
    service: AccountService, ada: Account, clock: FixedClock
) -> None:
    issued = service.issue_token("ada", " nightly\nbackup ")
    text = issued.text.reveal().decode()
    assert text.startswith("mt_")
    assert issued.info.label == "nightly backup"
    assert service.tokens(ada.id)[0].last_used_at is None
    principal = service.by_token(text)
    assert principal == Principal(ada.id, "Ada", Role.CREATOR, token_id=issued.info.id)
    assert service.tokens(ada.id)[0].last_used_at == clock.now()
    service.revoke_token(ada.id, issued.info.id)
    assert service.by_token(text) is None
    assert service.tokens(ada.id) == []


def test_an_account_has_a_bounded_number_of_api_tokens(
    service: AccountService, ada: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_module, "MOST_TOKENS", 2)
    service.issue_token("ada", "one")
    service.issue_token("ada", "two")
    assert fault_of(lambda: service.issue_token("ada", "three")).name == "too_many_tokens"
    assert fault_of(lambda: service.issue_token("nobody", "")).code is Code.NOT_FOUND


# Secrets


def test_no_secret_shows_in_a_face_or_in_the_log(
    service: AccountService,
    ada: Account,
    key: SecretBytes,
    registration: Registration,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    login, token = enter(service, key)
    issued = service.create_token(ada.id, "")
    faults = [
        fault_of(lambda: service.log_in("ada", WRONG, "")),
        fault_of(lambda: service.register("ada", registration)),
    ]
    shown = " ".join(map(repr, [login, issued, registration, service, *faults])) + caplog.text
    hidden = [token, issued.text.reveal().decode()]
    for secret in (key, WRONG, registration.recovery.auth_key):
        hidden += [repr(secret.reveal())[2:-1], secret.reveal().hex()]
    assert [text for text in hidden if text in shown] == []
