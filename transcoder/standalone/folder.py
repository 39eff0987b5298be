"""A film's folder: encrypted objects, playlists, signed manifest; whole, or to be gone on with.

    main.m3u8, v1080.m3u8, …       playlists, written last
    v1080/init.mp4, 000000.m4s …   segments; subtitles are .vtt, the storyboard .jpg; all encrypted
    v1080/init-0.mp4, …            protected by `cbcs`: an init segment for each crypto period
    poster.bin                     AES-256-GCM
    title.json                     the title's id, its plan, whom it was signed by, a mark of the source
    manifest.cbor                  every object with its hash, signed: where it is, the film is whole
    .making/                       while it is made: drafts, and one record for each finished part

An object is written to a draft and renamed. A part counts once its record exists, and a record is written
after everything it names is on the disk (fsync): a run that is killed goes on at the first part without one.
"""

import fcntl
import hashlib
import json
import os
import secrets
import shutil
import threading
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import cbor2

from transcoder.encoding.encode import EncodedSegment, InitSegment
from transcoder.errors import BadManifest, EncodeFailed, Refused
from transcoder.jsonform import from_plain, to_plain
from transcoder.keys.keyfile import TITLE_VERSION, KeyFile
from transcoder.keys.keyschedule import NO_PERIOD
from transcoder.keys.manifest import (
    Kind,
    Manifest,
    ManifestObject,
    decode_manifest,
    encode_manifest,
    verify_manifest,
)
from transcoder.keys.secret import SecretBytes
from transcoder.planning.plan import Plan

TITLE, MANIFEST, POSTER, MAKING = "title.json", "manifest.cbor", "poster.bin", ".making"
_EDGE = 1 << 20
_KINDS = {"t": (Kind.TEXT, "vtt"), "s": (Kind.IMAGE, "jpg")}
"""Kind and ending of what is no picture or sound, by the first letter of its rendition's name."""


@dataclass(frozen=True)
class Title:
    """What `title.json` says. `source` is `fingerprint` of the film; `codecs` are (rendition, RFC 6381)."""

    id: str
    signer: str
    source: str
    plan: Plan
    codecs: tuple[tuple[str, str], ...] = ()

    def to_json(self) -> bytes:
        """Write it as canonical JSON."""
        return (json.dumps(to_plain(self), sort_keys=True, separators=(",", ":")) + "\n").encode()

    @classmethod
    def from_json(cls, data: bytes) -> "Title":
        """Read what `to_json` wrote; raises ValueError, KeyError or TypeError on anything else."""
        return from_plain(cls, json.loads(data))


@dataclass(frozen=True, slots=True)
class Record:
    """What a finished part put into the folder."""

    objects: tuple[ManifestObject, ...] = ()
    codecs: tuple[tuple[str, str], ...] = ()


