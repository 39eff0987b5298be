"""Commands that act on this machine’s data folder: serve, worker, user, token, doctor…"""

import base64
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streaming.cli.titles import AsJson
from streaming.errors import Code, Fault
from transcoder.keys.secret import SecretBytes
from transcoder.standalone.output import out, plain, print_json

if TYPE_CHECKING:
    from pydantic import ValidationError

    from streaming.settings import Settings

Data = Annotated[Path | None, typer.Option("--data", help="Data folder (MATINEE_DATA).", metavar="DIR")]
Host = Annotated[str | None, typer.Option("--host", help="Address to listen on (MATINEE_HOST).")]
Workers = Annotated[
    int | None, typer.Option("--workers", help="Processes that encode films (MATINEE_WORKERS).")
]
Web = Annotated[
    int | None, typer.Option("--web", help="Processes that answer requests (MATINEE_WEB_PROCESSES).")
]
Port = Annotated[int | None, typer.Option("--port", help="Port to listen on (MATINEE_PORT).")]

user = typer.Typer(no_args_is_help=True, help="Accounts of this house.")


def register(app: typer.Typer) -> None:
    """Hang the commands on `app`."""
    app.command()(serve)
    app.command()(worker)
    app.command()(demo)
    app.add_typer(user, name="user")
    app.command()(token)
    app.command("nginx-secret")(nginx_secret)
    app.command("cat-key")(cat_key)
    app.command()(doctor)


def serve(
    data: Data = None, host: Host = None, port: Port = None, workers: Workers = None, web: Web = None
) -> None:
    """Start the house: web servers and workers. Stop it with Ctrl-C.

    GET /healthz answers 200 when it is ready.
    """
    settings = settings_for(data, host, port, workers, web)
    if settings.drm_file is not None:
        from streaming.delivery.drm import read_services

        read_services(settings.drm_file)  # what is wrong with it is said here, before anything starts
    os.environ.update(environment(settings))
    # The supervisor takes this process's place, without the weight of the command line.
    os.execv(sys.executable, [sys.executable, "-m", "streaming.cli.supervisor"])  # noqa: S606


def worker(data: Data = None) -> None:
    """Start a further worker on a data folder that a house already uses."""
    settings = settings_for(data)
    _require_house(settings)
    os.environ.update(environment(settings))
    os.execv(sys.executable, [sys.executable, "-m", "streaming.cli.worker_process"])  # noqa: S606


def demo(data: Data = None, host: Host = None, port: Port = None) -> None:
    """Start a house with three sample films, a creator and a viewer."""
    from streaming.cli.demo import run_demo

    settings = settings_for(data, host, port)
    os.environ.update(environment(settings))
    raise typer.Exit(run_demo(settings))


