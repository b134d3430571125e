"""A separator that needs no weights: old, quick and weak, the floor that others must beat.

Three observations make masks on the spectrogram: drums are vertical strokes and tones are
horizontal ones; backgrounds repeat and voices do not; voices sit in the centre. What is left after
drums, bass and voice is "other", so the four sum to the mix. Apart from these, "speech" and
"noise" share the mix by how far each bin rises above its own quiet moments.

Sources: harmonic/percussive masks, Fitzgerald 2010 (DAFx); repetition by similarity, Rafii and
Pardo 2012 (ISMIR); noise floor by minimum statistics, Martin 2001 (IEEE TSAP 9:504).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from sayso.audio import (
    Audio,
    Chunking,
    Samples,
    calmed,
    istft,
    overlap_add,
    polarities,
    stft,
    turned,
    window_frames,
)
from sayso.separate.loading import Loading
from sayso.separate.protocol import require_supported
from sayso.watch import SILENT, Watch

MUSIC: tuple[str, ...] = ("vocals", "drums", "bass", "other")
SPEECH: tuple[str, ...] = ("speech", "noise")

_WINDOW_S, _HOPS = 0.046, 3
_STROKE_HZ, _TONE_S = 190.0, 0.2
_BASS_HZ, _VOICE_HZ = 180.0, (140.0, 9_000.0)
_ALIKE, _APART_S = 5, 1.0
_FLOOR_SHARE, _FLOOR_GAIN = 0.1, 1.5

_Grid: TypeAlias = npt.NDArray[np.float32]


class SimpleSeparator:
    """The `Separator` without weights.

    Args:
        segment_s: seconds heard at a time; repetition is only found within them.
        overlap: share of a segment that its neighbours hear too.

    Raises: RangeError.
    """

    name = "simple"
    version = "1"
    stems: tuple[str, ...] = MUSIC

    def __init__(self, *, segment_s: float = 20.0, overlap: float = 0.1) -> None:
        self._segment_s, self._overlap = segment_s, overlap
        self._chunking(44_100)

    def supports(self, target: str) -> bool:
        """Whether `target` is vocals, drums, bass, other, speech or noise."""
        return target in MUSIC or target in SPEECH

    def separate(
        self,
        mix: Audio,
        targets: Sequence[str],
        *,
        watch: Watch = SILENT,
    ) -> Mapping[str, Audio]:
        """Each target as audio of the same length, rate, channels and level as `mix`.

        Args:
            mix: any rate, channels and length.
            targets: see `hears`.
            watch: progress and cancelling, polled between chunks.

        Raises: UnknownTargetError, Cancelled.
        """
        require_supported(self, targets)
        signs = polarities(mix)
        stems = overlap_add(
            turned(calmed(mix), signs),
            lambda chunk: _separate(chunk, targets, mix.sample_rate),
            self._chunking(mix.sample_rate),
            sources=len(targets),
            watch=watch,
        )
        return {target: turned(stem, signs) for target, stem in zip(targets, stems, strict=True)}

    def _chunking(self, sample_rate: int) -> Chunking:
        return Chunking.in_seconds(sample_rate, segment_s=self._segment_s, overlap=self._overlap)


def load(given: Loading) -> SimpleSeparator:
    """The separator. Raises: RangeError."""
    return SimpleSeparator(**given.cutting)


def _separate(chunk: Samples, targets: Sequence[str], sample_rate: int) -> Samples:
    """[C, t] to [S, C, t]."""
    n_fft = window_frames(_WINDOW_S, sample_rate)
    hop, length = n_fft // _HOPS, chunk.shape[1]
    spectrum = stft(chunk, n_fft, hop=hop)
    magnitude = np.sqrt(np.mean(np.abs(spectrum) ** 2, axis=0, dtype=np.float32))
    scene = _Scene(spectrum, magnitude, np.fft.rfftfreq(n_fft, 1 / sample_rate), hop / sample_rate)
    masks: dict[str, _Grid] = {}
    if any(target in MUSIC for target in targets):
        masks |= scene.music()
    if any(target in SPEECH for target in targets):
        masks |= scene.speech()
    masked = np.stack([spectrum * masks[target] for target in targets])
    return istft(masked, n_fft, hop=hop, length=length)


class _Scene:
    """One chunk's spectrum [C, F, N], its mean magnitude [F, N], and the axes in Hz and seconds."""

    def __init__(
        self, spectrum: npt.NDArray[np.complex64], magnitude: _Grid, hz: object, hop_s: float
    ) -> None:
        self._spectrum, self._magnitude = spectrum, magnitude
        self._hz = np.asarray(hz, np.float32)[:, None]
        self._hop_s = hop_s

    def music(self) -> dict[str, _Grid]:
        drums = self._strokes()
        bass = (1 - drums) / (1 + (self._hz / _BASS_HZ) ** 6)
        left = 1 - drums - bass
        low, high = _VOICE_HZ
        sung = ((self._hz > low) & (self._hz < high)).astype(np.float32)
        vocals = left * sung * self._unrepeated() * self._centred()
        return {"drums": drums, "bass": bass, "vocals": vocals, "other": left - vocals}

    def speech(self) -> dict[str, _Grid]:
        power = self._magnitude**2
        quiet = np.quantile(power, _FLOOR_SHARE, axis=1, keepdims=True)
        # Of a Gaussian noise's power, whose mean this is, that share lies below that quantile.
        floor = _FLOOR_GAIN * quiet / -np.log(1 - _FLOOR_SHARE)
        speech = np.clip(1 - floor / np.maximum(power, 1e-12), 0.0, 1.0).astype(np.float32)
        return {"speech": speech, "noise": 1 - speech}

    def _strokes(self) -> _Grid:
        step_hz = float(self._hz[1, 0])
        across = max(3, round(_STROKE_HZ / step_hz) | 1)
        along = max(3, round(_TONE_S / self._hop_s) | 1)
        tones = _medians(self._magnitude, along)
        strokes = _medians(np.ascontiguousarray(self._magnitude.T), across).T
        shares: _Grid = strokes**2 / (strokes**2 + tones**2 + 1e-12)
        return shares

    def _unrepeated(self) -> _Grid:
        """The share of each bin that rises above the frames most like its own."""
        frames = self._magnitude.shape[1]
        apart = round(_APART_S / self._hop_s)
        if frames < 3 * apart:
            return np.ones_like(self._magnitude)
        rows = np.ascontiguousarray(self._magnitude.T)
        directions = rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9)
        likeness = directions @ directions.T
        at = np.arange(frames)
        # A frame's neighbours are like it for no interesting reason.
        likeness[np.abs(at[:, None] - at) < apart] = -1.0
        nearest = np.argpartition(-likeness, _ALIKE, axis=1)[:, :_ALIKE]
        repeated = _median_of_five(*(rows[nearest[:, i]] for i in range(_ALIKE)))
        share: _Grid = 1 - np.minimum(repeated / (rows + 1e-9), 1.0)
        return share.astype(np.float32).T

    def _centred(self) -> _Grid:
        """1 where left and right agree, 0 where only one of them sounds; 1 for mono."""
        if len(self._spectrum) != 2:
            return np.ones_like(self._magnitude)
        left, right = self._spectrum
        alike = 2 * np.real(left * np.conj(right))
        share: _Grid = np.clip(alike / (np.abs(left) ** 2 + np.abs(right) ** 2 + 1e-9), 0, 1) ** 4
        return share


def _medians(rows: _Grid, width: int) -> _Grid:
    """The running median of each row, `width` odd."""
    from scipy.ndimage import median_filter

    half = width // 2
    # In one dimension the filter is ten times as fast; the padding keeps the rows apart.
    padded = np.pad(rows, ((0, 0), (half, half)), mode="edge")
    medians: _Grid = median_filter(padded.ravel(), width).reshape(padded.shape)
    return medians[:, half : half + rows.shape[1]]


def _median_of_five(a: _Grid, b: _Grid, c: _Grid, d: _Grid, e: _Grid) -> _Grid:
    """Element by element, in ten passes; sorting would take five times as long."""
    low = np.maximum(np.minimum(a, b), np.minimum(c, d))
    high = np.minimum(np.maximum(a, b), np.maximum(c, d))
    median: _Grid = np.maximum(np.minimum(e, low), np.minimum(np.maximum(e, low), high))
    return median
