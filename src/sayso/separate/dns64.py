"""DNS64: speech out of noise, by a checkpoint that the person has.

Mono at 16 kHz: each channel by itself, other rates resampled there and back. The network remembers
what it heard, so every chunk begins two seconds early, and all are given one level.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from sayso.audio import Audio, Chunking, Samples, resample
from sayso.checkpoints import ClassName, build, fingerprint, fit, read_pickled
from sayso.errors import ModelError
from sayso.optional import require
from sayso.separate.devices import Device, set_threads
from sayso.separate.loading import Card, Loading
from sayso.separate.native import separate_natively
from sayso.separate.protocol import require_supported
from sayso.watch import SILENT, Watch

if TYPE_CHECKING:
    from sayso.networks.dns64 import DNS64, DNS64Config

_UNIT_FRAMES = 4096
"""A multiple of what the network's strides make one step, so that all chunks fall on one grid."""
_SEGMENT_UNITS, _CONTEXT_UNITS, _CROSSFADE_UNITS = 128, 8, 1


class DNS64Separator:
    """The `Separator` of a denoiser: it hears speech.

    Args:
        network: set to evaluate.
        name: what messages call it.
        version: changes whenever the network does.
        device: where it runs.
    """

    stems = ("speech",)

    def __init__(
        self,
        network: DNS64,
        *,
        name: str = "dns64",
        version: str = "",
        device: Device | None = None,
    ) -> None:
        self.name, self.version = name, version
        self._device = device or Device(precision="float32")
        self._place = self._device.place()
        self._network = self._device.prepare(network)

    @classmethod
    def load(cls, path: Path, *, device: Device | None = None) -> DNS64Separator:
        """The separator in a denoiser's checkpoint. Raises: ModelError, MissingExtraError."""
        return cls(read_dns64(path), version=fingerprint(path), device=device)

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
        """The speech in `mix`, of its length, rate, channels and level.

        Args:
            mix: any rate, channels and length.
            targets: "speech" alone can be asked for.
            watch: progress and cancelling, polled between chunks.
        Raises: UnknownTargetError, Cancelled.
        """
        require_supported(self, targets)
        rate = self._network.config.sample_rate
        deviations = _deviations(resample(mix, rate))
        chunking = Chunking(
            segment=_SEGMENT_UNITS * _UNIT_FRAMES,
            context=_CONTEXT_UNITS * _UNIT_FRAMES,
            crossfade=_CROSSFADE_UNITS * _UNIT_FRAMES,
        )
        (speech,) = separate_natively(
            mix,
            lambda chunk: self._run(chunk, deviations),
            chunking,
            sample_rate=rate,
            sources=1,
            watch=watch,
        )
        return dict.fromkeys(targets, speech)

    def _run(self, chunk: Samples, deviations: Samples) -> Samples:
        """[C, t] to [1, C, t]."""
        import torch

        noisy = torch.from_numpy(chunk)[:, None].to(self._place)
        level = torch.from_numpy(deviations)[:, None, None].to(self._place)
        with torch.inference_mode(), self._device.autocast():
            speech: Samples = self._network(noisy, level)[:, 0].float().cpu().numpy()
        return speech[None]


def card(path: Path) -> Card:
    """What a denoiser's checkpoint is, without its weights. Raises: ModelError."""
    _described(path)
    stems = DNS64Separator.stems
    return Card(path.stem, stems=stems, hears=stems, supports=stems.__contains__)


def load(given: Loading) -> DNS64Separator:
    """The separator in a checkpoint. Raises: ModelError, MissingExtraError, RangeError."""
    given.refuse("segment_s", "overlap")
    set_threads(given.threads)
    return DNS64Separator.load(given.paths[0])


def _deviations(audio: Audio) -> Samples:
    """The standard deviation of each channel, [C]."""
    total, square = np.zeros((2, audio.channels))
    for block in audio.blocks():
        total += block.sum(axis=1, dtype=np.float64)
        square += (block.astype(np.float64) ** 2).sum(axis=1)
    variance = (square - total**2 / audio.frames) / max(audio.frames - 1, 1)
    return np.sqrt(np.maximum(variance, 0)).astype(np.float32)


def read_dns64(path: Path) -> DNS64:
    """The network in a denoiser's checkpoint: a bare state, a packed model or a training's.

    Raises: ModelError for a damaged file, code in it, another architecture or weights that do not
        fit; MissingExtraError without torch.
    """
    config, state = _described(path)
    from sayso.networks.dns64 import DNS64

    network = build(lambda: DNS64(config), path=path)
    fit(network, state, path=path)
    return network


def _described(path: Path) -> tuple[DNS64Config, Mapping[str, Any]]:
    """The shape of the network in a checkpoint, and its weights, which are mapped, not read."""
    require("torch", extra="torch", purpose="DNS64")
    from sayso.networks.dns64 import DNS64Config

    package = read_pickled(path)
    if isinstance(package, dict) and isinstance(package.get("model"), dict):
        best = package.get("best_state")
        package = package["model"] | ({"state": best} if best else {})
    try:
        if "state" in package:
            name = package.get("class")
            if name != ClassName("denoiser.demucs", "Demucs"):
                raise ModelError(f"{path}: unknown architecture {name!r}; expected a denoiser's")
            given = dict(zip(DNS64Config.model_fields, package.get("args", ()), strict=False))
            config = DNS64Config(**given, **package["kwargs"])
            state = package["state"]
        else:
            config, state = DNS64Config(**_sizes(package)), package
    except (KeyError, TypeError, AttributeError, IndexError, ValidationError) as error:
        raise ModelError(f"{path}: no checkpoint of a denoiser ({error})") from None
    return config, state


def _sizes(state: Mapping[str, Any]) -> dict[str, Any]:
    """What the shapes of a bare state say; of those published, the one with both ways differs."""
    first = state["encoder.0.0.weight"]
    both_ways = "lstm.linear.weight" in state
    return {
        "hidden": first.shape[0],
        "chin": first.shape[1],
        "chout": first.shape[1],
        "kernel_size": first.shape[2],
        "depth": sum(key.startswith("encoder.") and key.endswith(".0.weight") for key in state),
        "causal": not both_ways,
    } | ({"stride": 2, "resample": 2} if both_ways else {})
