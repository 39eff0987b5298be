"""JSON of playbacks: what comes in, checked, and what goes out."""

from pydantic import BaseModel, ConfigDict, Field

from streaming.web.api.moments import Moment


class BootstrapIn(BaseModel):
    """How a player will begin, for an answer that holds what it would ask next."""

    model_config = ConfigDict(extra="forbid")

    at: float | None = Field(
        default=None, ge=0, le=1e7, description="Second of film; left out: where the viewer was."
    )
    bandwidth: int = Field(default=0, ge=0, le=10**10, description="Bits a second; 0: the lowest quality.")
    text: str = Field(default="", max_length=35, description="Language of subtitles that will be shown.")


class PlaybackIn(BaseModel):
    """A playback to start. `native` asks for an address that works without cookies."""

    model_config = ConfigDict(extra="forbid")

    device: str | None = Field(default=None, max_length=200)
    native: bool = False
    take_over: bool = Field(default=False, description="Stop another screen if all are taken.")
    bootstrap: BootstrapIn | None = Field(
        default=None, description="Ask for the first answers along with this one; not for `native`."
    )


class BootstrapOut(BaseModel):
    """What a player asks first: bodies by address, and the addresses of first segments left to fetch.

    `playlists` are texts; `objects` are init segments, keys and small first segments in base64. The keys are
    counted as at their own doors. What was refused, late or too large is left out and can be asked for there.
    """

    playlists: dict[str, str]
    objects: dict[str, str] = Field(repr=False)
    segments: list[str]


class PlaybackOut(BaseModel):
    """A playback: its addresses (paths of this house), its lease, and when the licence ends.

    `dash_url` and `licence_url` (Clear Key) are those of films under `cbcs`; other films have neither.
    """

    playback_id: str
    licence_id: str | None
    protection: str
    playlist_url: str
    dash_url: str | None
    licence_url: str | None
    renew_url: str
    release_url: str
    lease_until: Moment
    renew_after_s: int
    ends_at: Moment | None
    warn_at: Moment | None
    start_at_s: float
    tier: str
    title: str
    bootstrap: BootstrapOut | None = None


class WatchingOut(BaseModel):
    """A playback that holds a slot now."""

    playback_id: str
    title_id: str
    device: str
    started_at: Moment
    lease_until: Moment
    position_s: float


class WatchingsOut(BaseModel):
    """Playbacks that run now, the oldest first."""

    items: list[WatchingOut]
