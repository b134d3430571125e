"""`Recorder`: blocks in, `Audio` out, in RAM while short and in a scratch file when long."""

from __future__ import annotations

import errno
import tempfile
import weakref
from typing import IO

import numpy as np

from sayso.audio.audio import Audio, Samples
from sayso.errors import EmptyAudioError, OutputError, ShapeError

RAM_BYTES = 48 << 20
"""What one recording may keep in RAM: about two minutes of stereo at 44.1 kHz."""


class Recorder:
    """Collects blocks [C, t] into one `Audio`.

    Past `ram_bytes` the samples move to an anonymous temporary file in the system's temporary
    folder (TMPDIR moves it). Such a file has no name, so the system frees it with the last
    reference, also when the process is killed.
    """

    def __init__(self, channels: int, sample_rate: int, *, ram_bytes: int = RAM_BYTES) -> None:
        self._channels = channels
        self._sample_rate = sample_rate
        self._ram_bytes = ram_bytes
        self._blocks: list[Samples] = []
        self._file: IO[bytes] | None = None
        self.frames = 0

    def append(self, block: Samples) -> None:
        """Adds a block [C, t]. Raises: ShapeError, OutputError when the disk is full."""
        if block.ndim != 2 or block.shape[0] != self._channels:
            raise ShapeError(f"a block is {list(block.shape)}; expected [{self._channels}, frames]")
        self.frames += block.shape[1]
        if self._file is None and self.frames * self._channels * 4 <= self._ram_bytes:
            self._blocks.append(np.array(block, np.float32))
            return
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="sayso-")  # noqa: SIM115
                weakref.finalize(self, self._file.close)
                for kept in self._blocks:
                    self._spill(kept)
                self._blocks.clear()
            self._spill(block)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise OutputError(
                f"the temporary folder {tempfile.gettempdir()} has no room for another "
                f"{block.nbytes >> 10} KiB; free some, or point TMPDIR to a larger disk"
            ) from None

    def _spill(self, block: Samples) -> None:
        assert self._file is not None
        # Interleaved, because the length is not known: the map below is transposed back.
        self._file.write(np.ascontiguousarray(block.T, np.float32).tobytes())

    def audio(self) -> Audio:
        """All that was appended; the recorder is done then.

        Raises: EmptyAudioError when nothing was.
        """
        if self.frames == 0:
            raise EmptyAudioError("there are no samples; expected at least one")
        if self._file is None:
            samples = np.concatenate(self._blocks, axis=1)
            return Audio(samples, self._sample_rate)
        self._file.flush()
        shape = (self.frames, self._channels)
        samples = np.memmap(self._file, np.float32, "r", shape=shape).T
        # The map keeps the file alive by itself.
        self._file.close()
        return Audio(samples, self._sample_rate)
