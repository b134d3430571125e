"""Speech given back after the separators: what a mask took from it, and what need not be taken.

A separator that is unsure turns speech down with the noise. Two remedies, both out of the speech
found, V, and the rest of the mix, A. Where V is the stronger, its gain is raised to that of a
Wiener mask, |V|^2 / (|V|^2 + beta |A|^2): there the speech hides what comes back of the rest. And
the rest is turned down no further than is of use: by a limit, and until it lies far enough below
the speech. A recording whose pauses are quiet already so comes out as it went in.
"""

from __future__ import annotations

import numpy as np

from sayso.audio import Audio, Samples, istft, stft, window_frames
from sayso.clean.masks import in_blocks
from sayso.desk.cleaning import Restore
from sayso.watch import SILENT, Watch

_WINDOW_S, _HOPS = 0.055, 4
_MOST_RAISED = 3.0  # of an amplitude
_MOMENT_S = 0.05
_PAUSE_DB = -20.0  # of a moment's speech, below the loud ones
_LEAST_PAUSES = 0.05  # as a share of the moments: fewer say nothing of the rest
_ONLY_UNDER_SPEECH_DB = -12.0
_LEVELS_DB = (-40.0, 6.0)  # of the rest, within which it is counted as loud as the speech


def restore(speech: Audio, mix: Audio, settings: Restore, *, watch: Watch = SILENT) -> Audio:
    """`speech` with what was wrongly taken from it; of `mix`'s length, rate and channels.

    All channels share a mask. Raises: Cancelled.
    """
    lies_db = rest_db(speech, mix, watch=watch)
    dry_db = float(np.clip(settings.enough_db - lies_db, settings.floor_db, 0.0))
    if dry_db == 0.0:
        return mix
    dry = np.float32(10 ** (dry_db / 20))
    level_db = float(np.clip(lies_db, *_LEVELS_DB)) if settings.levelled else 0.0
    beta = settings.beta * 10 ** (-level_db / 10)
    n_fft = window_frames(_WINDOW_S, mix.sample_rate)
    hop = n_fft // _HOPS

    def given_back(block: Samples) -> Samples:
        heard, whole = stft(block.reshape(2, -1, block.shape[1]), n_fft, hop=hop)
        kept = np.mean(np.abs(heard) ** 2, axis=0)
        left = np.mean(np.abs(whole - heard) ** 2, axis=0)
        now = np.sqrt(kept / np.maximum(np.mean(np.abs(whole) ** 2, axis=0), 1e-20))
        wiener = kept / np.maximum(kept + beta * left, 1e-20)
        gain = np.clip(wiener / np.maximum(now, 1e-6), 1.0, _MOST_RAISED).astype(np.float32)
        raised = heard * gain
        mixed = raised + dry * (whole - raised)
        return istft(mixed, n_fft, hop=hop, length=block.shape[1])

    return in_blocks((speech, mix), given_back, n_fft, hop=hop, watch=watch)


def rest_db(speech: Audio, mix: Audio, *, watch: Watch = SILENT) -> float:
    """How far what `speech` leaves of `mix` lies below it, in dB, by their powers.

    It is measured in the pauses: what is left only while somebody speaks is more likely speech.
    Where all of it is more than 12 dB stronger, that less 12 dB counts; where there are no pauses,
    all of it. Raises: Cancelled.
    """
    spoken, left = _powers(speech, mix, watch)
    loud = float(np.quantile(spoken, 0.95))
    if loud <= 0:
        return float("inf")
    pauses = spoken < loud * 10 ** (_PAUSE_DB / 10)
    level = float(spoken[~pauses].mean())
    whole = float(left.mean())
    if pauses.mean() >= _LEAST_PAUSES:
        share = 10 ** (_ONLY_UNDER_SPEECH_DB / 10)
        whole = max(float(left[pauses].mean()), share * whole)
    return float(10 * np.log10(max(whole, 1e-20) / level))


def _powers(speech: Audio, mix: Audio, watch: Watch) -> tuple[Samples, Samples]:
    """Of every moment, of the speech and of what it leaves."""
    step = max(1, round(_MOMENT_S * mix.sample_rate))
    rows = []
    for heard, whole in zip(speech.blocks(step * 512), mix.blocks(step * 512), strict=True):
        watch.check()
        starts = np.arange(0, heard.shape[1], step)
        lengths = np.diff(np.append(starts, heard.shape[1]))
        powers = [np.mean(np.square(sound), axis=0) for sound in (heard, whole - heard)]
        rows.append(np.stack([np.add.reduceat(power, starts) / lengths for power in powers]))
    spoken, left = np.concatenate(rows, axis=1)
    return spoken, left
