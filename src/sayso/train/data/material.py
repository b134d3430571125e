"""Drawing single sources from a store: by concept, by song, at the right length.

`Material` sorts the segments of one split into buckets by concept and draws from them, so that
much of one kind (songs, renders, single notes) does not drown the little there is of another.
Waveforms are float32 `[C, T]`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sayso.train.data.store import SAMPLE_RATE, Floats, Store
from sayso.train.data.vocabulary import Label, Vocabulary

# How much a pool counts for, beside the square root of how much of it there is.
POOL_WEIGHTS: Mapping[str, float] = {
    "songs": 3.0,
    "singing": 1.0,
    "made-singing": 1.5,
    "renders": 1.0,
    "lines": 1.5,
    "solos": 3.0,
    "synths": 1.0,
    "notes": 0.7,
    "samples": 0.7,
    "speech": 1.0,
    "wide-speech": 1.5,
    "sounds": 1.5,
    "ambience": 1.5,
    "backing": 1.0,
}


@dataclass(frozen=True, slots=True)
class Source:
    """One sound of a mixture: `[C, T]` samples, what it is, and where its treble ends in Hz."""

    samples: Floats
    label: Label
    bandwidth_hz: float = 22050.0
    sung: bool = False


class Material:
    """The segments of one split, ready to be drawn from."""

    def __init__(self, store: Store, vocabulary: Vocabulary, *, split: str) -> None:
        """Sort the segments of `split` ("train" or "valid") into buckets."""
        self.store = store
        self.vocabulary = vocabulary
        self.buckets: dict[str, list[int]] = defaultdict(list)
        self.songs: dict[str, list[int]] = defaultdict(list)
        self._siblings: dict[str, list[int]] = defaultdict(list)
        for index, segment in enumerate(store.segments):
            if segment.split != split:
                continue
            for concept in store.labels[index].true:
                self.buckets[concept].append(index)
            if segment.song:
                self.songs[segment.song].append(index)
            self._siblings[segment.source].append(index)
        self._cumulative = {name: self._weigh(ids) for name, ids in self.buckets.items()}

    def has(self, concept: str) -> bool:
        """Whether there is any segment of `concept`."""
        return concept in self.buckets

    def leaves(self, within: str, *, apart_from: Collection[str] = ()) -> list[str]:
        """The concepts that segments within `within` go by, less those in `apart_from`."""
        found = {self.store.labels[i].concept for i in self.buckets.get(within, ())}
        out = {n for n in found if not (self.vocabulary.ancestors(n) | {n}) & set(apart_from)}
        return sorted(out)

    def pick(self, concept: str, rng: np.random.Generator) -> int:
        """A segment of `concept`, its pool drawn first, then one by the root of its length."""
        pools, shares = self._cumulative[concept]
        ids, weights = pools[int(np.searchsorted(shares, rng.random() * shares[-1]))]
        return int(ids[int(np.searchsorted(weights, rng.random() * weights[-1]))])

    def pick_named(self, names: Sequence[str], rng: np.random.Generator) -> int:
        """A segment of one of `names`, each as likely as another; by that very name where few."""
        name = names[int(rng.integers(len(names)))]
        own = [i for i in self.buckets[name] if self.store.labels[i].concept == name]
        few = 0 < len(own) < 40
        return own[int(rng.integers(len(own)))] if few else self.pick(name, rng)

    def source(self, index: int, frames: int, rng: np.random.Generator) -> Source:
        """`frames` of a segment: a crop where it sounds; a short one repeated with its kind."""
        segment = self.store.segments[index]
        if segment.active_frames < 0.7 * frames and not segment.song:
            samples = self._sequence(index, frames, rng)
        else:
            samples = self.store.read(index, self.sounding_start(index, frames, rng), frames)
        return self._wrap(index, samples)

    def sounding_start(self, index: int, frames: int, rng: np.random.Generator) -> int:
        """A frame of a segment's time line from which `frames` on hold some of its sound."""
        pieces = self.store.segments[index].pieces
        lengths = np.cumsum([length for _, _, length in pieces])
        at = int(rng.integers(lengths[-1]))
        number = int(np.searchsorted(lengths, at, side="right"))
        start, _, length = pieces[number]
        inside = start + at - (int(lengths[number]) - length)
        return max(0, inside - int(rng.integers(frames)))

    def song_sources(
        self, song: str, start: int, frames: int, *, within: str = "music"
    ) -> list[Source]:
        """The stems of a song that sound in `frames` from `start`, those of one name summed."""
        sums: dict[str, Source] = {}
        for index in self.songs[song]:
            label = self.store.labels[index]
            if within not in label.true or not self._sounds(index, start, frames):
                continue
            samples = self.store.read(index, start, frames)
            if label.concept in sums:
                samples = sums[label.concept].samples + samples  # either may be mono
            sums[label.concept] = self._wrap(index, samples)
        return list(sums.values())

    def _wrap(self, index: int, samples: Floats) -> Source:
        label = self.store.labels[index]
        bandwidth = self.store.segments[index].bandwidth_hz
        return Source(samples, label, bandwidth, sung="vocals" in label.true)

    def _sounds(self, index: int, start: int, frames: int) -> bool:
        pieces = self.store.segments[index].pieces
        return any(at < start + frames and at + length > start for at, _, length in pieces)

    def _sequence(self, index: int, frames: int, rng: np.random.Generator) -> Floats:
        """A line of takes of one source: on a beat for instruments, after pauses for others."""
        segment = self.store.segments[index]
        label = self.store.labels[index]
        siblings = self._siblings[segment.source]
        musical = "instrumental" in label.true
        beat = int(rng.uniform(0.15, 0.7) * SAMPLE_RATE)
        out = np.zeros((segment.channels, frames), np.float32)
        at = int(rng.integers(0, frames // 3))
        take = index
        for _ in range(40):
            if at >= frames:
                break
            samples = self._take(take, frames - at, beat if musical else None, rng)
            if len(samples) == segment.channels:
                out[:, at : at + samples.shape[1]] += samples * np.float32(rng.uniform(0.5, 1))
            if musical:
                at += beat * int(rng.choice([1, 1, 1, 2, 2, 4]))
            elif segment.pool == "singing":
                at += samples.shape[1]
            else:
                at += samples.shape[1] + int(rng.exponential(0.5) * SAMPLE_RATE)
            take = siblings[int(rng.integers(len(siblings)))] if rng.random() < 0.7 else take
        return out

    def _take(self, index: int, frames: int, beat: int | None, rng: np.random.Generator) -> Floats:
        """One take from its first sound on, at most `frames`; notes are let go after some beats."""
        segment = self.store.segments[index]
        first = segment.pieces[0][0]
        length = min(frames, segment.frames - first)
        if beat is not None:
            length = min(length, beat * int(rng.integers(1, 5)))
        samples = self.store.read(index, first, length)
        fade = min(length, 1000)
        samples[:, length - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
        return samples

    def _weigh(
        self, ids: list[int]
    ) -> tuple[list[tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]], Floats]:
        by_pool: dict[str, list[int]] = defaultdict(list)
        for index in ids:
            by_pool[self.store.segments[index].pool].append(index)
        pools, shares = [], []
        for pool, members in sorted(by_pool.items()):
            seconds = np.array(
                [self.store.segments[i].active_frames / SAMPLE_RATE for i in members]
            )
            pools.append((np.array(members), np.cumsum(np.sqrt(np.minimum(seconds, 300.0)))))
            shares.append(POOL_WEIGHTS.get(pool, 1.0) * np.sqrt(seconds.sum()))
        return pools, np.cumsum(shares).astype(np.float32)
