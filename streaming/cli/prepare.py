"""Makes a data folder ready: folders, root key, database migrated to the newest shape."""

import sys

from streaming.db import scratch
from streaming.db.engine import open_engine
from streaming.db.migrate import upgrade
from streaming.errors import Fault
from streaming.keys.root import load_or_make
from streaming.settings import Settings


def prepare(settings: Settings) -> None:
    """Make everything below `settings.data` ready. Raises `Fault` with the mend."""
    scratch.remove(settings.data)
    for folder in (settings.data, settings.uploads_folder, settings.objects_folder):
        folder.mkdir(parents=True, exist_ok=True)
    settings.data.chmod(0o700)
    load_or_make(settings.root_key_file)
    engine = open_engine(settings.database_url)
    try:
        upgrade(engine)
    finally:
        engine.dispose()
    for file in settings.data.glob("*.sqlite*"):
        file.chmod(0o600)  # a copy that keeps modes leaves the folder's behind


def main() -> int:
    """Prepare by the environment; gives the exit code."""
    try:
        prepare(Settings())
    except Fault as fault:
        print(f"matinee: {fault.sentence} {fault.hint}", file=sys.stderr)
        return 1
    except OSError as fault:
        print(f"matinee: the data folder cannot be used: {fault}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
