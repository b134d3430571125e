"""Where a run's metrics go: a line of JSON each, and TensorBoard where it is installed."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sayso.atomic import in_words


class Board:
    """Appends to `folder/log.jsonl`, and to TensorBoard's files in `folder/board`.

    A resumed run appends; what an interrupted run logged beyond its checkpoint stays, but for a
    line that it did not end. All methods raise OutputError for a full disk.
    """

    def __init__(self, folder: Path, *, tensorboard: bool = True) -> None:
        self._path = folder / "log.jsonl"
        with in_words(self._path):
            folder.mkdir(parents=True, exist_ok=True)
            self._log = self._path.open("ab")
            kept = self._path.read_bytes()
            self._log.truncate(kept.rfind(b"\n") + 1)
        self._writer: Any = None
        if tensorboard:
            try:
                from torch.utils.tensorboard import SummaryWriter
            except ImportError:
                return
            self._writer = SummaryWriter(str(folder / "board"))

    def scalars(self, step: int, metrics: Mapping[str, float], *, group: str) -> None:
        """Record named metrics of one step."""
        rounded = {key: float(f"{value:.5g}") for key, value in metrics.items()}
        entry = {"time": round(time.time(), 1), "step": step, "group": group, **rounded}
        with in_words(self._path):
            self._log.write(f"{json.dumps(entry)}\n".encode())
            self._log.flush()
            if self._writer is not None:
                for key, value in metrics.items():
                    self._writer.add_scalar(f"{group}/{key}", value, step)

    def audio(self, step: int, name: str, samples: NDArray[np.float32], sample_rate: int) -> None:
        """Record an example `[C, T]` as sound and as a spectrogram of 80 dB."""
        if self._writer is None:
            return
        mono = samples.mean(0)
        peak = max(float(np.abs(mono).max()), 1e-9)
        frames = np.lib.stride_tricks.sliding_window_view(mono, 1024)[::512] * np.hanning(1024)
        level = 20 * np.log10(np.abs(np.fft.rfft(frames / peak)) + 1e-9)
        picture = np.clip((level - level.max()) / 80 + 1, 0, 1).T[::-1]
        with in_words(self._path):
            self._writer.add_audio(name, mono[None] / peak, step, sample_rate=sample_rate)
            self._writer.add_image(name, picture[None], step)

    def close(self) -> None:
        """Flush and release the files."""
        with in_words(self._path):
            try:
                self._log.close()
            finally:
                if self._writer is not None:
                    self._writer.close()
