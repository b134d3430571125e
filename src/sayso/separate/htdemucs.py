"""HTDemucs on ONNX Runtime: drums, bass, other and vocals, with no torch.

The weights are those of the exported `htdemucs.onnx`, from which a faster graph is made
(`sayso.networks.htdemucs`). What the export leaves to the caller is done here: the transforms, as
the released code has them, both normalisations, and the overlap. Base install only. Source: Rouard
et al. 2022, arXiv:2211.08553.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from sayso.audio import Audio, Chunking, Samples, Spectrum, istft, stft
from sayso.checkpoints import fingerprint
from sayso.checkpoints.onnx_arrays import read_onnx_arrays
from sayso.errors import ModelError, RangeError
from sayso.networks.htdemucs import BINS, FRAMES, SAMPLES, SOURCES, htdemucs_graph
from sayso.networks.htdemucs_names import named
from sayso.separate.exported import open_graph
from sayso.separate.loading import Loading
from sayso.separate.native import by_pairs, mean_and_deviation, separate_natively
from sayso.separate.protocol import require_supported
from sayso.watch import SILENT, Watch

RATE = 44_100
SEGMENT_S, OVERLAP = 7.8, 0.25

_N_FFT, _HOP = 4096, 1024
_BORDER = 3 * _HOP // 2  # what the released code mirrors at both ends
_SKIPPED = 2  # frames that begin before the border's mirror has been heard in full
_SCALE = np.float32(_N_FFT**-0.5)
_LEAST = 1e-5


class HTDemucsSeparator:
    """The `Separator` of HTDemucs.

    Args:
        path: the exported `htdemucs.onnx`.
        threads: of ONNX Runtime; 0 lets it choose.
        eight_bits: whether the transformer computes in 8 bits; about 45 dB of agreement, and a
            third less time.
        overlap: share of a segment that the next one hears again, 0 to 0.5.
        discard: share of that overlap that is thrown away at the edges before the rest is
            crossfaded, 0 to 1.
    Raises: ModelError for a missing, damaged or different file, RangeError.
    """

    name = "htdemucs"
    stems: tuple[str, ...] = SOURCES

    def __init__(
        self,
        path: Path,
        *,
        threads: int = 0,
        eight_bits: bool = True,
        overlap: float = OVERLAP,
        discard: float = 0.5,
    ) -> None:
        if not 0 <= overlap <= 0.5 or not 0 <= discard <= 1:
            raise RangeError(
                f"overlap {overlap:g}, discard {discard:g}: expected 0 to 0.5 and 0 to 1"
            )
        shared = SAMPLES - int((1 - overlap) * SAMPLES)
        context = int(shared * discard) // 2
        self._chunking = Chunking(SAMPLES, context, shared - 2 * context)
        self.version = f"{fingerprint(path)} {'8 bits' if eight_bits else 'float32'}"
        try:
            graph = htdemucs_graph(named(read_onnx_arrays(path)), eight_bits=eight_bits)
        except (KeyError, ValueError) as error:
            raise ModelError(
                f"{path}: no weights of HTDemucs ({error}); fetch them again"
            ) from None
        self._session = open_graph(graph, name=self.name, threads=threads)

    def supports(self, target: str) -> bool:
        """Whether `target` is one of the network's sources."""
        return target in self.stems

    def separate(
        self, mix: Audio, targets: Sequence[str], *, watch: Watch = SILENT
    ) -> Mapping[str, Audio]:
        """Each target as audio of the same length, rate, channels and level as `mix`.

        Args:
            mix: any rate, channels and length.
            targets: out of `stems`.
            watch: progress and cancelling, polled between chunks.
        Raises: UnknownTargetError, Cancelled.
        """
        require_supported(self, targets)
        chosen = [self.stems.index(target) for target in targets]
        mean, deviation = mean_and_deviation(mix)

        def run(pair: Samples) -> Samples:
            return self._run((pair - mean) / deviation, chosen) * deviation + mean

        stems = separate_natively(
            mix,
            by_pairs(run),
            self._chunking,
            sample_rate=RATE,
            sources=len(chosen),
            watch=watch,
        )
        return dict(zip(targets, stems, strict=True))

    def _run(self, pair: Samples, chosen: Sequence[int]) -> Samples:
        """`[2, t]`, t at most `SAMPLES`, to `[S, 2, t]`: the chosen sources."""
        frames = pair.shape[1]
        left = (SAMPLES - frames) // 2
        wave = np.pad(pair, ((0, 0), (left, SAMPLES - frames - left))).astype(np.float32)
        spectrum = _analysed(wave)
        planes = np.stack([spectrum.real, spectrum.imag], axis=1).reshape(1, 4, BINS, FRAMES)
        inputs, restore = {}, []
        for name, values in (("spectrogram", planes), ("waveform", wave[None, :, None])):
            mean, deviation = values.mean(dtype=np.float64), values.std(ddof=1, dtype=np.float64)
            inputs[name] = ((values - mean) / (_LEAST + deviation)).astype(np.float32)
            restore.append((np.float32(mean), np.float32(deviation)))
        spectra, waves = self._session.run(["spectra", "waveforms"], inputs)
        out = np.empty((len(chosen), 2, frames), np.float32)
        for row, source in enumerate(chosen):
            (mean, deviation), (mean_t, deviation_t) = restore
            parts = spectra[0, 4 * source : 4 * source + 4] * deviation + mean
            parts = parts.reshape(2, 2, BINS, FRAMES)
            found = _synthesised(parts[:, 0] + np.complex64(1j) * parts[:, 1])
            found += waves[0, 2 * source : 2 * source + 2, 0] * deviation_t + mean_t
            out[row] = found[:, left : left + frames]
        return out


def load(given: Loading) -> HTDemucsSeparator:
    """The separator of the exported network. Raises: ModelError, RangeError."""
    if given.segment_s not in (None, SEGMENT_S):
        raise RangeError(
            f"{given.name} hears {SEGMENT_S:g} s at a time; {given.segment_s:g} s were asked for"
        )
    overlap = OVERLAP if given.overlap is None else given.overlap
    return HTDemucsSeparator(given.paths[0], threads=given.threads or 0, overlap=overlap)


def _analysed(wave: Samples) -> Spectrum:
    """`[2, SAMPLES]` to `[2, BINS, FRAMES]`, without the highest bin."""
    end = FRAMES * _HOP - SAMPLES
    padded = np.pad(wave, ((0, 0), (_BORDER, _BORDER + end)), mode="reflect")
    spectrum = stft(padded, _N_FFT, hop=_HOP)[:, :BINS, _SKIPPED : _SKIPPED + FRAMES]
    return spectrum * _SCALE


def _synthesised(spectrum: Spectrum) -> Samples:
    """`[2, BINS, FRAMES]` back to `[2, SAMPLES]`."""
    padded = np.pad(spectrum / _SCALE, ((0, 0), (0, 1), (_SKIPPED, _SKIPPED)))
    length = FRAMES * _HOP + 2 * _BORDER
    return istft(padded, _N_FFT, hop=_HOP, length=length)[:, _BORDER : _BORDER + SAMPLES]
