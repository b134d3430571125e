"""Sound that is gone through for somebody who may leave."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sayso.audio.audio import Audio, Samples
from sayso.audio.reading import read
from sayso.watch import SILENT, Watch


@dataclass(frozen=True, eq=False)
class Attended(Audio):
    """Audio whose every block polls `watch`: whoever goes through it stops with Cancelled."""

    watch: Watch = SILENT

    def block(self, start: int, stop: int) -> Samples:
        """As that of `Audio`. Raises: Cancelled."""
        self.watch.check()
        return super().block(start, stop)

    def slice(self, start: int, stop: int) -> Attended:
        """As that of `Audio`, for the same `watch`."""
        part = super().slice(start, stop)
        return Attended(part.samples, part.sample_rate, self.watch)


def attended(path: str | Path, watch: Watch) -> Attended:
    """All of a file's sound, for as long as `watch` does not stop the reading or what follows.

    Raises: as `read`; Cancelled.
    """
    audio = read(path, watch=watch)
    return Attended(audio.samples, audio.sample_rate, watch)
