"""Canned data: every room in every state, for the gallery and its tests."""

from player.canned.base import State
from player.canned.figures import FIGURES
from player.canned.house import ACCOUNTS, ERRORS, HOUSES, WAYS_IN
from player.canned.licences import ISSUES, LINKS, TRANSFERS
from player.canned.offers import OFFERED
from player.canned.studio import STUDIOS
from player.canned.watching import DOORS, FILMS, FOYERS, SCREENS

STATES: tuple[State, ...] = (
    *FOYERS, *FILMS, *SCREENS, *DOORS, *STUDIOS, *FIGURES, *ISSUES, *LINKS, *TRANSFERS, *OFFERED,
    *ACCOUNTS, *WAYS_IN, *ERRORS, *HOUSES,
)  # fmt: skip

__all__ = ["STATES", "State"]
