from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import median_filter

from sayso.audio import Audio, decibels
from sayso.errors import Cancelled, RangeError, UnknownTargetError
from sayso.measure.sdr import usdr
from sayso.separate.simple import MUSIC, SPEECH, SimpleSeparator, _median_of_five, _medians
from sayso.watch import Watch


def residue_db(stems, mix):
    return decibels(float(np.abs(sum(s.samples for s in stems.values()) - mix.samples).max()))


@pytest.mark.parametrize("family", [MUSIC, SPEECH])
@pytest.mark.parametrize(("channels", "rate"), [(1, 8_000), (2, 44_100), (3, 16_000), (2, 96_000)])
def test_stems_sum_to_the_mix(noise, family, channels, rate):
    mix = noise(2.5, channels=channels, rate=rate)
    stems = SimpleSeparator(segment_s=1.0).separate(mix, family)
    for stem in stems.values():
        assert (stem.channels, stem.frames, stem.sample_rate) == (channels, mix.frames, rate)
    assert residue_db(stems, mix) < -90


@pytest.mark.parametrize("frames", [1, 10, 441, 5000])
def test_the_shortest_mixes_work(noise, frames):
    mix = noise(1.0).slice(0, frames)
    assert residue_db(SimpleSeparator().separate(mix, MUSIC), mix) < -90


def test_silence_stays_silent():
    mix = Audio(np.zeros((2, 44_100), np.float32), 44_100)
    for stem in SimpleSeparator().separate(mix, (*MUSIC, *SPEECH)).values():
        assert not stem.samples.any()


def test_it_is_better_than_nothing(demo):
    mix = demo["mix"].slice(0, 10 * 44_100)
    stems = SimpleSeparator().separate(mix, ("vocals", "drums", "bass"))
    for name, stem in stems.items():
        reference = demo[name].samples[:, : mix.frames]
        gained = usdr(stem.samples, reference) - usdr(mix.samples, reference)
        assert gained > 3.0, name


def test_it_takes_steady_noise_off_a_voice(demo):
    voice = demo["vocals"].slice(0, 8 * 44_100)
    hiss = 0.02 * np.random.default_rng(5).standard_normal(voice.samples.shape)
    mix = Audio((voice.samples + hiss).astype(np.float32), 44_100)
    speech = SimpleSeparator().separate(mix, ("speech",))["speech"]
    gained = usdr(speech.samples, voice.samples) - usdr(mix.samples, voice.samples)
    assert gained > 5.0


def test_what_it_cannot_hear_it_says(noise):
    separator = SimpleSeparator()
    assert not separator.supports("trumpet")
    with pytest.raises(UnknownTargetError, match=r"trumpet.*vocals"):
        separator.separate(noise(0.1), ("vocals", "trumpet"))
    with pytest.raises(Cancelled):
        separator.separate(noise(0.1), MUSIC, watch=Watch(cancelled=lambda: True))
    with pytest.raises(RangeError, match="overlap"):
        SimpleSeparator(overlap=0.9)


def test_the_quick_medians_are_medians():
    grids = np.random.default_rng(1).standard_normal((5, 40, 60)).astype(np.float32)
    assert np.array_equal(_median_of_five(*grids), np.median(grids, axis=0))
    expected = median_filter(grids[0], (1, 9), mode="nearest")
    assert np.array_equal(_medians(grids[0], 9), expected)
    assert _medians(grids[0, :, :2], 9).shape == (40, 2)
