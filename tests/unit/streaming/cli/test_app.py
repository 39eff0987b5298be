"""The command line as a whole."""

import subprocess
import sys

HEAVY = ("sqlalchemy", "pydantic", "fastapi", "cryptography", "streaming.wiring")
SEE = "import sys, streaming.cli.app; print(*(one for one in sys.argv[1:] if one in sys.modules))"


def test_a_command_that_asks_a_house_loads_nothing_that_only_a_house_needs() -> None:
    done = subprocess.run([sys.executable, "-c", SEE, *HEAVY], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
