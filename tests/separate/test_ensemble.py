from __future__ import annotations

import numpy as np
import pytest

from sayso.audio import Audio, istft, stft
from sayso.errors import Cancelled, RangeError, UnknownTargetError
from sayso.separate.ensemble import Ensemble, Fusion, fuse
from sayso.watch import SILENT, Watch

RATE = 16_000


class Filter:
    """Takes out a share of the mix: a separator whose answer is known."""

    stems = ("vocals",)
    version = "1"

    def __init__(self, name, share, targets=("vocals",)):
        self.name, self._share, self._targets, self.asked = name, share, targets, []

    def supports(self, target):
        return target in self._targets

    def separate(self, mix, targets, *, watch=SILENT):
        self.asked.append(tuple(targets))
        watch.report(1.0)
        scaled = Audio((self._share * mix.samples).astype(np.float32), mix.sample_rate)
        return dict.fromkeys(targets, scaled)


def noise(seconds=1.0, seed=1, channels=2):
    samples = np.random.default_rng(seed).standard_normal((channels, round(seconds * RATE)))
    return Audio((0.1 * samples).astype(np.float32), RATE)


def test_mean_of_waveforms_is_weighted():
    ensemble = Ensemble([Filter("a", 0.2), Filter("b", 0.8)], weights=[3, 1])
    mix = noise()
    stem = ensemble.separate(mix, ["vocals"])["vocals"]
    assert np.allclose(stem.samples, 0.35 * mix.samples, atol=1e-6)
    assert ensemble.name == "3*a+b"


@pytest.mark.parametrize(
    ("fusion", "share"),
    [
        (Fusion(kind="mask_max"), 0.8),
        (Fusion(kind="mask_max", exponent=2), 0.64 / 0.68),
        (Fusion(kind="mask_mean"), 0.5),
        (Fusion(kind="mask_power", power=2), ((0.2**2 + 0.8**2) / 2) ** 0.5),
        (Fusion(kind="mask_power", power=1), 0.5),
    ],
)
def test_masks_of_shares_fuse_to_a_share(fusion, share):
    mix = noise(channels=1)
    ensemble = Ensemble([Filter("a", 0.2), Filter("b", 0.8)], fusion=fusion)
    stem = ensemble.separate(mix, ["vocals"])["vocals"]
    assert np.abs(stem.samples - share * mix.samples).max() < 1e-5


@pytest.mark.parametrize("kind", ["mean", "mask_max", "mask_mean", "mask_power"])
def test_blocks_leave_no_mark(kind):
    """Longer than a block: the same as one transform over all."""
    mix, first, second = noise(17.3, 1, 1), noise(17.3, 2, 1), noise(17.3, 3, 1)
    stem = fuse(mix, [(first, 1), (second, 2)], Fusion(kind=kind)).samples
    if kind == "mean":
        assert np.allclose(stem, (first.samples + 2 * second.samples) / 3, atol=1e-6)
        return
    pad = ((0, 0), (4096, 4096))
    whole = [np.pad(audio.samples, pad) for audio in (mix, first, second)]
    spectra = [stft(samples, 4096, hop=1024) for samples in whole]
    masks = [
        np.abs(one) / np.maximum(np.abs(one) + np.abs(spectra[0] - one), 1e-12)
        for one in spectra[1:]
    ]
    mask = {
        "mask_max": np.maximum(*masks),
        "mask_mean": (masks[0] + 2 * masks[1]) / 3,
        "mask_power": ((masks[0] ** 2 + 2 * masks[1] ** 2) / 3) ** 0.5,
    }[kind]
    masked, length = (mask * spectra[0]).astype(np.complex64), whole[0].shape[1]
    expected = istft(masked, 4096, hop=1024, length=length)
    assert stem.shape == mix.samples.shape
    assert np.abs(stem - expected[:, 4096:-4096]).max() < 1e-5


def test_a_target_is_left_to_those_that_hear_it():
    deaf, keen = Filter("a", 0.2), Filter("b", 0.8, ("vocals", "dog"))
    ensemble = Ensemble([deaf, keen])
    mix = noise()
    stems = ensemble.separate(mix, ["dog", "vocals"])
    assert np.allclose(stems["dog"].samples, 0.8 * mix.samples, atol=1e-6)
    assert np.allclose(stems["vocals"].samples, 0.5 * mix.samples, atol=1e-6)
    assert deaf.asked == [("vocals",)]
    assert list(stems) == ["dog", "vocals"]
    with pytest.raises(UnknownTargetError, match=r"none of a\+b can hear tuba"):
        ensemble.separate(mix, ["tuba"])
    idle = Ensemble([deaf, keen], weights=[1, 0])
    with pytest.raises(UnknownTargetError, match="only members of weight 0 can hear dog"):
        idle.separate(mix, ["dog"])


def test_weights_must_fit():
    with pytest.raises(RangeError, match="1 weights for 2"):
        Ensemble([Filter("a", 1), Filter("b", 1)], weights=[1])
    for wrong in (-1, float("nan"), float("inf")):
        with pytest.raises(RangeError, match="finite and none below 0"):
            Ensemble([Filter("a", 1), Filter("b", 1)], weights=[1, wrong])
    with pytest.raises(RangeError, match="all weights"):
        Ensemble([Filter("a", 1)], weights=[0])


def test_progress_and_cancellation():
    seen = []
    ensemble = Ensemble([Filter("a", 1), Filter("b", 1)])
    ensemble.separate(noise(), ["vocals"], watch=Watch(seen.append))
    assert seen == [0.5, 1.0]
    with pytest.raises(Cancelled):
        ensemble.separate(noise(), ["vocals"], watch=Watch(cancelled=lambda: True))


def test_silence_stays_silent():
    silence = Audio(np.zeros((1, RATE), np.float32), RATE)
    ensemble = Ensemble([Filter("a", 1), Filter("b", 1)], fusion=Fusion(kind="mask_power"))
    assert not ensemble.separate(silence, ["vocals"])["vocals"].samples.any()
