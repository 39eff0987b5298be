"""What a worker has at hand while it works on titles."""

import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta

from streaming.catalogue import making
from streaming.catalogue.making import Stopped
from streaming.catalogue.ports import Sources
from streaming.catalogue.values import VersionFacts
from streaming.clock import Clock
from streaming.db.engine import Database
from streaming.ids import VersionId
from streaming.jobs.watch import News
from streaming.keys.root import RootKey
from streaming.keys.titles import WrappedSecrets, unwrap_secrets
from streaming.storage.objects import ObjectStore
from streaming.workflows.estimate import CHECK_BYTES_A_SECOND, Meter
from transcoder.keys.keyschedule import TitleKeys
from transcoder.planning.plan import DEFAULT_POLICY, Plan, Policy
from transcoder.programs.sandbox import DEFAULT_LIMITS, Limits

PLANS_KEPT = 4
WRITERS = 4


@dataclass(frozen=True)
class House:
    """The open services of a worker process, by name."""

    database: Database
    objects: ObjectStore
    clock: Clock
    root: RootKey
    sources: Sources
    worker: str
    limits: Limits = DEFAULT_LIMITS
    keep_uploads: bool = False
    policy: Policy = DEFAULT_POLICY
    lease_grace: timedelta = timedelta(seconds=60)
    """How long after its lease a playback may still go on."""
    news: News = field(default_factory=News)
    writers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(WRITERS, "objects"))
    _plans: "OrderedDict[str, tuple[str, Plan]]" = field(default_factory=OrderedDict)
    metering: threading.Lock = field(default_factory=threading.Lock)
    """Held while meters and the pace of checks are read or changed."""
    _meters: dict[str, Meter] = field(default_factory=dict)
    _paces: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def facts(self, version_id: VersionId, run: int) -> VersionFacts:
        """Read the version. Raises `Stopped` unless this run makes it."""
        with self.database.read() as session:
            return making.check_running(session, version_id, run)

    def is_running(self, version_id: VersionId, run: int) -> bool:
        """Tell whether this run still makes the version."""
        with self.database.read() as session:
            return making.is_running(session, version_id, run)

    def policy_of(self, period_seconds: int, protection: str) -> Policy:
        """The house's policy, with what was decided when the title was handed in."""
        return replace(self.policy, crypto_period_seconds=period_seconds, protection=protection)

    def plan(self, version_id: VersionId) -> Plan:
        """Give the version's stored plan. Raises `Stopped` when there is none (any more)."""
        with self.database.read() as session:
            text = making.plan_of(session, version_id)
        if text is None:
            raise Stopped(version_id)
        with self._lock:
            known = self._plans.get(version_id)
        if known is not None and known[0] == text:
            return known[1]  # another worker may have changed the plan: the text says
        plan = Plan.from_json(text)
        with self._lock:
            self._plans[version_id] = (text, plan)
            while len(self._plans) > PLANS_KEPT:
                self._plans.popitem(last=False)
        return plan

    def forget(self, version_id: VersionId) -> None:
        """Let go of what was remembered of a version."""
        with self._lock:
            self._plans.pop(version_id, None)
            self._meters.pop(version_id, None)

    def meter(self, version_id: VersionId) -> Meter:
        """Give the meter that follows a version; call it with `metering` held."""
        return self._meters.setdefault(version_id, Meter())

    @property
    def check_pace(self) -> float:
        """Stored bytes a second that the last check read and decrypted."""
        return self._paces.get("check", CHECK_BYTES_A_SECOND)

    def note_check(self, size: int, seconds: float) -> None:
        """Remember how long a check took."""
        if size and seconds > 0:
            with self.metering:
                self._paces["check"] = size / seconds

    def keys(self, facts: VersionFacts) -> TitleKeys:
        """Unwrap the version's secrets. Raises `Stopped` when they were shredded."""
        if facts.wrapped_title_secret is None or facts.wrapped_server_share is None:
            raise Stopped(facts.id)
        wrapped = WrappedSecrets(facts.wrapped_title_secret, facts.wrapped_server_share)
        opened = unwrap_secrets(self.root, facts.owner_id, facts.title_id, facts.number, wrapped)
        return TitleKeys(facts.title_id, facts.number, opened.title_secret, opened.server_share)


def folder_of(facts: VersionFacts) -> str:
    """Where a version's objects lie."""
    return f"{facts.title_id}/{facts.id}"
