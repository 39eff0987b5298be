"""The `matinee` command: its parts, its exit codes, and the one place where faults become sentences.

Exit codes: 0 done, 1 refused or failed, 2 the command was typed wrong, 3 not signed in or not allowed,
4 no such thing, 5 the film could not be published, 6 the house does not answer, 130 stopped with Ctrl-C.
"""

import sys

import typer

from streaming.cli import cpix, extras, house, licences, offer_change, offers, play, publish, titles
from streaming.errors import Code, Fault
from transcoder.standalone.output import err, plain

EXIT_CODES = {
    Code.UNAUTHENTICATED: 3,
    Code.FORBIDDEN: 3,
    Code.NOT_FOUND: 4,
    Code.GONE: 4,
    Code.UNAVAILABLE: 6,
}

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Matinee: encrypted film streaming that one person starts with one command.",
    epilog="Exit codes: 0 done, 1 refused, 2 typed wrong, 3 not signed in or not allowed, 4 no such thing, "
    "5 the film could not be published, 6 the house does not answer.",
)
house.register(app)
publish.register(app)
titles.register(app)
cpix.register(titles.group)
extras.register(app)
licences.register(app)
offers.register(app)
offer_change.register()
play.register(app)


def run() -> None:
    """Run the command and end with its exit code; a fault is a sentence on stderr, never a traceback."""
    try:
        app(standalone_mode=True)
    except Fault as fault:
        sys.exit(report(fault))
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(141)


def report(fault: Fault) -> int:
    """Say a fault on stderr; gives the exit code."""
    err.print(f"[bold red]matinee:[/bold red] {plain(fault.sentence)}", soft_wrap=True)
    if fault.hint:
        err.print(f"         {plain(fault.hint)}", soft_wrap=True)
    err.print(f"         [dim]({plain(fault.name)})[/dim]", soft_wrap=True)
    return 5 if isinstance(fault, publish.NotPublished) else EXIT_CODES.get(fault.code, 1)
