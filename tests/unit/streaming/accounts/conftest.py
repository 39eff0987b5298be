"""A database in a temporary folder, a clock that stands still, and an accounts service on both."""

import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from streaming.accounts.principal import Role
from streaming.accounts.service import AccountService
from streaming.accounts.throttle import Throttle
from streaming.accounts.values import Password, Recovery, Registration
from streaming.clock import FixedClock
from streaming.db.base import Base
from streaming.db.engine import Database, open_engine
from transcoder.keys.secret import SecretBytes

MakeService = Callable[..., AccountService]


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 1, 1, 12, tzinfo=UTC))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(open_engine(f"sqlite:///{tmp_path / 'house.sqlite'}"))
    tables = [Base.metadata.tables[name] for name in ("accounts", "auth_sessions", "api_tokens")]
    Base.metadata.create_all(database.engine, tables=tables)
    yield database
    database.close()


@pytest.fixture
def make_service(database: Database, clock: FixedClock) -> MakeService:
    def make(open_role: Role | None = Role.CREATOR) -> AccountService:
        return AccountService(
            database, clock, Throttle(clock), salt_secret=SecretBytes(b"s" * 32), open_role=open_role
        )

    return make


@pytest.fixture
def service(make_service: MakeService) -> AccountService:
    return make_service()


@pytest.fixture
def registration() -> Registration:
    """What a client would send, without the cost of Argon2id."""
    return Registration(
        Password(secrets.token_bytes(16), SecretBytes(secrets.token_bytes(32)), secrets.token_bytes(92)),
        secrets.token_bytes(32),
        secrets.token_bytes(32),
        Recovery(SecretBytes(secrets.token_bytes(32)), secrets.token_bytes(92)),
    )
