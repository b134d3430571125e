"""What an editor that has learnt must beat: cutting silence, and keeping phrases at random."""

from __future__ import annotations

import numpy as np

from sayso.audio import Audio
from sayso.autoedit.bars import find_bars
from sayso.autoedit.choose import timeline_of
from sayso.autoedit.features import Features
from sayso.errors import RangeError
from sayso.timeline import Clip, Timeline

_LOUD, _MARGIN_S, _STEP_S = 0.04, 0.2, 1 / 30


def silence_cut(audio: Audio) -> Timeline:
    """What is over 4% of full scale and 0.2 s around it, as auto-editor keeps by default.

    All of it where nothing is.
    """
    step = max(1, round(_STEP_S * audio.sample_rate))
    peaks = [np.abs(block).max(axis=1).max() for block in audio.blocks(step)]
    margin = round(_MARGIN_S / _STEP_S)
    near = (
        np.convolve(np.array(peaks) >= _LOUD, np.ones(2 * margin + 1), "full")[margin:-margin] > 0
    )
    edges = np.flatnonzero(np.diff(np.concatenate([[False], near, [False]]).astype(np.int8)))
    clips = tuple(
        Clip(start=int(a) * step, stop=min(int(b) * step, audio.frames))
        for a, b in zip(edges[::2], edges[1::2], strict=True)
    )
    whole = (Clip(start=0, stop=audio.frames),)
    return Timeline(sample_rate=audio.sample_rate, clips=clips or whole)


def by_chance(audio: Audio, features: Features, share: float, seed: int) -> Timeline:
    """Whole phrases at random, as many as make `share` of the recording, in its order.

    Raises: RangeError.
    """
    if not 0 < share <= 1:
        raise RangeError(f"the share to keep is {share:g}; expected more than 0, at most 1")
    rng, bars = np.random.default_rng(seed), find_bars(features)
    starts = np.append(np.flatnonzero(np.diff(bars.phrase, prepend=-1)), bars.count)
    edges = [features.frame(at) for at in bars.edges[starts]]
    chosen, total = [], 0
    for at in rng.permutation(len(edges) - 1).tolist():
        if total >= share * audio.frames:
            break
        chosen.append(at)
        total += edges[at + 1] - edges[at]
    return timeline_of([(edges[at], edges[at + 1]) for at in sorted(chosen)], audio)
