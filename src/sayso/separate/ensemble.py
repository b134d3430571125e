"""Several separators as one: their stems are averaged, or their masks fused on the mixture.

Averaging waveforms can do what no mask on the mixture's phase can; fused masks never add sound that
the mixture does not have. A separator's mask is what it gave against what it left:
|stem|^e / (|stem|^e + |mix - stem|^e), with e = 1 unless another exponent is asked for.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from sayso.audio import Audio, Recorder, Samples, istft, stft
from sayso.desk import Fusion
from sayso.errors import ModelError, RangeError, UnknownTargetError
from sayso.separate.protocol import Route, Separator
from sayso.separate.sharing import share_out
from sayso.watch import SILENT, Watch

_N_FFT, _HOP = 4096, 1024
_BLOCK_FRAMES = 256 * _HOP


class Ensemble:
    """The `Separator` of several.

    Args:
        members: of any kind. A target is left to those that hear it.
        weights: one a member, not below 0; None for all equal.
        fusion: how.
    Raises: RangeError for weights that do not fit.
    """

    def __init__(
        self,
        members: Sequence[Separator],
        *,
        weights: Sequence[float] | None = None,
        fusion: Fusion | None = None,
    ) -> None:
        self._members = list(members)
        self._weights = list(weights or [1.0] * len(members))
        self._fusion = fusion or Fusion()
        sound = all(0 <= weight < math.inf for weight in self._weights)
        if len(self._weights) != len(members) or not sound:
            raise RangeError(
                f"{len(self._weights)} weights for {len(members)} separators; expected one each, "
                "finite and none below 0"
            )
        if not sum(self._weights):
            raise RangeError("all weights of the ensemble are 0; expected one above it")
        self.name = "+".join(
            member.name if weight == 1 else f"{weight:g}*{member.name}"
            for member, weight in zip(members, self._weights, strict=True)
        )

    @property
    def version(self) -> str:
        """Changes whenever a member or the fusion does."""
        return f"{self._fusion} {' '.join(member.version for member in self._members)}"

    @property
    def stems(self) -> tuple[str, ...]:
        """Those of the first member."""
        return self._members[0].stems

    @property
    def hears(self) -> tuple[str, ...]:
        """All that its members offer, each once."""
        return tuple(dict.fromkeys(words for member in self._members for words in member.hears))

    def supports(self, target: str) -> bool:
        """Whether a member does."""
        return any(member.supports(target) for member in self._members)

    def route(self, target: str) -> Route:
        """All of its members, which have learned if one that has supports `target`."""
        asked = (member for member in self._members if member.supports(target))
        trained = any(member.route(target).trained for member in asked)
        return Route(target, self.name, trained=trained)

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
            targets: each heard by a member at least.
            watch: progress and cancelling, polled between chunks.
        Raises: UnknownTargetError, Cancelled.
        """
        deaf = [target for target in targets if not self.supports(target)]
        if deaf:
            raise UnknownTargetError(f"none of {self.name} can hear {', '.join(deaf)}")
        return share_out(
            mix,
            targets,
            stems=self.stems,
            model_of=lambda target: self.name,
            ask=lambda name, given, wanted, part: self._fused(given, wanted, part),
            watch=watch,
        )

    def _fused(self, mix: Audio, targets: Sequence[str], watch: Watch) -> dict[str, Audio]:
        """Each target, asked of all members that support it."""
        heard: dict[str, list[tuple[Audio, float]]] = {target: [] for target in targets}
        for number, (member, weight) in enumerate(zip(self._members, self._weights, strict=True)):
            wanted = [target for target in targets if weight and member.supports(target)]
            if not wanted:
                continue
            share = watch.part(number / len(self._members), (number + 1) / len(self._members))
            stems = member.separate(mix, wanted, watch=share)
            for target in wanted:
                heard[target].append((stems[target], weight))
        silent = [target for target, found in heard.items() if not found]
        if silent:
            raise UnknownTargetError(
                f"of {self.name}, only members of weight 0 can hear {', '.join(silent)}"
            )
        return {
            target: fuse(mix, found, self._fusion, watch=watch) for target, found in heard.items()
        }


def parse_ensemble(text: str) -> tuple[list[str], list[float], Fusion]:
    """The members' names, their weights and the fusion of "2*htdemucs+embedded:mask_max".

    Raises: ModelError.
    """
    members, _, kind = text.partition(":")
    try:
        fusion = Fusion.model_validate({"kind": kind} if kind else {})
        pairs = [member.rpartition("*")[::2] for member in members.split("+")]
        weights = [float(weight or 1) for weight, _ in pairs]
    except ValueError:
        raise ModelError(
            f"{text!r} spells no ensemble; expected 'NAME+NAME' or '2*NAME+NAME:FUSION', where "
            "FUSION is mean, mask_max, mask_mean or mask_power"
        ) from None
    return [name for _, name in pairs], weights, fusion


def fuse(
    mix: Audio,
    stems: Sequence[tuple[Audio, float]],
    fusion: Fusion,
    *,
    watch: Watch = SILENT,
) -> Audio:
    """One stem out of several estimates of it, in constant memory.

    Args:
        mix: what they were taken out of.
        stems: estimates like `mix`, each with a weight above 0.
        fusion: how.
        watch: cancelling, polled between blocks.
    Raises: Cancelled.
    """
    if len(stems) == 1:
        return stems[0][0]
    shares = np.array([weight for _, weight in stems], np.float32)
    shares /= shares.sum()
    recorder = Recorder(mix.channels, mix.sample_rate)
    for start, stop in _blocks(mix):
        watch.check()
        if fusion.kind == "mean":
            estimates = np.stack([stem.block(start, stop) for stem, _ in stems])
            block = np.tensordot(shares, estimates, axes=1)
        else:
            # Blocks begin on the transform's grid and know a window more on either side, so their
            # frames are those of one transform over all.
            low, high = start - _N_FFT, stop + _N_FFT
            estimates = np.stack([stem.block(low, high) for stem, _ in stems])
            block = _fuse_masks(mix.block(low, high), estimates, shares, fusion)
            block = block[:, _N_FFT : _N_FFT + stop - start]
        recorder.append(block)
    return recorder.audio()


def _fuse_masks(mix: Samples, stems: Samples, shares: Samples, fusion: Fusion) -> Samples:
    """[C, t] and [N, C, t] to [C, t]."""
    mixture = stft(mix, _N_FFT, hop=_HOP)
    estimates = stft(stems, _N_FFT, hop=_HOP)
    given = np.abs(estimates) ** fusion.exponent
    left = np.abs(mixture - estimates) ** fusion.exponent
    masks = given / np.maximum(given + left, 1e-12)
    weights = shares[:, None, None, None]
    if fusion.kind == "mask_max":
        mask = masks.max(axis=0)
    elif fusion.kind == "mask_mean":
        mask = (weights * masks).sum(axis=0)
    else:
        mask = (weights * masks**fusion.power).sum(axis=0) ** (1 / fusion.power)
    return istft((mask * mixture).astype(np.complex64), _N_FFT, hop=_HOP, length=mix.shape[1])


def _blocks(mix: Audio) -> Iterator[tuple[int, int]]:
    for start in range(0, mix.frames, _BLOCK_FRAMES):
        yield start, min(start + _BLOCK_FRAMES, mix.frames)
