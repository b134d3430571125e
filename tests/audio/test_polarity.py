from __future__ import annotations

import numpy as np
import pytest

from sayso.align.mono import mono
from sayso.audio import Audio, polarities, turned, upright
from sayso.clean import load_config
from sayso.clean.pipeline import prepare
from sayso.separate import load


def with_signs(audio, *signs):
    return Audio(audio.samples * np.array(signs, np.float32)[:, None], audio.sample_rate)


@pytest.mark.parametrize("signs", [(1, 1, 1), (1, -1, 1), (1, 1, -1), (1, -1, -1)])
def test_channels_that_run_against_the_others_are_found(tone, noise, signs):
    spread = noise(1.0, channels=3, level=0.2).samples + tone(1.0, channels=3, level=0.5).samples
    audio = with_signs(Audio(spread, 44_100), *signs)
    assert polarities(audio)[:, 0].tolist() == list(signs)
    assert np.array_equal(upright(audio).samples, spread)
    assert np.array_equal(turned(upright(audio), polarities(audio)).samples, audio.samples)


def test_channels_in_agreement_are_left_as_they_are(tone):
    audio = tone(1.0, channels=2)
    assert upright(audio) is audio
    assert upright(tone(1.0, channels=1)).channels == 1


def test_one_wild_sample_does_not_turn_a_channel(tone):
    samples = tone(20.0, channels=2).samples.copy()
    samples[:, 3000] = (500.0, -500.0)
    assert polarities(Audio(samples, 44_100)).min() == 1


@pytest.mark.parametrize("model", ["simple", None])
def test_a_turned_channel_changes_nothing_but_its_sign_in_the_stems(demo, model):
    mix = demo["mix"].slice(200_000, 300_000)
    separator = load(model)
    (expected,) = separator.separate(mix, ("vocals",)).values()
    (found,) = separator.separate(with_signs(mix, 1, -1), ("vocals",)).values()
    assert np.array_equal(found.samples, with_signs(expected, 1, -1).samples)
    assert np.abs(expected.samples).max() > 0.01


def test_what_is_mixed_to_one_channel_does_not_cancel(tone):
    audio = tone(1.0, channels=2)
    against = with_signs(audio, 1, -1)
    assert np.array_equal(mono(against, 44_100), mono(audio, 44_100))
    settings = load_config("embedded", ["preprocess.channels=mono"]).preprocess
    assert np.array_equal(prepare(against, settings).samples, prepare(audio, settings).samples)
