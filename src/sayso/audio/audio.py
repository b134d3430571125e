"""`Audio`: samples and their rate, in RAM or in a memory-mapped file, and how to stream them."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from sayso.audio.arrays import MOST_CHANNELS, as_rate, as_samples
from sayso.audio.notebook import player
from sayso.errors import EmptyAudioError, ShapeError

Samples: TypeAlias = npt.NDArray[np.float32]

LOWEST_RATE_HZ = 2_000
HIGHEST_RATE_HZ = 768_000
BLOCK_FRAMES = 1 << 18
"""About six seconds at 44.1 kHz: long enough for vectorised work, short enough for any machine."""


@dataclass(frozen=True, eq=False)
class Audio:
    """Sound: float32 `samples` [C, T], nominally within -1 to 1, at `sample_rate` Hz.

    `samples` of a long recording is a memory map; go through it with `blocks`, which gives its
    pages back, rather than by touching it whole.

    Raises: ShapeError for anything but 1 to 8 channels of float32 at 2 to 768 kHz,
        EmptyAudioError for no frames.
    """

    samples: Samples
    sample_rate: int

    def __post_init__(self) -> None:
        if self.samples.ndim != 2 or self.samples.dtype != np.float32:
            raise ShapeError(
                f"samples are {self.samples.dtype} {list(self.samples.shape)}; "
                "expected float32 [channels, frames]"
            )
        check_channels(self.channels)
        check_rate(self.sample_rate)
        if self.frames == 0:
            raise EmptyAudioError("there are no samples; expected at least one")

    @property
    def channels(self) -> int:
        """C."""
        return int(self.samples.shape[0])

    @property
    def frames(self) -> int:
        """T: samples in each channel."""
        return int(self.samples.shape[1])

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.frames / self.sample_rate

    def blocks(
        self, frames: int = BLOCK_FRAMES, *, start: int = 0, stop: int | None = None
    ) -> Iterator[Samples]:
        """Copies of consecutive blocks [C, at most `frames`]; memory stays that of one block.

        Args:
            frames: of a block.
            start: the first frame.
            stop: the frame after the last; None is the end.
        """
        stop = self.frames if stop is None else min(stop, self.frames)
        for at in range(start, stop, frames):
            yield self.block(at, min(at + frames, stop))

    def block(self, start: int, stop: int) -> Samples:
        """A copy of frames `start` to `stop`, silence where they lie outside."""
        low, high = max(start, 0), min(stop, self.frames)
        out = np.zeros((self.channels, stop - start), np.float32)
        if high > low:
            out[:, low - start : high - start] = self.samples[:, low:high]
            _release(self.samples)
        return out

    @classmethod
    def from_numpy(
        cls, samples: npt.ArrayLike, sample_rate: int, *, channels_last: bool | None = None
    ) -> Audio:
        """Audio of an array, copied: integers are scaled, axes never guessed.

        >>> Audio.from_numpy(np.array([0, 16384], np.int16), 44_100).samples
        array([[0. , 0.5]], dtype=float32)

        Args:
            samples: `[T]`, `[C, T]` or `[T, C]`: floats with 1 as full scale, or int16, int32 or
                uint8.
            sample_rate: in Hz.
            channels_last: whether the axes are `[T, C]`, as soundfile gives them. None takes the
                only way that is possible with at most 8 channels.

        Raises: ShapeError, naming the transposition where the axes could be either;
            EmptyAudioError; NotFiniteError; RangeError for floats that hold integers.
        """
        return cls(as_samples(samples, channels_last=channels_last), as_rate(sample_rate))

    def to_numpy(self, *, channels_last: bool = False) -> Samples:
        """A copy of the samples: float32 `[C, T]`.

        Args:
            channels_last: `[T, C]` instead, as soundfile writes them.
        """
        samples = self.block(0, self.frames)
        return np.ascontiguousarray(samples.T) if channels_last else samples

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        """The samples `[C, T]`, so that numpy takes Audio for an array."""
        array: npt.NDArray[Any] = np.array(self.samples, dtype, copy=copy)
        return array

    def _repr_html_(self) -> str:
        """A player, for notebooks."""
        return player(self.samples, self.sample_rate)

    def slice(self, start: int, stop: int) -> Audio:
        """Frames `start` to `stop` as Audio that shares the samples.

        Raises: EmptyAudioError when nothing lies between them.
        """
        return Audio(self.samples[:, max(start, 0) : stop], self.sample_rate)


def check_channels(channels: int) -> None:
    """Raises ShapeError unless there are 1 to 8 channels."""
    if not 1 <= channels <= MOST_CHANNELS:
        raise ShapeError(
            f"the audio has {channels} channels; expected 1 to {MOST_CHANNELS}. "
            "Mix it down or split it into files first"
        )


def check_rate(sample_rate: int) -> None:
    """Raises ShapeError unless the rate lies between 2 and 768 kHz."""
    if not LOWEST_RATE_HZ <= sample_rate <= HIGHEST_RATE_HZ:
        raise ShapeError(
            f"the sample rate is {sample_rate} Hz; "
            f"expected {LOWEST_RATE_HZ} to {HIGHEST_RATE_HZ} Hz"
        )


def _release(samples: Samples) -> None:
    """Hands the resident pages of a memory map back to the system; the data stays in its file.

    Without this a pass over a long recording would leave all of it resident.
    """
    owner: Any = samples
    while owner is not None and not isinstance(owner, mmap.mmap):
        owner = getattr(owner, "base", None)
    if owner is not None and hasattr(owner, "madvise"):
        owner.madvise(mmap.MADV_DONTNEED)
