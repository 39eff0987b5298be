"""Check a film's folder whole: signature, every object, playlists, keys that lie beside it, strays.

Findings have the codes of `verify` and: signature, title, poster, playlist, stray.
"""

import hashlib
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from transcoder.encoding.verify import Finding, scrub, verify_title
from transcoder.errors import BadManifest, BadMedia, Refused
from transcoder.keys.encrypt import open_poster, poster_aad
from transcoder.keys.keyfile import TITLE_VERSION, KeyFile
from transcoder.keys.keyschedule import NO_PERIOD, TitleKeys
from transcoder.keys.manifest import Kind, Manifest, ManifestObject, verify_manifest
from transcoder.keys.secret import SecretBytes
from transcoder.standalone import playlists
from transcoder.standalone.events import Checked, Found, Progressed, Tell
from transcoder.standalone.folder import MAKING, MANIFEST, TITLE, Title, not_whole, read_inside

_KEY = re.compile(rf"{playlists.KEYS}/([a-z0-9]+)-([0-9]+)\.key")
_TIERS = ("sd", "hd", "uhd")
_HALF_MICROSECOND = Fraction(1, 2_000_000)


def check(out: Path, keys: KeyFile | None, tell: Tell) -> Checked:
    """Check a folder. Without `keys` only hashes, playlists and strays: whoever changed an object could have
    signed for it with a key of their own.

    Raises Refused where there is no whole film, or one made with another key file.
    """
    return _Check(out, keys, tell).run()


class _Check:
    def __init__(self, out: Path, keys: KeyFile | None, tell: Tell) -> None:
        self._out = out
        self._keys = keys
        self._tell = tell
        self._found: list[Finding] = []
        self._read = 0
        self._total = 0
        self._blob = b""

    def run(self) -> Checked:
        title, manifest = self._title(), None
        if title is not None:
            manifest = self._manifest(title)
        if title is None or manifest is None:
            return self._ended(title, ())
        self._total = len(manifest.objects)
        keys = None if self._keys is None else self._keys.title_keys(manifest.title)
        self._objects(title, manifest, keys)
        playable = (*_playlists(self._out, manifest), *_chapters(self._out, title))
        for finding in (*playable, *_strays(self._out, title, manifest, keys)):
            self._note(finding)
        return self._ended(title, manifest.objects)

    def _title(self) -> Title | None:
        try:
            blob = self._blob = read_inside(self._out, TITLE)
        except OSError:
            raise not_whole(self._out) from None
        try:
            return Title.from_json(blob)
        except (ValueError, KeyError, TypeError):
            self._note(Finding("title", TITLE, "It is damaged."))
            return None

    def _manifest(self, title: Title) -> Manifest | None:
        if self._keys is not None and title.signer != self._keys.signer:
            raise Refused(
                "other_key_file",
                f"{self._out} was made with another key file.",
                "Name the key file that it was made with.",
            )
        try:
            blob = read_inside(self._out, MANIFEST)
            manifest = verify_manifest(blob, Ed25519PublicKey.from_public_bytes(bytes.fromhex(title.signer)))
        except OSError:
            raise not_whole(self._out) from None
        except (BadManifest, ValueError) as fault:
            self._note(Finding("signature", MANIFEST, f"It proves nothing: {fault}."))
            return None
        if manifest.title != title.id:
            self._note(Finding("signature", MANIFEST, "It belongs to another title."))
            return None
        return manifest

    def _objects(self, title: Title, manifest: Manifest, keys: TitleKeys | None) -> None:
        if keys is None or not self._is_signed_for(manifest):
            findings = scrub(manifest, self._get)
        else:
            findings = verify_title(manifest, title.plan, self._get, keys.content_key, keys.common_key)
            told = {finding.name for finding in findings}
            findings += tuple(f for f in self._posters(manifest, keys) if f.name not in told)
        for finding in findings:
            self._note(finding)

    def _is_signed_for(self, manifest: Manifest) -> bool:
        """Whether the plan, by which all else is checked, is the one that was signed."""
        digest = hashlib.sha256(self._blob).digest()
        return any(item.kind is Kind.PLAN and item.sha256 == digest for item in manifest.objects)

    def _posters(self, manifest: Manifest, keys: TitleKeys) -> Iterator[Finding]:
        aad = poster_aad(manifest.title, TITLE_VERSION)
        for item in manifest.objects:
            if item.kind is Kind.POSTER:
                try:
                    open_poster(read_inside(self._out, item.name), keys.poster_key(), aad)
                except (OSError, BadMedia) as fault:
                    yield Finding("poster", item.name, f"It cannot be opened: {fault}.")

    def _get(self, name: str) -> bytes:
        self._read = min(self._total, self._read + 1)
        self._tell(Progressed("checking", self._read, self._total))
        return read_inside(self._out, name)

    def _note(self, finding: Finding) -> None:
        self._found.append(finding)
        self._tell(Found(finding))

    def _ended(self, title: Title | None, objects: tuple[ManifestObject, ...]) -> Checked:
        checked = Checked(
            folder=self._out,
            title=title.id if title else "",
            objects=len(objects),
            size=sum(item.size for item in objects),
            whole=self._keys is not None,
            keys_inside=any(self._out.glob(f"{playlists.KEYS}/*")),
            findings=tuple(self._found),
        )
        self._tell(checked)
        return checked


