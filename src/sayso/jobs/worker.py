"""A worker: one process that takes jobs from a queue, one at a time, until it is told to stop."""

from __future__ import annotations

import os
import platform
import threading
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sayso.errors import Cancelled, SaysoError
from sayso.jobs.database import APPLICATION, VERSION, in_words
from sayso.jobs.job import Json
from sayso.jobs.kinds import Context, Function, load_kinds
from sayso.jobs.locks import Lock, take
from sayso.jobs.queue import MAX_STARTS, POLLING_S, JobQueue, lane

if TYPE_CHECKING:
    from dbos import DBOSConfig

ADOPTION_S = 3.0
"""How often a worker looks whether another has died, and whether it still holds its own lock."""
_STOP_S = 10
"""How long a running job gets to notice that its worker stops."""
LOST = 75
"""The exit status of a worker whose lock is gone, and which therefore may do nothing more."""


class _Abandoned(BaseException):
    """Ends a job without an outcome: it stays the worker's, for whoever takes the worker's lock."""


class Mistake(Exception):  # noqa: N818  (the name that the job's failure bears)
    """A mistake of ours in a job, told in one line."""

    def __init__(self, error: Exception) -> None:
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        where = "" if trace is None else f" in {Path(trace.tb_frame.f_code.co_filename).name}"
        line = "" if trace is None else f", line {trace.tb_lineno}"
        super().__init__(
            f"this should not have happened ({type(error).__name__}: {error}{where}{line})"
        )


class _Worker:
    def __init__(
        self,
        queue: JobQueue,
        machine: str,
        kinds: Mapping[str, Function],
        threads: int | None,
        options: Mapping[str, str],
    ) -> None:
        self.queue, self.kinds = queue, kinds
        self.threads, self.options = threads, options
        self.stopping = threading.Event()
        self._turn = threading.Semaphore(1)
        self.id, self.lock = _take_id(queue, machine)
        self._busy = False
        self._orphans: set[str] = set()

    def run(self, kind: str, arguments: Mapping[str, Json]) -> Json:
        """Runs one job; called by the engine, in a thread of its own."""
        from dbos import DBOS

        id = DBOS.workflow_id
        assert id is not None
        with self._turn:
            context = Context(
                id,
                tell=lambda done: self.queue.tell(id, done),
                stopped=lambda: self.stopping.is_set() or self._taken_away(id),
                worker=self.id,
                threads=self.threads,
                options=self.options,
            )
            if self.stopping.is_set():
                raise _Abandoned
            self._busy = True
            try:
                return self.kinds[kind](arguments, context)
            except Cancelled:
                if self.stopping.is_set():
                    raise _Abandoned from None
                raise
            except SaysoError:
                raise
            except Exception as error:
                raise Mistake(error) from None
            finally:
                self._busy = False

    def _taken_away(self, id: str) -> bool:
        """Whether a job was cancelled, removed, or given to another worker."""
        import sqlalchemy as sa

        table = self.queue.table
        query = sa.select(table.c.status, table.c.executor_id).where(table.c.workflow_uuid == id)
        with self.queue.engine.connect() as connection:
            row = connection.execute(query).first()
        return row is None or tuple(row) != ("PENDING", self.id)

    def adopt(self) -> None:
        """Puts back the jobs of every worker whose lock can be taken."""
        import sqlalchemy as sa
        from dbos import DBOS

        table = self.queue.table
        query = (
            sa.select(table.c.executor_id)
            .where(table.c.status == "PENDING", table.c.application_name == APPLICATION)
            .distinct()
        )
        with self.queue.engine.connect() as connection:
            others = {row[0] for row in connection.execute(query)} - {self.id, None}
        for other in sorted(others):
            lock = take(other, self.queue.url, self.queue.engine)
            if lock is not None:
                try:
                    # What DBOS does at the start of a worker with the dead one's id. Its public
                    # `resume_workflows` would forget how often a job was begun, so that one which
                    # kills its workers would never end.
                    DBOS._recover_pending_workflows([other])
                finally:
                    lock.release()

    def _has_orphans(self) -> bool:
        """Whether a job counts as ours and running, and is not, as at the last look.

        Its outcome could not be written: on a full disk, say.
        """
        import sqlalchemy as sa

        table = self.queue.table
        query = sa.select(table.c.workflow_uuid).where(
            table.c.status == "PENDING",
            table.c.application_name == APPLICATION,
            table.c.executor_id == self.id,
        )
        with self.queue.engine.connect() as connection:
            mine = {row[0] for row in connection.execute(query)}
        before, self._orphans = self._orphans, set() if self._busy else mine
        return bool(before & self._orphans)

    def watch(self) -> None:
        """Until told to stop: adopts.

        Ends the process if its own lock is gone, or a job is left that only a start takes up.
        """
        while True:
            if not self.lock.is_held():
                # Others may think us dead, and take our jobs: do nothing more, at once.
                os._exit(LOST)
            with in_words(self.queue.url):
                self.adopt()
                if self._has_orphans():
                    os._exit(LOST)
            if self.stopping.wait(ADOPTION_S):
                return


