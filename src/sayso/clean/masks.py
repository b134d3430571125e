"""The Wiener mask after the separators: what leaks into the speech is where the rest is strong."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from sayso.audio import Audio, Recorder, Samples, istft, stft, window_frames
from sayso.desk.cleaning import PostMask
from sayso.watch import SILENT, Watch

_WINDOW_S, _HOPS = 0.04, 4
_BLOCK_HOPS = 1024


def postmask(speech: Audio, mix: Audio, settings: PostMask, *, watch: Watch = SILENT) -> Audio:
    """`speech` where it outweighs what it leaves of `mix`; of equal length, rate and channels.

    All channels share a mask. Raises: Cancelled.
    """
    n_fft = window_frames(_WINDOW_S, mix.sample_rate)
    least = np.float32(10 ** (settings.floor_db / 20))

    def mask(block: Samples) -> Samples:
        heard, whole = stft(block.reshape(2, -1, block.shape[1]), n_fft, hop=n_fft // _HOPS)
        kept = np.mean(np.abs(heard) ** 2, axis=0)
        left = np.mean(np.abs(whole - heard) ** 2, axis=0)
        gain = kept / np.maximum(kept + settings.beta * left, 1e-20)
        masked = heard * np.maximum(gain, least).astype(np.float32)
        return istft(masked, n_fft, hop=n_fft // _HOPS, length=block.shape[1])

    return in_blocks((speech, mix), mask, n_fft, hop=n_fft // _HOPS, watch=watch)


def in_blocks(
    sounds: Sequence[Audio],
    function: Callable[[Samples], Samples],
    n_fft: int,
    *,
    hop: int,
    watch: Watch = SILENT,
) -> Audio:
    """A function of the spectrograms of several sounds, in constant memory.

    Args:
        sounds: of one length, rate and number of channels, C.
        function: [S * C, t] to [C, t]; each frame of its output depends on n_fft around it.
        n_fft: window length in frames.
        hop: between windows; blocks begin on its grid and know a window more on either side, so
            that their windows are those of one transform over all.
        watch: cancelling, polled between blocks.
    Raises: Cancelled.
    """
    first = sounds[0]
    recorder = Recorder(first.channels, first.sample_rate)
    step, edge = _BLOCK_HOPS * hop, -(-n_fft // hop) * hop
    for start in range(0, first.frames, step):
        watch.check()
        stop = min(start + step, first.frames)
        block = np.concatenate([sound.block(start - edge, stop + edge) for sound in sounds])
        recorder.append(function(block)[:, edge : edge + stop - start])
    return recorder.audio()
