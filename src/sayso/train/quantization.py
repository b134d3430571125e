"""A graph's convolutions in 8 bits: a third of the time on a CPU, half of the file.

Weights get a scale an output channel, what goes in and out of a convolution one scale a tensor, so
that all but one in 100,000 of the values seen in examples fit; everything else stays as it is.
Weights use 7 of the 8 bits: processors without VNNI add pairs of products in 16 bits, which 8 would
overflow.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

from sayso.errors import ModelError

Inputs = Mapping[str, npt.NDArray[Any]]

PERCENTILE = 99.999
LEAST_SNR_DB = 12.0
_QUANTIZED = "_quantized"


def quantized(model: onnx.ModelProto, examples: Sequence[Inputs]) -> onnx.ModelProto:
    """`model` with its convolutions in 8 bits, scaled by what they see of `examples`.

    Args:
        model: a graph whose convolutions' weights are float32.
        examples: inputs like those the graph will get, at least one.

    Raises: ModelError if outputs lie less than 12 dB above their rounding noise.
    """
    from onnxruntime.quantization import (
        CalibrationMethod,
        QuantFormat,
        QuantType,
        quantize_static,
    )

    with TemporaryDirectory() as folder, _quiet():
        path = Path(folder) / "quantized.onnx"
        copied = onnx.ModelProto()  # what is given is moved to files of the quantiser's own
        copied.CopyFrom(model)
        quantize_static(
            copied,
            path,
            _Reader(examples),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv"],
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.Percentile,
            extra_options={"CalibPercentile": PERCENTILE},
        )
        rounded = onnx.load(path)
    _check(model, rounded, examples[0])
    return rounded


def dequantized(model: onnx.ModelProto) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
    """Names and values of the weights that `quantized` rounded."""
    stored = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type != "DequantizeLinear" or not node.input[0].endswith(_QUANTIZED):
            continue
        values, scale = (numpy_helper.to_array(stored[name]) for name in node.input[:2])
        # A scale an output channel, or one for all; the zero points of weights are 0.
        scale = scale.reshape(-1, *[1] * (values.ndim - 1))
        yield node.input[0].removesuffix(_QUANTIZED), (values * scale).astype(np.float32)


class _Reader:
    """Examples as ONNX Runtime's calibration asks for them."""

    def __init__(self, examples: Iterable[Inputs]) -> None:
        self._left = iter(examples)

    def get_next(self) -> dict[str, npt.NDArray[Any]] | None:
        found = next(self._left, None)
        return None if found is None else dict(found)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps to itself what the calibration prints, and its advice to simplify the graph first."""
    logging.disable(logging.WARNING)
    try:
        with redirect_stdout(StringIO()):
            yield
    finally:
        logging.disable(logging.NOTSET)


def _check(model: onnx.ModelProto, rounded: onnx.ModelProto, inputs: Inputs) -> None:
    names = [output.name for output in model.graph.output]
    for name, wanted, made in zip(
        names, outputs_of(model, inputs), outputs_of(rounded, inputs), strict=True
    ):
        noise = float(np.square(made - wanted, dtype=np.float64).sum())
        power = float(np.square(wanted, dtype=np.float64).sum())
        snr_db = 10 * np.log10((power + 1e-20) / (noise + 1e-20))
        if not snr_db >= LEAST_SNR_DB:
            raise ModelError(
                f"{name} in 8 bits lies only {snr_db:.1f} dB above its rounding noise; expected "
                f"{LEAST_SNR_DB:.0f} dB: export without --calibrate, or with other material"
            )


def outputs_of(model: onnx.ModelProto, inputs: Inputs) -> list[npt.NDArray[np.float32]]:
    """What ONNX Runtime makes of `inputs`, in the order of the graph's outputs."""
    import onnxruntime

    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    found: list[npt.NDArray[np.float32]] = session.run(None, dict(inputs))
    return found
