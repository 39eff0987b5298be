"""The `matinee` command."""


def main() -> None:
    """Run the command line; imported late, so that the house's own processes stay small."""
    from streaming.cli.app import run

    run()
