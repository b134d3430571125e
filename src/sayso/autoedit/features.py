"""What the editor hears of a recording: cheap statistics at every frame of 32 ms.

Frames count from 0 at `FRAME_HZ` a second. Levels are in dB, full scale 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from sayso.align.mono import mono, require_sound
from sayso.audio import Audio, stft
from sayso.errors import EmptyAudioError
from sayso.watch import SILENT, Watch

RATE = 16_000
N_FFT, HOP = 1024, 512
FRAME_HZ = RATE / HOP
MELS = 64
SHORTEST_S = 4.1
"""Two segments of 64 frames: less cannot be compared with anything."""
_LOWEST_HZ, _HIGHEST_HZ = 50.0, 7800.0
_BLOCK = 8192
_FLOOR = 1e-9

Array = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Features:
    """A recording's course.

    Attributes:
        mel: power in `MELS` bands [MELS, N] in dB.
        chroma: share of each pitch class [12, N]; columns sum to 1.
        frames: length of the recording in its own frames.
        sample_rate: of the recording, in Hz.
    """

    mel: Array
    chroma: Array
    frames: int
    sample_rate: int

    @property
    def count(self) -> int:
        """N."""
        return int(self.mel.shape[1])

    @property
    def level(self) -> Array:
        """The level [N] in dB."""
        power = np.power(10.0, self.mel / 10).sum(axis=0)
        level: Array = (10 * np.log10(power + _FLOOR)).astype(np.float32)
        return level

    @property
    def onset(self) -> Array:
        """How much louder the bands are than a frame before [N], in dB."""
        rise = np.maximum(np.diff(self.mel, axis=1, prepend=self.mel[:, :1]), 0.0)
        onset: Array = np.minimum(rise, 20.0).mean(axis=0).astype(np.float32)
        return onset

    def frame(self, at: float) -> int:
        """The recording's own frame at frame `at` of ours."""
        return min(max(round(at * HOP / RATE * self.sample_rate), 0), self.frames)


def extract_features(audio: Audio, *, watch: Watch = SILENT) -> Features:
    """Hears a recording of any length; three hours take about a minute and 1.5 GB.

    Raises: EmptyAudioError for less than 4.1 s, SilenceError, Cancelled.
    """
    if audio.duration_s < SHORTEST_S:
        raise EmptyAudioError(
            f"the recording lasts {audio.duration_s:.2f} s, which is shorter than the segments "
            f"that are compared; expected at least {SHORTEST_S:g} s"
        )
    signal = mono(audio, RATE, watch=watch)
    require_sound(signal, "the recording")
    count = len(signal) // HOP
    mel, chroma = np.empty((MELS, count), np.float32), np.empty((12, count), np.float32)
    for start in range(0, count, _BLOCK):
        stop = min(start + _BLOCK, count)
        low = max(0, start - 2)
        spectrum = stft(signal[low * HOP : (stop + 2) * HOP], N_FFT, hop=HOP)
        power = np.abs(spectrum[:, start - low : stop - low]) ** 2 / N_FFT**2
        mel[:, start:stop] = 10 * np.log10(_mel_bands() @ power + _FLOOR)
        classes = _pitch_classes() @ np.sqrt(power) + 1e-7
        chroma[:, start:stop] = classes / classes.sum(axis=0)
        watch.report(stop / count)
    return Features(mel, chroma, audio.frames, audio.sample_rate)


@lru_cache(maxsize=1)
def _mel_bands() -> Array:
    """Triangles [MELS, bins] that are even on the mel scale. Source: O'Shaughnessy 1987."""
    hz = np.arange(N_FFT // 2 + 1) * RATE / N_FFT
    low, high = 1127 * np.log1p(np.array([_LOWEST_HZ, _HIGHEST_HZ]) / 700)
    edges = 700 * np.expm1(np.linspace(low, high, MELS + 2) / 1127)
    # No triangle narrower than a bin, or the lowest would hear nothing.
    widths = np.maximum(np.diff(edges), RATE / N_FFT)
    centres = edges[1:-1, None]
    rise = 1 - (centres - hz) / widths[:-1, None]
    fall = 1 - (hz - centres) / widths[1:, None]
    bands: Array = np.clip(np.minimum(rise, fall), 0, None).astype(np.float32)
    return bands


@lru_cache(maxsize=1)
def _pitch_classes() -> Array:
    """Which bins sound which pitch class [12, bins], from 130 Hz to 2 kHz."""
    hz = np.arange(N_FFT // 2 + 1) * RATE / N_FFT
    note = 12 * np.log2(np.maximum(hz, 1.0) / 440) + 69
    apart = np.abs((note[None] - np.arange(12)[:, None] + 6) % 12 - 6)
    features = (hz > 130) & (hz < 2000)
    classes: Array = (np.clip(1 - apart, 0, 1) * features).astype(np.float32)
    return classes
