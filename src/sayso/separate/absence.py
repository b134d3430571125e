"""Silence for what is not there.

A network answers a question about what is absent with a faint rest of everything else. What it
really hears seldom lies that far below the mixture, so a stem that does, over a stretch of time,
is turned down further: a downward expander whose level is relative to the mixture's. What is loud
enough somewhere is there, and kept elsewhere too.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

# Chosen on validation material: absent sounds fall from -17 to -31 dB at the median, what songs
# lack from -19 to -49, while the mean uSDR of what is there falls by 0.03 dB. Faster smoothing
# costs more.
THRESHOLD_DB = -12.0
# For what is left of a song, which may well be little of it.
REST_THRESHOLD_DB = -16.0
SLOPE = 6.0
RANGE_DB = 30.0
HELD_DB = 1.0
SMOOTHING_S = 3.2


def absence_gain(
    stem_power: npt.NDArray[np.floating],
    mix_power: npt.NDArray[np.floating],
    *,
    frame_rate: float,
    threshold_db: float = THRESHOLD_DB,
) -> npt.NDArray[np.float32]:
    """Gains `[T]`, 0..1, for a stem's frames by how far it lies below the mixture around them.

    Args:
        stem_power: of each frame, `[T]`, any scale.
        mix_power: likewise, on the same scale.
        frame_rate: frames a second.
        threshold_db: how far below the mixture a stem may lie before it is turned down.
    """
    reach = round(3 * SMOOTHING_S * frame_rate)
    window = np.exp(-0.5 * (np.arange(-reach, reach + 1) / (SMOOTHING_S * frame_rate)) ** 2)
    stem, mix = (
        np.convolve(power, window, "full")[reach : reach + len(power)]
        for power in (stem_power, mix_power)
    )
    level_db = 10 * np.log10((stem + 1e-20) / (mix + 1e-20))
    # Where the mixture is silent the level says nothing.
    loudest = np.max(level_db, where=mix > 1e-6 * np.max(mix), initial=-np.inf)
    level_db = np.maximum(level_db, loudest - HELD_DB)
    gain_db = np.clip(SLOPE * (level_db - threshold_db), -RANGE_DB, 0.0)
    return np.asarray(10 ** (gain_db / 20), np.float32)
