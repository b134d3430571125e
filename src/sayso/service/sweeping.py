"""What a service no longer needs, and what crashes left of it, is deleted now and then."""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from itertools import count

from sayso.jobs.job import ENDED
from sayso.separate import StemCache
from sayso.service.renders import KIND
from sayso.service.service import Service
from sayso.service.uploads import ABANDONED_S

_LOT = 500


def sweep(service: Service) -> int:
    """Deletes sessions and stems that nobody has touched for too long, and given-up uploads.

    Returns: how many sessions.
    """
    settings = service.settings
    then_s = time.time() - settings.limits.session_days * 86_400
    old = service.store.untouched_since(then_s)
    for session in old:
        service.delete(session.id, session.token_id)
    service.uploads.sweep()
    if settings.cache is None:  # else it is others', too
        StemCache(settings.stems).forget(unused_since_s=then_s)
    known = service.store.ids()
    for folder in (settings.folder / "sessions").glob("*"):
        # What a crash left: younger ones may be of uploads that are under way.
        with suppress(FileNotFoundError):
            if folder.name not in known and time.time() - folder.stat().st_mtime > ABANDONED_S:
                shutil.rmtree(folder, ignore_errors=True)
    _forget_jobs(service)
    return len(old)


def _forget_jobs(service: Service) -> None:
    """Removes jobs that a worker had begun as their renders were deleted."""
    left: list[str] = []
    for start in count(0, _LOT):
        found = service.queue.find(
            kind=KIND, states=ENDED, limit=_LOT, offset=start, with_arguments=False
        )
        ids = [job.id for job in found]
        left += set(ids) - service.store.render_ids(ids)
        if len(ids) < _LOT:
            break
    service.queue.remove(left)
