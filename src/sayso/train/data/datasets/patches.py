"""Batches of spectrogram patches for the U-Net: paired, unpaired and fixed ones.

Conventions: mono, linear magnitudes, `[B, F, T]` for mixes and `[B, S, F, T]` for sources in the
order of the network's configuration. A mix is longer than its sources by the network's context on
both sides. A batch is a pure function of (configuration, seed, step).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from sayso.audio import stft
from sayso.configuration import Frozen
from sayso.errors import DataError
from sayso.networks.unet_shapes import UNetConfig, unet_shapes
from sayso.train.data.datasets.cache import ExcerptCache
from sayso.train.data.datasets.decoded import DecodedConfig
from sayso.train.data.datasets.record import Signal, Track
from sayso.train.data.datasets.spans import read_excerpt

Magnitudes: TypeAlias = npt.NDArray[np.float32]
Seed: TypeAlias = tuple[int, ...]
Item = TypeVar("Item")


class Reader(Protocol):
    """`read_excerpt`, or what gives the same from elsewhere."""

    def __call__(
        self, track: Track, signal: Signal, *, start_s: float, frames: int, sample_rate: int
    ) -> Magnitudes:
        """A mono excerpt, silence beyond the song's ends. Raises: DataError."""


_MOST_FAILURES = 8  # unreadable excerpts in a row before training is stopped


class PatchConfig(Frozen):
    """How batches are drawn; the defaults are those of the paper's released configuration."""

    batch_size: int = Field(default=64, ge=1, le=4096)
    excerpt_s: float = Field(default=10.0, gt=0, le=600, description="length of a cached excerpt")
    cache_size: int = Field(
        default=64, ge=1, le=65_536, description="excerpts held in memory a stream"
    )
    replaced: float = Field(default=8.0, gt=0, description="excerpts exchanged before each batch")
    workers: int = Field(default=2, ge=0, le=64, description="threads a stream; 0 loads when asked")
    gain_db: float = Field(
        default=0.0, ge=0, le=40, description="each source's level moves by up to this"
    )
    amplify: tuple[float, float] | None = Field(
        default=None, description="each source is multiplied by a number between these"
    )
    validation_excerpts: int = Field(default=3, ge=1, le=1000, description="fixed excerpts a song")
    decoded: DecodedConfig | None = Field(
        default=None, description="a folder in which decoded songs are kept"
    )

    @model_validator(mode="after")
    def _amplifies_one_way(self) -> PatchConfig:
        if self.amplify is not None:
            low, high = self.amplify
            if not 0 < low <= high <= 100:
                raise ValueError("amplify takes two numbers, rising, above 0 and at most 100")
            if self.gain_db:
                raise ValueError("amplify and gain_db both move the sources' levels; name one")
        return self


class PairedBatch(NamedTuple):
    """A mix with its sources: `mix` `[B, F, T + 2 context]`, `sources` `[B, S, F, T]`."""

    mix: Magnitudes
    sources: Magnitudes


class UnpairedBatch(NamedTuple):
    """A mix and sources of other songs, shaped as in `PairedBatch`."""

    mix: Magnitudes
    sources: Magnitudes


