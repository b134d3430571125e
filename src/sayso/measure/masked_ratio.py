"""Masked music-to-speech ratio: how much is left where the speech is not; lower is better.

The spectrogram is divided between the speech and all else by which of them is the stronger there,
known or estimated; the ratio is the energy of the signal under test in the one part to that in the
other, over the moments when there is speech. It needs no reference of the signal's own level, and
with true stems the same masks judge what came before a treatment and what came after.

Conventions: all sounds have one length, rate and number of channels; channels share the masks.
"""

from __future__ import annotations

import numpy as np

from sayso.audio import Audio, stft, window_frames
from sayso.errors import DataError, ShapeError, SilenceError
from sayso.measure.compared import Compared

_WINDOW_S, _HOPS = 0.04, 2
_BLOCK_HOPS = 1024
_ACTIVE_DB = -35.0  # below the loudest moment of the speech: a pause


def validate(signal: Audio, speech: Audio, rest: Audio) -> None:
    """Raises ShapeError unless all three are alike."""
    shapes = {(a.channels, a.frames, a.sample_rate) for a in (signal, speech, rest)}
    if len(shapes) != 1:
        listed = ", ".join(f"{c} x {t} at {r} Hz" for c, t, r in sorted(shapes))
        raise ShapeError(f"the sounds are {listed}; expected all of one shape")


def masked_ratio_db(signal: Audio, speech: Audio, rest: Audio) -> float:
    """Energy of `signal` where `rest` is the stronger, over that where `speech` is, in dB.

    Args:
        signal: at any level.
        speech: what counts as speech.
        rest: what does not, at the level that it has beside that speech.
    Returns: dB; minus infinity where nothing is left.
    Raises: ShapeError; SilenceError for silent speech, or where the signal has nothing of it.
    """
    validate(signal, speech, rest)
    n_fft = window_frames(_WINDOW_S, signal.sample_rate)
    hop = n_fft // _HOPS
    size = _BLOCK_HOPS * hop
    # For each moment: level of the speech, energy in its part, energy in the other part.
    rows = []
    for start in range(0, signal.frames, size):
        stop = min(start + size, signal.frames)
        powers = [
            np.mean(np.abs(stft(sound.block(start, stop), n_fft, hop=hop)) ** 2, axis=0)
            for sound in (signal, speech, rest)
        ]
        spoken = powers[1] >= powers[2]
        total = powers[0].sum(axis=0)
        inside = np.where(spoken, powers[0], 0).sum(axis=0)
        rows.append(np.stack([powers[1].sum(axis=0), inside, total - inside]).astype(np.float64))
    level, inside, outside = np.concatenate(rows, axis=1)
    active = level > level.max() * 10 ** (_ACTIVE_DB / 10)
    speech_energy, rest_energy = inside[active].sum(), max(outside[active].sum(), 0.0)
    if not speech_energy > 0:
        raise SilenceError("there is no speech to compare with; the ratio is undefined")
    with np.errstate(divide="ignore"):
        return float(10 * np.log10(rest_energy / speech_energy))


def evaluate(compared: Compared) -> dict[str, float]:
    """`{"music_to_speech_db": dB}` of the estimate, with the reference as the speech.

    Raises: ShapeError, SilenceError; DataError without a reference and a rest.
    """
    if compared.reference is None or compared.rest is None:
        raise DataError("the masked ratio takes the speech and what is beside it; one is missing")
    ratio_db = masked_ratio_db(compared.estimate, compared.reference, compared.rest)
    return {"music_to_speech_db": ratio_db}
