"""Make an encrypted film without a server: film and key file in, a folder for any web server out.

Whatever is finished stays: started again with the same film, key file and policy, a run that was stopped or
killed goes on at the first chunk that is missing. On a whole folder only playlists and keys are written anew.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from transcoder.errors import EncodeFailed, Refused
from transcoder.keys import keyfile
from transcoder.keys.keyfile import KeyFile
from transcoder.keys.keyschedule import NO_PERIOD, TitleKeys
from transcoder.keys.manifest import Kind, Manifest, ManifestObject
from transcoder.keys.secret import SecretBytes
from transcoder.planning.plan import Plan, Policy
from transcoder.programs.sandbox import DEFAULT_LIMITS, Limits
from transcoder.source.media import MediaInfo
from transcoder.standalone import playlists
from transcoder.standalone.events import LeftOut, Made, Measuring, Planned, Probed, Tell
from transcoder.standalone.folder import TITLE, Folder, Title, fingerprint, new_title_id, sync, write_private
from transcoder.standalone.making import Making
from transcoder.studying.deciding import decide
from transcoder.studying.probe import probe

AT_ONCE = 2
"""Chunks encoded side by side: a process is idle while it starts and drains."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to make. `keys` is a folder for the 16-byte key files, `key_url` how playlists name them."""

    film: Path
    out: Path
    key_file: Path
    policy: Policy = field(default_factory=Policy)
    keys: Path | None = None
    key_url: str = playlists.KEY_URL
    at_once: int = AT_ONCE
    limits: Limits = DEFAULT_LIMITS


def look(film: Path, policy: Policy, tell: Tell, limits: Limits = DEFAULT_LIMITS) -> Plan:
    """Probe and plan only; raises Refused."""
    info = _probed(film, tell, limits)
    tell(Measuring())
    plan = decide(film.resolve(), info, policy, limits=limits)
    tell(Planned(plan))
    return plan


def make(order: Order, tell: Tell) -> Made:
    """Make the folder whole. Raises Refused, EncodeFailed, OSError.

    KeyboardInterrupt goes through once every process has ended.
    """
    begun = time.monotonic()
    _check_places(order)
    info = _probed(order.film, tell, order.limits)
    keys = keyfile.load_or_make(order.key_file) if not _is_begun(order.out) else keyfile.load(order.key_file)
    with Folder(order.out) as folder:
        title = _title(order, folder, info, keys, tell)
        was_whole = folder.is_whole
        if not was_whole:
            _fill(order, folder, title, keys, tell)
        objects = publish(folder, keys, order.key_url, order.keys)
    size = sum(item.size for item in objects)
    made = Made(order.out, title.id, len(objects), size, time.monotonic() - begun, was_whole)
    tell(made)
    return made


def _probed(film: Path, tell: Tell, limits: Limits) -> MediaInfo:
    if not film.is_file():
        raise Refused("not_found", f"There is no file {film}.", "Check the path.")
    info = probe(film.resolve(), limits)
    tell(Probed(info))
    return info


def _check_places(order: Order) -> None:
    out = order.out.resolve()
    if order.key_file.resolve().is_relative_to(out):
        raise Refused(
            "keys_inside",
            f"The key file {order.key_file} would lie in the film's folder, for whoever gets the folder.",
            "Keep it somewhere else.",
        )
    if order.film.resolve().is_relative_to(out):
        raise Refused(
            "folder_taken", f"The film lies in {order.out} itself.", "Name a folder that is new or empty."
        )


def _is_begun(out: Path) -> bool:
    return (out / TITLE).exists()


def _title(order: Order, folder: Folder, info: MediaInfo, keys: KeyFile, tell: Tell) -> Title:
    """Go on with what was begun here, if it is the same; else begin."""
    source, found = fingerprint(order.film), folder.title
    if found is None:
        tell(Measuring())
        plan = decide(order.film.resolve(), info, order.policy, limits=order.limits)
        title = Title(new_title_id(), keys.signer, source, plan)
        folder.begin(title)
        return title
    if found.signer != keys.signer:
        raise Refused(
            "other_key_file",
            f"{order.out} was begun with another key file.",
            "Name that key file, or another folder.",
        )
    if (found.source, found.plan.info) != (source, info):
        raise Refused(
            "other_film", f"{order.out} was begun with another film.", "Name that film, or another folder."
        )
    if found.plan.policy != order.policy:
        raise Refused(
            "other_film",
            f"{order.out} was begun with other settings.",
            "Give the same settings, or name another folder.",
        )
    return found


def _fill(order: Order, folder: Folder, title: Title, keys: KeyFile, tell: Tell) -> None:
    """Make what is missing. Where packets turn out not to be what they seemed, encode them after all."""
    film = order.film.resolve()
    try:
        Making(film, folder, title, keys, tell, order.limits).run(order.at_once)
    except EncodeFailed as fault:
        if fault.code != "not_copyable":
            raise
        tell(LeftOut("copying", fault.sentence))
        # What is there was made for other segments: a title of its own, so that no key sees two films.
        folder.clear()
        encoded = replace(order.policy, copied_rate=0)
        plan = decide(film, title.plan.info, encoded, limits=order.limits)
        plan = replace(plan, policy=order.policy)
        title = Title(new_title_id(), keys.signer, title.source, plan)
        folder.begin(title)
        Making(film, folder, title, keys, tell, order.limits).run(order.at_once)


def publish(
    folder: Folder, keys: KeyFile, key_url: str, keys_folder: Path | None
) -> tuple[ManifestObject, ...]:
    """Write keys and playlists of a film whose manifest is there, the one that players open last of all."""
    manifest, title = folder.manifest(keys), folder.title
    assert title is not None  # noqa: S101  # whoever has a manifest has begun
    if keys_folder is not None:
        write_keys(keys_folder, keys.title_keys(title.id), manifest)
    kids = keys.title_keys(title.id).kid
    found = playlists.write(title.plan, manifest.objects, dict(title.codecs), key_url, kids)
    for name, text in found.items():
        folder.write(name, text.encode())
    folder.sync(list(found))
    folder.finish()
    return manifest.objects


def write_keys(place: Path, keys: TitleKeys, manifest: Manifest) -> None:
    """Write the 16-byte key of every rendition and crypto period, for a key server to hand out.

    Pictures and sound protected by `cbcs` have one for every tier and crypto period instead.

    Raises Refused(keys_taken) where keys of another film lie.
    """
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    wanted = {
        playlists.key_name(rendition, period): key for rendition, period, key in _key_files(keys, manifest)
    }
    for name, key in wanted.items():
        if (place / name).exists() and SecretBytes((place / name).read_bytes()) != key:
            raise Refused(
                "keys_taken", f"{place} holds keys of another film.", "Name a folder of this film's own."
            )
    for name, key in wanted.items():
        write_private(place / name, key)
    sync(place)


def _key_files(keys: TitleKeys, manifest: Manifest) -> Iterator[tuple[str, int, SecretBytes]]:
    common = {
        item.rendition for item in manifest.objects if item.kind is Kind.INIT and item.period != NO_PERIOD
    }
    places = {
        (item.rendition, item.tier, item.period) for item in manifest.objects if item.period != NO_PERIOD
    }
    for rendition, tier, period in sorted(places):
        if rendition in common:
            yield tier, period, keys.tier_key(tier, period)
        else:
            yield rendition, period, keys.content_key(rendition, tier, period)