class Excerpts:
    """Reads excerpts of songs as magnitudes, with or without the network's context around them.

    `unreadable` counts, by title, excerpts that could not be read and were drawn anew.

    Args:
        network: whose transform, rate and context count.
        config: how batches are drawn.
        read: where excerpts come from: the files themselves, or songs `decoded` before.
    """

    def __init__(
        self, network: UNetConfig, config: PatchConfig, *, read: Reader = read_excerpt
    ) -> None:
        self.network, self.config, self._read = network, config, read
        frames = round(config.excerpt_s * network.sample_rate / network.hop)
        whole = unet_shapes(network.bins, max(frames, network.frames), levels=network.levels)
        self.frames, self.context = whole.output[1], whole.context_frames
        self.unreadable: Counter[str] = Counter()

    def paired(self, tracks: Sequence[Track], number: int, *, seed: Seed) -> PairedBatch:
        """Excerpt `number` of a random song, `[F, T]` and `[S, F, T]`; the mix is the sum.

        Raises: DataError when one excerpt after another cannot be read.
        """
        rng = np.random.default_rng([*seed, number])
        for _ in range(_MOST_FAILURES):
            track = tracks[int(rng.integers(len(tracks)))]
            start_s, gains = self._draw(track, rng)
            try:
                return self._pair(track, start_s, gains)
            except DataError:
                self.unreadable[track.title] += 1
        raise self._hopeless()

    def single(self, tracks: Sequence[Track], name: str, *, number: int, seed: Seed) -> Magnitudes:
        """Excerpt `number` of a random song's stem `name`, or of its "mix" with context.

        Raises: DataError when one excerpt after another cannot be read.
        """
        rng = np.random.default_rng([*seed, number])
        for _ in range(_MOST_FAILURES):
            track = tracks[int(rng.integers(len(tracks)))]
            start_s, gains = self._draw(track, rng)
            signal, context = (track.mix, self.context) if name == "mix" else (track.stems[name], 0)
            try:
                return self._magnitude(gains[0] * self._wave(track, signal, start_s, context))
            except DataError:
                self.unreadable[track.title] += 1
        raise self._hopeless()

    def fixed(self, tracks: Sequence[Track]) -> list[PairedBatch]:
        """The same excerpts of every song each time, evenly spread, one batch a song.

        Raises: DataError when one cannot be read.
        """
        batches = []
        count = self.config.validation_excerpts
        for track in tracks:
            room_s = max(0.0, track.duration_s - self.config.excerpt_s)
            starts = [room_s * (number + 0.5) / count for number in range(count)]
            still = np.ones(len(self.network.sources))
            pairs = [self._pair(track, start_s, still) for start_s in starts]
            mix, sources = (np.stack(part) for part in zip(*pairs, strict=True))
            batches.append(PairedBatch(mix, sources))
        return batches

    def _draw(self, track: Track, rng: np.random.Generator) -> tuple[float, npt.NDArray[Any]]:
        start_s = rng.uniform(0, max(0.0, track.duration_s - self.config.excerpt_s))
        count = len(self.network.sources)
        if self.config.amplify is not None:
            return float(start_s), rng.uniform(*self.config.amplify, count)
        moved_db = rng.uniform(-1, 1, count) * self.config.gain_db
        return float(start_s), 10 ** (moved_db / 20)

    def _pair(self, track: Track, start_s: float, gains: npt.NDArray[Any]) -> PairedBatch:
        waves = [
            gain * self._wave(track, track.stems[name], start_s, self.context)
            for gain, name in zip(gains, self.network.sources, strict=True)
        ]
        middle = slice(self.context, self.context + self.frames)
        sources = [self._magnitude(wave)[:, middle] for wave in waves]
        return PairedBatch(self._magnitude(np.sum(waves, axis=0)), np.stack(sources))

    def _wave(self, track: Track, signal: Signal, start_s: float, context: int) -> Magnitudes:
        """The waveform whose STFT has the excerpt's frames and a few to drop at its edges."""
        network = self.network
        around = context + self._edge
        return self._read(
            track,
            signal,
            start_s=start_s - around * network.hop / network.sample_rate,
            frames=(self.frames + 2 * around - 1) * network.hop,
            sample_rate=network.sample_rate,
        )

    @property
    def _edge(self) -> int:
        """Frames at each end of an excerpt that a mirror image reaches into."""
        return -(-self.network.n_fft // 2 // self.network.hop)

    def _magnitude(self, wave: npt.NDArray[Any]) -> Magnitudes:
        spectrum = stft(wave.astype(np.float32), self.network.n_fft, hop=self.network.hop)
        return np.ascontiguousarray(np.abs(spectrum)[:, self._edge : -self._edge])

    def _hopeless(self) -> DataError:
        worst = ", ".join(f"{title} ({n}x)" for title, n in self.unreadable.most_common(3))
        return DataError(f"{_MOST_FAILURES} excerpts in a row could not be read, of {worst}")


class PairedStream:
    """Batches of mixes with their own sources."""

    def __init__(self, excerpts: Excerpts, tracks: Sequence[Track], *, seed: Seed) -> None:
        self._excerpts, self._seed = excerpts, seed
        self._shape = unet_shapes(
            excerpts.network.bins, excerpts.network.frames, levels=excerpts.network.levels
        )
        self._cache = _cache(excerpts, lambda k: excerpts.paired(tracks, k, seed=(*seed, 0)))

    def batch(self, step: int) -> PairedBatch:
        """The batch of `step`. Raises: DataError."""
        held = self._cache.at(step)
        rng = np.random.default_rng([*self._seed, 101, step])
        drawn = [held[k] for k in rng.integers(len(held), size=self._excerpts.config.batch_size)]
        starts = _starts(self._excerpts, self._shape.output[1], rng)
        mix = [
            item.mix[:, at : at + self._shape.input[1]]
            for item, at in zip(drawn, starts, strict=True)
        ]
        sources = [
            item.sources[..., at : at + self._shape.output[1]]
            for item, at in zip(drawn, starts, strict=True)
        ]
        return PairedBatch(np.stack(mix), np.stack(sources))

    def close(self) -> None:
        """Stop the workers."""
        self._cache.close()


class UnpairedStream:
    """Batches whose mixes and sources come from unrelated songs and moments."""

    def __init__(self, excerpts: Excerpts, tracks: Sequence[Track], *, seed: Seed) -> None:
        self._excerpts, self._seed = excerpts, seed
        self._shape = unet_shapes(
            excerpts.network.bins, excerpts.network.frames, levels=excerpts.network.levels
        )
        self._caches = [
            _cache(excerpts, partial(_single, excerpts, tracks, name, (*seed, 1 + number)))
            for number, name in enumerate(("mix", *excerpts.network.sources))
        ]

    def batch(self, step: int) -> UnpairedBatch:
        """The batch of `step`. Raises: DataError."""
        rng = np.random.default_rng([*self._seed, 102, step])
        stacks = []
        for number, cache in enumerate(self._caches):
            held = cache.at(step)
            length = self._shape.output[1] if number else self._shape.input[1]
            chosen = rng.integers(len(held), size=self._excerpts.config.batch_size)
            starts = _starts(self._excerpts, self._shape.output[1], rng)
            stacks.append(
                np.stack(
                    [held[k][:, at : at + length] for k, at in zip(chosen, starts, strict=True)]
                )
            )
        return UnpairedBatch(stacks[0], np.stack(stacks[1:], axis=1))

    def close(self) -> None:
        """Stop the workers."""
        for cache in self._caches:
            cache.close()


def _single(
    excerpts: Excerpts, tracks: Sequence[Track], name: str, seed: Seed, number: int
) -> Magnitudes:
    return excerpts.single(tracks, name, number=number, seed=seed)


def _cache(excerpts: Excerpts, load: Callable[[int], Item]) -> ExcerptCache[Item]:
    config = excerpts.config
    return ExcerptCache(
        load, size=config.cache_size, replaced=config.replaced, workers=config.workers
    )


def _starts(excerpts: Excerpts, frames: int, rng: np.random.Generator) -> list[int]:
    last = excerpts.frames - frames
    return [int(at) for at in rng.integers(last + 1, size=excerpts.config.batch_size)]
