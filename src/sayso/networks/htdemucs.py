"""HTDemucs as a graph for ONNX Runtime, built from its weights: two U-Nets joined by a transformer.

One U-Net runs over the spectrogram `[1, C, F, T]`, the other over the waveform, which is treated as
a spectrogram of one row, `[1, C, 1, L]`: so both are made of the same parts. Normalisation of the
input, the transforms and the overlap are the caller's. What differs from the released code is the
order of the arithmetic, never the result:

- Scales of layers are folded into the weights before them.
- A residual branch widens a few channels to many, normalises those and gates one half by the other.
  Mean and power of the wide channels are quadratic in the narrow ones, so they are computed there,
  and the normalisation becomes two more inputs of the widening convolution.
- Transposed convolutions are ordinary ones, one for each position within a stride.
- Attention is ONNX Runtime's own, which never holds all products at once.

Source: Rouard et al. 2022, arXiv:2211.08553, and the names and shapes of the released weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from sayso.networks.graph import MICROSOFT, Graph

SOURCES = ("drums", "bass", "other", "vocals")
SAMPLES, BINS, FRAMES = 343_980, 2048, 336
"""The length that the network hears at a time, 7.8 s at 44.1 kHz, and its spectrogram's."""

_LEVELS, _LAYERS, _HEADS, _STRIDE, _KERNEL = 4, 5, 8, 4, 8
_EPSILON = 1e-5
_EMBEDDING_SCALE = 10.0 * 0.2
_MAX_PERIOD = 10_000.0

Arrays = Mapping[str, npt.NDArray[Any]]


def htdemucs_graph(weights: Arrays, *, eight_bits: bool = False) -> bytes:
    """The ONNX graph of a network.

    Args:
        weights: its state dict.
        eight_bits: whether the transformer's products are computed in integers of 8 bits, each
            column of weights and each input with a scale of its own.
    Returns: a model from `spectrogram` `[1, 4, BINS, FRAMES]` (real and imaginary parts of either
        channel) and `waveform` `[1, 2, 1, SAMPLES]`, both normalised, to `spectra`
        `[1, S * 4, BINS, FRAMES]` and `waveforms` `[1, S * 2, 1, SAMPLES]`.
    Raises: KeyError, ValueError for weights that are missing or of another shape.
    """
    return _Network(weights, eight_bits).model()


