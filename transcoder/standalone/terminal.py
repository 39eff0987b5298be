"""What `python -m transcoder` shows: a bar and tables for people, one JSON object a line for programs."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn

from transcoder.errors import EncodeFailed, Refused
from transcoder.jsonform import to_plain
from transcoder.planning.plan import Plan
from transcoder.source.media import MediaInfo
from transcoder.standalone.events import (
    Checked,
    Event,
    Found,
    LeftOut,
    Made,
    Measuring,
    Planned,
    Probed,
    Progressed,
)
from transcoder.standalone.output import clean, err, length, megabytes, out, plain, print_table

STAGES = {"encoding": ("Encoding", "frames/s"), "checking": ("Checking", "objects/s")}
MOST_FINDINGS = 20
PER_CENT = 100


class Voice(Protocol):
    """Tells what happens; close it before anything else is printed."""

    def hear(self, event: Event) -> None:
        """Take an event."""
        ...

    def fail(self, code: str, sentence: str, hint: str = "", lines: Sequence[str] = ()) -> None:
        """Say why it ended."""
        ...

    def __enter__(self) -> "Voice": ...

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Lines:
    """One JSON object a line on standard output: {"event": …, …}; sentences about faults on stderr, too."""

    def __init__(self) -> None:
        self._percent = -1

    def __enter__(self) -> "Lines":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def hear(self, event: Event) -> None:
        """Print an event; progress once a percent."""
        if isinstance(event, Progressed):
            percent = _percent(event)
            if percent == self._percent:
                return
            self._percent = percent
        name, facts = _facts(event)
        self._print({"event": name, **facts})

    def fail(self, code: str, sentence: str, hint: str = "", lines: Sequence[str] = ()) -> None:
        """Print why it ended, here and on stderr."""
        told = {"event": "failed", "code": code, "sentence": sentence, "hint": hint, "lines": list(lines)}
        self._print(told)
        say_fault(code, sentence, hint)

    def _print(self, value: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(value, ensure_ascii=True) + "\n")
        sys.stdout.flush()


class Bar:
    """A bar with percent, speed and time left on stderr; results on standard output."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            TaskProgressColumn(),
            TextColumn("{task.fields[speed]}"),
            TextColumn("{task.fields[left]}"),
            console=err,
            expand=True,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> "Bar":
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def hear(self, event: Event) -> None:
        """Show an event."""
        if isinstance(event, Progressed):
            self._move(event)
        elif isinstance(event, Measuring):
            self._say("Measuring the film, to choose its qualities.")
        elif isinstance(event, Planned):
            if event.done:
                chunks = len(event.plan.chunks)
                self._say(f"Going on: {event.done} of {count(chunks, 'chunk')} done before.")
        elif isinstance(event, LeftOut):
            self._say(f"[yellow]Left out:[/yellow] {plain(event.what)}. {plain(event.sentence)}")
        elif isinstance(event, Made):
            self._stop()
            say_made(event)
        elif isinstance(event, Checked):
            self._stop()
            say_checked(event)

    def fail(self, code: str, sentence: str, hint: str = "", lines: Sequence[str] = ()) -> None:
        """Say why it ended, with the encoder's last lines."""
        self._stop()
        say_fault(code, sentence, hint, lines)

    def _move(self, event: Progressed) -> None:
        words, unit = STAGES[event.stage]
        if not self._tasks:
            self._progress.start()
        if event.stage not in self._tasks:
            self._tasks[event.stage] = self._progress.add_task(words, total=None, speed="", left="")
        self._progress.update(
            self._tasks[event.stage],
            total=event.total,
            completed=event.done,
            speed=f"{event.rate:.0f} {unit}" if event.rate else "",
            left=f"about {time_words(event.left)} left" if event.left else "",
        )

    def _stop(self) -> None:
        if self._tasks:
            self._progress.stop()

    def _say(self, words: str) -> None:
        self._progress.console.print(words, soft_wrap=True)


def say_fault(code: str, sentence: str, hint: str = "", lines: Sequence[str] = ()) -> None:
    """Say a fault on stderr: what happened, what the encoder said, what to do, the code small beside."""
    err.print(f"[bold red]transcoder:[/bold red] {plain(sentence)}", soft_wrap=True)
    for line in lines[-3:]:
        err.print(f"            [dim]{plain(line)}[/dim]", soft_wrap=True)
    if hint:
        err.print(f"            {plain(hint)}", soft_wrap=True)
    err.print(f"            [dim]({plain(code)})[/dim]", soft_wrap=True)


def fault_of(fault: Exception, place: Path) -> tuple[str, str, str, tuple[str, ...]]:
    """Code, sentence, hint and last lines of anything that can end a run."""
    if isinstance(fault, Refused):
        return fault.code, fault.sentence, fault.hint, ()
    if isinstance(fault, EncodeFailed):
        hint = (
            "Start the same command again: what is finished stays. If it fails again, the film is at fault."
        )
        return fault.code, fault.sentence, hint, fault.lines
    if isinstance(fault, OSError):
        sentence = f"{place} cannot be used: {fault.strerror or fault}."
        return "disk", sentence, "Mend that, then start the same command again: it goes on.", ()
    return "damaged", f"{place} cannot be read: {fault}.", "Run: python -m transcoder verify", ()