def _take_id(queue: JobQueue, machine: str) -> tuple[str, Lock]:
    """The first id of a machine that no living worker has, and its lock."""
    for number in count():
        name = f"{machine}-{number}"
        lock = take(name, queue.url, queue.engine)
        if lock is not None:
            return name, lock
    raise AssertionError


def run_worker(
    where: str,
    modules: Sequence[str],
    *,
    stop: Callable[[], object],
    machine: str | None = None,
    threads: int | None = None,
    options: Mapping[str, str] | None = None,
    polling_s: float = POLLING_S,
    max_starts: int = MAX_STARTS,
) -> None:
    """Takes jobs of the kinds that `modules` register until `stop` returns.

    There can be one worker a process. When it stops, the job that it runs is told so; one that
    listens goes back in the queue at once, another when the process has ended.

    Args:
        where: as `JobQueue` takes it.
        modules: dotted names.
        stop: blocks until the worker should end.
        machine: what its id begins with; None for the machine's own name.
        threads: what `Context.threads` tells the jobs.
        options: what `Context.options` tells them.
        polling_s: how often to look for a job.
        max_starts: so often is a job begun whose worker dies each time.

    Raises: MissingExtraError, QueueError, ConfigError. When the database goes away, or its lock is
        lost, the whole process ends with the status `LOST`.
    """
    with JobQueue(where) as queue:
        name = machine or platform.node() or "worker"
        worker = _Worker(queue, name, load_kinds(modules), threads, options or {})
        try:
            for kind in worker.kinds:
                queue.declare(kind, polling_s=polling_s)
            _launch(worker, max_starts)
            watch = threading.Thread(target=_guard(worker.watch), daemon=True)
            watch.start()
            stop()
            worker.stopping.set()
            watch.join()
            _land()
        finally:
            worker.lock.release()


def _guard(watch: Callable[[], None]) -> Callable[[], None]:
    def guarded() -> None:
        try:
            watch()
        except Exception:
            # The database is away: end, and let whoever started us try again later.
            os._exit(LOST)

    return guarded


def _launch(worker: _Worker, max_starts: int) -> None:
    from dbos import DBOS, DBOSPortableJSONSerializer

    config: DBOSConfig = {
        "name": APPLICATION,
        "system_database_url": worker.queue.url,
        "executor_id": worker.id,
        "application_version": VERSION,
        "run_migrations": False,
        "serializer": DBOSPortableJSONSerializer(),
        "log_level": "CRITICAL",
        # A listener has one of these for good; the rest is enough for one job at a time.
        "sys_db_pool_size": 3,
        "scheduler_polling_interval_sec": 3600.0,
    }
    with in_words(worker.queue.url):
        DBOS(config=config)
        for kind in worker.kinds:
            DBOS.workflow(name=kind, max_recovery_attempts=max_starts - 1)(_workflow(worker, kind))
        DBOS.listen_queues(sorted({lane(kind) for kind in worker.kinds}))
        DBOS.launch()


def _workflow(worker: _Worker, kind: str) -> Callable[[dict[str, Any]], Any]:
    def workflow(arguments: dict[str, Any]) -> Any:
        return worker.run(kind, arguments)

    return workflow


def _land() -> None:
    from dbos import DBOS

    DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=_STOP_S)
