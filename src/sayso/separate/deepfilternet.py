"""DeepFilterNet3 on ONNX Runtime: full-band speech out of noise.

The released archive holds three graphs: an encoder over two kinds of features, a decoder of gains
in 32 bands and one of complex filters over five frames for the lowest 96 bins. Transform, features
and filtering are done here, at 48 kHz, one channel at a time. Features are normalised by a running
mean, and the networks remember; so a chunk hears seconds of what came before it, which are thrown
away. Base install only. Source: Schroeter et al. 2023, arXiv:2305.08227, and the constants of
libDF.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sayso.audio import Audio, Chunking, Samples
from sayso.checkpoints import fingerprint
from sayso.checkpoints.archives import read_member
from sayso.separate.exported import open_graph
from sayso.separate.loading import Loading
from sayso.separate.native import separate_natively
from sayso.separate.protocol import require_supported
from sayso.watch import SILENT, Watch

RATE = 48_000
N_FFT, HOP = 960, 480
BANDS, BINS, ORDER = 32, 96, 5

_LOOKAHEAD = 2  # frames, of the features and of the filters alike
_KEEP = 0.99  # of a running mean, from one frame to the next
_CONTEXT_S, _CROSSFADE_S = 4.0, 0.05
_MOST_BYTES = 64 << 20
_GRAPHS = ("enc", "erb_dec", "df_dec")

Spectrum = npt.NDArray[np.complex64]


class DeepFilterNetSeparator:
    """The `Separator` of speech in noise.

    Args:
        path: the released `DeepFilterNet3_onnx.tar.gz`.
        threads: of ONNX Runtime; 0 lets it choose.
        segment_s: seconds of which a chunk makes the result, 1 to 600.
    Raises: ModelError for a missing, damaged or different file, RangeError.
    """

    name = "deepfilternet3"
    stems: tuple[str, ...] = ("speech",)

    def __init__(self, path: Path, *, threads: int = 0, segment_s: float = 30.0) -> None:
        self._chunking = _chunking(segment_s)
        self.version = fingerprint(path)
        self._encoder, self._bands, self._filters = (
            open_graph(
                read_member(path, f"tmp/export/{graph}.onnx", most_bytes=_MOST_BYTES),
                name=self.name,
                threads=threads,
            )
            for graph in _GRAPHS
        )

    def supports(self, target: str) -> bool:
        """Whether `target` is speech."""
        return target in self.stems

    def separate(
        self,
        mix: Audio,
        targets: Sequence[str],
        *,
        watch: Watch = SILENT,
    ) -> Mapping[str, Audio]:
        """The speech, as audio of the same length, rate, channels and level as `mix`.

        Args:
            mix: any rate, channels and length; of a rate above 48 kHz nothing above 24 kHz is kept.
            targets: "speech".
            watch: progress and cancelling, polled between chunks.
        Raises: UnknownTargetError, Cancelled.
        """
        require_supported(self, targets)
        (speech,) = separate_natively(
            mix,
            lambda chunk: np.stack([self._denoised(channel) for channel in chunk])[None],
            self._chunking,
            sample_rate=RATE,
            sources=1,
            watch=watch,
        )
        return dict.fromkeys(targets, speech)

    def _denoised(self, signal: Samples) -> Samples:
        """One channel `[t]` to `[t]`."""
        if not np.any(signal):
            return np.zeros_like(signal)
        spectrum = analyse(signal)
        bands, low = (_ahead(feature) for feature in features(spectrum))
        inputs = {"feat_erb": bands[None, None], "feat_spec": _planes(low)[None]}
        found = dict(zip(_names(self._encoder), self._encoder.run(None, inputs), strict=True))
        (gains,) = self._bands.run(["m"], {n: found[n] for n in ("emb", "e3", "e2", "e1", "e0")})
        (taps,) = self._filters.run(["coefs"], {n: found[n] for n in ("emb", "c0")})
        heard = spectrum * np.repeat(gains[0, 0], band_widths(), axis=1)
        heard[:, :BINS] = _filtered(spectrum[:, :BINS], taps[0])
        return synthesise(heard, len(signal))


def load(given: Loading) -> DeepFilterNetSeparator:
    """The separator in the released archive. Raises: ModelError, RangeError."""
    given.refuse("overlap")
    return DeepFilterNetSeparator(given.paths[0], threads=given.threads or 0, **given.cutting)


def analyse(signal: Samples) -> Spectrum:
    """`[t]` to `[T, N_FFT / 2 + 1]`: frame n ends with hop n, and two more end the signal."""
    import scipy.fft

    count = -(-len(signal) // HOP) + 2
    padded = np.pad(signal, (N_FFT - HOP, count * HOP - len(signal)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP]
    scale = np.float32(2 * HOP / N_FFT**2)
    spectrum: Spectrum = scipy.fft.rfft(frames * _window(), axis=-1) * scale
    return spectrum.astype(np.complex64, copy=False)


def synthesise(spectrum: Spectrum, length: int) -> Samples:
    """What `analyse` made, back to `[length]`."""
    import scipy.fft

    frames = scipy.fft.irfft(spectrum, N_FFT, axis=-1) * (_window() * np.float32(N_FFT))
    signal = frames[:-1, HOP:] + frames[1:, :HOP]
    return np.ascontiguousarray(signal.reshape(-1)[:length], np.float32)


def features(spectrum: Spectrum) -> tuple[Samples, Spectrum]:
    """Levels in bands `[T, 32]` and the lowest bins `[T, 96]`, both by running means."""
    edges = np.concatenate([[0], np.cumsum(band_widths())[:-1]])
    power = np.abs(spectrum) ** 2
    levels = 10 * np.log10(np.add.reduceat(power, edges, axis=1) / band_widths() + 1e-10)
    levels = (levels - _running_mean(levels, np.linspace(-60, -90, BANDS))) / 40
    low = spectrum[:, :BINS]
    size = _running_mean(np.abs(low), np.linspace(1e-3, 1e-4, BINS))
    return levels.astype(np.float32), (low / np.sqrt(size)).astype(np.complex64)


@lru_cache(maxsize=1)
def band_widths() -> npt.NDArray[np.int64]:
    """Bins of each band, equally wide in equivalent rectangular bandwidths, two at least."""
    unit, knee = 9.265, 24.7 * 9.265
    most = unit * np.log1p(RATE / 2 / knee)
    tops = knee * np.expm1(np.arange(1, BANDS + 1) * most / BANDS / unit)
    widths, before, owed = [], 0, 0
    for top in np.floor(tops / (RATE / N_FFT) + 0.5).astype(int):
        width = max(2, top - before - owed)
        owed = width - (top - before - owed)
        widths.append(width)
        before = top
    widths[-1] += N_FFT // 2 + 1 - sum(widths)
    return np.array(widths)


def _running_mean(values: npt.NDArray[Any], start: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Of every column of `[T, F]`, this frame included."""
    import scipy.signal

    mean, _ = scipy.signal.lfilter([1 - _KEEP], [1, -_KEEP], values, axis=0, zi=[_KEEP * start])
    means: npt.NDArray[Any] = mean
    return means