class _Network:
    """Parts of the network, each added to a graph."""

    def __init__(self, weights: Arrays, eight_bits: bool) -> None:
        self._graph = Graph()
        self._weights = weights
        self._eight_bits = eight_bits

    def model(self) -> bytes:
        x, xt = "spectrogram", "waveform"
        saved, saved_t, lengths = [], [], []
        length = SAMPLES
        for level in range(_LEVELS):
            lengths.append(length)
            xt = self._encoder(f"tencoder.{level}", xt, along=3, missing=-length % _STRIDE)
            length = -(-length // _STRIDE)
            saved_t.append(xt)
            x = self._encoder(f"encoder.{level}", x, along=2)
            if level == 0:
                embedding = self._array("freq_emb.embedding.weight").T * _EMBEDDING_SCALE
                x = self._graph.add("Add", x, self._constant(embedding[None, :, :, None]))
            saved.append(x)
        rows = BINS // _STRIDE**_LEVELS
        x, xt = self._transformer(x, xt, rows, length)
        for level in range(_LEVELS):
            x = self._decoder(f"decoder.{level}", x, saved.pop(), along=2)
            xt = self._decoder(f"tdecoder.{level}", xt, saved_t.pop(), along=3)
            xt = self._shortened(xt, lengths.pop())
        inputs = {"spectrogram": (1, 4, BINS, FRAMES), "waveform": (1, 2, 1, SAMPLES)}
        return self._graph.model(inputs, {"spectra": x, "waveforms": xt})

    def _encoder(self, name: str, x: str, *, along: int, missing: int = 0) -> str:
        """A convolution with a stride, a residual branch, and a gate."""
        pads = [0, 0, 0, 0]
        pads[along - 2], pads[along] = 2, 2 + missing
        strides = [1, 1]
        strides[along - 2] = _STRIDE
        kernel = self._kernel(f"{name}.conv.weight", along)
        bias = self._array(f"{name}.conv.bias")
        x = self._gelu(self._convolved(x, kernel, bias, strides=strides, pads=pads))
        return self._gated(self._residual(f"{name}.dconv", x), f"{name}.rewrite", [0, 0, 0, 0])

    def _decoder(self, name: str, x: str, skip: str, *, along: int) -> str:
        """A gate, a residual branch, and a transposed convolution with a stride."""
        x = self._graph.add("Add", x, skip)
        pads = [1, 1, 1, 1] if along == 2 else [0, 1, 0, 1]
        x = self._residual(f"{name}.dconv", self._gated(x, f"{name}.rewrite", pads))
        x = self._widened(x, f"{name}.conv_tr", along)
        return x if name.endswith(str(_LEVELS - 1)) else self._gelu(x)

    def _gated(self, x: str, name: str, pads: list[int]) -> str:
        kernel, bias = self._kernel(f"{name}.weight", 3), self._array(f"{name}.bias")
        return self._gate(x, kernel, bias, pads)

    def _gate(
        self, x: str, kernel: npt.NDArray[Any], bias: npt.NDArray[Any], pads: list[int]
    ) -> str:
        """One half of a convolution's channels times the sigmoid of the other."""
        half = len(kernel) // 2
        sound = self._convolved(x, kernel[:half], bias[:half], pads=pads)
        gate = self._convolved(x, kernel[half:], bias[half:], pads=pads)
        return self._graph.add("Mul", sound, self._graph.add("Sigmoid", gate))

    def _residual(self, name: str, x: str) -> str:
        for number in (0, 1):
            x = self._graph.add("Add", x, self._branch(f"{name}.layers.{number}", x, 1 << number))
        return x

    def _branch(self, name: str, x: str, dilation: int) -> str:
        """Few channels out of many, normalised row by row, and back to many, gated."""
        kernel = self._kernel(f"{name}.0.weight", 3)
        bias = self._array(f"{name}.0.bias")
        sides = {"dilations": [1, dilation], "pads": [0, dilation, 0, dilation]}
        x = self._convolved(x, kernel, bias, **sides)
        mean = self._mean(x)
        rate = self._rate(self._mean(self._graph.add("Mul", x, x)), mean)
        gain, shift = (self._channels(f"{name}.1.{part}") for part in ("weight", "bias"))
        scale = self._graph.add("Mul", rate, gain)
        offset = self._graph.add("Sub", shift, self._graph.add("Mul", mean, scale))
        x = self._graph.add("Add", self._graph.add("Mul", x, scale), offset)
        return self._normalised_gate(name, self._gelu(x))

    def _normalised_gate(self, name: str, x: str) -> str:
        """The widening convolution, its normalisation and the gate in one.

        With rows w of weights and b of biases, the mean over the wide channels is that of w x + b,
        and their power is |R (x, 1)|^2, where Q R = (w, b): R has as many rows as x has channels,
        and one more.
        """
        graph = self._graph
        kernel = self._kernel(f"{name}.3.weight", 3)[:, :, 0, 0].astype(np.float64)
        bias = self._array(f"{name}.3.bias").astype(np.float64)
        gain, shift = (self._array(f"{name}.4.{part}") for part in ("weight", "bias"))
        wide = len(kernel)
        root = np.asarray(np.linalg.qr(np.column_stack([kernel, bias]), mode="r"))
        squared = self._convolved(x, root[:, :-1, None, None], root[:, -1])
        power = self._mean(graph.add("Mul", squared, squared))
        power = graph.add("Mul", power, self._constant(np.array(len(root) / wide)))
        average = graph.add("ReduceMean", x, axes=[3], keepdims=1)
        mean = self._convolved(average, kernel.mean(0)[None, :, None, None], bias.mean()[None])
        rate = self._rate(power, mean)
        # (w x + b - mean) rate gain + shift: x rate, rate and mean rate are what it is linear in.
        sides = graph.add("Concat", rate, graph.add("Mul", mean, rate), axis=1)
        ones = graph.add("Mul", graph.add("ReduceMean", x, axes=[1], keepdims=1), self._zero())
        sides = graph.add("Add", ones, sides)
        x = graph.add("Concat", graph.add("Mul", x, rate), sides, axis=1)
        joined = np.column_stack([kernel, bias, -np.ones(wide)]) * gain[:, None]
        scale = np.concatenate([self._array(f"{name}.6.scale"), np.ones(wide // 2)])
        joined *= scale[:, None]
        return self._gate(x, joined[:, :, None, None], shift * scale, [0, 0, 0, 0])

    def _widened(self, x: str, name: str, along: int) -> str:
        """A transposed convolution, two cut off at both ends: output 4 m + r for each r.

        It comes of input m by tap r + 2, and of m - 1 by r + 6 where r < 2, else of m + 1 by r - 2.
        """
        graph = self._graph
        kernel = self._kernel(f"{name}.weight", along).swapaxes(0, 1)
        bias = self._array(f"{name}.bias")
        parts = []
        for at in range(_STRIDE):
            taps = [at + 6, at + 2] if at < 2 else [at + 2, at - 2]
            pads = [0, 0, 0, 0]
            pads[along - 2 if at < 2 else along] = 1
            part = self._convolved(x, np.take(kernel, taps, axis=along), bias, pads=pads)
            parts.append(graph.add("Unsqueeze", part, graph.array(np.array([along + 1]))))
        joined = graph.add("Concat", *parts, axis=along + 1)
        shape = [0, 0, -1, FRAMES] if along == 2 else [0, 0, 1, -1]
        return graph.add("Reshape", joined, graph.array(np.array(shape)))

    def _shortened(self, x: str, length: int) -> str:
        """The first `length` samples."""
        bounds = ([0], [length], [3])
        return self._graph.add("Slice", x, *(self._graph.array(np.array(b)) for b in bounds))

    def _transformer(self, x: str, xt: str, rows: int, length: int) -> tuple[str, str]:
        """Both branches as sequences of vectors, in turn on their own and each on the other."""
        root = "crosstransformer"
        x = self._sequence(x, "channel_upsampler")
        xt = self._sequence(xt, "channel_upsampler_t")
        width = len(self._array("channel_upsampler.bias"))
        x = self._normalised(x, f"{root}.norm_in", _places_2d(width, rows, FRAMES))
        xt = self._normalised(xt, f"{root}.norm_in_t", _places(width, length))
        for layer in range(_LAYERS):
            names = (f"{root}.layers.{layer}", f"{root}.layers_t.{layer}")
            if layer % 2 == 0:
                x, xt = (self._layer(name, q, None) for name, q in zip(names, (x, xt), strict=True))
            else:
                x, xt = self._layer(names[0], x, xt), self._layer(names[1], xt, x)
        x = self._planes(x, "channel_downsampler", [1, FRAMES, rows, -1])
        xt = self._planes(xt, "channel_downsampler_t", [1, length, 1, -1])
        return x, xt

    def _sequence(self, x: str, name: str) -> str:
        """`[1, C, F, T]` to `[1, T F, C']`, F fastest."""
        graph = self._graph
        x = graph.add("Transpose", x, perm=[0, 3, 2, 1])
        kernel = self._array(f"{name}.weight")[:, :, 0]
        x = graph.add("Reshape", x, graph.array(np.array([1, -1, kernel.shape[1]])))
        return self._product(x, kernel, self._array(f"{name}.bias"))

    def _planes(self, x: str, name: str, shape: list[int]) -> str:
        """`_sequence` back."""
        kernel = self._array(f"{name}.weight")[:, :, 0]
        x = self._product(x, kernel, self._array(f"{name}.bias"))
        x = self._graph.add("Reshape", x, self._graph.array(np.array(shape)))
        return self._graph.add("Transpose", x, perm=[0, 3, 2, 1])

    def _layer(self, name: str, x: str, other: str | None) -> str:
        """Attention, to itself or to the other branch, and a feed-forward network."""
        graph = self._graph
        queries = self._normalised(x, f"{name}.norm1")
        if other is None:
            keys, kind, last = queries, "self_attn", "norm2"
        else:
            keys, kind, last = self._normalised(other, f"{name}.norm2"), "cross_attn", "norm3"
        weights = np.split(self._array(f"{name}.{kind}.in_proj_weight"), 3)
        biases = np.split(self._array(f"{name}.{kind}.in_proj_bias"), 3)
        projected = [
            self._product(source, weight, bias)
            for source, weight, bias in zip((queries, keys, keys), weights, biases, strict=True)
        ]
        heard = graph.add("MultiHeadAttention", *projected, domain=MICROSOFT, num_heads=_HEADS)
        x = graph.add("Add", x, self._scaled(heard, f"{name}.{kind}.out_proj", f"{name}.gamma_1"))
        hidden = self._normalised(x, f"{name}.{last}")
        weight, bias = (self._array(f"{name}.linear1.{part}") for part in ("weight", "bias"))
        hidden = self._gelu(self._product(hidden, weight, bias))
        x = graph.add("Add", x, self._scaled(hidden, f"{name}.linear2", f"{name}.gamma_2"))
        return self._normalised_whole(x, f"{name}.norm_out")

    def _scaled(self, x: str, name: str, scale: str) -> str:
        """A product whose outputs have scales of their own."""
        scales = self._array(f"{scale}.scale")
        weight, bias = (self._array(f"{name}.{part}") for part in ("weight", "bias"))
        return self._product(x, weight * scales[:, None], bias * scales)

    def _product(self, x: str, weight: npt.NDArray[Any], bias: npt.NDArray[Any]) -> str:
        """The last axis times the transposed weights, and the bias."""
        graph = self._graph
        if self._eight_bits:
            scale = np.abs(weight).max(axis=1) / 127
            levels = np.rint(weight.T / scale).astype(np.int8)
            inputs = (graph.array(levels), self._constant(scale), "", self._constant(bias))
            return graph.add("DynamicQuantizeMatMul", x, *inputs, domain=MICROSOFT)
        made = graph.add("MatMul", x, self._constant(weight.T))
        return graph.add("Add", made, self._constant(bias))

    def _normalised(self, x: str, name: str, places: npt.NDArray[Any] | None = None) -> str:
        """Each vector normalised, and where it is added to it."""
        parts = (self._constant(self._array(f"{name}.{part}")) for part in ("weight", "bias"))
        x = self._graph.add("LayerNormalization", x, *parts, axis=-1, epsilon=_EPSILON)
        return x if places is None else self._graph.add("Add", x, self._constant(places))

    def _normalised_whole(self, x: str, name: str) -> str:
        """All vectors normalised together."""
        graph = self._graph
        mean = graph.add("ReduceMean", x, axes=[1, 2], keepdims=1)
        x = graph.add("Sub", x, mean)
        power = graph.add("ReduceMean", graph.add("Mul", x, x), axes=[1, 2], keepdims=1)
        weight, bias = (self._constant(self._array(f"{name}.{p}")) for p in ("weight", "bias"))
        scale = graph.add("Mul", self._inverse_root(power), weight)
        return graph.add("Add", graph.add("Mul", x, scale), bias)

    def _mean(self, x: str) -> str:
        """Of each row, over channels and time."""
        return self._graph.add("ReduceMean", x, axes=[1, 3], keepdims=1)

    def _rate(self, power: str, mean: str) -> str:
        """One over the deviation."""
        square = self._graph.add("Mul", mean, mean)
        return self._inverse_root(self._graph.add("Sub", power, square))

    def _inverse_root(self, variance: str) -> str:
        graph = self._graph
        root = graph.add("Sqrt", graph.add("Add", variance, self._constant(np.array(_EPSILON))))
        return graph.add("Reciprocal", root)

    def _gelu(self, x: str) -> str:
        return self._graph.add("Gelu", x, domain=MICROSOFT)

    def _convolved(
        self, x: str, kernel: npt.NDArray[Any], bias: npt.NDArray[Any], **attributes: Any
    ) -> str:
        arrays = (self._constant(kernel), self._constant(bias))
        return self._graph.add("Conv", x, *arrays, **attributes)

    def _kernel(self, name: str, along: int) -> npt.NDArray[Any]:
        """A kernel as one of two dimensions; one dimension lies along rows (2) or time (3)."""
        kernel = self._array(name)
        return kernel if kernel.ndim == 4 else np.expand_dims(kernel, 5 - along)

    def _channels(self, name: str) -> str:
        return self._constant(self._array(name).reshape(1, -1, 1, 1))

    def _zero(self) -> str:
        return self._constant(np.array(0.0))

    def _constant(self, values: npt.NDArray[Any]) -> str:
        return self._graph.array(np.asarray(values, np.float32))

    def _array(self, name: str) -> npt.NDArray[Any]:
        return self._weights[name]


def _places(width: int, length: int) -> npt.NDArray[np.float64]:
    """Cosines and sines of positions in a sequence, `[1, length, width]`."""
    half = width // 2
    phase = np.arange(length)[:, None] / _MAX_PERIOD ** (np.arange(half) / (half - 1))
    return np.concatenate([np.cos(phase), np.sin(phase)], axis=1)[None]


def _places_2d(width: int, rows: int, frames: int) -> npt.NDArray[np.float64]:
    """Of frames in one half of the channels and of rows in the other, `[1, frames rows, width]`."""
    half = width // 2
    rates = np.exp(np.arange(0, half, 2) * -(np.log(_MAX_PERIOD) / half))
    places = np.zeros((frames, rows, width))
    for first, count, axis in ((0, frames, 0), (half, rows, 1)):
        phase = np.arange(count)[:, None] * rates
        phase = phase[:, None] if axis == 0 else phase[None]
        places[:, :, first : first + half : 2] = np.sin(phase)
        places[:, :, first + 1 : first + half : 2] = np.cos(phase)
    return places.reshape(1, frames * rows, width)
