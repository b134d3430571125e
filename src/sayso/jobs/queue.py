"""`JobQueue`: putting jobs in, and asking what became of them."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Self, TypeVar

from sayso.errors import QueueError
from sayso.jobs.database import (
    APPLICATION,
    VERSION,
    database_url,
    in_words,
    open_engine,
    shown,
    sqlite_path,
)
from sayso.jobs.job import STATES, Job, JobFailure, JobState, Json

if TYPE_CHECKING:
    import sqlalchemy as sa
    from dbos import EnqueueOptions, WorkflowStatus

MAX_STARTS = 20
"""So often is a job begun whose worker dies each time, before it counts as the cause."""
POLLING_S = 0.2
"""How often a worker looks for a job; each look takes two thousandths of a second of a core."""
_LOT = 500
_STATES: Mapping[str, JobState] = {
    "DELAYED": "queued",
    "ENQUEUED": "queued",
    "PENDING": "running",
    "SUCCESS": "done",
    "ERROR": "failed",
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": "failed",
    "CANCELLED": "cancelled",
}
_P = ParamSpec("_P")
_R = TypeVar("_R")


def _told(
    method: Callable[Concatenate[JobQueue, _P], _R],
) -> Callable[Concatenate[JobQueue, _P], _R]:
    @functools.wraps(method)
    def wrapped(self: JobQueue, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        self._require_there()
        with in_words(self.url):
            return method(self, *args, **kwargs)

    return wrapped


class JobQueue:
    """A queue of jobs; may be shared by threads, and opened by any number of processes.

    Args:
        where: "postgresql://USER@HOST/DATABASE", or the path of an SQLite file, made if need be.

    Every method raises QueueError when the database does not answer.
    """

    def __init__(self, where: str | Path) -> None:
        self.url = database_url(where)
        self.engine = open_engine(self.url)
        from dbos import DBOSClient, DBOSPortableJSONSerializer

        with in_words(self.url):
            self._client = DBOSClient(
                system_database_engine=self.engine,
                application_name=APPLICATION,
                serializer=DBOSPortableJSONSerializer(),
                retry_connection_errors=False,
            )
        self._lanes: set[str] = set()
        self._file = self._identity()

    def enqueue(self, kind: str, arguments: Mapping[str, Json], *, id: str) -> Job:
        """Puts a job in the queue, unless one with this id is there, and returns it as it is then.

        Args:
            kind: the name that its function was registered under.
            arguments: what JSON can hold.
            id: the caller's own; the same id is the same job.
        """
        self.enqueue_many(kind, [(id, arguments)])
        found = self.get(id)
        if found is None:
            raise QueueError(f"the job {id!r} was removed while it was enqueued")
        return found

    @_told
    def enqueue_many(
        self, kind: str, jobs: Iterable[tuple[str, Mapping[str, Json]]], *, priority: int = 0
    ) -> None:
        """As `enqueue`, for many `(id, arguments)` at a time, which start in about this order.

        Those of a lower `priority`, from 0, start first.
        """
        self.declare(kind)
        lot: list[tuple[str, Mapping[str, Json]]] = []
        for job in jobs:
            lot.append(job)
            if len(lot) == _LOT:
                self._enqueue_lot(kind, lot, priority)
                lot.clear()
        self._enqueue_lot(kind, lot, priority)

    def _enqueue_lot(
        self, kind: str, lot: Sequence[tuple[str, Mapping[str, Json]]], priority: int
    ) -> None:
        from dbos import WorkflowSerializationFormat

        with self.engine.begin() as connection:
            for id, arguments in lot:
                options: EnqueueOptions = {
                    "workflow_name": kind,
                    "queue_name": lane(kind),
                    "workflow_id": id,
                    "app_version": VERSION,
                    "serialization_type": WorkflowSerializationFormat.PORTABLE,
                }
                if priority:
                    options["priority"] = priority
                self._client.enqueue_in_transaction(connection, options, dict(arguments))

    @_told
    def declare(self, kind: str, *, polling_s: float | None = None) -> None:
        """Makes the lane of a kind, one job a worker at a time.

        Args:
            kind: the name that its function was registered under.
            polling_s: how often its workers shall look; None leaves a lane that is there alone.
        """
        name = lane(kind)
        if name not in self._lanes or polling_s is not None:
            self._client.register_queue(
                name,
                worker_concurrency=1,
                polling_interval_sec=polling_s or POLLING_S,
                on_conflict="never_update" if polling_s is None else "always_update",
            )
            self._lanes.add(name)

    @_told
    def get(self, id: str) -> Job | None:
        """The job of this id, or None."""
        found = self._client.list_workflows(workflow_ids=[id])
        return _job(found[0]) if found else None

    @_told
    def find(
        self,
        *,
        kind: str | None = None,
        states: Sequence[JobState] = STATES,
        prefix: str | None = None,
        ids: Sequence[str] | None = None,
        ended_since_s: float | None = None,
        limit: int | None = None,
        offset: int = 0,
        with_arguments: bool = True,
    ) -> list[Job]:
        """The jobs that match, in the order of enqueueing.

        Args:
            kind: only of this kind.
            states: only in one of these.
            prefix: only ids that begin so.
            ids: only these, some hundreds at most.
            ended_since_s: only those that ended at this time, in seconds since 1970, or later.
            limit: at most so many.
            offset: after leaving out so many.
            with_arguments: whether to fetch them, too; else they are empty.
        """
        if ids is not None and not ids:
            return []  # the engine would take it for no condition at all
        since = None
        if ended_since_s is not None:
            since = datetime.fromtimestamp(ended_since_s, UTC).isoformat()
        found = self._client.list_workflows(
            name=kind,
            status=[status for status, state in _STATES.items() if state in states],
            workflow_id_prefix=prefix,
            workflow_ids=None if ids is None else list(ids),
            load_input=with_arguments,
            completed_after=since,
            limit=limit,
            offset=offset or None,
        )
        return [_job(status) for status in found]

    @_told
    def counts(self, *, kind: str | None = None, prefix: str | None = None) -> dict[JobState, int]:
        """How many jobs there are in each state that has any."""
        import sqlalchemy as sa

        table = self.table
        query = sa.select(table.c.status, sa.func.count()).group_by(table.c.status)
        query = query.where(table.c.application_name == APPLICATION)
        if kind is not None:
            query = query.where(table.c.name == kind)
        if prefix is not None:
            query = query.where(table.c.workflow_uuid.startswith(prefix, autoescape=True))
        counts: dict[JobState, int] = {}
        with self.engine.connect() as connection:
            for status, count in connection.execute(query):
                state = _STATES[status]
                counts[state] = counts.get(state, 0) + count
        return counts

    @_told
    def cancel(self, id: str) -> Job:
        """Cancels a job that has not ended; one that has stays as it is.

        Raises: QueueError when there is no such job.
        """
        self._must_be_there(id)
        self._client.cancel_workflow(id)
        return self._must_be_there(id)

    @_told
    def retry(self, id: str) -> Job:
        """Puts a failed or cancelled job back in the queue; another one stays as it is.

        Raises: QueueError when there is no such job.
        """
        job = self._must_be_there(id)
        if job.state not in ("failed", "cancelled"):
            return job
        self.declare(job.kind)
        self._client.update_workflow_attributes(id, None)
        self._client.rewind_workflow(id, queue_name=lane(job.kind), application_version=VERSION)
        return self._must_be_there(id)

    @_told
    def remove(self, ids: Sequence[str]) -> None:
        """Forgets jobs, whatever their state; ids that are not there do no harm."""
        for at in range(0, len(ids), _LOT):
            self._client.delete_workflows(list(ids[at : at + _LOT]))

    def wait(self, id: str, *, timeout_s: float | None = None) -> Job:
        """Waits until a job has ended, or the time is up, and returns it as it is then.

        Raises: QueueError when there is no such job.
        """
        until = None if timeout_s is None else time.monotonic() + timeout_s
        pause_s = 0.02
        while True:
            job = self._must_be_there(id)
            if job.ended or (until is not None and time.monotonic() >= until):
                return job
            time.sleep(pause_s)
            pause_s = min(0.5, 1.5 * pause_s)

    @_told
    def tell(self, id: str, done: float) -> None:
        """Stores a job's progress, 0 to 1."""
        self._client.update_workflow_attributes(id, {"progress": round(done, 4)})

    def _identity(self) -> tuple[int, int] | None:
        """What tells an SQLite queue's file from another of its name."""
        path = sqlite_path(self.url)
        if path is None:
            return None
        try:
            found = path.stat()
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino

    def _require_there(self) -> None:
        """Raises QueueError where the file was deleted: whoever waits for it would for ever."""
        if self._identity() != self._file:
            raise QueueError(
                f"the queue {shown(self.url)} was deleted or replaced while it was in use; start "
                "again"
            )

    def _must_be_there(self, id: str) -> Job:
        job = self.get(id)
        if job is None:
            raise QueueError(f"there is no job {id!r} in the queue {shown(self.url)}")
        return job

    @functools.cached_property
    def table(self) -> sa.TableClause:
        """The columns of the engine's documented table of workflows that we read ourselves."""
        import sqlalchemy as sa

        names = ("workflow_uuid", "status", "name", "executor_id", "application_name")
        schema = None if self.engine.dialect.name == "sqlite" else "dbos"
        return sa.table("workflow_status", *(sa.column(n, sa.Text) for n in names), schema=schema)

    def close(self) -> None:
        """Lets go of the database."""
        self._client.destroy()
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def lane(kind: str) -> str:
    """The queue that jobs of a kind wait in: one for all whose names begin alike.

    >>> lane("batch.ask"), lane("render")
    ('batch', 'render')
    """
    return kind.partition(".")[0]


