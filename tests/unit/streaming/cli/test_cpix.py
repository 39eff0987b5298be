"""`matinee title cpix`: the keys leave for a certificate alone, and what a vendor says comes in."""

import base64
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from typer.testing import CliRunner

from streaming.accounts.principal import Role
from streaming.catalogue.model import RenditionRow, SegmentRow, TitleRow, VersionRow
from streaming.cli.accounts import ensure_account
from streaming.cli.app import app
from streaming.db.engine import open_engine
from streaming.db.migrate import upgrade
from streaming.errors import Fault
from streaming.keys.titles import TitleSecrets, wrap_secrets
from streaming.settings import Settings
from streaming.wiring import open_services
from transcoder.formats.pssh import Pssh, make_pssh
from transcoder.keys.keyschedule import TitleKeys
from transcoder.keys.secret import SecretBytes

NOW = datetime.now(UTC)
KEY = rsa.generate_private_key(65537, 2048)
VENDOR = "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A data folder with one ready film under cbcs, of two crypto periods."""
    settings = Settings(data=tmp_path / "data")
    settings.data.mkdir()
    upgrade(open_engine(settings.database_url))
    with open_services(settings) as services:
        ensure_account(services, "ana", Role.CREATOR, SecretBytes(b"a long password"))
        owner = services.accounts.named("ana").id
        kept = wrap_secrets(services.root, owner, "ti_film", 1, TitleSecrets.make())
        with services.database.write() as session:
            session.add(
                TitleRow(
                    id="ti_film", owner_id=owner, name="The Film", state="ready", version_id="ve_one",
                    created_at=NOW, updated_at=NOW, description="",
                )
            )  # fmt: skip
            session.flush()
            session.add(
                VersionRow(
                    id="ve_one", title_id="ti_film", published_at=NOW, protection="cbcs",
                    duration_us=120_000_000, wrapped_title_secret=kept.title_secret,
                    wrapped_server_share=kept.server_share,
                )
            )  # fmt: skip
            session.flush()
            session.add(
                RenditionRow(
                    version_id="ve_one", name="v480", kind="video", tier="sd", width=854, height=480,
                    timescale=1, init_object="i.mp4",
                )
            )  # fmt: skip
            session.flush()
            for number in range(2):
                session.add(
                    SegmentRow(
                        version_id="ve_one", rendition="v480", sequence=number, chunk=0, part="all",
                        object=f"{number}.m4s", period=number, start_ticks=60 * number, duration_ticks=60,
                        size=1, sha256=b"",
                    )
                )  # fmt: skip
    return tmp_path


def keys(house: Path) -> TitleKeys:
    with open_services(Settings(data=house / "data")) as services:
        return services.keys_of("ti_film", "ve_one")


def certificate(house: Path, days: Sequence[int] = (-1, 1)) -> Path:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A vendor")])
    times = [NOW + timedelta(days=day) for day in days]
    made = x509.CertificateBuilder(name, name, KEY.public_key(), 1, times[0], times[1]).sign(
        KEY, hashes.SHA256()
    )
    path = house / "vendor.pem"
    path.write_bytes(made.public_bytes(Encoding.PEM))
    return path


def run(house: Path, *words: str) -> str:
    done = CliRunner().invoke(
        app, ["title", "cpix", *words, "--data", str(house / "data")], catch_exceptions=True
    )
    if isinstance(done.exception, Fault):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def test_keys_are_written_for_the_holder_of_a_certificate(house: Path) -> None:
    out = house / "out.xml"
    run(
        house,
        "export",
        "ti_film",
        "--certificate",
        str(certificate(house)),
        "--out",
        str(out),
        "--system",
        VENDOR,
    )
    text = out.read_text()
    made = keys(house)
    assert out.stat().st_mode & 0o777 == 0o600
    for period in range(2):
        assert str(made.kid("sd", period)) in text
        assert base64.b64encode(made.tier_key("sd", period).reveal()).decode() not in text
    assert str(made.kid("sd", 2)) not in text
    assert text.count(f'systemId="{VENDOR}"') == 2


def test_keys_are_written_in_clear_only_when_it_is_said(house: Path) -> None:
    out = house / "out.xml"
    with pytest.raises(Fault, match="need a recipient"):
        run(house, "export", "ti_film", "--out", str(out))
    assert not out.exists()
    run(house, "export", "ti_film", "--keys-in-clear", "--out", str(out))
    assert base64.b64encode(keys(house).tier_key("sd", 1).reveal()).decode() in out.read_text()


def test_a_file_that_is_there_is_not_written_over(house: Path) -> None:
    out = house / "out.xml"
    out.write_text("mine")
    with pytest.raises(Fault, match="is there already"):
        run(house, "export", "ti_film", "--keys-in-clear", "--out", str(out))
    assert out.read_text() == "mine"


def test_an_expired_certificate_gets_no_keys(house: Path) -> None:
    out = house / "out.xml"
    with pytest.raises(Fault, match="not valid today"):
        run(house, "export", "ti_film", "--certificate", str(certificate(house, (-3, -1))), "--out", str(out))
    assert not out.exists()


def test_what_the_vendor_filled_in_is_imported(house: Path) -> None:
    sent, back = house / "sent.xml", house / "back.xml"
    run(house, "export", "ti_film", "--keys-in-clear", "--out", str(sent), "--system", VENDOR)
    kid = keys(house).kid("sd", 1)
    empty = f'<cpix:DRMSystem systemId="{VENDOR}" kid="{kid}" />'
    pssh = base64.b64encode(make_pssh(Pssh(uuid.UUID(VENDOR), (), b"theirs"))).decode()
    filled = empty.replace(" />", f"><cpix:PSSH>{pssh}</cpix:PSSH></cpix:DRMSystem>")
    assert empty in sent.read_text()
    back.write_text(sent.read_text().replace(empty, filled))
    said = run(house, "import", "ti_film", str(back))
    assert "1 DRM system(s), for 1 keys" in said
    assert "2 keys in the document were not read" in said
    with open_services(Settings(data=house / "data")) as services:
        (signal,) = services.signals_of("ve_one")[kid]
    assert signal.pssh.endswith(b"theirs")


def test_hostile_xml_is_refused(house: Path) -> None:
    bad = house / "bad.xml"
    bad.write_text('<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]><x>&f;</x>')
    with pytest.raises(Fault, match="document type or entities"):
        run(house, "import", "ti_film", str(bad))


def test_an_unknown_title_has_no_keys(house: Path) -> None:
    with pytest.raises(Fault, match="no such title"):
        run(house, "export", "ti_none", "--keys-in-clear", "--out", str(house / "out.xml"))
