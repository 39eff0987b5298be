"""What accounts can do: register, log in, be recognised, change and recover the password."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from streaming.accounts import devices, names, store
from streaming.accounts.credentials import Credentials, invented_salt
from streaming.accounts.model import AccountRow, SessionRow, TokenRow
from streaming.accounts.principal import Principal, Role
from streaming.accounts.throttle import Kind, Throttle
from streaming.accounts.values import (
    Account,
    AccountKeys,
    ApiToken,
    Device,
    IssuedToken,
    Login,
    Password,
    Recovery,
    Registration,
    Seen,
)
from streaming.clock import Clock
from streaming.db.engine import Database
from streaming.errors import Code, Fault, not_found
from streaming.ids import AccountId, new_id, new_token, token_hash
from streaming.keys.proofs import StoredKey
from transcoder.keys.secret import SecretBytes

IDLE = timedelta(days=30)
ABSOLUTE = timedelta(days=90)
TOUCH = timedelta(minutes=1)
MOST_SESSIONS = 50
MOST_TOKENS = 50
TOKEN_PREFIX = "mt_"  # noqa: S105  # a mark that leak scanners can look for, no secret
_LONGEST_BEARER = 200


class AccountService:
    """Everything about accounts.

    `salt_secret` (32 bytes, derived from the root key for this purpose alone) makes up salts for names
    that nobody has. `open_role` is the role of people who register by themselves; None closes it.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        throttle: Throttle,
        *,
        salt_secret: SecretBytes,
        open_role: Role | None,
    ) -> None:
        self.throttle = throttle
        self._database = database
        self._clock = clock
        self._salt_secret = salt_secret
        self._open_role = open_role
        self._decoy = Credentials.decoy()

    # Becoming somebody

    @property
    def is_open(self) -> bool:
        """Whether people may register by themselves."""
        return self._open_role is not None

    def register(self, name: str, registration: Registration) -> Account:
        """Make an account for somebody who came by. Raises `Fault` FORBIDDEN, INVALID or CONFLICT."""
        if self._open_role is None:
            raise Fault(
                Code.FORBIDDEN,
                "This house takes no registrations.",
                "Ask the person who runs it for an account.",
                name="registration_closed",
            )
        return self.add_account(name, self._open_role, registration)

    def add_account(self, name: str, role: Role, registration: Registration) -> Account:
        """Make an account of any role. Raises `Fault` INVALID for a bad name, CONFLICT for a taken one."""
        wanted, now = names.parse(name), self._clock.now()
        row = AccountRow(
            id=new_id("ac"),
            name=wanted.shown,
            name_key=wanted.key,
            role=role.value,
            created_at=now,
            x25519_public=registration.x25519_public,
            ed25519_public=registration.ed25519_public,
        )
        _set_password(row, registration.password, now)
        _set_recovery(row, registration.recovery)
        try:
            with self._database.write() as db:
                db.add(row)
        except IntegrityError:
            raise _name_taken(wanted.shown) from None
        return store.account_value(row)

    def prelogin(self, name: str) -> bytes:
        """Give the salt (16 bytes) for a name; names that nobody has get one that never changes."""
        key = names.key_of(name)
        invented, found = invented_salt(self._salt_secret, key), self._credentials(key)
        return found.client_salt if found.account_id else invented

    def _credentials(self, name_key: str) -> Credentials:
        with self._database.read() as db:
            return store.credentials(db, name_key, self._decoy)

    # Logging in

    def log_in(self, name: str, auth_key: SecretBytes, device: str) -> Login:
        """Begin a session. Raises the same `Fault` for a wrong key and a name that nobody has."""
        key = names.key_of(name)
        self.throttle.take(Kind.LOGIN_NAME, key)
        found = self._credentials(key)
        if not found.password.matches(auth_key) or not found.account_id:
            raise _wrong_login()
        return self._begin_session(found.account_id, found.password, device)

    def _begin_session(self, account_id: str, checked: StoredKey, device: str) -> Login:
        token, now = new_token(), self._clock.now()
        with self._database.write() as db:
            account = store.account_by_id(db, account_id)
            if account is None or store.password_key(account) != checked:
                raise _wrong_login()  # the password was changed since it was checked
            store.delete_stale_sessions(db, account.id, now, MOST_SESSIONS - 1)
            session = SessionRow(
                id=new_id("se"),
                account_id=account.id,
                token_hash=token_hash(token),
                device=devices.tidy(device) or devices.UNKNOWN,
                created_at=now,
                last_seen_at=now,
                expires_at=now + IDLE,
            )
            db.add(session)
        info = store.device_value(session)
        return Login(
            store.account_value(account),
            store.keys_value(account),
            info.id,
            SecretBytes(token.encode()),
            info.expires_at,
        )

    def log_out(self, token: str) -> None:
        """End the session of a cookie, whether or not it is still live."""
        with self._database.write() as db:
            store.delete_session_by_hash(db, token_hash(token))

    # Being recognised

    def by_session(self, token: str) -> Principal | None:
        """Say who a session cookie belongs to; None if it is unknown, revoked or expired."""
        now = self._clock.now()
        if len(token) > _LONGEST_BEARER:
            return None
        with self._database.read() as db:
            found = store.session_by_hash(db, token_hash(token), now)
        if found is None:
            return None
        session, account = found
        if now - session.last_seen_at >= TOUCH:
            with self._database.write() as db:
                store.touch_session(db, session.id, now, min(now + IDLE, session.created_at + ABSOLUTE))
        return store.session_principal(session, account)

    def by_token(self, token: str) -> Principal | None:
        """Say who an API token belongs to; None if it is unknown or revoked."""
        now = self._clock.now()
        if len(token) > _LONGEST_BEARER or not token.startswith(TOKEN_PREFIX):
            return None
        with self._database.read() as db:
            found = store.token_by_hash(db, token_hash(token))
        if found is None:
            return None
        row, account = found
        if row.last_used_at is None or now - row.last_used_at >= TOUCH:
            with self._database.write() as db:
                store.touch_token(db, row.id, now)
        return store.token_principal(row, account)

    def account(self, account_id: AccountId) -> tuple[Account, AccountKeys]:
        """Give an account and its keys. Raises `Fault` NOT_FOUND."""
        with self._database.read() as db:
            row = store.account_by_id(db, account_id)
        if row is None:
            raise not_found("account")
        return store.account_value(row), store.keys_value(row)

    def named(self, name: str) -> Account:
        """Find an account by its name, in any spelling. Raises `Fault` NOT_FOUND."""
        with self._database.read() as db:
            return store.account_value(_found(db, name))

    def names_of(self, ids: Iterable[AccountId]) -> dict[AccountId, str]:
        """Give the public face of accounts, which is their names alone; absent ids are left out."""
        with self._database.read() as db:
            return store.account_names(db, ids)

    # Devices

    def everyone(self, limit: int = 500) -> list[Seen]:
        """List the house's accounts by name, for its operator."""
        with self._database.read() as db:
            return store.accounts_seen(db, limit)

    def devices(self, account_id: AccountId) -> list[Device]:
        """List the live logins of an account, the last seen first."""
        with self._database.read() as db:
            return [store.device_value(row) for row in store.live_sessions(db, account_id, self._clock.now())]

    def revoke_device(self, account_id: AccountId, session_id: str) -> None:
        """End one login; it is dead with the next request. Raises `Fault` NOT_FOUND."""
        with self._database.write() as db:
            if not store.delete_session(db, account_id, session_id):
                raise not_found("login")

    # Changing and recovering the password

    def change_password(self, asker: Principal, old_auth_key: SecretBytes, new: Password) -> SecretBytes:
        """Set a new password, end every other login, and give this login's new session token.

        Raises `Fault` FORBIDDEN for a wrong old key, or when asked with an API token.
        """
        self.throttle.take(Kind.PASSWORD_ACCOUNT, asker.account_id)
        token, now = new_token(), self._clock.now()
        with self._database.write() as db:
            row = store.account_by_id(db, asker.account_id)
            session = store.session_of(db, asker.account_id, asker.session_id or "")
            if row is None or session is None:
                raise Fault(
                    Code.FORBIDDEN,
                    "The password can be changed only by somebody who is logged in.",
                    "Log in with name and password, then change it.",
                    name="login_needed",
                )
            if not store.password_key(row).matches(old_auth_key):
                raise _wrong_password()
            _set_password(row, new, now)
            session.token_hash = token_hash(token)
            store.delete_sessions(db, row.id, keep=session.id)
        return SecretBytes(token.encode())

    def begin_recovery(self, name: str, recovery_auth_key: SecretBytes) -> bytes:
        """Give the private keys wrapped under the recovery code to somebody who has the code."""
        return self._recovering(name, recovery_auth_key).recovery_wrapped

    def recover(
        self, name: str, recovery_auth_key: SecretBytes, password: Password, recovery: Recovery
    ) -> Account:
        """Set a new password and a new recovery code, and end every login. API tokens stay."""
        checked = self._recovering(name, recovery_auth_key)
        with self._database.write() as db:
            row = store.account_by_id(db, checked.account_id)
            if row is None or store.recovery_key(row) != checked.recovery:
                raise _wrong_code()  # the code was spent since it was checked
            _set_password(row, password, self._clock.now())
            _set_recovery(row, recovery)
            store.delete_sessions(db, row.id)
            return store.account_value(row)

    def _recovering(self, name: str, recovery_auth_key: SecretBytes) -> Credentials:
        key = names.key_of(name)
        self.throttle.take(Kind.RECOVER_NAME, key)
        found = self._credentials(key)
        if not found.recovery.matches(recovery_auth_key) or not found.account_id:
            raise _wrong_code()
        return found

    # API tokens

    def issue_token(self, name: str, label: str) -> IssuedToken:
        """Make an API token for the account called `name`. Raises `Fault` NOT_FOUND, CONFLICT."""
        return self.create_token(self.named(name).id, label)

    def create_token(self, account_id: AccountId, label: str) -> IssuedToken:
        """Make an API token; its text is told here and never again. Raises `Fault` CONFLICT when full."""
        text = new_token(TOKEN_PREFIX)
        row = TokenRow(
            id=new_id("tk"),
            account_id=account_id,
            token_hash=token_hash(text),
            label=devices.tidy(label) or "API token",
            created_at=self._clock.now(),
            last_used_at=None,
        )
        with self._database.write() as db:
            if store.count_tokens(db, account_id) >= MOST_TOKENS:
                raise Fault(
                    Code.CONFLICT,
                    f"This account has {MOST_TOKENS} API tokens already.",
                    "Revoke one that is no longer used.",
                    name="too_many_tokens",
                )
            db.add(row)
        return IssuedToken(store.token_value(row), SecretBytes(text.encode()))

    def tokens(self, account_id: AccountId) -> list[ApiToken]:
        """List an account's API tokens, the newest first."""
        with self._database.read() as db:
            return [store.token_value(row) for row in store.tokens_of(db, account_id)]

    def revoke_token(self, account_id: AccountId, token_id: str) -> None:
        """End one API token; it is dead with the next request. Raises `Fault` NOT_FOUND."""
        with self._database.write() as db:
            if not store.delete_token(db, account_id, token_id):
                raise not_found("API token")


