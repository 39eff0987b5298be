"""Who is asking: roles, and the principal a request acts as."""

from dataclasses import dataclass
from enum import StrEnum

from streaming.ids import AccountId, SessionId, TokenId


class Role(StrEnum):
    """What an account may do; each role may do all that the ones before it may."""

    VIEWER = "viewer"
    CREATOR = "creator"
    ADMIN = "admin"

    def covers(self, needed: "Role") -> bool:
        """Tell whether this role may do what `needed` may do."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated account, through a login (`session_id`) or an API token (`token_id`)."""

    account_id: AccountId
    name: str
    role: Role
    session_id: SessionId | None = None
    token_id: TokenId | None = None
