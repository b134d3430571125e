"""Asking a separator several times, each time begun elsewhere, for the mean of its answers.

What a network makes of a sound depends a little on where in its window that falls. Source: Demucs
(Defossez et al. 2019, arXiv:1911.13254), which calls it the shift trick.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from sayso.audio import Audio, Recorder
from sayso.watch import SILENT, Watch

Separate: TypeAlias = Callable[..., Mapping[str, Audio]]
"""`separate(mix, targets, watch=)`."""

_FARTHEST_S = 0.5


def shifted(separate: Separate, count: int, *, seed: int = 0) -> Separate:
    """`separate` asked `count` times; once is `separate` itself.

    The recording is begun up to half a second early, in silence, at seeded places.
    """
    if count == 1:
        return separate

    def several(
        mix: Audio, targets: Sequence[str], *, watch: Watch = SILENT
    ) -> Mapping[str, Audio]:
        rng = np.random.default_rng(seed)
        total: dict[str, Audio] = {}
        for number in range(count):
            ahead = int(rng.integers(0, round(_FARTHEST_S * mix.sample_rate) + 1))
            share = watch.part(number / count, (number + 1) / count)
            stems = separate(_begun_early(mix, ahead), targets, watch=share)
            for target in targets:
                stem = stems[target].slice(ahead, ahead + mix.frames)
                total[target] = (
                    stem if number == 0 else _towards(total[target], stem, 1 / (number + 1))
                )
        return total

    return several


def _begun_early(mix: Audio, frames: int) -> Audio:
    recorder = Recorder(mix.channels, mix.sample_rate)
    recorder.append(np.zeros((mix.channels, frames), np.float32))
    for block in mix.blocks():
        recorder.append(block)
    return recorder.audio()


def _towards(mean: Audio, other: Audio, share: float) -> Audio:
    """`mean` and `share` of how far `other` lies from it."""
    recorder = Recorder(mean.channels, mean.sample_rate)
    for a, b in zip(mean.blocks(), other.blocks(), strict=True):
        recorder.append(a + np.float32(share) * (b - a))
    return recorder.audio()
