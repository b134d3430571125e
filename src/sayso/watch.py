"""`Watch`: how long work tells how far it is, and learns that it is to stop.

A function that may take long has the keyword `watch: Watch = SILENT`. It calls `report` with the
fraction of its own work that is done, never falling, and `check` between blocks. It hands `part`
of it to a function that does a part of its work, and `quiet` to one whose progress says nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from sayso.errors import Cancelled

Progress: TypeAlias = Callable[[float], None]
"""Called with progress, 0 to 1."""


@dataclass(frozen=True)
class Watch:
    """Progress and cancelling of one piece of work.

    >>> Watch(print).part(0.5, 0.75).report(0.5)
    0.625

    Attributes:
        progress: called with progress, 0 to 1; None for nobody.
        cancelled: polled between blocks; true stops the work. None for never.
        start, stop: what `progress` is told when this work begins and ends, 0 to 1.
    """

    progress: Progress | None = None
    cancelled: Callable[[], bool] | None = None
    start: float = 0.0
    stop: float = 1.0

    @classmethod
    def of(cls, watch: Watch | Progress | None) -> Watch:
        """What a public function was given as `watch`: a Watch, only a callable, or nothing."""
        if watch is None:
            return SILENT
        return watch if isinstance(watch, Watch) else cls(watch)

    def report(self, fraction: float) -> None:
        """Tells that `fraction` of this work, 0 to 1, is done; more than 1 counts as 1."""
        if self.progress is not None:
            self.progress(self._at(min(1.0, fraction)))

    def check(self, message: str = "stopped") -> None:
        """Raises Cancelled with `message` if the work is to stop."""
        if self.cancelled is not None and self.cancelled():
            raise Cancelled(message)

    def part(self, start: float, stop: float) -> Watch:
        """The watch of the part of this work from `start` to `stop`, fractions of it, 0 to 1."""
        return replace(self, start=self._at(start), stop=self._at(stop))

    @property
    def quiet(self) -> Watch:
        """The same without progress: it can only be stopped."""
        return replace(self, progress=None)

    def _at(self, fraction: float) -> float:
        return (1.0 - fraction) * self.start + fraction * self.stop


SILENT = Watch()
"""Nobody listens, and nothing stops the work."""
