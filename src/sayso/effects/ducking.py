"""Ducking: one sound turned down while another is heard."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from sayso.audio import Audio, Samples, integrated_lufs
from sayso.desk import Duck
from sayso.effects.sound import Processed, Sound

_STEP_S = 0.01
_BELOW_LU = 15.0
"""How far below its own loudness the other sound still counts as heard."""
_BRIDGED_S = 0.25
"""Pauses shorter than this, as between words, do not count."""

_Track = npt.NDArray[np.float64]


def duck(sound: Sound, under: Audio, settings: Duck) -> Sound:
    """`sound`, `settings.db` quieter while `under` is heard.

    The gain moves on a straight line in dB; it is down when `under` sets in. Where `under` is not
    heard for longer than an attack and a release take, samples stay as they are.

    Args:
        sound: what is turned down.
        under: of the same length and rate.
        settings: how far and how fast.
    """
    if settings.db == 0:
        return sound
    step = max(1, round(_STEP_S * sound.sample_rate))
    heard = _heard(under, step)
    if not heard.any():
        return sound
    steps_a_second = sound.sample_rate / step
    gain_db = settings.db * _share(
        heard, settings.attack_s * steps_a_second, settings.release_s * steps_a_second
    )
    at_frames = (np.arange(len(gain_db)) + 0.5) * step

    def transform(blocks: Iterator[Samples]) -> Iterator[Samples]:
        at = 0
        for block in blocks:
            frames = np.arange(at, at + block.shape[1])
            gain = np.interp(frames, at_frames, gain_db)
            at += block.shape[1]
            yield block * (10 ** (gain / 20)).astype(np.float32)

    return Processed(sound, transform, sound.frames)


def _heard(under: Audio, step: int) -> npt.NDArray[np.bool_]:
    """Whether `under` is heard, for every `step` frames."""
    loudness_lufs = integrated_lufs(under)
    if loudness_lufs == -np.inf:
        return np.zeros(1, bool)
    levels = [(block.astype(np.float64) ** 2).mean() for block in under.blocks(step)]
    least = 10 ** ((loudness_lufs - _BELOW_LU) / 10)
    heard = np.array(levels) > least
    # Pauses between words are bridged.
    edges = np.flatnonzero(np.diff(heard.astype(np.int8), prepend=0, append=0))
    longest = round(_BRIDGED_S * under.sample_rate / step)
    for stop, start in zip(edges[1::2], edges[2::2], strict=False):
        if start - stop <= longest:
            heard[stop:start] = True
    return heard


def _share(heard: npt.NDArray[np.bool_], attack: float, release: float) -> _Track:
    """How far down the gain is at every step, 0 to 1: rising ahead of it, falling after it."""
    steps = np.arange(len(heard))
    never = 10.0 * (len(heard) + attack + release)
    last = np.maximum.accumulate(np.where(heard, steps, -never))
    following = np.minimum.accumulate(np.where(heard, steps, never)[::-1])[::-1]
    falling = 1 - (steps - last) / release
    rising = 1 - (following - steps) / attack
    share: _Track = np.clip(np.maximum(rising, falling), 0, 1)
    return share
