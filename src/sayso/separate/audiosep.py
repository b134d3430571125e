"""AudioSep: any sound that words describe, by the public checkpoint.

The network is mono at 32 kHz: each channel is asked by itself, and other rates are resampled there
and back, so a stem holds nothing above 16 kHz. Every second of audio goes through about once, in
long windows whose edges are thrown away before a crossfade; a clip shorter than a window is one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from sayso.audio import Audio, Chunking, Samples
from sayso.checkpoints import fingerprint, fit, read_pickled, without_prefix
from sayso.configuration import Frozen
from sayso.errors import ModelError
from sayso.optional import require
from sayso.separate.devices import Device, set_threads
from sayso.separate.loading import Card, Loading
from sayso.separate.native import separate_natively
from sayso.separate.prompts import Embedding, Prompts
from sayso.separate.protocol import require_supported
from sayso.watch import SILENT, Watch

if TYPE_CHECKING:
    from sayso.networks.resunet30 import ResUNet30, ResUNet30Config

_PREFIX = "ss_model."


class AudioSepSettings(Frozen):
    """How audio is cut up for AudioSep.

    Fields:
        segment_s: seconds heard at a time.
        overlap: share of a segment that the next one hears again; a third of a second of it is
            crossfaded, the rest is thrown away at the edges.
        device: where the network runs.
    """

    segment_s: float = Field(default=12.0, ge=1, le=120)
    overlap: float = Field(default=0.19, ge=0, le=0.5)
    device: Device = Device()


class AudioSepSeparator:
    """The `Separator` of a ResUNet30 that is asked with embeddings.

    Args:
        network: set to evaluate.
        embed: words to the embedding [D] of them.
        name: what messages call it.
        version: changes whenever the network or its text tower do.
        settings: how to cut, and where to run.
    """

    stems = ("vocals", "drums", "bass", "other")

    def __init__(
        self,
        network: ResUNet30,
        embed: Callable[[str], Embedding],
        *,
        name: str = "audiosep",
        version: str = "",
        settings: AudioSepSettings | None = None,
    ) -> None:
        self.name = name
        self.settings = settings or AudioSepSettings()
        reduced = self.settings.device.is_reduced()
        self.version = f"{version} {'bfloat16' if reduced else 'float32'}"
        self.sample_rate = network.config.sample_rate
        self._place = self.settings.device.place()
        self._network = self.settings.device.prepare(network.base, whole=network)
        self._embed = embed

    @classmethod
    def load(
        cls, path: Path, prompts: Prompts, *, settings: AudioSepSettings | None = None
    ) -> AudioSepSeparator:
        """The separator in AudioSep's checkpoint. Raises: ModelError, MissingExtraError."""
        version = fingerprint(path, prompts.clap)
        return cls(read_resunet30(path), prompts.embed, version=version, settings=settings)

    def supports(self, target: str) -> bool:
        """Any words at all; how well is another question."""
        return bool(target.strip())

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
            targets: words.
            watch: progress and cancelling, polled between chunks.
        Raises: UnknownTargetError for no words, ModelError for a damaged text tower, Cancelled.
        """
        import torch

        require_supported(self, targets)
        offsets = []
        for target in targets:
            condition = torch.from_numpy(self._embed(target))[None].to(self._place)
            with torch.inference_mode():
                offsets.append(self._network.offsets(condition))
        stems = separate_natively(
            mix,
            lambda chunk: self._run(chunk, offsets),
            self._chunking(),
            sample_rate=self.sample_rate,
            sources=len(offsets),
            watch=watch,
        )
        return dict(zip(targets, stems, strict=True))

    def _chunking(self) -> Chunking:
        from sayso.networks.resunet30 import POOLED_FRAMES

        # Pooling sees the same frames in every chunk if all lengths are multiples of its grid.
        unit = self._network.config.hop * POOLED_FRAMES
        segment = max(2, round(self.settings.segment_s * self.sample_rate / unit))
        shared = round(self.settings.overlap * segment)
        context = max(0, shared - 1) // 2
        return Chunking(
            segment=segment * unit,
            context=context * unit,
            crossfade=(shared - 2 * context) * unit,
        )

    def _run(self, chunk: Samples, offsets: Sequence[Any]) -> Samples:
        """[C, t] to [S, C, t], a channel at a time, which bounds the memory."""
        import torch

        length = chunk.shape[1]
        out = np.empty((len(offsets), *chunk.shape), np.float32)
        # The transform mirrors half a window at each end.
        short = max(0, self._network.config.n_fft - length)
        for channel, samples in enumerate(chunk):
            mixture = torch.from_numpy(np.pad(samples, (0, short)))[None].to(self._place)
            for source, offset in enumerate(offsets):
                with torch.inference_mode(), self.settings.device.autocast():
                    answer = self._network(mixture, offset)[0, :length]
                out[source, channel] = answer.float().cpu().numpy()
        return out


def card(path: Path) -> Card:
    """What a checkpoint is, without its weights. Raises: ModelError for a missing one."""
    if not path.is_file():
        raise ModelError(f"{path}: there is no such file; expected AudioSep's checkpoint")
    stems = AudioSepSeparator.stems
    hears = (*stems, "speech", "noise", "and any sound in words")
    return Card(path.stem, stems, hears, lambda target: bool(target.strip()))


def load(given: Loading) -> AudioSepSeparator:
    """The separator of a checkpoint, CLAP's, and RoBERTa's tokens and merges.

    Raises: ModelError, MissingExtraError, RangeError.
    """
    set_threads(given.threads)
    network, clap, tokens, merges = given.paths
    prompts = Prompts(clap, tokens=tokens, merges=merges, kept=given.folder / "embeddings")
    settings = given.settings(AudioSepSettings)
    return AudioSepSeparator.load(network, prompts, settings=settings)


def read_resunet30(path: Path, config: ResUNet30Config | None = None) -> ResUNet30:
    """The network in AudioSep's checkpoint, set to evaluate.

    Raises: ModelError for a damaged file, code in it or weights that do not fit; MissingExtraError
        without torch.
    """
    require("torch", extra="torch", purpose="AudioSep")
    from sayso.networks.resunet30 import UNUSED_KEYS, ResUNet30

    package = without_prefix(read_pickled(path), "")
    state = package.get("state_dict", package)
    chosen = without_prefix(state, _PREFIX) or without_prefix(state, "")
    if not any(key.startswith("base.") for key in chosen):
        raise ModelError(f"{path}: no AudioSep checkpoint; expected keys under {_PREFIX}base.")
    network = ResUNet30(config)
    fit(network, chosen, path=path, unused=UNUSED_KEYS)
    return network
