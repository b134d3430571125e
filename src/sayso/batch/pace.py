"""How a batch comes along: counts, rate, and the time that is left."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass

from sayso.batch.manifest import Item


@dataclass(frozen=True)
class Pace:
    """A batch at one moment.

    Attributes:
        total: items in all.
        done, skipped, failed, running: items; those that were cancelled count as failed.
        share: of the bytes of all items, those that are through, 0 to 1.
        elapsed_s: since this run began.
        items_per_s: that got through in this run.
        speed: seconds of sound a second, over the items of this run.
        left_s: estimated from the bytes of this run's items; None before the first is through.
    """

    total: int
    done: int
    skipped: int
    failed: int
    running: int
    share: float
    elapsed_s: float
    items_per_s: float
    speed: float
    left_s: float | None

    @property
    def ended(self) -> int:
        """Items that are through."""
        return self.done + self.skipped + self.failed


class Tally:
    """Counts a batch's items as they change."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._bytes = self._ended_bytes = self._sound_s = 0.0
        self.begin()

    def begin(self) -> None:
        """From now on counts as this run."""
        self._began_s = time.monotonic()
        self._before = (self._ended(), self._ended_bytes, self._sound_s)

    def change(self, old: Item | None, new: Item) -> None:
        """One item takes the place of another, or is new."""
        for item, sign in ((old, -1), (new, 1)):
            if item is None:
                continue
            # A file of no bytes is an item, too.
            size = sign * max(1, item.size)
            self._counts[item.state] += sign
            self._bytes += size
            if item.state != "queued":
                self._ended_bytes += size
                self._sound_s += sign * item.audio_s

    @property
    def waiting(self) -> int:
        """Items that are not through."""
        return self._counts["queued"]

    def pace(self, running: int, *, begun: float = 0.0) -> Pace:
        """The batch now, of which so many items, and `begun` bytes of them, are worked on."""
        elapsed_s = max(1e-6, time.monotonic() - self._began_s)
        ended, ended_bytes, sound_s = self._before
        new_bytes = self._ended_bytes - ended_bytes
        left_s = None
        if self.waiting == 0:
            left_s = 0.0
        elif new_bytes > 0:
            left_s = (self._bytes - self._ended_bytes) * elapsed_s / new_bytes
        return Pace(
            total=sum(self._counts.values()),
            done=self._counts["done"],
            skipped=self._counts["skipped"],
            failed=self._counts["failed"] + self._counts["cancelled"],
            running=running,
            share=min(1.0, (self._ended_bytes + begun) / max(1.0, self._bytes)),
            elapsed_s=elapsed_s,
            items_per_s=(self._ended() - ended) / elapsed_s,
            speed=(self._sound_s - sound_s) / elapsed_s,
            left_s=left_s,
        )

    def _ended(self) -> int:
        return sum(self._counts.values()) - self.waiting
