"""Sends a film to a house by tus 1.0.0, and goes on where it stopped: after a cut, a restart, a Ctrl-C."""

import base64
import hashlib
import json
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx

from streaming.cli.client import fault_of, unreachable
from streaming.errors import Code, Fault

VERSION = "1.0.0"
ALGORITHMS = ("sha256", "sha1")
LEAST_PIECE, LARGEST_PIECE = 64 << 10, 1 << 20
FIRST_CHUNK, LEAST_CHUNK, LARGEST_CHUNK = 8 << 20, 1 << 20, 256 << 20
CHUNK_SECONDS = 4.0
"""A chunk with a checksum counts as a whole or not at all: a cut costs about this much time, never more."""
PATIENCE_SECONDS = 900.0
LONGEST_WAIT = 15.0
_AGAIN = {408, 409, 423, 425, 429, 460, 500, 502, 503, 504}

Progress = Callable[[int, int], None]
"""Called with the bytes sent so far and the bytes in all; the first goes back when a chunk was lost."""


@dataclass(frozen=True)
class Uploaded:
    """A finished upload: its address, the title it feeds (if the house said), and where it was resumed."""

    url: str
    title_id: str | None
    length: int
    resumed_at: int


@dataclass(frozen=True)
class _Film:
    path: Path
    size: int
    modified_ns: int
    fingerprint: str

    @classmethod
    def at(cls, path: Path, house: str) -> "_Film":
        path = path.resolve()
        try:
            stat = path.stat()
        except OSError as error:
            raise Fault(
                Code.INVALID, f"“{path}” cannot be read: {error.strerror}.", "Check its name.", name="no_film"
            ) from None
        if not path.is_file():
            raise Fault(Code.INVALID, f"“{path}” is not a file.", "Give the film itself.", name="no_film")
        facts = json.dumps([house, str(path), stat.st_size, stat.st_mtime_ns])
        return cls(path, stat.st_size, stat.st_mtime_ns, hashlib.sha256(facts.encode()).hexdigest()[:32])

    def require_unchanged(self) -> None:
        stat = self.path.stat()
        if (stat.st_size, stat.st_mtime_ns) != (self.size, self.modified_ns):
            raise Fault(
                Code.CONFLICT,
                f"“{self.path.name}” changed while it was being sent.",
                "Wait until it is finished, then publish it again.",
                name="film_changed",
            )

    def digest(self, algorithm: str, offset: int, size: int) -> bytes:
        """Hash a stretch of the film, in constant memory."""
        digest = hashlib.new(algorithm, usedforsecurity=False)
        for piece in self.read(offset, size):
            digest.update(piece)
        return digest.digest()

    def read(self, offset: int, size: int) -> Iterator[bytes]:
        """Give a stretch of the film piece by piece."""
        step = min(max(size // 32, LEAST_PIECE), LARGEST_PIECE)  # small ones where progress is slow
        with self.path.open("rb", buffering=0) as file:
            file.seek(offset)
            while size > 0:
                piece = file.read(min(step, size))
                if not piece:
                    self.require_unchanged()
                    raise Fault(Code.INVALID, f"“{self.path.name}” ended early.", name="film_changed")
                size -= len(piece)
                yield piece


@dataclass(frozen=True)
class _Target:
    url: str
    title_id: str | None


class _Again(Exception):
    """Something that may pass: ask for the offset and go on, after `wait` seconds if the house said so."""

    def __init__(self, fault: Fault, wait: float | None = None) -> None:
        super().__init__(fault.sentence)
        self.fault = fault
        self.wait = wait


class _Vanished(Exception):
    """The upload is no longer there."""


def state_folder() -> Path:
    """Where unfinished uploads are remembered (XDG base directories: `$XDG_STATE_HOME/matinee/uploads`)."""
    home = os.environ.get("XDG_STATE_HOME", "")
    base = Path(home) if home.startswith("/") else Path.home() / ".local" / "state"
    return base / "matinee" / "uploads"


class TusClient:
    """Uploads films to the house at `url`; `headers` say who asks.

    Unfinished uploads are remembered in `state`, one file each without secrets, keyed by a fingerprint of
    house, path, size and time of change. Raises `Fault`; whatever it raises, calling again goes on.
    """

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        *,
        state: Path | None = None,
        patience_seconds: float = PATIENCE_SECONDS,
        longest_wait: float = LONGEST_WAIT,
    ) -> None:
        self._house = url.rstrip("/")
        self._uploads = f"{self._house}/api/v1/uploads"
        self._state = state_folder() if state is None else state
        self._patience = patience_seconds
        self._longest_wait = longest_wait
        self._http = httpx.Client(
            headers={**headers, "Tus-Resumable": VERSION},
            timeout=httpx.Timeout(120.0, connect=10.0),
            trust_env=False,
        )
        self._hasher = ThreadPoolExecutor(1, "tus-hash")

    def close(self) -> None:
        """Close connections and threads."""
        self._http.close()
        self._hasher.shutdown(wait=False, cancel_futures=True)

    def __enter__(self) -> "TusClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def upload(
        self,
        path: Path,
        *,
        title: str | None = None,
        remakes: str | None = None,
        protection: str | None = None,
        progress: Progress | None = None,
    ) -> Uploaded:
        """Send the file at `path`, to be published under `title` or else the file's name.

        With `remakes` it is the new source of the title of that id.
        """
        film = _Film.at(path, self._house)
        pairs = {"filename": film.path.name, "fingerprint": film.fingerprint}
        if title:
            pairs["title"] = title
        if remakes:
            pairs["remakes"] = remakes
        if protection:
            pairs["protection"] = protection
        journey = _Journey(self, film, pairs, progress or (lambda _sent, _total: None))
        return journey.run()

    # What the journey asks of the house.

    def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        """Send a request. Raises _Again for what may pass, _Vanished for 404 and 410, Fault for the rest."""
        try:
            answer = self._http.request(method, url, **options)
        except httpx.TransportError as error:
            raise _Again(unreachable(self._house, error)) from None
        if answer.is_success:
            return answer
        fault = fault_of(answer)
        if answer.status_code in _AGAIN:
            after = answer.headers.get("retry-after", "")
            raise _Again(fault, float(after) if after.isdigit() else None)
        if answer.status_code in (404, 410) and url != self._uploads:
            raise _Vanished
        raise fault

    def algorithm(self) -> str | None:
        """Choose the checksum: the best one the house offers, or None."""
        offered = self.request("OPTIONS", self._uploads).headers
        if "checksum" not in offered.get("tus-extension", "").split(","):
            return None
        names = offered.get("tus-checksum-algorithm", "").split(",")
        return next((name for name in ALGORITHMS if name in names), None)

    def target(self, film: _Film, metadata: Mapping[str, str]) -> _Target:
        """Find the upload to go on with, or create one."""
        target = self._remembered(film) or self._unfinished(film) or self._create(film, metadata)
        self._remember(film, target)
        return target

    def _create(self, film: _Film, metadata: Mapping[str, str]) -> _Target:
        encoded = ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in metadata.items())
        headers = {"Upload-Length": str(film.size), "Upload-Metadata": encoded}
        answer = self.request("POST", self._uploads, headers=headers)
        url = urljoin(f"{self._uploads}/", answer.headers["location"])
        return _Target(url, answer.headers.get("matinee-title"))

    def _unfinished(self, film: _Film) -> _Target | None:
        """Look for this film among my unfinished uploads: its creation's answer may have been lost."""
        listed = self.request("GET", self._uploads).json()
        for entry in listed:
            if entry["fingerprint"] == film.fingerprint and entry["length"] == film.size:
                return _Target(f"{self._uploads}/{entry['id']}", entry["title_id"])
        return None

    def _file(self, film: _Film) -> Path:
        return self._state / f"{film.fingerprint}.json"

    def _remembered(self, film: _Film) -> _Target | None:
        try:
            noted = json.loads(self._file(film).read_text())
            return _Target(str(noted["url"]), noted["title_id"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _remember(self, film: _Film, target: _Target) -> None:
        self._state.mkdir(parents=True, exist_ok=True, mode=0o700)
        noted = {"url": target.url, "title_id": target.title_id, "film": str(film.path)}
        draft = self._file(film).with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(noted))
        draft.replace(self._file(film))

    def forget(self, film: _Film) -> None:
        """Forget an upload that is finished or gone."""
        self._file(film).unlink(missing_ok=True)

    def hash_ahead(self, film: _Film, algorithm: str, offset: int, size: int) -> "Future[bytes]":
        """Hash a stretch of the film in a thread."""
        return self._hasher.submit(film.digest, algorithm, offset, size)

    @property
    def patience(self) -> float:
        """Seconds without a single new byte after which it gives up."""
        return self._patience

    @property
    def longest_wait(self) -> float:
        """Seconds between two tries, at most."""
        return self._longest_wait


class _Journey:
    """One film on its way."""

    def __init__(
        self, client: TusClient, film: _Film, metadata: Mapping[str, str], progress: Progress
    ) -> None:
        self._client = client
        self._film = film
        self._metadata = metadata
        self._progress = progress
        self._algorithm: str | None = None
        self._target: _Target | None = None
        self._offset: int | None = None
        self._resumed_at: int | None = None
        self._chunk = FIRST_CHUNK
        self._ahead: tuple[int, int, Future[bytes]] | None = None
        self._tries = 0
        self._moved_at = time.monotonic()
        self._vanished = 0

    def run(self) -> Uploaded:
        """Send until the house holds every byte."""
        while True:
            try:
                target, offset = self._where()
                if offset == self._film.size:
                    return self._arrived(target)
                self._send(target, offset)
            except _Again as again:
                self._offset = self._ahead = None
                self._chunk = max(LEAST_CHUNK, self._chunk // 2)
                self._wait(again)
            except _Vanished:
                self._start_over()

    def _where(self) -> tuple[_Target, int]:
        """Know the target and its offset, asking the house for what is not known."""
        if self._target is None:
            self._algorithm = self._client.algorithm()
            self._target = self._client.target(self._film, self._metadata)
        if self._offset is None:
            answer = self._client.request("HEAD", self._target.url)
            if answer.headers.get("upload-length") != str(self._film.size):
                raise _Vanished
            self._note(int(answer.headers["upload-offset"]))
            if self._resumed_at is None:
                self._resumed_at = self._offset
        return self._target, self._offset or 0

    def _note(self, offset: int) -> None:
        self._offset = offset
        self._progress(offset, self._film.size)

    def _send(self, target: _Target, offset: int) -> None:
        size = self._next_size(offset)
        headers = {
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(size),
        }
        if self._algorithm is not None:
            digest = base64.b64encode(self._digest(self._algorithm, offset, size)).decode()
            headers["Upload-Checksum"] = f"{self._algorithm} {digest}"
            self._hash_next(self._algorithm, offset + size)
        begun = time.monotonic()
        answer = self._client.request("PATCH", target.url, headers=headers, content=self._body(offset, size))
        self._note(int(answer.headers["upload-offset"]))
        self._tries, self._moved_at = 0, time.monotonic()
        self._pace(size, self._moved_at - begun)

    def _next_size(self, offset: int) -> int:
        if self._ahead is not None and self._ahead[0] == offset:
            return self._ahead[1]
        return min(self._chunk, self._film.size - offset)

    def _body(self, offset: int, size: int) -> Iterator[bytes]:
        sent = offset
        for piece in self._film.read(offset, size):
            yield piece
            sent += len(piece)
            self._progress(sent, self._film.size)

    def _pace(self, size: int, seconds: float) -> None:
        """Choose the next chunk so that it takes about CHUNK_SECONDS; it at most doubles at a time."""
        fitting = int(size / max(seconds, 0.001) * CHUNK_SECONDS)
        self._chunk = max(LEAST_CHUNK, min(fitting, 2 * self._chunk, LARGEST_CHUNK))

    def _digest(self, algorithm: str, offset: int, size: int) -> bytes:
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead[:2] == (offset, size):
            return ahead[2].result()
        return self._client.hash_ahead(self._film, algorithm, offset, size).result()

    def _hash_next(self, algorithm: str, offset: int) -> None:
        """Hash the next chunk while this one is on the wire; its size is settled by that."""
        size = min(self._chunk, self._film.size - offset)
        if size > 0:
            self._ahead = offset, size, self._client.hash_ahead(self._film, algorithm, offset, size)

    def _arrived(self, target: _Target) -> Uploaded:
        self._film.require_unchanged()
        self._client.forget(self._film)
        return Uploaded(target.url, target.title_id, self._film.size, self._resumed_at or 0)

    def _start_over(self) -> None:
        self._client.forget(self._film)
        self._target = self._offset = self._resumed_at = None
        self._vanished += 1
        if self._vanished > 3:
            raise Fault(
                Code.GONE,
                "The house forgets this upload again and again.",
                "Ask its operator what is wrong; the film itself is untouched.",
                name="upload_vanished",
            )

    def _wait(self, again: _Again) -> None:
        """Sleep a little longer each time, with jitter. Raises the fault when patience ends."""
        if time.monotonic() - self._moved_at >= self._client.patience:
            fault = again.fault
            hint = f"{fault.hint} Publish the same film again to go on where it stopped.".strip()
            raise Fault(fault.code, fault.sentence, hint, name=fault.name) from None
        grown = min(0.25 * 2.0 ** min(self._tries, 10), self._client.longest_wait)
        self._tries += 1
        time.sleep(max(grown * random.uniform(0.5, 1.0), min(again.wait or 0.0, self._client.longest_wait)))  # noqa: S311
