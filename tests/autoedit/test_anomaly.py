"""Tunes are kept, and noises are not: what is usual is told by active sound alone."""

from __future__ import annotations

import numpy as np
import pytest
from tests.align.material import RATE, tune

from sayso.audio import Audio
from sayso.autoedit.anomaly import LENGTHS, Known, cut_segments, usual
from sayso.autoedit.bars import find_bars
from sayso.autoedit.features import extract_features
from sayso.autoedit.operations import kept_share
from sayso.timeline import Clip, Timeline
from sayso.train.editor import EditorConfig, learn
from sayso.train.editor_lessons import Pair
from sayso.train.editor_weighing import area

CONFIG = EditorConfig(steps=1, autoencoder_steps=40, threads=1, trials=False)


def recording(seed, noise_db=0.0):
    """Tunes and noises in turns, with pauses, and the edit that keeps the tunes."""
    rng = np.random.default_rng(seed)
    pieces, clips, at = [], [], 0
    for number in range(6):
        if number % 2:
            sound = rng.standard_normal(5 * RATE) * np.hanning(5 * RATE)
            sound *= 0.08 * 10 ** (noise_db / 20)
        else:
            sound = tune("ab"[number // 2 % 2], seed + number)
            clips.append(Clip(start=at, stop=at + len(sound)))
        pieces += [sound, np.zeros(int(1.5 * RATE))]
        at += len(sound) + int(1.5 * RATE)
    whole = np.concatenate(pieces) + 3e-4 * rng.standard_normal(at)
    features = extract_features(Audio(whole.astype(np.float32)[None], RATE))
    return Pair(features, Timeline(sample_rate=RATE, clips=tuple(clips)))


@pytest.fixture(scope="module")
def editor():
    return learn([recording(0), recording(10)], config=CONFIG)


@pytest.mark.parametrize("noise_db", [-15.0, 0.0, 12.0])
def test_neither_level_nor_silence_is_usual(editor, noise_db):
    pair = recording(20, noise_db)
    bars = find_bars(pair.features)
    kept = kept_share(pair.timeline, bars, pair.features)
    known = Known(editor.errors, editor.latents)
    rebuilt, near = usual(pair.features, bars, editor.autoencoder, known, editor.rests)
    for values in (rebuilt, near):
        assert values.min() >= 0 and values.max() <= 1
        assert area(values[~bars.rest], kept[~bars.rest], bars.seconds[~bars.rest]) > 0.8
        # This person keeps hardly any pause.
        assert values[bars.rest].mean() < values[(kept > 0.5) & ~bars.rest].mean()


def test_segments_take_the_level_of_their_sound_alone():
    pair = recording(30)
    louder = pair.features.mel + 12.0
    bars = find_bars(pair.features)
    for length in LENGTHS:
        found = cut_segments(pair.features, bars, length)
        assert found.mel.shape == (len(found.starts), 64, length)
        assert (found.active.mean(axis=1) >= 0.5).all()
        moved = cut_segments(type(pair.features)(
            louder, pair.features.chroma, pair.features.frames, pair.features.sample_rate
        ), bars, length)  # fmt: skip
        assert np.array_equal(found.starts, moved.starts)
        assert np.abs(found.mel - moved.mel)[found.mel > -0.9].max() < 1e-3
        within = cut_segments(pair.features, bars, length, pair.timeline)
        assert 0 < len(within.starts) < len(found.starts)


def test_the_ensemble_leaves_out_what_is_worse_than_chance(editor):
    assert (editor.weighing[:-1] >= 0).all()
    assert editor.weighing[:-1].max() > 0
    seconds = np.ones(4)
    kept = np.array([0.0, 0.0, 1.0, 1.0])
    assert area(np.array([1.0, 2, 3, 4]), kept, seconds) == 1
    assert area(np.array([4.0, 3, 2, 1]), kept, seconds) == 0
    assert area(np.array([1.0, 1, 1, 1]), kept, seconds) == 0.5
    assert area(np.array([1.0, 3, 2, 4]), kept, np.array([3.0, 1, 1, 1])) == 7 / 8
    assert area(np.array([1.0, 2, 3, 4]), np.ones(4), seconds) == 0.5
