"""DNSMOS P.835: how listeners would rate speech, its background and both, with no reference.

Conventions: scores from 1 to 5, higher is better: "sig" the speech, "bak" the background (5: none),
"ovr" the whole. The network is the person's own copy of `sig_bak_ovr.onnx`, see
`sayso models info dnsmos`; it hears mono at 16 kHz, 9.01 s at a time, and a clip shorter than that
twice, or four times, and so on.

Source: Reddy, Gopal and Cutler 2022, arXiv:2110.01763; the maps from the network's answers to
scores are those of the DNS Challenge's evaluation script.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from sayso.audio import Audio, Samples, resample, upright
from sayso.errors import ModelError
from sayso.measure.compared import Compared
from sayso.watch import SILENT, Watch

RATE_HZ = 16_000
_WINDOW_FRAMES, _HOP_FRAMES = 144_160, 16_000
# Coefficients of x^0, x^1 and x^2 for each of the network's answers, in its order.
_MAPS = {
    "sig": (0.0052439, 1.22083953, -0.08397278),
    "bak": (-0.39604546, 1.60915514, -0.13166888),
    "ovr": (0.04602535, 1.11546468, -0.06766283),
}


class Dnsmos:
    """The judge.

    Args:
        path: of `sig_bak_ovr.onnx`.
    Raises: ModelError for another model, or a damaged one.
    """

    def __init__(self, path: Path) -> None:
        import onnxruntime

        try:
            self._session: Any = onnxruntime.InferenceSession(
                str(path), providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # the runtime raises bare exceptions
            raise ModelError(f"{path}: cannot be read as an ONNX model ({error})") from None
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or list(inputs[0].shape)[1:] != [_WINDOW_FRAMES]:
            raise ModelError(
                f"{path}: not the network of DNSMOS P.835; expected one input [B, {_WINDOW_FRAMES}]"
            )
        self._input = inputs[0].name

    def rate(self, audio: Audio, *, watch: Watch = SILENT) -> dict[str, float]:
        """`{"sig", "bak", "ovr"}`: means over windows that begin a second apart.

        Args:
            audio: any rate, channels and length; it is mixed to mono.
            watch: cancelling, polled between windows.
        Raises: Cancelled.
        """
        mono = resample(upright(audio), RATE_HZ)
        if mono.frames < _WINDOW_FRAMES:
            doublings = int(np.ceil(np.log2(_WINDOW_FRAMES / mono.frames)))
            mono = Audio(np.tile(mono.samples, 2**doublings), RATE_HZ)
        # As many as the evaluation script takes, which counts whole seconds.
        count = int(mono.frames // RATE_HZ - _WINDOW_FRAMES / RATE_HZ) + 1
        scores = []
        for start in range(0, count * _HOP_FRAMES, _HOP_FRAMES):
            watch.check()
            window = mono.block(start, start + _WINDOW_FRAMES).mean(axis=0)
            scores.append(self._scores(window))
        return dict(zip(_MAPS, map(float, np.mean(scores, axis=0)), strict=True))

    def _scores(self, window: Samples) -> Samples:
        (answers,) = self._session.run(None, {self._input: window[None]})[:1]
        return np.array(
            [
                np.polynomial.polynomial.polyval(float(answer), maps)
                for answer, maps in zip(np.ravel(answers)[:3], _MAPS.values(), strict=True)
            ]
        )


def evaluate(compared: Compared) -> dict[str, float]:
    """`{"dnsmos_sig", "dnsmos_bak", "dnsmos_ovr"}`, by the judge "dnsmos", a `Dnsmos`."""
    judge: Dnsmos = compared.judged_by("dnsmos")
    scores = judge.rate(compared.estimate, watch=compared.watch)
    return {f"dnsmos_{name}": score for name, score in scores.items()}
