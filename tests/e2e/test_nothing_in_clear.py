"""What lies on disk after a film was published and watched: no key, no secret, no clear piece of the film."""

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from streaming.clock import SystemClock
from streaming.ids import TitleId
from streaming.keys.titles import WrappedSecrets, unwrap_secrets
from streaming.settings import Settings
from streaming.wiring import Services, build
from tests.media.films import with_subtitles
from tests.support.house import PASSWORD, House, running, wait_for_title
from tests.support.walk import dresses

pytestmark = pytest.mark.e2e
SAMPLE = 32
"""Bytes of a clear piece that are looked for; random enough that chance cannot put them anywhere."""
SAMPLES_EACH = 4


@dataclass(frozen=True)
class Kept:
    """A house that published and showed a film, and what its secrets are."""

    data: Path
    log: Path
    services: Services
    title: TitleId
    secrets: dict[str, bytes]
    samples: dict[str, bytes]
    clear_source: bytes


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    """Publish a film with sound and subtitles, fetch every key, stop the house hard: nothing is tidied."""
    folder = tmp_path_factory.mktemp("clear")
    film = with_subtitles(folder)
    scratch = folder / "data" / "scratch"
    scratch.mkdir(parents=True)
    # What the house would leave in the system's folder for such things is looked through as well.
    with running(folder / "data", MATINEE_CRYPTO_PERIOD_SECONDS="4", TMPDIR=str(scratch)) as house:
        title = show(house, film)
        house.kill()  # so that write-ahead logs stay as they are in the middle of work
    services = build(Settings(data=folder / "data", crypto_period_seconds=4), SystemClock())
    secrets, samples = secrets_of(services, title), clear_samples(services, title)
    yield Kept(folder / "data", house.log, services, title, secrets, samples, film.read_bytes())
    services.database.close()


def show(house: House, film: Path) -> TitleId:
    """Publish the film and play all of it, so that every key was in the hands of the server."""
    token = house.add_user("ana", "creator")
    done = house.run("publish", str(film), "--title", "Open Secret", "--wait", token=token)
    assert done.returncode == 0, done.stderr
    with house.client(token) as client:
        title = client.get("/api/v1/titles").json()["items"][0]["id"]
        wait_for_title(client, title, "ready")
        issued = client.post(f"/api/v1/titles/{title}/licences", json={"link": True, "label": "Press"})
        assert issued.status_code == 201, issued.text
        playback = client.post(f"/api/v1/titles/{title}/playback", json={"native": True}).json()
        main = client.get(playback["playlist_url"]).text
        for address in [line for line in main.splitlines() if line.startswith("/media/")]:
            media = client.get(address).text
            for key in {part.split('"')[0] for part in media.split('METHOD=AES-128,URI="')[1:]}:
                assert len(client.get(key).raise_for_status().content) == 16
    return TitleId(title)


def secrets_of(services: Services, title: TitleId) -> dict[str, bytes]:
    """Every key of the film: T, S, the root key, every share and every content key."""
    version = services.index.version(title)
    assert version is not None
    assert version.complete
    wrapped = services.index.secrets(version.version_id)
    assert wrapped is not None
    opened = unwrap_secrets(services.root, version.owner_id, title, version.number, WrappedSecrets(*wrapped))
    found = {
        "title secret T": opened.title_secret.reveal(),
        "server share S": opened.server_share.reveal(),
        "the poster's key": services.keys_of(title, version.version_id).poster_key().reveal(),
    }
    found |= {f"root key {number}": key.reveal() for number, key in services.root.versions.items()}
    keys = services.keys_of(title, version.version_id)
    for rendition in version.renditions:
        for period in {one.period for one in services.index.segments(version.version_id, rendition.name)}:
            key = keys.content_key(rendition.name, rendition.tier, period)
            found[f"content key {rendition.name}/{period}"] = key.reveal()
            share = keys.period_share(rendition.tier, period)
            found[f"share {rendition.tier}/{period}"] = share.reveal()
    assert {"v240", "i240", "s0", "a0", "t0"} <= {one.name for one in version.renditions}
    assert len([name for name in found if name.startswith("content key")]) >= 6
    return found


def clear_samples(services: Services, title: TitleId) -> dict[str, bytes]:
    """Pieces of what the segments are when they are decrypted: pictures, sound, subtitles, and the poster."""
    version = services.index.version(title)
    assert version is not None
    keys = services.keys_of(title, version.version_id)
    found = {}
    for rendition in version.renditions:
        for segment in services.index.segments(version.version_id, rendition.name):
            key = keys.content_key(rendition.name, rendition.tier, segment.period).reveal()
            clear = decrypted(services.objects.get(segment.object), key, segment.sequence)
            head = {"text": b"WEBVTT", "image": b"\xff\xd8"}.get(rendition.kind)
            body = clear if head else clear[clear.index(b"mdat") + 4 :]
            assert body.startswith(head or b"")
            for number, sample in enumerate(samples_of(body)):
                found[f"{rendition.name} segment {segment.sequence} sample {number}"] = sample
    assert len(found) > 20
    return found


