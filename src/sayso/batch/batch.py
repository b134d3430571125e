"""`Batch`: its items, kept in a manifest; runs them as jobs, and goes on where a run ended."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias
from uuid import uuid4

from sayso.audio import Notice
from sayso.batch.aliases import Aliases, Taken
from sayso.batch.made import ended, in_the_way, made_in, remove, reserved
from sayso.batch.manifest import (
    MANIFEST,
    Head,
    Item,
    append_item,
    manifests,
    write_manifest,
)
from sayso.batch.pace import Pace, Tally
from sayso.batch.reporting import report
from sayso.batch.settings import CleanSettings, RenderSettings, alike, names_of
from sayso.batch.storage import Source, absolute, is_remote
from sayso.batch.work import RESULT, STATE, Settle
from sayso.errors import Cancelled, OutputError, QueueError, SaysoError
from sayso.jobs import Job, JobFailure, JobQueue
from sayso.jobs.job import ENDED
from sayso.outputs import inside, local_path

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
Work: TypeAlias = Callable[[Mapping[str, Any], Callable[[float], None], Settle], object]
"""Does one item: called with its arguments, told of progress from 0 to 1, and with `settle`."""


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
    """The same work on many files; made by `open`. `manifest` is the name of its list of them."""

    def __init__(
        self,
        out: str,
        settings: CleanSettings | RenderSettings,
        head: Head,
        *,
        manifest: str = MANIFEST,
    ) -> None:
        self.out, self.settings = out, settings
        self._folder = None if is_remote(out) else local_path(out)
        self._head, self.manifest = head, manifest
        self._items: dict[str, Item] = {}
        self._tally = Tally()
        self._stale: set[str] = set()
        self._seen_s = self._looked_s = 0.0

    @classmethod
    def open(cls, out: str | Path, settings: CleanSettings | RenderSettings) -> Batch:
        """The batch in a folder that asked for the same, or a new one beside those that are there.

        Args:
            out: a local folder or a URL of one, for outputs and manifest.
            settings: what is done with every item; that of a batch cannot be changed.

        Raises: ConfigError when a manifest in the folder is damaged.
        """
        place = absolute(out)
        plain = settings.model_dump(mode="json")
        manifest, found = next(
            (name, found)
            for name, found in manifests(place)
            if found is None or alike(found[0].settings, settings)
        )
        head, items = found or (Head(batch=uuid4().hex[:16], settings=plain), {})
        batch = cls(place, settings, head, manifest=manifest)
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
        if self._folder is not None:
            return self._folder / STATE / "jobs.sqlite"
        from platformdirs import user_state_path

        digest = hashlib.sha256(self.out.encode()).hexdigest()[:16]
        return user_state_path("sayso") / "batches" / f"{digest}.sqlite"

    def add(
        self,
        sources: Iterable[Source],
        *,
        overwrite: bool = False,
        notice: Notice | None = None,
    ) -> None:
        """Takes in files; one that is there already is done anew only if it has changed since.

        Args:
            sources: files that no batch in this folder has made.
            overwrite: whether outputs replace what is there.
            notice: told of outputs that are called otherwise than their source.

        Raises: OutputError where an output would replace a source.
        """
        sources = list(sources)
        made = made_in(self.out)
        taken = Taken(self.out, sources, overwrite=overwrite)
        names = partial(names_of, self.settings)
        aliases = Aliases(
            names,
            taken=self._items,
            reserved=reserved(self.out, self.manifest),
            is_free=taken.is_free,
        )
        known = {item.source: item for item in self._items.values()}
        for source in sources:
            item = known.get(source.url)
            now: dict[str, Any] = {"size": source.size, "stamp": source.stamp}
            if item is None:
                if source.url in made:
                    continue
                taken.refuse_sources(aliases.plain(source.relative))
                alias = aliases.give(source.relative)
                if notice is not None and names(alias) != aliases.plain(source.relative):
                    notice(f"{source.url}: its name is taken; what is made of it is called {alias}")
                self._set(Item(alias=alias, source=source.url, **now))
            elif (item.size, item.stamp) != (source.size, source.stamp):
                self._stale.add(item.alias)
                self._set(item.model_copy(update=now))

    def run(
        self,
        queue: JobQueue,
        *,
        retry_failed: bool = False,
        overwrite: bool = False,
        on_progress: Callable[[Pace], None] | None = None,
        check: Callable[[], None] | None = None,
    ) -> Summary:
        """Has every item that is not through worked on by the queue's workers, and waits.

        The manifest is brought up to date at the beginning and, however the run ends, at its end.
        What is not through then stays in the queue, and the next run goes on with it.

        Args:
            queue: where the jobs go.
            retry_failed: whether items that failed, or were cancelled, are tried again.
            overwrite: whether what others have written in the folder is replaced.
            on_progress: called with the batch's pace, about three times a second.
            check: called as often; what it raises ends the run.

        Raises: QueueError, OutputError.
        """
        self._look_at_all(queue)
        self._seen_s = max(self._seen_s, time.time() - _CLOCKS_S)
        queue.remove([self._prefix + alias for alias in self._make_stale_anew(overwrite)])
        if retry_failed:
            self._retry(overwrite, queue)
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
        return self._end(overwrite)

    def run_here(
        self,
        work: Work,
        *,
        retry_failed: bool = False,
        overwrite: bool = False,
        on_progress: Callable[[Pace], None] | None = None,
    ) -> Summary:
        """Works on every item that is not through, one after the other, in this process.

        What became of each is added to the manifest before its outputs take their places, so that
        the next run goes on from there however this one ends.

        Args:
            work: does one item; see `sayso.batch.work.worked`.
            retry_failed: whether items that failed, or were cancelled, are tried again.
            overwrite: whether what others have written in the folder is replaced.
            on_progress: called with the batch's pace.

        Raises: OutputError.
        """
        self._make_stale_anew(overwrite)
        if retry_failed:
            self._retry(overwrite)
        self.save()
        self._tally.begin()
        try:
            for item in [item for item in self._items.values() if item.state == "queued"]:
                if not self._refused(item, overwrite):
                    self._work_here(item, work, on_progress)
        finally:
            self.save()
        return self._end(overwrite)

    def _work_here(
        self, item: Item, work: Work, on_progress: Callable[[Pace], None] | None
    ) -> None:
        def settle(done: Item) -> None:
            values = done.model_dump(include=RESULT)
            self._settle(Item.model_validate({**item.model_dump(), **values}))

        def tell(done: float) -> None:
            if on_progress is not None:
                on_progress(self._tally.pace(1, begun=done * max(1, item.size)))

        tell(0.0)
        try:
            work(self._arguments(item, self._head.settings), tell, settle)
        except Cancelled:
            raise
        except Exception as error:
            ours = isinstance(error, SaysoError)
            reason = str(error) if ours else f"this should not have happened ({error!r})"
            update = {"state": "failed", "reason": reason, "error": type(error).__name__}
            self._settle(item.model_copy(update=update))
        if on_progress is not None:
            on_progress(self._tally.pace(0))

    def _settle(self, item: Item) -> None:
        self._set(item)
        if self._folder is not None:
            append_item(self.out, item, self.manifest)

    def _end(self, overwrite: bool) -> Summary:
        if self._folder is not None:
            shutil.rmtree(inside(self._folder, f"{STATE}/work"), ignore_errors=True)
        report(self.out, self._items.values(), overwrite=overwrite)
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
        write_manifest(self.out, self._head, self._items.values(), self.manifest)

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
                self._set(ended(item, job))

    def _make_stale_anew(self, overwrite: bool) -> list[str]:
        """Items whose source has changed, or whose outputs are gone, go back to the beginning.

        Returns their aliases. What is deleted is only what was made, as it was made.
        """
        for item in self._items.values():
            outputs = () if self._folder is None else item.outputs
            if not all(inside(self._folder or "", output.path).exists() for output in outputs):
                self._stale.add(item.alias)
        stale = sorted(self._stale)
        for alias in stale:
            item = self._items[alias]
            if self._refused(item, overwrite):
                continue
            if self._folder is not None:
                remove(self._folder, item)
            self._set(Item(alias=alias, source=item.source, size=item.size, stamp=item.stamp))
        self._stale.clear()
        return stale

    def _refused(self, item: Item, overwrite: bool) -> bool:
        """Whether outputs of an item would replace what it has not made; then it has failed."""
        if self._folder is None or overwrite:
            return False
        place = in_the_way(self._folder, item, names_of(self.settings, item.alias))
        if place is None:
            return False
        reason = (
            f"{place} is not, or no more, what was made of it; move it away and try again with "
            "--retry-failed, or replace it with --overwrite"
        )
        update = {"state": "failed", "reason": reason, "error": OutputError.__name__}
        self._set(item.model_copy(update=update))
        return True

    def _retry(self, overwrite: bool, queue: JobQueue | None = None) -> None:
        for item in list(self._items.values()):
            if item.state not in ("failed", "cancelled") or self._refused(item, overwrite):
                continue
            if queue is not None and queue.get(self._prefix + item.alias) is not None:
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
