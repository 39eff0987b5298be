"""DBOS behind a few words: register functions, launch, start by id, run steps, wait for children.

Everything recorded is text: ids in, a short result out. No key bytes, no file contents, no pickled objects.
"""

import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sqlalchemy import make_url

if TYPE_CHECKING:
    from dbos import WorkflowHandle

APPLICATION = "matinee"
VERSION = "transcode-1"
"""Changes only when a workflow's shape does: DBOS recovers workflows of its own version alone."""
MOST_RECOVERIES = 50
"""A film that takes its worker down with it is not tried for ever."""
CHILD_POLL_SECONDS = 0.1
FINAL = frozenset({"SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"})

Workflow = Callable[..., str]


class Jobs:
    """The durable engine of one worker process. DBOS is one per process, and so is this."""

    def __init__(self, url: str, worker: str) -> None:
        from dbos import DBOS, DBOSConfig

        _use_wal(url)
        config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_url": url,
            "application_version": VERSION,
            "executor_id": worker,
            "log_level": "ERROR",
            "notification_listener_polling_interval_sec": 5.0,
            "scheduler_polling_interval_sec": 600.0,
            "sys_db_pool_size": 8,
        }
        DBOS(config=config)
        self._dbos = DBOS
        self._functions: dict[str, Workflow] = {}

    def register(self, name: str, function: Workflow) -> None:
        """Make `function` known under `name`; only before `launch`."""

        def body(*arguments: str | int) -> str:
            return function(*arguments)

        decorate = self._dbos.workflow(name=name, max_recovery_attempts=MOST_RECOVERIES)
        self._functions[name] = decorate(body)

    def launch(self) -> None:
        """Start the engine; work that this worker's name left unfinished begins again within a second."""
        self._dbos.launch()

    def start(self, workflow_id: str, name: str, *arguments: str | int) -> "WorkflowHandle[str]":
        """Start a workflow in the background; an id that is known already is not run a second time."""
        from dbos import SetWorkflowID

        with SetWorkflowID(workflow_id):
            return self._dbos.start_workflow(self._functions[name], *arguments)

    def result(self, handle: "WorkflowHandle[str]") -> str:
        """Wait for a workflow that `start` gave."""
        return handle.get_result(polling_interval_sec=CHILD_POLL_SECONDS)

    def step(self, name: str, function: Callable[..., str], *arguments: Any) -> str:
        """Run `function` inside a workflow and record its result: after a crash it is not run again."""
        return self._dbos.run_step({"name": name}, function, *arguments)

    def is_over(self, workflow_id: str) -> bool:
        """Tell whether a workflow has ended, in whatever way."""
        status = self._dbos.get_workflow_status(workflow_id)
        return status is not None and status.status in FINAL

    def forget(self, workflow_id: str) -> None:
        """Remove the records of an ended workflow and its children."""
        self._dbos.delete_workflow(workflow_id, delete_children=True)

    def close(self) -> None:
        """Stop the engine's threads; workflows in hand stay recorded as unfinished."""
        self._dbos.destroy(destroy_registry=True)


def _use_wal(url: str) -> None:
    """Put the jobs' SQLite file into WAL mode: it stays so, and readers no longer wait for writers."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return
    connection = sqlite3.connect(parsed.database, timeout=15)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()