def decrypted(stored: bytes, key: bytes, sequence: int) -> bytes:
    """AES-128-CBC with the sequence as IV and PKCS#7 padding (RFC 8216 §5.2), as any HLS player does it."""
    opener = Cipher(algorithms.AES(key), modes.CBC(sequence.to_bytes(16, "big"))).decryptor()
    padded = opener.update(stored) + opener.finalize()
    unpadder = PKCS7(128).unpadder()
    return unpadder.update(padded) + unpadder.finalize()


def samples_of(body: bytes) -> list[bytes]:
    """Some stretches spread over a clear piece that are no runs of the same few bytes."""
    step = max(1, (len(body) - SAMPLE) // SAMPLES_EACH)
    stretches = (body[at : at + SAMPLE] for at in range(0, max(1, len(body) - SAMPLE), step))
    return [one for one in stretches if len(one) == SAMPLE and len(set(one)) > SAMPLE // 2][:SAMPLES_EACH]


def everything(kept: Kept) -> Iterator[tuple[str, mmap.mmap]]:
    """Every file that is not empty: databases, their logs, objects, uploads, what the house said."""
    for path in sorted([*kept.data.rglob("*"), kept.log]):
        if path.is_file() and path.stat().st_size:
            with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                yield path.name if path == kept.log else str(path.relative_to(kept.data)), content


def test_no_key_and_no_secret_lies_on_disk(kept: Kept) -> None:
    seen, found = [], []
    for name, content in everything(kept):
        seen.append(name)
        for what, secret in kept.secrets.items():
            if name == "root.key" and what.startswith("root key"):
                continue
            found += [f"{what} in {name}" for dress in dresses(secret) if content.find(dress) >= 0]
    assert found == []
    assert {"matinee.sqlite", "jobs.sqlite", "root.key", kept.log.name} <= set(seen)
    assert any(name.endswith("-wal") for name in seen), seen
    assert any(name.startswith("objects/") for name in seen)


def test_the_search_would_find_a_key(kept: Kept) -> None:
    names = [name for name, content in everything(kept) if content.find(kept.title.encode()) >= 0]
    assert "matinee.sqlite" in names or "matinee.sqlite-wal" in names
    root = next(secret for what, secret in kept.secrets.items() if what.startswith("root key"))
    holders = [
        name for name, content in everything(kept) if any(content.find(dress) >= 0 for dress in dresses(root))
    ]
    assert holders == ["root.key"]
    assert (kept.data / "root.key").stat().st_mode & 0o777 == 0o600


def test_no_clear_piece_of_the_film_lies_on_disk(kept: Kept) -> None:
    found = []
    for name, content in everything(kept):
        found += [f"{what} in {name}" for what, sample in kept.samples.items() if content.find(sample) >= 0]
        if content.find(b"mdat") >= 0 and content.find(b"moof") >= 0:
            found.append(f"clear boxes in {name}")
        if content.find(b"JFIF") >= 0 or content.find(b"WEBVTT") >= 0:
            found.append(f"a clear picture or subtitle in {name}")
    assert found == []


def test_the_upload_is_gone_and_nothing_of_it_is_left(kept: Kept) -> None:
    assert [path for path in (kept.data / "uploads").rglob("*") if path.is_file()] == []
    source = samples_of(kept.clear_source[len(kept.clear_source) // 4 :])
    assert source
    found = [name for name, content in everything(kept) if any(content.find(one) >= 0 for one in source)]
    assert found == []


def test_every_object_is_one_the_film_is_made_of(kept: Kept) -> None:
    version = kept.services.index.version(kept.title)
    assert version is not None
    known = {one.init_object for one in version.renditions if one.init_object}
    for rendition in version.renditions:
        known |= {one.object for one in kept.services.index.segments(version.version_id, rendition.name)}
    lying = set(kept.services.objects.list(""))
    strange = {name for name in lying - known if "/poster-" not in name and "/manifest-" not in name}
    assert strange == set()
    assert known <= lying


def test_passwords_and_tokens_are_kept_as_hashes_alone(kept: Kept) -> None:
    found = [name for name, content in everything(kept) if content.find(PASSWORD.encode()) >= 0]
    found += [name for name, content in everything(kept) if content.find(b"mt_") >= 0]
    assert found == []
