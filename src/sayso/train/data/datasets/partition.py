"""Dealing songs out to supervised training, unsupervised training, validation and test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sayso.errors import DataError
from sayso.train.data.datasets.record import Track


@dataclass(frozen=True)
class Partition:
    """Songs by their use; no song is in two of them.

    `supervised` songs are heard with their stems; of `unsupervised` ones only unpaired mixes and
    unpaired stems are.
    """

    supervised: tuple[Track, ...]
    unsupervised: tuple[Track, ...]
    validation: tuple[Track, ...]
    test: tuple[Track, ...]

    def __post_init__(self) -> None:
        """Refuse a partition that nothing can be learned or measured from."""
        for name in ("supervised", "validation", "test"):
            if not getattr(self, name):
                raise DataError(f"the partition has no {name} song; at least one is needed")
        parts = (self.supervised, self.unsupervised, self.validation, self.test)
        titles = [track.title for part in parts for track in part]
        twice = sorted({title for title in titles if titles.count(title) > 1})
        if twice:
            raise DataError(f"in more than one part of the partition: {', '.join(twice[:5])}")


def published_partition(dsd100: Sequence[Track], *others: Sequence[Track]) -> Partition:
    """The partition of the paper: DSD100 is heard with its stems, the other data sets are not.

    DSD100's training songs train supervised; its test songs are halved into validation and test.
    Each other data set (MedleyDB, ccMixter, iKala) is cut into thirds: unsupervised training,
    validation, test; a remainder goes to the test.

    Source: Stoller et al. 2018, arXiv:1711.00048, section 4.1, and its released code.
    Raises: DataError when a part would be empty.
    """
    held_out = [track for track in dsd100 if track.subset == "test"]
    half = len(held_out) // 2
    unsupervised: list[Track] = []
    validation, test = held_out[:half], held_out[half:]
    for tracks in others:
        third = len(tracks) // 3
        unsupervised += tracks[:third]
        validation += tracks[third : 2 * third]
        test += tracks[2 * third :]
    supervised = tuple(track for track in dsd100 if track.subset == "train")
    return Partition(supervised, tuple(unsupervised), tuple(validation), tuple(test))


def shuffled_partition(
    tracks: Sequence[Track],
    *,
    seed: int,
    supervised: int,
    unsupervised: int,
    validation: int,
) -> Partition:
    """Songs of any data set dealt out at random; what the three numbers leave is the test set.

    Args:
        tracks: all songs.
        seed: the same one deals the same way.
        supervised: songs heard with their stems.
        unsupervised: songs heard unpaired.
        validation: songs that decide when to stop.
    Raises: DataError when there are too few songs.
    """
    order = np.random.default_rng(seed).permutation(len(tracks))
    dealt = [tracks[number] for number in order]
    first, second = supervised, supervised + unsupervised
    third = second + validation
    return Partition(
        tuple(dealt[:first]),
        tuple(dealt[first:second]),
        tuple(dealt[second:third]),
        tuple(dealt[third:]),
    )