@user.command("add")
def add_user(
    name: Annotated[str, typer.Argument(help="3 to 32 letters, digits, dots, dashes.", metavar="NAME")],
    role: Annotated[str, typer.Option("--role", help="viewer, creator or admin")],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Make an account; the password comes from MATINEE_PASSWORD or a prompt.

    The recovery code is printed once: it is the only way back in without the password.
    """
    from streaming.cli.accounts import add_account

    settings = settings_for(data)
    _require_house(settings)
    made = add_account(settings, name, role, _password())
    if as_json:
        return print_json(
            {"id": made.id, "name": made.name, "role": made.role, "recovery_code": made.recovery_code}
        )
    out.print(f"{plain(made.name)} can log in as {made.role}.")
    out.print(f"Recovery code, shown this once: [bold]{made.recovery_code}[/bold]")
    return None


def token(
    name: Annotated[str, typer.Argument(help="The account it speaks for.", metavar="NAME")],
    label: Annotated[str, typer.Option("--label", help="What it is for.")] = "command line",
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Print a new API token of an account; it is shown this once."""
    from streaming.cli.accounts import issue_token

    settings = settings_for(data)
    _require_house(settings)
    text = issue_token(settings, name, label)
    if as_json:
        print_json({"token": text})
    else:
        print(text)


def nginx_secret(data: Data = None) -> None:
    """Print the line of configuration by which nginx can check addresses of segments.

    Put it into a file of its own that only nginx's user may read. Whoever knows it can write addresses of
    ciphertext; keys and playlists stay shut to them.
    """
    from streaming.delivery import signing

    print(f'set $matinee_secret "{signing.nginx_secret(_signing_key(data)).reveal().decode()}";')


def cat_key(data: Data = None) -> None:
    """Print the key by which a CDN checks Common Access Tokens, as a JSON Web Key (RFC 7517, HS256)."""
    from streaming.delivery import cat

    key = cat.key_of(_signing_key(data)).reveal()
    text = base64.urlsafe_b64encode(key).rstrip(b"=").decode()
    print_json({"kty": "oct", "alg": "HS256", "k": text})


def _signing_key(data: Path | None) -> SecretBytes:
    """Give the key that addresses are signed with; nothing else of a house that may be running is touched."""
    from streaming.delivery import signing
    from streaming.keys.root import load_or_make

    return load_or_make(settings_for(data).root_key_file).derived(signing.PURPOSE)


def doctor(data: Data = None, as_json: AsJson = False) -> None:
    """Say what is missing or misconfigured, and the mend."""
    from streaming.cli.doctor import examine

    findings = examine(settings_for(data))
    if as_json:
        print_json(
            [{"what": one.what, "state": one.state, "said": one.said, "mend": one.mend} for one in findings]
        )
    else:
        marks = {"good": "[green]✓[/green]", "weak": "[yellow]![/yellow]", "bad": "[red]✗[/red]"}
        for one in findings:
            out.print(f"{marks[one.state]} {plain(one.what)}: {plain(one.said)}", soft_wrap=True)
            if one.mend:
                out.print(f"    → {plain(one.mend)}", soft_wrap=True)
    if any(one.state == "bad" for one in findings):
        raise typer.Exit(1)


def settings_for(
    data: Path | None = None,
    host: str | None = None,
    port: int | None = None,
    workers: int | None = None,
    web: int | None = None,
) -> "Settings":
    """Read the settings; what was typed wins over the environment."""
    # Here, as most commands talk to a house by HTTP and never need them.
    from pydantic import ValidationError

    from streaming.settings import Settings

    typed = {"data": data, "host": host, "port": port, "workers": workers, "web_processes": web}
    try:
        return Settings(**{name: value for name, value in typed.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as fault:
        raise _bad_setting(fault, Settings) from None


def _bad_setting(fault: "ValidationError", settings: "type[Settings]") -> Fault:
    """Say which setting cannot be used; of several, the first."""
    first = fault.errors()[0]
    name = str(first["loc"][0])
    why = first["msg"].split(",")[0].replace("Input", "it")
    return Fault(
        Code.INVALID,
        f"MATINEE_{name.upper()} cannot be “{str(first['input'])[:40]}”: {why}.",
        f"What it says: {settings.model_fields[name].description}",
        name="bad_setting",
    )


def environment(settings: "Settings") -> dict[str, str]:
    """Name what the house's own processes need to know, whatever was typed."""
    return {
        "MATINEE_DATA": str(settings.data.absolute()),
        "MATINEE_HOST": settings.host,
        "MATINEE_PORT": str(settings.port),
        "MATINEE_WORKERS": str(settings.workers),
        "MATINEE_WEB_PROCESSES": str(settings.web_processes),
    }


def _require_house(settings: "Settings") -> None:
    if not settings.root_key_file.exists():
        raise Fault(
            Code.NOT_FOUND,
            f"There is no Matinee in {settings.data}.",
            "Start it once with “matinee serve --data DIR”, or name its folder with --data.",
            name="no_house",
        )


def _password() -> SecretBytes:
    given = os.environ.get("MATINEE_PASSWORD")
    if given is None and not sys.stdin.isatty():
        raise Fault(
            Code.INVALID,
            "There is no terminal to ask for the password.",
            "Give it in the environment, as MATINEE_PASSWORD.",
            name="no_password",
        )
    if given is None:
        given = str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    return SecretBytes(given.encode())
