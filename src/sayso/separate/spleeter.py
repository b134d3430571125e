"""Spleeter with two stems on ONNX Runtime: the voice, and all the rest, of any music.

Two networks hear the magnitudes of the mixture up to 11 kHz; the voice's share is the square of
what its network found over the sum of both squares. Masks multiply the mixture's own spectrum, so a
stem keeps level and phase and holds nothing above 11 kHz, as the released program has it. Base
install only. Source: Hennequin et al. 2020, doi:10.21105/joss.02154.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from sayso.audio import Audio, Chunking, Samples, istft, stft
from sayso.checkpoints import fingerprint
from sayso.checkpoints.arrays import read_arrays
from sayso.errors import ModelError
from sayso.networks.spleeter import BINS, FRAMES, mask_graph
from sayso.separate.exported import open_graph
from sayso.separate.loading import Loading
from sayso.separate.native import by_pairs, separate_natively
from sayso.separate.protocol import require_supported
from sayso.watch import SILENT, Watch

RATE = 44_100
N_FFT, HOP = 4096, 1024

_GRID = 64  # frames: the coarsest level of the networks
_BORDER = N_FFT // 2 // HOP  # frames that begin before a signal does


class SpleeterSeparator:
    """The `Separator` of the two networks of Spleeter's 2 stems.

    Args:
        paths: the released weights of the voice's network and of the accompaniment's.
        threads: of ONNX Runtime; 0 lets it choose.
        segment_s: seconds heard at a time.
        overlap: share of a segment that its neighbours hear too.
    Raises: ModelError for missing, damaged or different files, RangeError.
    """

    name = "spleeter"
    stems: tuple[str, ...] = ("vocals",)

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        threads: int = 0,
        segment_s: float = 36.0,
        overlap: float = 0.12,
    ) -> None:
        self._chunking = Chunking.in_seconds(
            RATE, segment_s=segment_s, overlap=overlap, grid=_GRID * HOP
        )
        self.version = fingerprint(*paths)
        try:
            graph = mask_graph([read_arrays(path) for path in paths])
        except (KeyError, ValueError) as error:
            raise ModelError(
                f"{paths[0].parent}: no weights of Spleeter's 2 stems ({error}); fetch them again"
            ) from None
        self._session = open_graph(graph, name=self.name, threads=threads)

    def supports(self, target: str) -> bool:
        """Whether `target` is the voice."""
        return target in self.stems

    def separate(
        self,
        mix: Audio,
        targets: Sequence[str],
        *,
        watch: Watch = SILENT,
    ) -> Mapping[str, Audio]:
        """The voice, as audio of the same length, rate, channels and level as `mix`.

        Args:
            mix: any rate, channels and length.
            targets: "vocals".
            watch: progress and cancelling, polled between chunks.
        Raises: UnknownTargetError, Cancelled.
        """
        require_supported(self, targets)
        (vocals,) = separate_natively(
            mix,
            by_pairs(self._vocals),
            self._chunking.evened(mix.frames * RATE // mix.sample_rate, grid=_GRID * HOP),
            sample_rate=RATE,
            sources=1,
            watch=watch,
        )
        return dict.fromkeys(targets, vocals)

    def _vocals(self, pair: Samples) -> Samples:
        """Stereo `[2, t]` to `[1, 2, t]`."""
        if not np.any(pair):
            return np.zeros((1, *pair.shape), np.float32)
        # Silence on both sides, where the transform would mirror the signal.
        border = _BORDER * HOP
        whole = stft(np.pad(pair, ((0, 0), (border, border))), N_FFT, hop=HOP)
        spectrum = whole[..., _BORDER : whole.shape[-1] - _BORDER]
        count = spectrum.shape[-1]
        frames = max(FRAMES, -(-count // _GRID) * _GRID)
        magnitude = np.zeros((1, 2, frames, BINS), np.float32)
        # As released: a last frame that begins in the signal's last hop is masked and not heard.
        heard = pair.shape[1] // HOP + 1
        magnitude[0, :, :heard] = np.abs(spectrum[:, :BINS, :heard]).swapaxes(1, 2)
        (masks,) = self._session.run(None, {"magnitude": magnitude})
        spectrum[:, :BINS] *= masks[0, 0, :, :count].swapaxes(1, 2)
        spectrum[:, BINS:] = 0
        return istft(spectrum, N_FFT, hop=HOP, length=pair.shape[1])[None]


def load(given: Loading) -> SpleeterSeparator:
    """The separator of the two networks. Raises: ModelError, RangeError."""
    return SpleeterSeparator(given.paths, threads=given.threads or 0, **given.cutting)