def _filtered(low: Spectrum, taps: npt.NDArray[np.float32]) -> Spectrum:
    """Each bin of `[T, F]` as a sum over five frames, two of them ahead; taps `[T, F, 10]`."""
    weights = taps.reshape(*low.shape, ORDER, 2).view(np.complex64)[..., 0]
    padded = np.pad(low, ((ORDER - 1 - _LOOKAHEAD, _LOOKAHEAD), (0, 0)))
    out = np.zeros_like(low)
    for tap in range(ORDER):
        out += padded[tap : tap + len(low)] * weights[..., tap]
    return out


def _ahead(feature: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """`[T, F]` with each frame replaced by that of the networks' lookahead; zeros at the end."""
    return np.pad(feature[_LOOKAHEAD:], ((0, min(_LOOKAHEAD, len(feature))), (0, 0)))


def _planes(low: Spectrum) -> Samples:
    """`[T, F]` as real and imaginary part, `[2, T, F]`."""
    return np.stack([low.real, low.imag])


@lru_cache(maxsize=1)
def _window() -> Samples:
    """Vorbis's: its square and that half a window later sum to 1."""
    rise = np.sin(np.pi * (np.arange(N_FFT) + 0.5) / N_FFT)
    window: Samples = np.sin(np.pi / 2 * rise**2).astype(np.float32)
    return window


def _names(session: Any) -> list[str]:
    return [output.name for output in session.get_outputs()]


def _chunking(segment_s: float) -> Chunking:
    """Chunks of `segment_s` beside their context and crossfade, on the grid of frames."""
    whole = Chunking.in_seconds(RATE, segment_s=segment_s, overlap=0, grid=HOP).segment
    context, crossfade = (round(s * RATE / HOP) * HOP for s in (_CONTEXT_S, _CROSSFADE_S))
    return Chunking(max(whole, HOP) + 2 * context + crossfade, context, crossfade)
