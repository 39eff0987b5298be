"""SQL of accounts: every statement there is, and rows turned into values."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, Delete, delete, func, literal, select, union_all, update
from sqlalchemy.orm import Session

from streaming.accounts.credentials import Credentials
from streaming.accounts.model import AccountRow, SessionRow, TokenRow
from streaming.accounts.principal import Principal, Role
from streaming.accounts.values import Account, AccountKeys, ApiToken, Device, Seen
from streaming.ids import AccountId, SessionId, TokenId
from streaming.keys.proofs import StoredKey


def account_by_id(db: Session, account_id: str) -> AccountRow | None:
    """Find an account."""
    return db.get(AccountRow, account_id)


def account_by_key(db: Session, name_key: str) -> AccountRow | None:
    """Find an account by its caseless name."""
    return db.scalars(select(AccountRow).where(AccountRow.name_key == name_key)).one_or_none()


def credentials(db: Session, name_key: str, decoy: Credentials) -> Credentials:
    """Find what a name is checked against, or else the decoy: one statement and one row in either case.

    Loading a row takes longer than finding none, which would tell a patient listener who exists.
    """
    real = select(
        literal(0).label("rank"),
        AccountRow.id,
        AccountRow.client_salt,
        AccountRow.auth_salt,
        AccountRow.auth_digest,
        AccountRow.recovery_salt,
        AccountRow.recovery_digest,
        AccountRow.recovery_wrapped_private,
    ).where(AccountRow.name_key == name_key)
    false = select(
        literal(1),
        literal(decoy.account_id),
        literal(decoy.client_salt),
        literal(decoy.password.salt),
        literal(decoy.password.digest),
        literal(decoy.recovery.salt),
        literal(decoy.recovery.digest),
        literal(decoy.recovery_wrapped),
    )
    row = db.execute(union_all(real, false).order_by("rank").limit(1)).one()
    return Credentials(row[1], row[2], StoredKey(row[3], row[4]), StoredKey(row[5], row[6]), row[7])


def account_names(db: Session, ids: Iterable[str]) -> dict[AccountId, str]:
    """Look up the names of several accounts."""
    found = db.execute(select(AccountRow.id, AccountRow.name).where(AccountRow.id.in_(set(ids))))
    return {AccountId(account_id): name for account_id, name in found}


def accounts_seen(db: Session, limit: int) -> list[Seen]:
    """List accounts by name, with the last time any of their logins was used."""
    rows = db.execute(
        select(AccountRow, func.max(SessionRow.last_seen_at))
        .outerjoin(SessionRow, SessionRow.account_id == AccountRow.id)
        .group_by(AccountRow.id)
        .order_by(AccountRow.name_key)
        .limit(limit)
    )
    return [Seen(account_value(account), at) for account, at in rows]


def session_by_hash(db: Session, token_hash: bytes, now: datetime) -> tuple[SessionRow, AccountRow] | None:
    """Find a live session and its account."""
    found = db.execute(
        select(SessionRow, AccountRow)
        .join(AccountRow, AccountRow.id == SessionRow.account_id)
        .where(SessionRow.token_hash == token_hash, SessionRow.expires_at > now)
    ).one_or_none()
    return None if found is None else (found[0], found[1])


def token_by_hash(db: Session, token_hash: bytes) -> tuple[TokenRow, AccountRow] | None:
    """Find an API token and its account."""
    found = db.execute(
        select(TokenRow, AccountRow)
        .join(AccountRow, AccountRow.id == TokenRow.account_id)
        .where(TokenRow.token_hash == token_hash)
    ).one_or_none()
    return None if found is None else (found[0], found[1])


def live_sessions(db: Session, account_id: str, now: datetime) -> Sequence[SessionRow]:
    """List an account's live sessions, the last seen first."""
    return db.scalars(
        select(SessionRow)
        .where(SessionRow.account_id == account_id, SessionRow.expires_at > now)
        .order_by(SessionRow.last_seen_at.desc(), SessionRow.id)
    ).all()


def session_of(db: Session, account_id: str, session_id: str) -> SessionRow | None:
    """Find one session of one account."""
    return db.scalars(
        select(SessionRow).where(SessionRow.account_id == account_id, SessionRow.id == session_id)
    ).one_or_none()


