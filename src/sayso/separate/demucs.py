"""Demucs: the networks of the demucs package under our chunking, progress and cancellation.

The networks are the package's own, so their weights mean what they meant; everything around them is
ours. Audio goes through in chunks of the segment that a network was trained on, and only the
networks that carry weight for the wanted stems are run: one stem of `htdemucs_ft` costs a quarter
of four. Source: Rouard et al. 2022, arXiv:2211.08553; Defossez 2021, arXiv:2111.03600.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from sayso.audio import Audio, Chunking, Samples
from sayso.checkpoints import fingerprint
from sayso.configuration import Frozen
from sayso.errors import ModelError, RangeError
from sayso.separate.demucs_files import (
    Bag,
    find_member,
    read_bag,
    read_network,
    read_sources,
)
from sayso.separate.devices import Device, set_threads
from sayso.separate.loading import Card, Loading
from sayso.separate.native import by_pairs, mean_and_deviation, separate_natively
from sayso.separate.protocol import require_supported
from sayso.watch import SILENT, Watch

if TYPE_CHECKING:
    from torch import nn


class DemucsSettings(Frozen):
    """How audio is cut up for Demucs.

    Fields:
        segment_s: seconds heard at a time; None takes the bag's or the network's own. A transformer
            cannot hear more than it was trained on.
        overlap: share of a segment that the next one hears again.
        discard: share of that overlap which is thrown away at the edges, where a network had to
            guess, before the rest is crossfaded. 0 joins exactly as the demucs command does.
        device: where the networks run.
    """

    segment_s: float | None = Field(default=None, gt=0.5, le=600)
    overlap: float = Field(default=0.25, ge=0, le=0.5)
    discard: float = Field(default=0.5, ge=0, le=1)
    device: Device = Device()


class DemucsSeparator:
    """The `Separator` of one Demucs network or of a bag.

    Args:
        networks: with the same sources, rate and channels.
        name: what messages call it.
        version: changes whenever the networks do.
        bag: weights and segment; None for a single network.
        settings: how to cut, and where to run.
    Raises: ModelError when the networks do not belong together, RangeError for a segment longer
        than a transformer can hear.
    """

    def __init__(
        self,
        networks: Sequence[nn.Module],
        *,
        name: str = "demucs",
        version: str = "",
        bag: Bag | None = None,
        settings: DemucsSettings | None = None,
    ) -> None:
        self.name = name
        self.settings = settings or DemucsSettings()
        reduced = self.settings.device.is_reduced()
        self.version = f"{version} {'bfloat16' if reduced else 'float32'}"
        first: Any = networks[0]
        self.stems: tuple[str, ...] = tuple(first.sources)
        self.sample_rate = int(first.samplerate)
        heard = {(tuple(net.sources), net.samplerate) for net in networks}  # type: ignore[arg-type]
        if len(heard) != 1:
            raise ModelError(f"{name}: its networks hear different sources or rates")
        weights = bag.weights if bag and bag.weights else [[1.0] * len(self.stems)] * len(networks)
        self._weights = np.array(weights, np.float32)
        if self._weights.shape != (len(networks), len(self.stems)):
            raise ModelError(f"{name}: its bag weighs other sources than {', '.join(self.stems)}")
        self._weights /= self._weights.sum(axis=0)
        self._segment_s = self._choose_segment(networks, bag)
        self._place = self.settings.device.place()
        self._networks = [self.settings.device.prepare(net.eval()) for net in networks]
        if self._place.type == "cpu" and not reduced:
            from sayso.networks.packed import pack

            self._networks = [pack(net) for net in self._networks]

    @classmethod
    def load(
        cls, path: Path, *, name: str | None = None, settings: DemucsSettings | None = None
    ) -> DemucsSeparator:
        """The separator in a `.th` or `.safetensors` checkpoint, or of a bag's `.yaml`.

        A bag's checkpoints are looked for beside it. Raises: ModelError, MissingExtraError.
        """
        name = name or path.stem
        if path.suffix not in (".yaml", ".yml"):
            return cls.assemble([path], name=name, settings=settings)
        bag = read_bag(path)
        members = [find_member(path.parent, member) for member in bag.models]
        return cls.assemble(members, name=name, bag=bag, settings=settings)

    @classmethod
    def assemble(
        cls,
        paths: Sequence[Path],
        *,
        name: str,
        bag: Bag | None = None,
        settings: DemucsSettings | None = None,
    ) -> DemucsSeparator:
        """The separator of the checkpoints at `paths`, one for each of the bag's members."""
        networks = [read_network(path) for path in paths]
        version = fingerprint(*paths)
        return cls(networks, name=name, version=version, bag=bag, settings=settings)

    def supports(self, target: str) -> bool:
        """Whether `target` is one of the networks' sources."""
        return target in self.stems

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
            targets: out of `stems`.
            watch: progress and cancelling, polled between chunks.
        Raises: UnknownTargetError naming what the networks hear, Cancelled.
        """
        require_supported(self, targets)
        chosen = [self.stems.index(target) for target in targets]
        mean, deviation = mean_and_deviation(mix)

        def run(pair: Samples) -> Samples:
            return self._run((pair - mean) / deviation, chosen) * deviation + mean

        stems = separate_natively(
            mix,
            by_pairs(run),
            self._chunking(),
            sample_rate=self.sample_rate,
            sources=len(chosen),
            watch=watch,
        )
        return dict(zip(targets, stems, strict=True))

    def _choose_segment(self, networks: Sequence[nn.Module], bag: Bag | None) -> float:
        # Only transformers have a length that cannot be exceeded; they pad everything up to it.
        bounds = []
        for net in networks:
            if bag is not None and bag.segment is not None:
                bounded = _is_bounded(net)
                net.segment = min(bag.segment, net.segment) if bounded else bag.segment  # type: ignore[assignment,type-var]
            if _is_bounded(net):
                bounds.append(float(net.segment))  # type: ignore[arg-type]
        most = min(bounds, default=float("inf"))
        asked = self.settings.segment_s
        if asked is not None and asked > most:
            raise RangeError(f"{self.name} hears {most:g} s at a time; {asked:g} s were asked for")
        return asked or min(float(networks[0].segment), most)  # type: ignore[arg-type]

    def _chunking(self) -> Chunking:
        segment = int(self._segment_s * self.sample_rate)
        shared = segment - int((1 - self.settings.overlap) * segment)
        context = int(shared * self.settings.discard) // 2
        return Chunking(segment=segment, context=context, crossfade=shared - 2 * context)

    def _run(self, pair: Samples, chosen: Sequence[int]) -> Samples:
        """[2, t] to [S, 2, t]: the chosen sources, averaged over the networks that weigh in."""
        import torch

        given = torch.from_numpy(np.ascontiguousarray(pair, np.float32))[None].to(self._place)
        total = np.zeros((len(chosen), *pair.shape), np.float32)
        for network, weights in zip(self._networks, self._weights[:, chosen], strict=True):
            if not weights.any():
                continue
            padded, left = self._pad(given, network)
            with torch.inference_mode(), self.settings.device.autocast():
                answer = network(padded)[0, chosen, :, left : left + pair.shape[1]]
            total += weights[:, None, None] * answer.float().cpu().numpy()
        return total

    def _pad(self, chunk: Any, network: Any) -> tuple[Any, int]:
        """`chunk` [1, 2, t] in the middle of silence of a length that the network takes."""
        import torch

        length = chunk.shape[-1]
        if _is_bounded(network):
            wanted = max(int(self._segment_s * self.sample_rate), length)
        elif hasattr(network, "valid_length"):
            wanted = network.valid_length(length)
        else:
            wanted = length
        left = (wanted - length) // 2
        return torch.nn.functional.pad(chunk, (left, wanted - length - left)), left


def card(path: Path) -> Card:
    """What a checkpoint or a bag is, without its weights. Raises: ModelError, MissingExtraError."""
    sources = read_sources(path)
    return Card(path.stem, stems=sources, hears=sources, supports=sources.__contains__)


def load(given: Loading) -> DemucsSeparator:
    """The separator of a listed model, or of a checkpoint or a bag of one's own.

    Raises: ModelError, MissingExtraError, RangeError.
    """
    set_threads(given.threads)
    settings = given.settings(DemucsSettings)
    if given.bag is None:
        return DemucsSeparator.load(given.paths[0], name=given.name, settings=settings)
    return DemucsSeparator.assemble(given.paths, name=given.name, bag=given.bag, settings=settings)


def _is_bounded(network: Any) -> bool:
    """Whether it is a transformer, which hears at most the segment that it was trained on."""
    return bool(getattr(network, "use_train_segment", False))