def say_plan(info: MediaInfo, plan: Plan) -> None:
    """Print what will be made, and why."""
    track = info.video
    out.print(
        f"{length(float(plan.duration))}, {track.width}×{track.height}, {float(plan.frame_rate):.3f}".rstrip(
            "0"
        ).rstrip(".")
        + f" frames/s, {track.codec}, {megabytes(info.size)}",
        soft_wrap=True,
    )
    out.print()
    print_table(("Track", "What", "Codec", "At most", "Language", "Tier"), _rows(plan), "")
    out.print()
    out.print(
        f"{count(len(plan.segments), 'segment')} in {count(len(plan.chunks), 'chunk')}; "
        f"{count(plan.periods, 'crypto period')}, each with keys of its own.",
        soft_wrap=True,
    )
    reasons = [f"{rung.name}: {rung.reason}" for rung in plan.video if rung.reason]
    for sentence in (*plan.reasons, *reasons):
        out.print(f"· {plain(sentence)}", soft_wrap=True)


def _rows(plan: Plan) -> list[tuple[str, ...]]:
    rows = [
        (rung.name, f"{rung.width}×{rung.height}", rung.codec, kilobits(rung.bandwidth), "", rung.tier)
        for rung in plan.video
    ]
    rows += [
        (
            sound.name,
            f"sound, {count(sound.channels, 'channel')}",
            sound.codec,
            kilobits(sound.bandwidth),
            _language(sound.language),
            sound.tier,
        )
        for sound in plan.audios
    ]
    return [
        *rows,
        *((text.name, "subtitles", "webvtt", "", _language(text.language), text.tier) for text in plan.texts),
    ]


def say_made(made: Made) -> None:
    """Print where the film is, and what to do with it."""
    done = "was whole already; its playlists are written anew" if made.was_whole else "is ready"
    out.print(
        f"{plain(made.folder)} {done}: {count(made.objects, 'object')}, {megabytes(made.size)}, "
        f"in {time_words(made.seconds)}.",
        soft_wrap=True,
    )
    out.print(f"[dim]Title {made.title}. Players open main.m3u8.[/dim]", soft_wrap=True)


def say_checked(checked: Checked) -> None:
    """Print what was found."""
    for finding in checked.findings[:MOST_FINDINGS]:
        name = plain(finding.name) or "manifest"
        out.print(f"[red]{finding.code:<9}[/red] {name}: {plain(finding.sentence)}", soft_wrap=True)
    if len(checked.findings) > MOST_FINDINGS:
        out.print(f"… and {len(checked.findings) - MOST_FINDINGS} more (--json lists all).")
    size = f"{count(checked.objects, 'object')}, {megabytes(checked.size)}"
    if checked.findings:
        found = count(len(checked.findings), "thing")
        out.print(f"[bold red]{plain(checked.folder)} is damaged:[/bold red] {found} found; {size}.")
    elif checked.whole:
        out.print(f"{plain(checked.folder)} is whole: {size}; every frame is there.", soft_wrap=True)
    else:
        out.print(f"{plain(checked.folder)} has every object unchanged: {size}.", soft_wrap=True)
    if not checked.whole:
        out.print(
            "Only hashes were checked. With --key-file it is decrypted, and the signature means something.",
            soft_wrap=True,
        )
    if checked.keys_inside:
        out.print(
            "[yellow]Its keys lie in it:[/yellow] whoever gets the folder can watch the film.", soft_wrap=True
        )


def count(number: int, noun: str) -> str:
    """Say how many there are."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def kilobits(rate: int) -> str:
    """Say a rate."""
    return f"{rate / 1000:,.0f} kbit/s"


def time_words(seconds: float) -> str:
    """Say a time: 12 s, 3:20, 1:02:03."""
    return f"{max(1, round(seconds))} s" if seconds < 59.5 else length(seconds)


def _language(code: str) -> str:
    return "" if code == "und" else clean(code)


def _percent(event: Progressed) -> int:
    return PER_CENT * event.done // max(1, event.total)


def _facts(event: Event) -> tuple[str, dict[str, Any]]:
    """Name an event and list its facts as JSON has them."""
    if isinstance(event, Probed):
        return "probe", to_plain(event.info)
    if isinstance(event, Measuring):
        return "measuring", {}
    if isinstance(event, Planned):
        return "plan", _plan_facts(event)
    if isinstance(event, Progressed):
        return "progress", {**to_plain(event), "percent": _percent(event)}
    if isinstance(event, LeftOut):
        return "left_out", to_plain(event)
    if isinstance(event, Found):
        return "finding", to_plain(event.finding)
    if isinstance(event, Made):
        facts = {"folder": str(event.folder), "title": event.title, "objects": event.objects}
        return "done", {**facts, "size": event.size, "seconds": event.seconds, "was_whole": event.was_whole}
    findings = [to_plain(finding) for finding in event.findings]
    facts = {"folder": str(event.folder), "title": event.title, "objects": event.objects, "size": event.size}
    return "checked", {
        **facts,
        "whole": event.whole,
        "keys_inside": event.keys_inside,
        "findings": findings,
    }


def _plan_facts(event: Planned) -> dict[str, Any]:
    plan = event.plan
    return {
        "duration": float(plan.duration),
        "frames": plan.frames,
        "frame_rate": to_plain(plan.frame_rate),
        "video": [to_plain(rung) for rung in plan.video],
        "audios": [to_plain(sound) for sound in plan.audios],
        "texts": [to_plain(text) for text in plan.texts],
        "segments": len(plan.segments),
        "chunks": len(plan.chunks),
        "chunks_done": event.done,
        "periods": plan.periods,
        "reasons": list(plan.reasons),
    }


def is_terminal() -> bool:
    """Whether somebody looks at standard output."""
    return Console().is_terminal
