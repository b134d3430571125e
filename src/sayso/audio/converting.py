"""From decoded frames to blocks of float32 at one rate and layout."""

from __future__ import annotations

from typing import Any

import numpy as np

from sayso.audio.audio import Samples

_MOST_PLANES = 7  # PyAV reads past the end of the planes of eight channels


class Converter:
    """Turns frames of any kind, which may change from one to the next, to blocks [C, t].

    Args:
        layout: the name of the channels' layout.
        channels: how many these are.
        rate: of the blocks, in Hz.
    """

    def __init__(self, layout: str, channels: int, rate: int) -> None:
        self._target = (layout, channels, rate)
        self._planar = channels <= _MOST_PLANES
        self._kind: tuple[Any, ...] = ()
        self._resampler: Any = None

    def push(self, frame: Any) -> list[Samples] | None:
        """The blocks of a frame; None for one of a kind that cannot be, as damage makes it."""
        import av

        try:
            return self._blocks(frame)
        except (av.FFmpegError, ValueError):
            self._kind, self._resampler = (), None
            return None

    def _blocks(self, frame: Any) -> list[Samples]:
        import av

        layout, _, rate = self._target
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        ready = []
        if kind != self._kind:
            ready = self.flush()
            self._kind = kind
            if kind != ("fltp", layout, rate) or not self._planar:
                form = "fltp" if self._planar else "flt"
                self._resampler = av.AudioResampler(format=form, layout=layout, rate=rate)
        if self._resampler is None:
            return [*ready, frame.to_ndarray()]
        return [*ready, *map(self._block, self._resampler.resample(frame))]

    def flush(self) -> list[Samples]:
        """What a change of rate has kept back."""
        resampler, self._resampler, self._kind = self._resampler, None, ()
        if resampler is None:
            return []
        return [block for block in map(self._block, resampler.resample(None)) if block.size]

    def _block(self, frame: Any) -> Samples:
        samples: Samples = frame.to_ndarray()
        if self._planar:
            return samples
        return np.ascontiguousarray(samples.reshape(-1, self._target[1]).T)
