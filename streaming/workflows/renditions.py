"""From a plan to the rows of what is made of it. Pure."""

from streaming.catalogue.values import NewRendition
from streaming.workflows.sink import timescale
from transcoder.formats.codec_names import planned_codecs
from transcoder.planning.ladder import AudioRendition, VideoRendition
from transcoder.planning.plan import Plan, TextRendition


def renditions_of(plan: Plan) -> list[NewRendition]:
    """Rows for the plan's renditions, in playlist order."""
    return [
        *(_picture(plan, rung) for rung in plan.video),
        _winding(plan),
        _board(plan),
        *(_sound(plan, sound) for sound in plan.audios),
        *(_text(plan, text) for text in plan.texts),
    ]


def _picture(plan: Plan, rung: VideoRendition) -> NewRendition:
    return NewRendition(
        name=rung.name,
        kind="video",
        tier=rung.tier,
        timescale=timescale(plan, rung.name),
        codecs=planned_codecs(rung),
        width=rung.width,
        height=rung.height,
        frame_rate=plan.frame_rate,
        hdr=rung.hdr,
        bandwidth=rung.bandwidth,
    )


def _winding(plan: Plan) -> NewRendition:
    winding, lowest = plan.iframes, plan.lowest
    return NewRendition(
        name=winding.name,
        kind="iframe",
        tier=winding.tier,
        timescale=timescale(plan, winding.name),
        codecs=planned_codecs(lowest),
        width=lowest.width,
        height=lowest.height,
    )


def _board(plan: Plan) -> NewRendition:
    board = plan.storyboard
    return NewRendition(
        name=board.name,
        kind="image",
        tier=board.tier,
        timescale=timescale(plan, board.name),
        width=board.width,
        height=board.height,
        frame_rate=plan.frame_rate / board.frames,
    )


def _sound(plan: Plan, sound: AudioRendition) -> NewRendition:
    return NewRendition(
        name=sound.name,
        kind="audio",
        tier=sound.tier,
        timescale=timescale(plan, sound.name),
        codecs=planned_codecs(sound),
        channels=sound.channels,
        language=sound.language,
        label=sound.title,
        role=sound.role,
        default=sound.default,
        bandwidth=sound.bitrate,
    )


def _text(plan: Plan, text: TextRendition) -> NewRendition:
    return NewRendition(
        name=text.name,
        kind="text",
        tier=text.tier,
        timescale=timescale(plan, text.name),
        language=text.language,
        label=text.title,
        forced=text.forced,
        role="sdh" if text.sdh else "main",
        default=text.default,
    )