def _job(status: WorkflowStatus) -> Job:
    """Raises QueueError for a row that no queue of ours has written."""
    try:
        return _read(status)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        raise QueueError(
            f"the job {status.workflow_id!r} cannot be read; expected what Sayso puts in a queue"
        ) from None


def _read(status: WorkflowStatus) -> Job:
    state = _STATES[status.status]
    attributes: Mapping[str, Any] = status.attributes or {}
    inputs = status.input
    arguments = inputs["args"][0] if inputs and inputs["args"] else {}
    return Job(
        id=status.workflow_id,
        kind=status.name,
        state=state,
        arguments=arguments,
        progress=1.0 if state == "done" else float(attributes.get("progress", 0.0)),
        result=status.output,
        error=_failure(status) if state == "failed" else None,
        worker=status.executor_id,
        starts=status.recovery_attempts or 0,
        created_s=(status.created_at or 0) / 1000,
        started_s=None if status.dequeued_at is None else status.dequeued_at / 1000,
        ended_s=None if status.completed_at is None else status.completed_at / 1000,
    )


def _failure(status: WorkflowStatus) -> JobFailure:
    if status.error is None:
        return JobFailure(
            "Crashed", f"the worker's process died each of the {MAX_STARTS} times that it was begun"
        )
    return JobFailure(getattr(status.error, "name", "Error"), str(status.error))
