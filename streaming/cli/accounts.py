"""Accounts from the command line: derived here like in a browser, written to the data folder directly."""

from dataclasses import dataclass

from streaming.accounts import vault
from streaming.accounts.principal import Role
from streaming.errors import Code, Fault
from streaming.settings import Settings
from streaming.wiring import Services, open_services
from transcoder.keys.secret import SecretBytes


@dataclass(frozen=True, slots=True)
class MadeAccount:
    """A new account, with the recovery code that is shown once."""

    id: str
    name: str
    role: str
    recovery_code: str


def add_account(settings: Settings, name: str, role: str, password: SecretBytes) -> MadeAccount:
    """Make an account. Raises `Fault` for a bad or taken name, an unknown role or a short password."""
    wanted = _role(role)
    new = vault.new_account(password)
    with open_services(settings) as services:
        account = services.accounts.add_account(name, wanted, new.registration)
    return MadeAccount(account.id, account.name, account.role.value, new.recovery_code.reveal().decode())


def ensure_account(services: Services, name: str, role: Role, password: SecretBytes) -> None:
    """Make an account unless there is one of that name."""
    try:
        services.accounts.named(name)
    except Fault as fault:
        if fault.code is not Code.NOT_FOUND:
            raise
        services.accounts.add_account(name, role, vault.new_account(password).registration)


def issue_token(settings: Settings, name: str, label: str) -> str:
    """Give the text of a new API token. Raises `Fault` NOT_FOUND for an unknown name."""
    with open_services(settings) as services:
        return services.accounts.issue_token(name, label).text.reveal().decode()


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError:
        raise Fault(
            Code.INVALID,
            f"“{text[:20]}” is not a role.",
            "Roles are: viewer, creator, admin.",
            name="bad_role",
        ) from None