class Folder:
    """One film's folder, held by one process at a time."""

    def __init__(self, path: Path) -> None:
        """Take the folder, making it if need be. Raises Refused if it is not ours or somebody works in it."""
        self.path = path
        self._drafts = 0
        self._lock = threading.Lock()
        self._descriptor = _taken(path)
        try:
            self.title = self._begun()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Folder":
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _fault: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let others have the folder."""
        os.close(self._descriptor)

    @property
    def is_whole(self) -> bool:
        """Whether a manifest says that the film is complete."""
        return (self.path / MANIFEST).is_file()

    def _begun(self) -> Title | None:
        try:
            return Title.from_json((self.path / TITLE).read_bytes())
        except FileNotFoundError:
            pass
        except (ValueError, KeyError, TypeError):
            raise _foreign(self.path) from None
        if any(item.name != MAKING for item in self.path.iterdir()):
            raise _foreign(self.path)
        return None

    def begin(self, title: Title) -> None:
        """Note what is to be made, or what was, durably."""
        self.write(TITLE, title.to_json())
        self.sync([TITLE])
        self.title = title

    def write(self, name: str, data: bytes) -> None:
        """Put a file: a draft first, then its name. It is durable after `sync`."""
        with self._lock:
            self._drafts += 1
            draft = self.path / MAKING / f"draft-{self._drafts}"
        draft.parent.mkdir(exist_ok=True)
        place = self.path / name
        place.parent.mkdir(exist_ok=True)
        draft.write_bytes(data)
        draft.replace(place)

    def sync(self, names: list[str]) -> None:
        """Make files and their folders durable."""
        places = [self.path / name for name in names]
        folders = dict.fromkeys([*(place.parent for place in places), self.path])
        for place in (*places, *folders):
            sync(place)

    def recorded(self, part: str) -> Record | None:
        """Give the record of a part if all it names is still here, in full length."""
        try:
            raw = cbor2.loads((self.path / MAKING / f"{part}.cbor").read_bytes())
            listed = decode_manifest(raw["manifest"])
            codecs = tuple((str(name), str(text)) for name, text in raw["codecs"])
            whole = all((self.path / item.name).stat().st_size == item.size for item in listed.objects)
        except (OSError, BadManifest, cbor2.CBORDecodeError, ValueError, TypeError, KeyError):
            return None
        return Record(listed.objects, codecs) if whole else None

    def record(self, part: str, record: Record) -> None:
        """Note durably that a part is finished; everything it names is made durable before."""
        assert self.title is not None  # noqa: S101  # a part belongs to a title that has begun
        self.sync([item.name for item in record.objects])
        body = encode_manifest(self.listed(record.objects))
        codecs = [list(pair) for pair in record.codecs]
        name = f"{MAKING}/{part}.cbor"
        self.write(name, cbor2.dumps({"manifest": body, "codecs": codecs}, canonical=True))
        self.sync([name])

    def listed(self, objects: tuple[ManifestObject, ...]) -> Manifest:
        """Write a manifest of this title over some objects."""
        assert self.title is not None  # noqa: S101
        plan = self.title.plan
        protection = plan.policy.protection
        return Manifest(self.title.id, TITLE_VERSION, protection, plan.frame_rate, plan.frames, objects)

    def manifest(self, keys: KeyFile) -> Manifest:
        """Read the signed manifest. Raises BadManifest, or Refused while there is none."""
        try:
            blob = self.read(MANIFEST)
        except OSError:
            raise not_whole(self.path) from None
        return verify_manifest(blob, keys.signing_key().public_key())

    def read(self, name: str) -> bytes:
        """Read a file of this folder; raises OSError."""
        return read_inside(self.path, name)

    def remove(self, name: str) -> None:
        """Remove a rendition's folder that turned out not to be wanted."""
        shutil.rmtree(self.path / name, ignore_errors=True)

    def clear(self) -> None:
        """Remove everything that was made, and begin anew."""
        for place in self.path.iterdir():
            if place.is_dir():
                shutil.rmtree(place)
            elif place.name != TITLE:
                place.unlink()

    def finish(self) -> None:
        """Remove what only the making needed."""
        shutil.rmtree(self.path / MAKING, ignore_errors=True)
        sync(self.path)


class PartSink:
    """Puts the objects of one part into a folder; `known` holds the hash of every init segment so far."""

    def __init__(self, folder: Folder, plan: Plan, known: dict[tuple[str, int], bytes]) -> None:
        self._folder = folder
        self._plan = plan
        self._known = known
        self._objects: dict[str, ManifestObject] = {}
        self._codecs: dict[str, str] = {}
        self._lock = threading.Lock()

    def put(self, item: InitSegment | EncodedSegment, data: bytes) -> None:
        """Write an object. Raises EncodeFailed(init_mismatch) if chunks disagree, OSError on a full disk."""
        tier = self._plan.rendition(item.rendition).tier
        found = init_object(item, tier) if isinstance(item, InitSegment) else segment_object(item)
        with self._lock:
            if isinstance(item, InitSegment):
                self._codecs[item.rendition] = item.codecs
                if self._known.setdefault((item.rendition, item.period), item.sha256) != item.sha256:
                    raise EncodeFailed(
                        "init_mismatch", "A part of the film does not fit the others.", (item.rendition,)
                    )
            self._objects[found.name] = found
        self._folder.write(found.name, data)

    def put_poster(self, sealed: bytes) -> None:
        """Write the sealed poster."""
        self._objects[POSTER] = whole_object(POSTER, Kind.POSTER, sealed)
        self._folder.write(POSTER, sealed)

    def record(self) -> Record:
        """Give what was put."""
        return Record(tuple(self._objects.values()), tuple(self._codecs.items()))