def _set_password(row: AccountRow, password: Password, now: datetime) -> None:
    stored = StoredKey.of(password.auth_key)
    row.client_salt, row.wrapped_private = password.salt, password.wrapped_private
    row.auth_salt, row.auth_digest = stored.salt, stored.digest
    row.password_changed_at = now


def _set_recovery(row: AccountRow, recovery: Recovery) -> None:
    stored = StoredKey.of(recovery.auth_key)
    row.recovery_salt, row.recovery_digest = stored.salt, stored.digest
    row.recovery_wrapped_private = recovery.wrapped_private


def _found(db: Session, name: str) -> AccountRow:
    row = store.account_by_key(db, names.key_of(name))
    if row is None:
        raise Fault(
            Code.NOT_FOUND,
            "There is no account of that name.",
            "Check the spelling; capitals do not matter.",
            name="unknown_account",
        )
    return row


def _name_taken(name: str) -> Fault:
    sentence = f"The name {name} is taken."
    told = {"errors": [{"field": "name", "sentence": sentence}]}
    return Fault(Code.CONFLICT, sentence, "Choose another, or log in.", name="name_taken", extra=told)


def _wrong_login() -> Fault:
    return Fault(
        Code.UNAUTHENTICATED,
        "The name and the password do not belong together.",
        "Check both, or use your recovery code.",
        name="wrong_login",
    )


def _wrong_password() -> Fault:
    return Fault(
        Code.FORBIDDEN,
        "The old password is not right.",
        "Check it, or log out and use your recovery code.",
        name="wrong_password",
    )


def _wrong_code() -> Fault:
    return Fault(
        Code.UNAUTHENTICATED,
        "The name and the recovery code do not belong together.",
        "Check both; O and 0, I and 1 count as the same.",
        name="wrong_recovery_code",
    )
