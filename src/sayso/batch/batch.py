"""`Batch`: its items, kept in a manifest; runs them as jobs, and goes on where a run ended."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from pydantic import ValidationError

from sayso.batch.aliases import Aliases
from sayso.batch.manifest import Head, Item, read_manifest, write_manifest
from sayso.batch.pace import Pace, Tally
from sayso.batch.settings import CleanSettings, RenderSettings
from sayso.batch.storage import Source, absolute, deliver, is_remote
from sayso.batch.work import RESULT, STATE
from sayso.errors import ConfigError, QueueError, SaysoError
from sayso.jobs import Job, JobFailure, JobQueue
from sayso.jobs.job import ENDED

MODULES = ("sayso.batch.work",)
"""What workers import to take a batch's items."""
_LOOK_S = 0.3
_REST = 20
"""How often the queue is asked how far it is, and how many times as long it is left alone then."""
_OVERLAP_S = 5.0
"""How much earlier than the last that was seen a job may have ended that was not."""
_CLOCKS_S = 86_400.0
"""By more than this, no database's clock differs from ours."""
_LOT = 500


@dataclass(frozen=True)
class Summary:
    """How a run ended.

    Attributes:
        items: all of the batch, in the order in which they came to it.
        pace: at the end.
    """

    items: tuple[Item, ...]
    pace: Pace

    @property
    def error(self) -> SaysoError | None:
        """That of the first item that failed."""
        for item in self.items:
            if item.state == "failed":
                return JobFailure(item.error or "Error", item.reason or "").exception()
        return None


