from __future__ import annotations

import numpy as np
import pytest

from sayso.train.data import augment
from sayso.train.data.augment import AugmentConfig

RATE = 44_100


def noise(channels: int = 2, frames: int = RATE) -> np.ndarray:
    rng = np.random.default_rng(1)
    return (0.1 * rng.standard_normal((channels, frames))).astype(np.float32)


def test_low_pass_keeps_what_is_below_and_nothing_above():
    before = np.abs(np.fft.rfft(noise(1)[0]))
    after = np.abs(np.fft.rfft(augment.low_passed(noise(1), 8000.0)[0]))
    assert after[8050:].max() < 5e-3 * before.max()
    assert np.allclose(after[:7400], before[:7400], rtol=0.05, atol=1.0)


@pytest.mark.parametrize("ratio", [0.8, 1.0, 1.25])
def test_faster_is_shorter_and_higher(ratio: float):
    t = np.arange(RATE) / RATE
    tone = np.sin(2 * np.pi * 1000 * t).astype(np.float32)[None]
    out = augment.resampled(tone, ratio)
    assert abs(out.shape[1] - RATE / ratio) < 5
    peak = np.argmax(np.abs(np.fft.rfft(out[0]))) * RATE / out.shape[1]
    assert abs(peak - 1000 * ratio) < 3


def test_rooms_differ_have_unit_energy_and_a_decay():
    for number in (0, 1, 7):
        response = augment.room(number)
        energy = np.square(response).sum(axis=0)
        assert energy.sum() == pytest.approx(2.0, rel=1e-3)
        half = len(energy) // 2
        assert energy[:half].sum() > 5 * energy[half:].sum()
    assert augment.room(0).shape != augment.room(1).shape


def test_a_dry_source_stays_and_a_wet_one_rings_on():
    click = np.zeros((1, RATE), np.float32)
    click[0, 1000] = 1.0
    wet = augment.in_room(click, 3, wet=0.5)
    assert wet.shape == (2, RATE)
    assert np.abs(wet[:, :990]).max() < 1e-3
    assert np.square(wet[:, 3000:]).sum() > 1e-4


def test_levels_are_those_asked_for():
    assert 20 * np.log10(np.std(augment.to_level(noise(), -30.0))) == pytest.approx(-30, abs=0.2)
    assert not augment.to_level(np.zeros((1, RATE), np.float32), -30.0).any()


def test_every_variation_keeps_length_and_stays_finite():
    always = AugmentConfig(speed=1, equaliser=1, room=1, doubling=1, band_limit=1)
    for seed in range(12):
        rng = np.random.default_rng(seed)
        out = augment.varied(noise(1 + seed % 2), rng, always, sung=True, spread=0.5)
        assert out.shape == (2, RATE) and out.dtype == np.float32
        assert np.isfinite(out).all()


def test_equalisers_stay_within_their_range():
    for seed in range(30):
        rng = np.random.default_rng(seed)
        gain = np.std(augment.equalised(noise(1), rng)) / np.std(noise(1))
        assert 10 ** (-10 / 20) < gain < 10 ** (10 / 20)


def test_made_up_noise_is_full_scale_and_never_the_same():
    rng = np.random.default_rng(0)
    one, two = (augment.coloured_noise(RATE, rng) for _ in range(2))
    assert one.shape == (1, RATE)
    assert np.abs(one).max() == pytest.approx(1.0, abs=1e-3)
    assert abs(np.corrcoef(one[0], two[0])[0, 1]) < 0.1