def _playlists(out: Path, manifest: Manifest) -> Iterator[Finding]:
    """Every rendition's playlist lists its segments in order, each with its true length; `main` lists all."""
    listed: dict[str, list[ManifestObject]] = {}
    for item in sorted(manifest.objects, key=lambda item: item.sequence):
        if item.rendition:
            listed.setdefault(item.rendition, []).append(item)
    for rendition, items in listed.items():
        name = playlists.media_name(rendition)
        try:
            listing = playlists.read_media(read_inside(out, name).decode())
        except OSError:
            yield Finding("missing", name, "The playlist is not there.")
        except ValueError:
            yield Finding("playlist", name, "It is not a media playlist.")
        else:
            for sentence in _disagreements(listing, items):
                yield Finding("playlist", name, sentence)
    yield from _main(out, set(map(playlists.media_name, listed)))


def _main(out: Path, wanted: set[str]) -> Iterator[Finding]:
    try:
        found = set(playlists.listed(read_inside(out, playlists.MAIN).decode())) - {playlists.CHAPTERS}
    except OSError:
        yield Finding("missing", playlists.MAIN, "The playlist is not there.")
    except ValueError:
        yield Finding("playlist", playlists.MAIN, "It is not a playlist.")
    else:
        for name in sorted(wanted ^ found):
            told = "It does not list" if name in wanted else "It lists, though nobody signed for it,"
            yield Finding("playlist", playlists.MAIN, f"{told} {name}.")


def _chapters(out: Path, title: Title) -> Iterator[Finding]:
    if title.plan.info.chapters:
        try:
            if read_inside(out, playlists.CHAPTERS).decode() != playlists.chapters(title.plan):
                yield Finding("playlist", playlists.CHAPTERS, "Its chapters are not the film's.")
        except (OSError, ValueError):
            yield Finding("missing", playlists.CHAPTERS, "The chapters are not there.")


def _disagreements(listing: playlists.Listing, items: list[ManifestObject]) -> Iterator[str]:
    inits = {item.period: item.name for item in items if item.kind is Kind.INIT}
    segments = [item for item in items if item.kind is not Kind.INIT]
    if not listing.is_whole:
        yield "It has no end."
    if [entry.uri for entry in listing.entries] != [item.name for item in segments]:
        yield f"It does not list the {len(segments)} segments in their order."
        return
    for entry, item in zip(listing.entries, segments, strict=True):
        if entry.init != inits.get(item.period, inits.get(NO_PERIOD, "")):
            yield f"It names another init segment for {item.name}."
        if not _is_true(entry.duration, item.duration):
            yield f"It says {entry.duration} s of {item.name}, which lasts {float(item.duration):.6f} s."
        if item.duration + _HALF_MICROSECOND >= listing.target + Fraction(1, 2):
            yield f"{item.name} is longer than the target duration of {listing.target} s."


def _is_true(written: str, duration: Fraction) -> bool:
    try:
        return abs(Fraction(Decimal(written)) - duration) <= _HALF_MICROSECOND
    except (InvalidOperation, ValueError, OverflowError):
        return False


def _strays(out: Path, title: Title, manifest: Manifest, keys: TitleKeys | None) -> Iterator[Finding]:
    renditions = {item.rendition for item in manifest.objects if item.rendition}
    tiers = {item.tier for item in manifest.objects if item.kind is Kind.INIT and item.period != NO_PERIOD}
    wanted = {item.name for item in manifest.objects} | {MANIFEST, TITLE, playlists.MAIN}
    wanted |= set(map(playlists.media_name, renditions))
    wanted |= {playlists.CHAPTERS} if title.plan.info.chapters else set()
    for path in sorted(out.rglob("*")):
        name = path.relative_to(out).as_posix()
        if path.is_dir() and not path.is_symlink():
            continue
        if name in wanted and not path.is_symlink():
            continue
        if name.startswith(f"{MAKING}/"):
            yield Finding("stray", name, "It is left from the making: start that command again.")
        elif not (found := _KEY.fullmatch(name)) or found[1] not in renditions | tiers:
            yield Finding("stray", name, "It belongs to no part of the film.")
        elif keys is not None and SecretBytes(path.read_bytes()) != _key(
            title, keys, found[1], int(found[2])
        ):
            yield Finding("key", name, "It is not the key of that rendition and period.")


def _key(title: Title, keys: TitleKeys, name: str, period: int) -> SecretBytes:
    """The key of a tier, or of a rendition."""
    if name in _TIERS:
        return keys.tier_key(name, period)
    return keys.content_key(name, title.plan.rendition(name).tier, period)
