"""Which songs a run is trained, stopped and tested on, as a configuration says it.

Three ways to say it: data sets for each use, the partition of the paper, or a shuffled deal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from sayso.configuration import Frozen
from sayso.errors import DataError
from sayso.train.data.datasets.check import check
from sayso.train.data.datasets.layouts import LAYOUTS, read_data_set
from sayso.train.data.datasets.partition import (
    Partition,
    published_partition,
    shuffled_partition,
)
from sayso.train.data.datasets.record import Listing, Skipped, Track


class DataSet(Frozen):
    """A data set on disk: its layout, its root, and optionally only its train or test songs.

    Attributes:
        layout: of its files.
        root: its folder, or its XML catalogue.
        folder: where a catalogue's songs are, if not where it says.
        subset: the songs of which the data set itself says that they train or test.
    """

    layout: str
    root: Path
    folder: Path | None = None
    subset: Literal["", "train", "test"] = ""

    @field_validator("layout")
    @classmethod
    def _known(cls, layout: str) -> str:
        if layout not in LAYOUTS:
            raise ValueError(f"{layout!r} is no known data set; one of {', '.join(LAYOUTS)}")
        return layout

    @field_validator("root", "folder")
    @classmethod
    def _expand(cls, path: Path | None) -> Path | None:
        return path and path.expanduser()

    def read(self, stems: Sequence[str]) -> Listing:
        """Its usable songs. Raises: DataError when there is none."""
        listing = check(read_data_set(self.layout, self.root, folder=self.folder), stems=stems)
        tracks = tuple(t for t in listing.tracks if not self.subset or t.subset == self.subset)
        if not tracks:
            raise DataError(f"{self.root} has no usable song in its subset {self.subset!r}")
        return Listing(tracks, listing.skipped)


@dataclass(frozen=True)
class Selected:
    """A partition with the songs that were left out of it."""

    partition: Partition
    skipped: tuple[Skipped, ...]


class NamedSongs(Frozen):
    """Data sets for each use. Unsupervised ones are only needed for adversarial training."""

    supervised: tuple[DataSet, ...] = Field(min_length=1)
    unsupervised: tuple[DataSet, ...] = ()
    validation: tuple[DataSet, ...] = Field(min_length=1)
    test: tuple[DataSet, ...] = Field(min_length=1)

    def select(self, stems: Sequence[str]) -> Selected:
        """Read and check them all. Raises: DataError."""
        parts: list[tuple[Track, ...]] = []
        skipped: list[Skipped] = []
        for data_sets in (self.supervised, self.unsupervised, self.validation, self.test):
            listings = [data_set.read(stems) for data_set in data_sets]
            # Roots tell apart songs which two parts of one layout give the same name.
            parts.append(
                tuple(
                    _titled(track, data_set)
                    for listing, data_set in zip(listings, data_sets, strict=True)
                    for track in listing.tracks
                )
            )
            skipped += [item for listing in listings for item in listing.skipped]
        return Selected(partition=Partition(*parts), skipped=tuple(skipped))


class PublishedSongs(Frozen):
    """The partition of arXiv:1711.00048: DSD100 supervised, the others in thirds."""

    dsd100: Path | DataSet
    others: tuple[DataSet, ...] = ()

    def select(self, stems: Sequence[str]) -> Selected:
        """Read and check them all. Raises: DataError."""
        dsd100 = self.dsd100
        if isinstance(dsd100, Path):
            dsd100 = DataSet(layout="dsd100", root=dsd100)
        first = dsd100.read(stems)
        rest = [data_set.read(stems) for data_set in self.others]
        skipped = [item for listing in (first, *rest) for item in listing.skipped]
        partition = published_partition(first.tracks, *(listing.tracks for listing in rest))
        return Selected(partition=partition, skipped=tuple(skipped))


class ShuffledSongs(Frozen):
    """All songs of some data sets, dealt out at random; what is left over is the test set."""

    data_sets: tuple[DataSet, ...] = Field(min_length=1)
    seed: int = Field(default=0, ge=0)
    supervised: int = Field(ge=1)
    unsupervised: int = Field(default=0, ge=0)
    validation: int = Field(ge=1)

    def select(self, stems: Sequence[str]) -> Selected:
        """Read, check and deal. Raises: DataError."""
        listings = [data_set.read(stems) for data_set in self.data_sets]
        partition = shuffled_partition(
            [track for listing in listings for track in listing.tracks],
            seed=self.seed,
            supervised=self.supervised,
            unsupervised=self.unsupervised,
            validation=self.validation,
        )
        skipped = [item for listing in listings for item in listing.skipped]
        return Selected(partition=partition, skipped=tuple(skipped))


Songs = NamedSongs | PublishedSongs | ShuffledSongs


def _titled(track: Track, data_set: DataSet) -> Track:
    return replace(track, data_set=f"{data_set.layout} {data_set.root.name}")
