"""Tone: peaking bands and filters, in double precision, for any number of channels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from sayso.audio import Samples
from sayso.desk import Eq, Filter
from sayso.desk.effect import require_held
from sayso.effects.sound import Processed, Sound

ORDER = 4
"""Butterworth order of each filter edge: 24 dB an octave, so that "only below 200 Hz" is heard."""


def equalise(sound: Sound, band: Eq) -> Sound:
    """`sound` with a peaking band: `gain_db` at `frequency_hz`, 0 dB far from it.

    Raises: RangeError for a band above what the sample rate can hold.
    Source: Bristow-Johnson, "Cookbook formulae for audio EQ biquad filter coefficients".
    """
    if band.gain_db == 0:
        return sound
    require_held(band.frequency_hz, sound.sample_rate, "a peaking band")
    amplitude = 10 ** (band.gain_db / 40)
    omega = 2 * np.pi * band.frequency_hz / sound.sample_rate
    alpha, cosine = np.sin(omega) / (2 * band.q), np.cos(omega)
    top = [1 + alpha * amplitude, -2 * cosine, 1 - alpha * amplitude]
    bottom = [1 + alpha / amplitude, -2 * cosine, 1 - alpha / amplitude]
    return filtered(sound, np.array([[*top, *bottom]]) / bottom[0])


def cut_off(sound: Sound, edge: Filter) -> Sound:
    """`sound` with only what the filter lets through; each edge is 3 dB down and 24 dB an octave.

    A low-pass above all that the sample rate can hold changes nothing.
    Raises: RangeError for a high-pass there, which would leave nothing.
    """
    from scipy.signal import butter

    low_hz = edge.low_hz if edge.type == "bandpass" else None
    high_hz = edge.high_hz if edge.type == "bandpass" else None
    if edge.type == "highpass":
        low_hz = edge.cutoff_hz
    if edge.type == "lowpass":
        high_hz = edge.cutoff_hz
    sections = []
    if low_hz is not None:
        require_held(low_hz, sound.sample_rate, "a high-pass")
        sections.append(butter(ORDER, low_hz, "highpass", fs=sound.sample_rate, output="sos"))
    if high_hz is not None and high_hz < sound.sample_rate / 2:
        sections.append(butter(ORDER, high_hz, "lowpass", fs=sound.sample_rate, output="sos"))
    return filtered(sound, np.concatenate(sections)) if sections else sound


def filtered(sound: Sound, sections: Any) -> Sound:
    """`sound` through second-order sections [S, 6], in double precision."""
    from scipy.signal import sosfilt

    def transform(blocks: Iterator[Samples]) -> Iterator[Samples]:
        state = np.zeros((len(sections), sound.channels, 2))
        for block in blocks:
            out, state = sosfilt(sections, block.astype(np.float64), axis=-1, zi=state)
            yield out.astype(np.float32)

    return Processed(sound, transform, sound.frames)
