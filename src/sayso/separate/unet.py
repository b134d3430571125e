"""Separating with a trained U-Net (arXiv:1711.00048), any rate, channels and length.

The network hears one channel at its own rate, 8192 Hz by default, so it knows nothing above
4096 Hz. That band is not thrown away. A stem is made of two bands:

- below half the network's rate: the mixture resampled, its magnitudes masked, its phases kept;
- above: what resampling took away, `mix - up(down(mix))`, times one gain a frame and source: the
  mean mask of the network's highest eighth of bins, weighted by the mixture's magnitudes there.
  Cymbals and consonants reach across 4 kHz, so the nearest band is the best witness at hand; where
  that witness is silent, the gain is the mean of the whole frame's masks.

A network that writes magnitudes (`output: linear`) is heard with the mixture's phases, too.

When masks add up to one, stems add up to the mixture, high band included. Channels are separated
one by one. Context is what valid convolutions lose on each side, so chunks join without a seam.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

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
    resample,
    stft,
    turned,
)
from sayso.errors import ModelError
from sayso.networks.unet_shapes import UNetConfig, unet_shapes
from sayso.separate.exported import open_model, read_metadata, version_of
from sayso.separate.loading import Card, Loading
from sayso.separate.protocol import require_supported
from sayso.watch import SILENT, Watch

Magnitudes = npt.NDArray[np.float32]
MaskFunction = Callable[[Magnitudes], Magnitudes]
"""`[B, F, T + 2 context]` magnitudes to `[B, S, F, T]` masks, or magnitudes where the network is
configured so: the network, however it runs."""

KIND = "unet"
_SEGMENT_S = 20.0
_CROSSFADE_S = 0.1
_RESAMPLING_S = 0.05  # the resampler's own reach, beyond the network's context
_WITNESS = 8  # the highest eighth of the bins speaks for all above


class UNetSeparator:
    """The `Separator` of one trained U-Net.

    Args:
        config: what the network was built with.
        masks: the network.
        name: what messages and the catalogue call it.
        version: changes whenever the network does.
    """

    def __init__(
        self, config: UNetConfig, masks: MaskFunction, *, name: str = "unet", version: str = ""
    ) -> None:
        self.config, self.name, self.version = config, name, version
        self._masks = masks

    @classmethod
    def load(cls, path: Path, *, threads: int = 0) -> UNetSeparator:
        """The separator in an exported `.onnx` file.

        Args:
            path: an ONNX file whose metadata say that it is a U-Net.
            threads: of ONNX Runtime; 0 lets it choose.
        Raises: ModelError for a missing, damaged or different model.
        """
        session, metadata = open_model(path, threads=threads, kind=KIND)
        config = _config(metadata, path)
        entry = session.get_inputs()[0].name
        return cls(
            config,
            lambda x: session.run(None, {entry: x})[0],
            name=path.stem,
            version=version_of(path),
        )

    @property
    def stems(self) -> tuple[str, ...]:
        """The network's sources."""
        return tuple(self.config.sources)

    def supports(self, target: str) -> bool:
        """Whether `target` is one of the network's sources."""
        return target in self.config.sources

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
            targets: names out of `config.sources`.
            watch: progress and cancelling, polled between chunks.
        Raises: UnknownTargetError naming what the network hears, Cancelled.
        """
        require_supported(self, targets)
        chosen = [self.config.sources.index(target) for target in targets]
        signs = polarities(mix)
        stems = overlap_add(
            turned(calmed(mix), signs),
            lambda chunk: self._chunk(chunk, mix.sample_rate)[chosen],
            self._chunking(mix.sample_rate),
            sources=len(chosen),
            watch=watch,
        )
        return {target: turned(stem, signs) for target, stem in zip(targets, stems, strict=True)}

    def _chunking(self, sample_rate: int) -> Chunking:
        config = self.config
        lost = unet_shapes(config.bins, 1, levels=config.levels).context_frames
        # The transform's own windows reach half a window further than its frames' centres.
        reach_s = (lost * config.hop + config.n_fft) / config.sample_rate + _RESAMPLING_S
        # Chunks that start on the network's coarsest grid pool the same frames as the whole would.
        grid_s = config.hop * 2**config.levels / config.sample_rate
        context = round(math.ceil(reach_s / grid_s) * grid_s * sample_rate)
        step = round(math.ceil(_SEGMENT_S / grid_s) * grid_s * sample_rate)
        crossfade = min(round(_CROSSFADE_S * sample_rate), step)
        return Chunking(step + crossfade + 2 * context, context, crossfade)

    def _chunk(self, chunk: Samples, sample_rate: int) -> Samples:
        """`[C, t]` to `[S, C, t]`."""
        rate, n_fft, hop = self.config.sample_rate, self.config.n_fft, self.config.hop
        # Silence at both ends takes up what resampler and transform would lose or mirror there.
        border = math.ceil(n_fft / rate * sample_rate)
        chunk = np.pad(chunk, ((0, 0), (border, border)))
        frames = chunk.shape[1]
        low = resample(Audio(chunk, sample_rate), rate).samples
        spectrum = stft(low, n_fft, hop=hop)
        masks = predict_masks(np.abs(spectrum), self.config, self._masks).swapaxes(0, 1)
        stems = istft(masks * spectrum, n_fft, hop=hop, length=low.shape[1])
        flat = stems.reshape(-1, low.shape[1])
        up = _to_rate(flat, rate, sample_rate, frames).reshape(*stems.shape[:2], frames)
        if sample_rate > rate:
            high = chunk - _to_rate(low, rate, sample_rate, frames)
            gains = self._high_gains(np.minimum(masks, 1), np.abs(spectrum))
            centres = np.arange(gains.shape[-1]) * hop * (sample_rate / rate)
            time = np.arange(frames)
            for source, channel in np.ndindex(len(up), len(chunk)):
                gain = np.interp(time, centres, gains[source, channel])
                up[source, channel] += high[channel] * gain.astype(np.float32)
        return np.ascontiguousarray(up[..., border:-border])

    def _high_gains(self, masks: Magnitudes, magnitude: Magnitudes) -> Magnitudes:
        """`[S, C, N]`: what a frame's highest bins say about all above them."""
        top = slice(-max(1, self.config.bins // _WITNESS), None)
        heard = magnitude[:, top] + 1e-6 * magnitude.max(axis=1, keepdims=True) + 1e-12
        weighted: Magnitudes = (masks[:, :, top] * heard).sum(axis=2) / heard.sum(axis=1)
        everywhere = magnitude.sum(axis=1)
        silent = magnitude[:, top].sum(axis=1) <= 1e-4 * everywhere
        whole = (masks * magnitude).sum(axis=2) / np.maximum(everywhere, 1e-12)
        return np.where(silent, whole, weighted)


def card(path: Path) -> Card:
    """What an exported U-Net is, without its weights. Raises: ModelError."""
    sources = tuple(_config(read_metadata(path, kind=KIND), path).sources)
    return Card(path.stem, stems=sources, hears=sources, supports=sources.__contains__)


def load(given: Loading) -> UNetSeparator:
    """The separator in an exported file. Raises: ModelError, RangeError."""
    given.refuse("segment_s", "overlap")
    return UNetSeparator.load(given.paths[0], threads=given.threads or 0)


def _config(metadata: Mapping[str, Any], path: Path) -> UNetConfig:
    try:
        return UNetConfig.model_validate(metadata["config"])
    except (KeyError, ValueError) as error:
        raise ModelError(f"{path.name} is damaged: {error}") from None


def predict_masks(
    magnitude: npt.NDArray[Any], config: UNetConfig, masks: MaskFunction
) -> Magnitudes:
    """Masks for every frame of a spectrogram, patch by patch.

    Args:
        magnitude: `[C, F, N]` linear magnitudes; silence is assumed beyond its ends.
        config: of the network.
        masks: the network.
    Returns: `[C, S, F, N]`, what one pass over the whole spectrogram would give: patches advance by
    a multiple of the coarsest grid, so pooling falls on the same frames. Of a network that writes
    magnitudes, their ratio to the mixture's, which may be above one.
    """
    channels, bins, frames = magnitude.shape
    # Patches far longer than the context, or most of the work would be done twice.
    grid = 2**config.levels
    shapes = unet_shapes(bins, min(max(frames, grid), 512), levels=config.levels)
    step = shapes.output[1] // grid * grid
    context = shapes.context_frames
    count = max(1, -(-frames // step))
    right = (count - 1) * step + shapes.input[1] - context - frames
    padded = np.pad(magnitude.astype(np.float32), ((0, 0), (0, 0), (context, right)))
    out = np.empty((channels, len(config.sources), bins, count * step), np.float32)
    for number in range(count):
        at = number * step
        patch = padded[:, :, at : at + shapes.input[1]]
        out[..., at : at + step] = masks(np.ascontiguousarray(patch))[..., :step]
    whole = out[..., :frames]
    if config.output == "linear":
        whole /= np.maximum(magnitude[:, None], 1e-12)
    return whole


def _to_rate(samples: Samples, from_hz: int, to_hz: int, frames: int) -> Samples:
    """`samples` `[C, t]` at another rate, cut or padded to `frames`; any number of channels."""
    out = np.zeros((len(samples), frames), np.float32)
    for row, samples_row in zip(out, samples, strict=True):
        made = resample(Audio(samples_row[None], from_hz), to_hz).samples[0, :frames]
        row[: len(made)] = made
    return out
