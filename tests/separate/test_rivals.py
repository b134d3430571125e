"""Sharing out between what is asked for and what else is heard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from sayso.audio import Audio
from sayso.separate.asked import STRETCH, AskedNetwork
from sayso.separate.embedded import EmbeddedSeparator, packaged_weights
from sayso.separate.rivals import BOOST, Rivalry, _loudest, _share

STORED = Path(__file__).parent / "stored"


def sound(frames: int, channels: int = 2, seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(0, 0.1, (channels, frames)).astype(np.float32)


@pytest.fixture(scope="module")
def network() -> AskedNetwork:
    return AskedNetwork(STORED / "one.onnx", threads=1)


def rivalry(network: AskedNetwork, within: Mapping[str, Sequence[str]] = {}) -> Rivalry:
    return Rivalry({w[0]: network for w in (network.told.known or {}).values()}, within)


def test_each_gets_its_share_of_the_mixture() -> None:
    mix = np.ones((1, 1, 4), np.float32)
    answer = np.array([[[0.5, 0.5, 0.1, 0.0]]], np.complex64)
    claim = np.array([[[0.0, 0.5, 0.1, 0.9]]], np.float32)
    np.testing.assert_allclose(_share(answer, mix, [claim]), [[[1.0, 0.5, 0.5, 0.0]]], atol=1e-6)


def test_a_faint_answer_is_not_made_the_whole_mixture_where_nothing_else_is_heard() -> None:
    mix = np.ones((1, 1, 2), np.float32)
    answer = np.array([[[0.01, 0.9]]], np.complex64)
    np.testing.assert_allclose(_share(answer, mix, []), [[[0.01 * BOOST, 1.0]]], atol=1e-6)


def test_rivals_take_their_part_and_kin_does_not(network: AskedNetwork) -> None:
    chunk = sound(12_000)
    everything = [words[0] for words in (network.told.known or {}).values()]
    target, *others = everything
    alone = Rivalry({}, {}).answering(network, [target])(chunk)
    shared = rivalry(network).answering(network, [target])(chunk)
    family = rivalry(network, {target: others})
    of_kin = family.answering(network, [target])(chunk)
    assert np.sum(shared**2) < np.sum(alone**2)
    np.testing.assert_allclose(of_kin, alone, atol=1e-6)


def test_an_answer_does_not_depend_on_what_is_asked_beside_it(network: AskedNetwork) -> None:
    chunk = sound(12_000)
    first, second = [words[0] for words in (network.told.known or {}).values()][:2]
    (alone,) = rivalry(network).answering(network, [first])(chunk)
    both = rivalry(network).answering(network, [second, first])(chunk)
    np.testing.assert_allclose(both[1], alone, atol=1e-6)


@pytest.mark.parametrize("frames", [1, 90, 700, 5000])
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_any_length_and_silence(network: AskedNetwork, frames: int, channels: int) -> None:
    target = next(iter((network.told.known or {}).values()))[0]
    answer = rivalry(network).answering(network, [target])
    assert answer(sound(frames, channels)).shape == (1, channels, frames)
    assert not answer(np.zeros((channels, frames), np.float32)).any()


def test_the_loudest_stretches_are_asked() -> None:
    mix = np.full((1, 400, 3), 0.01, np.float32)
    for first in (50, 250):
        mix[:, first : first + STRETCH] = 1.0
    found = _loudest(mix)
    assert [round(a - b, -1) for a, b in zip(found, (50, 250), strict=True)] == [0, 0]
    assert all(first % 4 == 0 for first in found)
    assert _loudest(mix[:, : STRETCH - 1]) == []


def test_instruments_in_a_stereo_mixture_keep_their_places() -> None:
    path = packaged_weights()
    if path is None:
        pytest.skip("no weights in this installation")
    separator = EmbeddedSeparator(threads=1)
    seconds = np.arange(3 * 44100) / 44100
    bright = sum(np.sin(2 * np.pi * 440 * n * seconds) / n for n in range(1, 12))
    soft = np.sin(2 * np.pi * 131 * seconds)
    left = np.stack([bright, 0.2 * bright]) * 0.05
    mix = Audio((left + np.stack([0.2 * soft, soft]) * 0.2).astype(np.float32), 44100)
    found = separator.separate(mix, ["violin", "tuba"])
    for stem in found.values():
        assert stem.samples.shape == mix.samples.shape
        assert np.abs(stem.samples).max() <= 2 * np.abs(mix.samples).max()
    violin = np.square(found["violin"].samples).sum(axis=1)
    tuba = np.square(found["tuba"].samples).sum(axis=1)
    assert violin[0] > violin[1]
    assert tuba[1] > tuba[0]