class Batch:
    """The same work on many files; made by `open`."""

    def __init__(self, out: str, settings: CleanSettings | RenderSettings, head: Head) -> None:
        self.out, self.settings = out, settings
        self._head = head
        self._items: dict[str, Item] = {}
        self._tally = Tally()
        self._stale: set[str] = set()
        self._seen_s = self._looked_s = 0.0

    @classmethod
    def open(cls, out: str | Path, settings: CleanSettings | RenderSettings) -> Batch:
        """The batch in a folder, or a new one.

        Args:
            out: a local folder or a URL of one, for outputs and manifest.
            settings: what is done with every item; that of a batch cannot be changed.

        Raises: ConfigError when the folder holds a batch with other settings, or a damaged one.
        """
        place = absolute(out)
        plain = settings.model_dump(mode="json")
        found = read_manifest(place)
        if found is None:
            return cls(place, settings, Head(batch=uuid4().hex[:16], settings=plain))
        head, items = found
        if not _alike(head.settings, settings):
            differing = ", ".join(_differing(head.settings, plain))
            raise ConfigError(
                f"{out} holds a batch that was begun with other settings ({differing}); choose "
                "another folder with -o, or ask for the same again"
            )
        batch = cls(place, settings, head)
        for item in items.values():
            batch._set(item)
        return batch

    @property
    def items(self) -> Mapping[str, Item]:
        """By alias, in the order in which they came."""
        return self._items

    @property
    def default_queue(self) -> Path:
        """The SQLite file for those who name no queue: in the output folder, where it is local."""
        if not is_remote(self.out):
            return Path(self.out) / STATE / "jobs.sqlite"
        from platformdirs import user_state_path

        digest = hashlib.sha256(self.out.encode()).hexdigest()[:16]
        return user_state_path("sayso") / "batches" / f"{digest}.sqlite"

    def add(self, sources: Iterable[Source]) -> None:
        """Takes in files; one that is there already is done anew only if it has changed since."""
        aliases = Aliases(self._items)
        known = {item.source: item for item in self._items.values()}
        for source in sources:
            item = known.get(source.url)
            now: dict[str, Any] = {"size": source.size, "stamp": source.stamp}
            if item is None:
                alias = aliases.give(source.url, source.relative)
                self._set(Item(alias=alias, source=source.url, **now))
            elif (item.size, item.stamp) != (source.size, source.stamp):
                self._stale.add(item.alias)
                self._set(item.model_copy(update=now))

    def run(
        self,
        queue: JobQueue,
        *,
        retry_failed: bool = False,
        on_progress: Callable[[Pace], None] | None = None,
        check: Callable[[], None] | None = None,
    ) -> Summary:
        """Has every item that is not through worked on by the queue's workers, and waits.

        The manifest is brought up to date at the beginning and, however the run ends, at its end.
        What is not through then stays in the queue, and the next run goes on with it.

        Args:
            queue: where the jobs go.
            retry_failed: whether items that failed, or were cancelled, are tried again.
            on_progress: told how far the batch is, about three times a second.
            check: called as often; what it raises ends the run.

        Raises: QueueError, OutputError.
        """
        self._look_at_all(queue)
        self._seen_s = max(self._seen_s, time.time() - _CLOCKS_S)
        self._make_stale_anew(queue)
        if retry_failed:
            self._retry(queue)
        self.save()
        self._put(queue)
        self._tally.begin()
        self._looked_s = time.monotonic()
        try:
            self._wait(queue, on_progress, check)
        finally:
            with suppress(QueueError):  # what ended the run may be that the queue is gone
                self._look(queue)
            self.save()
        if not is_remote(self.out):
            shutil.rmtree(Path(self.out) / STATE / "work", ignore_errors=True)
        self._report()
        return Summary(tuple(self._items.values()), self._tally.pace(0))

    def _wait(
        self,
        queue: JobQueue,
        on_progress: Callable[[Pace], None] | None,
        check: Callable[[], None] | None,
    ) -> None:
        pause_s = 0.0
        while self._tally.waiting:
            if check is not None:
                check()
            time.sleep(pause_s)
            looked_s = time.monotonic()
            self._look(queue)
            counts = queue.counts(prefix=self._prefix)
            running = counts.get("running", 0)
            if self._tally.waiting and not running and not counts.get("queued"):
                # All have ended, but some were not seen to; or somebody has removed them.
                self._look_at_all(queue)
                self._put(queue)
            if on_progress is not None:
                on_progress(self._tally.pace(running))
            pause_s = max(_LOOK_S, _REST * (time.monotonic() - looked_s))

    def save(self) -> None:
        """Writes the manifest. Raises: OutputError."""
        write_manifest(self.out, self._head, self._items.values())

    @property
    def _prefix(self) -> str:
        return f"{self._head.batch}/"

    def _set(self, item: Item) -> None:
        self._tally.change(self._items.get(item.alias), item)
        self._items[item.alias] = item

    def _look(self, queue: JobQueue) -> None:
        """Takes over what jobs that have ended of late made of their items."""
        then_s, self._looked_s = self._looked_s, time.monotonic()
        # After the clock was set back, jobs end before others that were seen to end.
        since = min(self._seen_s, time.time() - (self._looked_s - then_s)) - _OVERLAP_S
        self._take_over(
            queue.find(prefix=self._prefix, states=ENDED, ended_since_s=since, with_arguments=False)
        )

    def _look_at_all(self, queue: JobQueue) -> None:
        """Takes over what became of every item that waits."""
        waiting = [self._prefix + i.alias for i in self._items.values() if i.state == "queued"]
        for at in range(0, len(waiting), _LOT):
            lot = waiting[at : at + _LOT]
            self._take_over(queue.find(ids=lot, states=ENDED, with_arguments=False))

    def _take_over(self, jobs: Iterable[Job]) -> None:
        for job in jobs:
            self._seen_s = max(self._seen_s, job.ended_s or 0.0)
            item = self._items.get(job.id.removeprefix(self._prefix))
            if item is not None and item.state == "queued":
                self._set(_ended(item, job))

    def _make_stale_anew(self, queue: JobQueue) -> None:
        """Items whose source has changed, or whose outputs are gone, go back to the beginning."""
        remote = is_remote(self.out)
        for item in self._items.values():
            if not remote and not all((Path(self.out) / o.path).exists() for o in item.outputs):
                self._stale.add(item.alias)
        queue.remove([self._prefix + alias for alias in sorted(self._stale)])
        for alias in self._stale:
            item = self._items[alias]
            if not remote:
                for output in item.outputs:
                    (Path(self.out) / output.path).unlink(missing_ok=True)
            self._set(Item(alias=alias, source=item.source, size=item.size, stamp=item.stamp))
        self._stale.clear()

    def _retry(self, queue: JobQueue) -> None:
        for item in list(self._items.values()):
            if item.state in ("failed", "cancelled"):
                if queue.get(self._prefix + item.alias) is not None:
                    queue.retry(self._prefix + item.alias)
                update: dict[str, Any] = {"state": "queued", "reason": None, "error": None}
                self._set(item.model_copy(update=update))

    def _put(self, queue: JobQueue) -> None:
        """Enqueues what waits, the largest first, so that no long one begins at the very end."""
        waiting = [item for item in self._items.values() if item.state == "queued"]
        waiting.sort(key=lambda item: -item.size)
        settings = self._head.settings
        for at in range(0, len(waiting), _LOT):
            lot = waiting[at : at + _LOT]
            jobs = [(self._prefix + item.alias, self._arguments(item, settings)) for item in lot]
            queue.enqueue_many(self.settings.kind, jobs, priority=1 + at // _LOT)

    def _arguments(self, item: Item, settings: Mapping[str, Any]) -> dict[str, Any]:
        return {"out": self.out, "alias": item.alias, "source": item.source, "settings": settings}

    def _report(self) -> None:
        rows = [item.row for item in self._items.values() if item.row is not None]
        if not rows:
            return
        from sayso.reports import CleanRow, write_report

        clean_rows = [CleanRow.model_validate(row) for row in rows]
        if not is_remote(self.out):
            write_report(Path(self.out), clean_rows)
            return
        with tempfile.TemporaryDirectory(prefix="sayso-report-") as folder:
            write_report(Path(folder), clean_rows)
            for path in sorted(Path(folder).rglob("*")):
                if path.is_file():
                    deliver(path, self.out, path.relative_to(folder).as_posix())


def _ended(item: Item, job: Job) -> Item:
    """The item as its job has left it."""
    if job.state == "done":
        values = {name: value for name, value in job.result.items() if name in RESULT}
        return Item.model_validate({**item.model_dump(), **values})
    if job.state == "cancelled":
        return item.model_copy(update={"state": "cancelled", "reason": "it was cancelled"})
    assert job.error is not None
    update = {"state": "failed", "reason": job.error.message, "error": job.error.name}
    return item.model_copy(update=update)


def _alike(stored: Mapping[str, Any], settings: CleanSettings | RenderSettings) -> bool:
    """Whether stored settings, perhaps of an earlier version, are the same."""
    try:
        return type(settings).model_validate(stored) == settings
    except (ValidationError, SaysoError):
        return False


def _differing(one: Mapping[str, Any], other: Mapping[str, Any], path: str = "") -> Iterator[str]:
    for name in sorted({*one, *other}):
        a, b = one.get(name), other.get(name)
        if isinstance(a, dict) and isinstance(b, dict):
            yield from _differing(a, b, f"{path}{name}.")
        elif a != b:
            yield f"{path}{name}"