def init_object(init: InitSegment, tier: str) -> ManifestObject:
    """List an init segment: of all crypto periods, or of one."""
    name = (
        f"{init.rendition}/init.mp4"
        if init.period == NO_PERIOD
        else f"{init.rendition}/init-{init.period}.mp4"
    )
    return ManifestObject(name, Kind.INIT, init.rendition, tier, init.period, -1, init.size, init.sha256)


def segment_object(segment: EncodedSegment) -> ManifestObject:
    """List a media or text segment, or a sheet of the storyboard."""
    kind, ending = _KINDS.get(segment.rendition[0], (Kind.SEGMENT, "m4s"))
    return ManifestObject(
        name=f"{segment.rendition}/{segment.sequence:06d}.{ending}",
        kind=kind,
        rendition=segment.rendition,
        tier=segment.tier,
        period=segment.period,
        sequence=segment.sequence,
        size=segment.size,
        sha256=segment.sha256,
        duration=segment.duration,
    )


def whole_object(name: str, kind: Kind, data: bytes) -> ManifestObject:
    """List a file that belongs to no rendition."""
    return ManifestObject(name, kind, "", "sd", -1, -1, len(data), hashlib.sha256(data).digest(), Fraction(0))


def new_title_id() -> str:
    """Draw a title's id: every key follows from it, so no two folders may have the same."""
    return f"ti_{secrets.token_hex(10)}"


def fingerprint(film: Path) -> str:
    """A mark of a source that is quick to take of any size: its length, first and last mebibyte, hashed."""
    size = film.stat().st_size
    with film.open("rb") as file:
        digest = hashlib.sha256(size.to_bytes(8, "big") + file.read(_EDGE))
        file.seek(max(0, size - _EDGE))
        digest.update(file.read(_EDGE))
    return digest.hexdigest()


def read_inside(folder: Path, name: str) -> bytes:
    """Read a file of a folder, never one that a name or a link leads to outside; raises OSError."""
    place = (folder / name).resolve()
    if not place.is_relative_to(folder.resolve()):
        raise FileNotFoundError(name)
    return place.read_bytes()


def write_private(place: Path, secret: SecretBytes) -> None:
    """Write a secret to a file for its owner alone, durably; it appears whole or not at all."""
    draft = place.with_name(f".{place.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secret.reveal())
        file.flush()
        os.fsync(descriptor)
    draft.replace(place)


def not_whole(path: Path) -> Refused:
    """Say that a folder is no finished film."""
    if (path / TITLE).is_file():
        return Refused("not_whole", f"{path} is not finished.", "Start the same command again: it goes on.")
    return Refused("not_whole", f"{path} is not a film's folder.", "Name one that was made here.")


def sync(path: Path) -> None:
    """Make one file or folder durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _taken(path: Path) -> int:
    try:
        path.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except (FileExistsError, NotADirectoryError):
        raise Refused("folder_taken", f"{path} is not a folder.", "Name a folder that is new.") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise Refused(
            "folder_busy", f"Another run is at work in {path}.", "Wait until it has ended."
        ) from None
    return descriptor


def _foreign(path: Path) -> Refused:
    return Refused(
        "folder_taken",
        f"{path} holds other things, which stay as they are.",
        "Name a folder that is new or empty, or one in which this film was begun.",
    )
