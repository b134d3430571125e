from __future__ import annotations

import numpy as np
import pytest
from tests.align.material import RATE, rehearsal

from sayso.audio import Audio
from sayso.autoedit.bars import find_bars
from sayso.autoedit.describing import NAMES, describe, measure
from sayso.autoedit.features import FRAME_HZ, extract_features
from sayso.errors import EmptyAudioError, SilenceError


@pytest.fixture(scope="module")
def features():
    audio, spans = rehearsal()
    return extract_features(audio), spans


def test_phrases_are_the_takes(features):
    features, spans = features
    bars = find_bars(features)
    starts = np.flatnonzero(np.diff(bars.phrase, prepend=-1))
    sounding = [bars.edges[at] / FRAME_HZ for at in starts if not bars.rest[at]]
    assert np.allclose(sounding, [a / RATE for a, _ in spans], atol=0.1)


def test_bars_cover_everything_once(features):
    bars = find_bars(features[0])
    assert bars.edges[0] == 0
    assert bars.edges[-1] == features[0].count
    assert (np.diff(bars.beats) > 0).all()
    assert (np.diff(bars.first) > 0).all()


def test_a_steady_beat_is_followed():
    rng = np.random.default_rng(0)
    samples = 2e-2 * rng.standard_normal(20 * RATE)
    for beat in np.arange(0.1, 19.5, 0.6):
        at = int(beat * RATE)
        samples[at : at + 1600] += 0.5 * rng.standard_normal(1600) * np.exp(-np.arange(1600) / 300)
    bars = find_bars(extract_features(Audio(samples.astype(np.float32)[None], RATE)))
    steps = np.diff(bars.beats[1:-1]) / FRAME_HZ
    assert np.median(steps) == pytest.approx(0.6, abs=0.04)


def test_the_same_tune_is_known_again(features):
    bars = find_bars(features[0])
    measured = measure(features[0], bars)
    playing = [n for n in np.unique(bars.phrase) if not bars.rest[bars.phrase == n][0]]
    alike = measured.alike[np.ix_(playing, playing)]
    assert min(alike[0, 1], alike[2, 3]) > 0.8
    assert alike[:2, 2:].max() < 0.55
    described = dict(zip(NAMES, describe(measured).T, strict=True))
    last = np.isin(bars.phrase, [playing[1], playing[3]])
    first = np.isin(bars.phrase, [playing[0], playing[2]])
    later = described["later phrases alike"]
    assert later[first].min() > later[last].max()


def test_missing_phrases_do_not_count_as_repeats(features):
    bars = find_bars(features[0])
    measured = measure(features[0], bars)
    playing = [n for n in np.unique(bars.phrase) if not bars.rest[bars.phrase == n][0]]
    kept = np.flatnonzero(bars.phrase != playing[1])
    column = NAMES.index("later phrases alike")
    described = describe(measured, kept)[:, column]
    assert described[bars.phrase[kept] == playing[0]].max() < 0.1


def test_what_cannot_be_heard_is_told():
    with pytest.raises(EmptyAudioError, match="shorter than the segments"):
        extract_features(Audio(np.ones((1, RATE), np.float32), RATE))
    with pytest.raises(SilenceError):
        extract_features(Audio(np.zeros((1, 10 * RATE), np.float32), RATE))
