"""Sharing each point of a spectrum out between what is asked for and what else is heard there.

A network that is asked for one instrument is unsure where others sound too, and answers too little
of it. It is sure of more when it is asked for those as well: what is asked for gets its share of
the mixture among all claims (a Wiener-like ratio mask). Who else plays is found by asking short
stretches for everything that is known. docs/model.md says what it is worth.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from sayso.audio import Samples
from sayso.separate.asked import STRETCH, AskedNetwork, Heard, Spectra

# Chosen on pairs of instruments: with one rival what is absent stays louder, and three cost what is
# there.
MOST = 2
# No more than this is added to what the network alone would answer (15.6 dB).
BOOST = 6.0
# In so many stretches of a chunk it is asked who else plays: the loudest of as many parts.
STRETCHES = 2

_TINY = np.float32(1e-9)

Magnitudes = npt.NDArray[np.float32]


class Rivalry:
    """Answers of networks, shared out against what they hear besides.

    Args:
        known: plain wordings of all that may be there, with the network that hears each; all
            networks have one sample rate, window and hop.
        within: for plain wordings the wider ones that hold them. Kin never share: what is the
            same, or a part of the other.
    """

    def __init__(
        self, known: Mapping[str, AskedNetwork], within: Mapping[str, Sequence[str]]
    ) -> None:
        self._known, self._within = known, within

    def answering(
        self, network: AskedNetwork, asked: Sequence[str]
    ) -> Callable[[Samples], Samples]:
        """A function from `[C, t]` at the network's rate to its answers `[S, C, t]`."""
        return lambda chunk: self._answers(network, chunk, asked)

    def _answers(self, network: AskedNetwork, chunk: Samples, asked: Sequence[str]) -> Samples:
        if len(chunk) > 1 and np.array_equal(chunk, np.broadcast_to(chunk[:1], chunk.shape)):
            return np.repeat(self._answers(network, chunk[:1], asked), len(chunk), axis=1)
        out = np.zeros((len(asked), *chunk.shape), np.float32)
        if not np.any(chunk):
            return out
        networks = {id(n): n for n in (network, *self._known.values())}
        heard = {key: n.hear(_whole(chunk, n.shape.channels)) for key, n in networks.items()}
        own = heard[id(network)]
        mix = np.abs(own.spec)
        found = {words: network.answer(own, words) for words in asked}
        rivals = self._rivals(heard, mix, found)
        claims: dict[str, Magnitudes] = {}
        for words in dict.fromkeys(w for chosen in rivals.values() for w in chosen):
            asked_of = self._known[words]
            claim = np.abs(asked_of.answer(heard[id(asked_of)], words))
            claims[words] = claim[: len(mix)]
        for number, words in enumerate(asked):
            answer = own.spec * _share(found[words], mix, [claims[w] for w in rivals[words]])
            out[number] = network.wave(own, network.faded(answer, own.spec, words))
        return out

    def _rivals(
        self, heard: Mapping[int, Heard], mix: Magnitudes, found: Mapping[str, Spectra]
    ) -> dict[str, list[str]]:
        """For each target the loudest of what is known where the target is not."""
        frames = _loudest(mix)
        if not frames:
            return {words: [] for words in found}
        at = np.concatenate([np.arange(f, f + STRETCH) for f in frames])
        part = mix[:, at]
        elsewhere = {
            words: 1 - np.minimum(1, np.abs(answer[:, at]) / (part + _TINY))
            for words, answer in found.items()
        }
        scores: dict[str, dict[str, float]] = {words: {} for words in found}
        excerpts = {key: np.ascontiguousarray(whole.spec[:, at]) for key, whole in heard.items()}
        for words, network in self._known.items():
            whole, spec = heard[id(network)], excerpts[id(network)]
            claim = np.abs(network.faded(network.masks(whole, words, frames) * spec, spec, words))
            for target, left in elsewhere.items():
                if not self._kin(words, target):
                    scores[target][words] = float(np.square(claim[: len(mix)] * left).sum())
        return {
            target: sorted(score, key=score.__getitem__, reverse=True)[:MOST]
            for target, score in scores.items()
        }

    def _kin(self, a: str, b: str) -> bool:
        return a == b or a in self._within.get(b, ()) or b in self._within.get(a, ())


def _whole(chunk: Samples, channels: int) -> Samples:
    """`[C, t]` with its last channel twice where a network takes channels in pairs."""
    return np.concatenate([chunk, chunk[-1:]]) if len(chunk) % channels else chunk


def _share(answer: Spectra, mix: Magnitudes, claims: Sequence[Magnitudes]) -> Magnitudes:
    """The mask `[C, T, F]`, 0..1, of an answer among rival claims."""
    own = np.abs(answer)
    rival = np.sqrt(sum(np.square(claim) for claim in claims)) if claims else np.zeros_like(own)
    ratio = own / (own + rival + _TINY)
    return np.asarray(np.minimum(ratio, BOOST * own / (mix + _TINY)), np.float32)


def _loudest(mix: Magnitudes) -> list[int]:
    """The first frames of the loudest stretch of each part of the chunk, multiples of 4."""
    power = np.square(mix).sum(axis=(0, 2))
    whole = len(power) // 4 * 4
    if whole < STRETCH:
        return []
    length = np.convolve(power[:whole], np.ones(STRETCH), "valid")[::4]
    parts = np.array_split(np.arange(len(length)), min(STRETCHES, len(length)))
    chosen: list[int] = []
    for part in parts:
        if len(part):
            first = int(part[np.argmax(length[part])]) * 4
            if not chosen or first >= chosen[-1] + STRETCH:
                chosen.append(first)
    return chosen