def touch_session(db: Session, session_id: str, now: datetime, expires_at: datetime) -> None:
    """Note that a session was seen; nothing happens if it is gone."""
    db.execute(
        update(SessionRow)
        .where(SessionRow.id == session_id, SessionRow.last_seen_at < now)
        .values(last_seen_at=now, expires_at=expires_at)
    )


def touch_token(db: Session, token_id: str, now: datetime) -> None:
    """Note that an API token was used."""
    db.execute(update(TokenRow).where(TokenRow.id == token_id).values(last_used_at=now))


def delete_session(db: Session, account_id: str, session_id: str) -> bool:
    """End one session of one account; tell whether it was there."""
    return _deleted(
        db, delete(SessionRow).where(SessionRow.account_id == account_id, SessionRow.id == session_id)
    )


def delete_sessions(db: Session, account_id: str, *, keep: str = "") -> None:
    """End every session of an account but `keep`."""
    db.execute(delete(SessionRow).where(SessionRow.account_id == account_id, SessionRow.id != keep))


def delete_session_by_hash(db: Session, token_hash: bytes) -> None:
    """End the session a token belongs to, if there is one."""
    db.execute(delete(SessionRow).where(SessionRow.token_hash == token_hash))


def delete_stale_sessions(db: Session, account_id: str, now: datetime, at_most: int) -> None:
    """Sweep an account's expired sessions and, beyond `at_most`, the longest unseen ones."""
    newest = (
        select(SessionRow.id)
        .where(SessionRow.account_id == account_id, SessionRow.expires_at > now)
        .order_by(SessionRow.last_seen_at.desc())
        .limit(at_most)
    )
    kept = db.scalars(newest).all()
    db.execute(delete(SessionRow).where(SessionRow.account_id == account_id, SessionRow.id.not_in(kept)))


def tokens_of(db: Session, account_id: str) -> Sequence[TokenRow]:
    """List an account's API tokens, the newest first."""
    return db.scalars(
        select(TokenRow)
        .where(TokenRow.account_id == account_id)
        .order_by(TokenRow.created_at.desc(), TokenRow.id)
    ).all()


def count_tokens(db: Session, account_id: str) -> int:
    """Count an account's API tokens."""
    return db.scalar(select(func.count()).where(TokenRow.account_id == account_id)) or 0


def delete_token(db: Session, account_id: str, token_id: str) -> bool:
    """End one API token of one account; tell whether it was there."""
    return _deleted(db, delete(TokenRow).where(TokenRow.account_id == account_id, TokenRow.id == token_id))


def _deleted(db: Session, statement: Delete) -> bool:
    return cast("CursorResult[Any]", db.execute(statement)).rowcount > 0


def account_value(row: AccountRow) -> Account:
    """Turn a row into what its owner sees."""
    return Account(AccountId(row.id), row.name, Role(row.role), row.created_at)


def keys_value(row: AccountRow) -> AccountKeys:
    """Turn a row into the account's keys."""
    return AccountKeys(row.x25519_public, row.ed25519_public, row.wrapped_private)


def password_key(row: AccountRow) -> StoredKey:
    """Give the stored key that logins are checked against."""
    return StoredKey(row.auth_salt, row.auth_digest)


def recovery_key(row: AccountRow) -> StoredKey:
    """Give the stored key that recoveries are checked against."""
    return StoredKey(row.recovery_salt, row.recovery_digest)


def device_value(row: SessionRow) -> Device:
    """Turn a row into an entry of the list of devices."""
    return Device(SessionId(row.id), row.device, row.created_at, row.last_seen_at, row.expires_at)


def token_value(row: TokenRow) -> ApiToken:
    """Turn a row into an entry of the list of API tokens."""
    return ApiToken(TokenId(row.id), row.label, row.created_at, row.last_used_at)


def session_principal(session: SessionRow, account: AccountRow) -> Principal:
    """Turn a live session into who is asking."""
    return Principal(
        AccountId(account.id), account.name, Role(account.role), session_id=SessionId(session.id)
    )


def token_principal(token: TokenRow, account: AccountRow) -> Principal:
    """Turn an API token into who is asking."""
    return Principal(AccountId(account.id), account.name, Role(account.role), token_id=TokenId(token.id))
