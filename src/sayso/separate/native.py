"""Running a network that works at one sample rate on audio of any rate, length and channels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sayso.audio import (
    Audio,
    Chunking,
    Recorder,
    Samples,
    calmed,
    overlap_add,
    polarities,
    resample,
    turned,
    upright,
)
from sayso.watch import SILENT, Watch


def separate_natively(
    mix: Audio,
    function: Callable[[Samples], Samples],
    chunking: Chunking,
    *,
    sample_rate: int,
    sources: int,
    watch: Watch = SILENT,
) -> tuple[Audio, ...]:
    """`function` over all of `mix` at the network's own rate, in constant memory.

    A channel with its polarity turned over is turned back for it, and wild samples are left out.

    Args:
        mix: any rate and length.
        function: [C, t] at `sample_rate` to [S, C, t].
        chunking: in frames of `sample_rate`.
        sample_rate: the network's, in Hz.
        sources: S.
        watch: progress and cancelling, polled between chunks.

    Returns: S pieces of audio of the mix's rate, channels and length. Where the network's rate is
    the lower one, they hold nothing above half of it. Raises: Cancelled.
    """
    signs = polarities(mix)
    stems = overlap_add(
        resample(turned(calmed(mix), signs), sample_rate),
        function,
        chunking,
        sources=sources,
        watch=watch,
    )
    found = (_cut(resample(stem, mix.sample_rate), mix.frames) for stem in stems)
    return tuple(turned(stem, signs) for stem in found)


def by_pairs(function: Callable[[Samples], Samples]) -> Callable[[Samples], Samples]:
    """Lets a stereo network take any number of channels.

    Args:
        function: [2, t] to [S, 2, t].
    Returns: the same from [C, t] to [S, C, t]: channels are taken in pairs, and a single one is
    heard as two equal ones, whose answers are averaged.
    """

    def run(chunk: Samples) -> Samples:
        answers = []
        for first in range(0, len(chunk), 2):
            pair = chunk[first : first + 2]
            if len(pair) == 2:
                answers.append(function(pair))
            else:
                answers.append(function(np.repeat(pair, 2, axis=0)).mean(axis=1, keepdims=True))
        return answers[0] if len(answers) == 1 else np.concatenate(answers, axis=1)

    return run


def mean_and_deviation(mix: Audio) -> tuple[float, float]:
    """Mean and deviation of the mix's middle, over all of it: what Demucs was trained to expect."""
    total = square = 0.0
    for block in upright(calmed(mix)).blocks():
        middle = block.mean(axis=0, dtype=np.float64)
        total += float(middle.sum())
        square += float((middle**2).sum())
    mean = total / mix.frames
    variance = max(square - mix.frames * mean**2, 0.0) / max(mix.frames - 1, 1)
    return mean, variance**0.5 + 1e-8


def _cut(audio: Audio, frames: int) -> Audio:
    """Exactly `frames`: resampling there and back may be a few off."""
    if audio.frames == frames:
        return audio
    if audio.frames > frames:
        return audio.slice(0, frames)
    recorder = Recorder(audio.channels, audio.sample_rate)
    for block in audio.blocks():
        recorder.append(block)
    recorder.append(np.zeros((audio.channels, frames - audio.frames), np.float32))
    return recorder.audio()
