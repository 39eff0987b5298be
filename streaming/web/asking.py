"""Who is asking, in the words of each feature."""

from streaming.accounts.principal import Principal, Role
from streaming.catalogue.values import Asker
from streaming.licences.values import Actor


def asker(who: Principal) -> Asker:
    """In the catalogue's words."""
    return Asker(who.account_id, admin=who.role is Role.ADMIN)


def actor(who: Principal) -> Actor:
    """In the licences' words."""
    return Actor(who.account_id, who.name, admin=who.role is Role.ADMIN)
