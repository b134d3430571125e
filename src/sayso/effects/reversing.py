"""Sound played backwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sayso.audio import BLOCK_FRAMES, Audio, Samples


@dataclass(frozen=True, eq=False)
class Reversed:
    """`audio` from its end to its beginning."""

    audio: Audio

    @property
    def channels(self) -> int:
        """As the audio."""
        return self.audio.channels

    @property
    def sample_rate(self) -> int:
        """As the audio."""
        return self.audio.sample_rate

    @property
    def frames(self) -> int:
        """As the audio."""
        return self.audio.frames

    def blocks(self, frames: int = BLOCK_FRAMES) -> Iterator[Samples]:
        """Blocks [C, `frames`], the last one shorter."""
        for stop in range(self.frames, 0, -frames):
            block = self.audio.block(max(0, stop - frames), stop)
            yield np.ascontiguousarray(block[:, ::-1])
