"""A pause in a request's body that tests wait for and end."""

import asyncio


class Pause(asyncio.Event):
    """Holds a body up between two pieces until it is set; `reached` is set when the house asks for more."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = asyncio.Event()
