"""JSON of playbacks: what comes in, checked, and what goes out."""

from pydantic import BaseModel, ConfigDict, Field

from streaming.web.api.moments import Moment


class PlaybackIn(BaseModel):
    """A playback to start. `native` asks for an address that works without cookies."""

    model_config = ConfigDict(extra="forbid")

    device: str | None = Field(default=None, max_length=200)
    native: bool = False
    take_over: bool = Field(default=False, description="Stop another screen if all are taken.")


class PlaybackOut(BaseModel):
    """A playback: its addresses (paths of this house), its lease, and when the licence ends."""

    playback_id: str
    licence_id: str | None
    playlist_url: str
    renew_url: str
    release_url: str
    lease_until: Moment
    renew_after_s: int
    ends_at: Moment | None
    warn_at: Moment | None
    start_at_s: float
    tier: str
    title: str


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
