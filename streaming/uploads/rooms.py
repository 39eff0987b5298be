"""What an account may still send without having announced it: one count for all its uploads under way."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from streaming.ids import AccountId


@dataclass
class Room:
    """Bytes that are `left`; every upload under way that shares the room takes from it."""

    left: int
    users: int = 0

    def take(self, size: int) -> bool:
        """Take `size` bytes, or nothing if they do not fit."""
        if size > self.left:
            return False
        self.left -= size
        return True

    @contextmanager
    def used(self) -> Iterator["Room"]:
        """Count as somebody who takes from it."""
        self.users += 1
        try:
            yield self
        finally:
            self.users -= 1


class Rooms:
    """The rooms of accounts with uploads of unknown length under way, in one event loop.

    The disk's ledgers know only what is acknowledged. Were each upload measured against those alone, many
    at once would each get the whole quota.
    """

    def __init__(self) -> None:
        self._rooms: dict[AccountId, Room] = {}

    async def enter(self, owner: AccountId, measure: Callable[[], Awaitable[int]]) -> Room:
        """Give the room that the owner's uploads share; `measure` is asked when nobody is in it."""
        room = self._rooms.get(owner)
        if room is not None and room.users:
            return room
        left = await measure()
        room = self._rooms.get(owner)  # another upload may have come meanwhile
        if room is None or not room.users:
            room = self._rooms[owner] = Room(left)
        return room

    def announce(self, owner: AccountId, size: int) -> None:
        """Take what a new upload of known length is going to need."""
        if owner in self._rooms:
            self._rooms[owner].left -= size

    def leave(self, owner: AccountId) -> None:
        """Forget a room that nobody is in."""
        room = self._rooms.get(owner)
        if room is not None and not room.users:
            del self._rooms[owner]
