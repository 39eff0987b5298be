"""Everything an operator can set, read from `MATINEE_…` and checked."""

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from streaming.hosts import DeliveryHost, Form, read_hosts
from transcoder.formats.codec_names import AUDIO_CODECS, VIDEO_CODECS, choose

GB = 1_000_000_000


class Settings(BaseSettings):
    """Settings of one Matinee house; environment variables are the names in capitals behind `MATINEE_`."""

    model_config = SettingsConfigDict(env_prefix="MATINEE_", frozen=True, extra="ignore")

    data: Path = Field(default=Path(".matinee"), description="Folder that holds everything that is kept.")
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on.")
    public_url: str = Field(
        default="", description="How people reach the house, for links; http://HOST:PORT."
    )
    trusted_proxies: str = Field(
        default="", description="Addresses of proxies in front whose X-Forwarded-For is believed, by commas."
    )
    secure_cookies: bool | None = Field(
        default=None, description="Force the Secure mark; else by public_url."
    )
    open_role: Literal["viewer", "creator"] | None = Field(
        default="creator", description="Role of people who register by themselves; empty closes registration."
    )
    quota_bytes: int = Field(default=50 * GB, gt=0, description="Storage for one account.")
    keep_uploads: bool = Field(
        default=False, description="Keep the uploaded file once its title is verified."
    )
    web_processes: int = Field(default=1, ge=1, le=32, description="Processes that answer requests, 1 to 32.")
    workers: int = Field(default=1, ge=1, le=32, description="Worker processes that encode films, 1 to 32.")
    codecs: str = Field(
        default="h264", description="Codecs of the picture, by commas: h264 always, and hevc, av1 beside it."
    )
    audio_codecs: str = Field(
        default="aac", description="Codecs of the sound, by commas: aac always, and opus beside it."
    )
    max_pixels: int = Field(default=8192 * 4320, gt=0, description="Largest picture a decoder may open.")
    crypto_period_seconds: int = Field(default=60, ge=4, le=300, description="Film time under one key.")
    lease_seconds: int = Field(default=300, ge=10, description="How long a stream's slot is held unrenewed.")
    lease_grace_seconds: int = Field(
        default=60, ge=0, description="How long after that a renewal still works."
    )
    link_uses_days: int = Field(
        default=90, ge=1, le=3650, description="How long it is noted which devices used a guest link."
    )
    link_networks: bool = Field(
        default=True, description="Note from which network (IPv4 /24, IPv6 /48) a guest link was used."
    )
    release_burst: int = Field(default=12, ge=1, description="Crypto periods released at once, for seeking.")
    release_rate: float = Field(default=4.0, gt=0, description="Periods refilled per period of real time.")
    drm_file: Path | None = Field(
        default=None, description="TOML file that describes licence services of DRM systems."
    )
    address_form: Literal[Form.HMAC, Form.NGINX] = Field(
        default=Form.HMAC, description="How the house signs addresses of segments: hmac, or nginx."
    )
    delivery_hosts: str = Field(
        default="",
        description="Hosts that hand out segments, by commas: NAME=https://HOST;form=…;priority=…;weight=…",
    )

    @field_validator("open_role", mode="before")
    @classmethod
    def _empty_closes(cls, value: object) -> object:
        """Take an empty text for None: an environment variable cannot say it otherwise."""
        return None if isinstance(value, str) and not value.strip() else value

    @field_validator("codecs")
    @classmethod
    def _known_codecs(cls, value: str) -> str:
        choose(value, VIDEO_CODECS)
        return value

    @field_validator("audio_codecs")
    @classmethod
    def _known_audio_codecs(cls, value: str) -> str:
        choose(value, AUDIO_CODECS)
        return value

    @field_validator("delivery_hosts")
    @classmethod
    def _readable_hosts(cls, value: str) -> str:
        read_hosts(value)
        return value

    @property
    def hosts(self) -> tuple[DeliveryHost, ...]:
        """Hosts beside the house that hand out segments."""
        return read_hosts(self.delivery_hosts)

    @property
    def video_codecs(self) -> tuple[str, ...]:
        """Codecs that the best rungs are made in; H.264 is always there."""
        return choose(self.codecs, VIDEO_CODECS)

    @property
    def sound_codecs(self) -> tuple[str, ...]:
        """Codecs that sound is made in; AAC is always there."""
        return choose(self.audio_codecs, AUDIO_CODECS)

    @property
    def address(self) -> str:
        """The address people are told, without a slash at the end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def cookies_are_secure(self) -> bool:
        """Whether cookies carry the `Secure` mark."""
        if self.secure_cookies is not None:
            return self.secure_cookies
        return self.address.startswith("https://")

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the house's database."""
        return f"sqlite:///{self.data / 'matinee.sqlite'}"

    @property
    def jobs_url(self) -> str:
        """SQLAlchemy URL of the durable jobs' database."""
        return f"sqlite:///{self.data / 'jobs.sqlite'}"

    @property
    def uploads_folder(self) -> Path:
        """Where uploads lie until they are published."""
        return self.data / "uploads"

    @property
    def objects_folder(self) -> Path:
        """Where encrypted objects lie."""
        return self.data / "objects"

    @property
    def root_key_file(self) -> Path:
        """The file with the root key, mode 0600."""
        return self.data / "root.key"
