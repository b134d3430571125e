"""What a song of any data set is once it has been read: a mix and named stems.

A signal is a weighted sum of parts of files, so an accompaniment which a data set lacks is the mix
minus the vocals, iKala's voice is one channel of its file, and MedleyDB's vocals are several files,
without a single file being written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, TypeAlias

ACCOMPANIMENT = "accompaniment"
VOCALS = "vocals"


class Part(NamedTuple):
    """One sound track of one file, as it enters a sum.

    `stream` counts the sound tracks of a container from 0; `channel` takes one channel alone.
    """

    path: Path
    gain: float = 1.0
    stream: int = 0
    channel: int | None = None


Signal: TypeAlias = tuple[Part, ...]
"""Parts that are added up; an empty one is silence."""


@dataclass(frozen=True)
class Track:
    """A song: `mix`, `stems` by name, and what its headers say.

    `subset` is "train" or "test" where the data set itself says so, else empty. `frames` is the
    length of the mix at `sample_rate`; stems that end earlier continue in silence.
    """

    data_set: str
    name: str
    mix: Signal
    stems: Mapping[str, Signal]
    subset: str = ""
    sample_rate: int = 0
    frames: int = 0

    @property
    def title(self) -> str:
        """What messages call the track."""
        return f"{self.data_set}: {self.name}"

    @property
    def duration_s(self) -> float:
        """Length of the mix in seconds."""
        return self.frames / self.sample_rate

    def with_accompaniment(self) -> Track:
        """The track with an "accompaniment" stem: its own, or the mix minus the vocals.

        A track without vocals is all accompaniment.
        """
        if ACCOMPANIMENT in self.stems:
            return self
        vocals = self.stems.get(VOCALS, ())
        rest = (*self.mix, *(part._replace(gain=-part.gain) for part in vocals))
        return replace(self, stems={VOCALS: vocals, **self.stems, ACCOMPANIMENT: rest})


class Skipped(NamedTuple):
    """A track that cannot be used, and why."""

    title: str
    reason: str


class Listing(NamedTuple):
    """What a data set holds: usable tracks in a fixed order, and those left out."""

    tracks: tuple[Track, ...]
    skipped: tuple[Skipped, ...]
