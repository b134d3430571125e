"""Following sessions: one look at the databases serves all who follow one in this process."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from functools import partial

import structlog
from fastapi.concurrency import run_in_threadpool

from sayso.jobs import Job
from sayso.service.renders import KIND
from sayso.service.service import Service

LOOK_S = 0.2
"""How often the databases are looked at while anybody follows a session."""
_MOST, _LOT = 1000, 500


@dataclass(frozen=True)
class Seen:
    """A session at one moment: the version of its desk, and the jobs of its renders by id."""

    version: int
    jobs: Mapping[str, Job]


class Watcher:
    """Looks, while anybody follows a session, and tells what has changed. For one event loop."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._followed: Counter[str] = Counter()
        self._seen: dict[str, Seen | None] = {}
        self._ended: dict[str, Job] = {}
        self._looked = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None

    async def follow(self, session: str) -> AsyncGenerator[Seen, None]:
        """A session whenever something of it has changed, until it is deleted."""
        self._followed[session] += 1
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_on())
        last: Seen | None = None
        try:
            while True:
                looked = self._looked
                if session in self._seen:
                    seen = self._seen[session]
                    if seen is None:
                        return
                    if seen != last:
                        last = seen
                        yield seen
                await looked.wait()
        finally:
            self._followed[session] -= 1
            if not self._followed[session]:
                del self._followed[session]
                self._seen.pop(session, None)

    async def _look_on(self) -> None:
        while self._followed:
            try:
                found = await run_in_threadpool(self._look, list(self._followed))
            except Exception as error:
                structlog.get_logger("sayso").error("looking failed", exc_info=error)
            else:
                self._seen = {id: seen for id, seen in found.items() if id in self._followed}
            looked, self._looked = self._looked, asyncio.Event()
            looked.set()
            await asyncio.sleep(LOOK_S)
        self._ended.clear()

    def _look(self, sessions: list[str]) -> dict[str, Seen | None]:
        glances = self._service.store.glance(sessions)
        known = {id for _, renders in glances.values() for id in renders}
        find = partial(self._service.queue.find, with_arguments=False)
        jobs = {job.id: job for job in find(kind=KIND, states=("queued", "running"), limit=_MOST)}
        # What has ended stays as it is, so it is asked for once.
        self._ended = {id: job for id, job in self._ended.items() if id in known}
        missing = sorted(known - jobs.keys() - self._ended.keys())
        for at in range(0, len(missing), _LOT):
            jobs |= {job.id: job for job in find(ids=missing[at : at + _LOT])}
        self._ended |= {id: job for id, job in jobs.items() if id in known and job.ended}
        jobs |= self._ended
        found: dict[str, Seen | None] = dict.fromkeys(sessions)
        for session, (version, renders) in glances.items():
            found[session] = Seen(version, {id: jobs[id] for id in renders if id in jobs})
        return found
