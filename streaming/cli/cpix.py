"""`matinee title cpix …`: a film's keys for a DRM vendor, and what the vendor says to players.

Both act on this machine's data folder: keys leave the house by its own command line alone, never by HTTP.
"""

from pathlib import Path
from typing import Annotated

import typer

from streaming.cli.house import Data, settings_for
from streaming.errors import Code, Fault

TitleArgument = Annotated[str, typer.Argument(help="The title's id, like ti_….", metavar="ID")]

group = typer.Typer(no_args_is_help=True, help="Exchange keys and signalling with a DRM vendor (CPIX 2.3).")


def register(titles: typer.Typer) -> None:
    """Hang the commands on `matinee title`."""
    titles.add_typer(group, name="cpix")


@group.command("export")
def export(
    title: TitleArgument,
    out_file: Annotated[Path, typer.Option("--out", help="The file to write.", metavar="FILE")],
    certificate: Annotated[
        list[Path] | None,
        typer.Option("--certificate", help="A recipient's X.509 certificate (PEM); again for more of them."),
    ] = None,
    in_clear: Annotated[
        bool,
        typer.Option("--keys-in-clear", help="Write the keys unencrypted: whoever reads them has the film."),
    ] = False,
    system: Annotated[
        list[str] | None,
        typer.Option("--system", help="Ask the vendor to fill in for this DRM system id; again for more."),
    ] = None,
    data: Data = None,
) -> None:
    """Write the keys of a film under `cbcs`, encrypted for the holders of certificates."""
    if bool(certificate) == in_clear:
        raise Fault(
            Code.INVALID,
            "The keys need a recipient.",
            "Name a certificate with --certificate, or say --keys-in-clear if you mean it.",
            name="no_recipient",
        )
    from streaming.cli.cpix_exchange import export_keys

    export_keys(settings_for(data), title, out_file, certificate or (), system or ())


@group.command("import")
def import_(
    title: TitleArgument,
    file: Annotated[Path, typer.Argument(help="The document from the DRM vendor.", metavar="FILE")],
    data: Data = None,
) -> None:
    """Take over what a DRM vendor says to players of a film's keys; keys in the document are not read."""
    from streaming.cli.cpix_exchange import import_signals

    import_signals(settings_for(data), title, file)
