"""Audio from arrays as other libraries give them.

Integers are scaled so that their lowest value is -1. Which axis is which is never guessed from
anything but what is possible: no recording has more than eight channels, or fewer than nine frames.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sayso.errors import EmptyAudioError, NotFiniteError, RangeError, ShapeError

MOST_CHANNELS = 8
_HIGHEST = 1000.0
"""60 dB over full scale: floats beyond it are integers that were not scaled."""
_SCALES = {"int16": (0.0, 2.0**-15), "int32": (0.0, 2.0**-31), "uint8": (128.0, 2.0**-7)}
_AXES = (
    "pass audio.T, or say channels_last=True for [frames, channels] as soundfile gives it and "
    "channels_last=False for [channels, frames]"
)


def as_samples(
    samples: npt.ArrayLike, *, channels_last: bool | None = None
) -> npt.NDArray[np.float32]:
    """A copy as float32 `[C, T]`; see `sayso.Audio.from_numpy` for what is taken."""
    array = np.asarray(samples)
    if array.size == 0:
        raise EmptyAudioError("the array holds no samples; expected at least one")
    if array.ndim == 1:
        array = array[np.newaxis]
    elif array.ndim != 2:
        raise ShapeError(f"the array is {list(array.shape)}; expected [T], [C, T] or [T, C]")
    elif _are_channels_last(array, channels_last):
        array = array.T
    return _scaled(array)


def _are_channels_last(array: npt.NDArray[Any], said: bool | None) -> bool:
    if said is not None:
        return said
    first, last = (bool(length <= MOST_CHANNELS) for length in array.shape)
    if first == last:
        few = "both axes could be channels" if first else f"there are {min(array.shape)} channels"
        raise ShapeError(
            f"the array is {list(array.shape)}: {few}; expected 1 to {MOST_CHANNELS} channels and "
            f"more frames than that; {_AXES}"
        )
    return last


def _scaled(array: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """`array` as float32 with 1 as full scale."""
    kind = array.dtype.name
    if kind in _SCALES:
        offset, factor = _SCALES[kind]
        scaled: npt.NDArray[np.float32] = ((array - np.float64(offset)) * factor).astype(np.float32)
        return np.ascontiguousarray(scaled)
    if array.dtype.kind != "f":
        raise ShapeError(
            f"samples are {kind}; expected floats with 1 as full scale, or int16, int32 or uint8"
        )
    if not np.isfinite(array).all():
        raise NotFiniteError("samples are NaN or infinite; expected finite ones")
    peak = float(np.abs(array).max())
    if peak > _HIGHEST:
        raise RangeError(
            f"samples reach {peak:g}; expected floats with 1 as full scale. Divide by 32768 if "
            "they were 16-bit integers"
        )
    return np.array(array, np.float32, order="C")


def as_rate(sample_rate: int) -> int:
    """A whole number of Hz. Raises: ShapeError."""
    if isinstance(sample_rate, bool) or sample_rate != int(sample_rate):
        raise ShapeError(f"the sample rate is {sample_rate!r}; expected a whole number of Hz")
    return int(sample_rate)
