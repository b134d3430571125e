from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from tests.align.material import RATE, rehearsal

from sayso.audio import Audio
from sayso.autoedit.apply import with_room_tone
from sayso.autoedit.choose import Scores, choose, choose_length, snap
from sayso.autoedit.features import extract_features
from sayso.autoedit.scoring import score
from sayso.errors import FormatError, ModelError, RangeError


@pytest.fixture(scope="module")
def material():
    audio, spans = rehearsal()
    features = extract_features(audio)
    return audio, spans, features, score(features, "level")


def test_the_slider_keeps_less_the_higher_it_is(material):
    audio, _, _, scores = material
    curve = scores.curve()
    assert [ratio for _, ratio in curve] == sorted((r for _, r in curve), reverse=True)
    assert curve[0][1] == pytest.approx(1.0)
    for threshold, ratio in curve:
        assert scores.ratio_at(threshold) == pytest.approx(ratio)
    kept = [choose(scores, audio, threshold).frames for threshold, _ in curve]
    assert kept[0] > kept[-1]


def test_level_keeps_the_takes_whole(material):
    audio, spans, _, scores = material
    timeline = choose(scores, audio, scores.threshold_for(0.8))
    assert len(timeline.clips) == len(spans)
    for clip, (start, stop) in zip(timeline.clips, spans, strict=True):
        assert clip.start <= start + 0.03 * RATE
        assert clip.stop >= stop - 0.45 * RATE  # the last note has died away by then


@pytest.mark.parametrize("wish_s", [3.0, 7.5, 12.0, 20.0, 26.0])
@pytest.mark.parametrize("seed", range(4))
def test_a_wished_length_is_met(material, wish_s, seed):
    audio, _, _, scores = material
    values = np.random.default_rng(seed).random(len(scores.values)).astype(np.float32)
    scores = replace(scores, values=values)
    timeline = choose_length(scores, audio, wish_s)
    longest_s = np.diff(scores.edges).max() / RATE
    assert abs(timeline.duration_s - wish_s) <= max(longest_s, 0.05 * wish_s)


def test_what_is_heard_again_follows_itself(material):
    audio, spans, _, scores = material
    second = (scores.edges[:-1] >= spans[1][0]) & (scores.edges[1:] <= spans[1][1])
    thrice = scores.repeated(second, 3)
    once, again = (choose(x, audio, scores.threshold_for(0.8)) for x in (scores, thrice))
    loop_s = float(np.diff(scores.edges)[second].sum()) / RATE
    assert again.duration_s == pytest.approx(once.duration_s + 2 * loop_s, abs=0.7)
    jumps = [b.start - a.stop for a, b in zip(again.clips, again.clips[1:], strict=False)]
    assert sum(jump < 0 for jump in jumps) == 2
    assert np.array_equal(Scores.loads(thrice.dumps()).times, thrice.times)
    assert thrice.repeated(second, 1) is thrice
    for times in ([0] * len(second), [1] * (len(second) - 1), [1.5] * 9, "twice"):
        text = json.dumps(json.loads(scores.dumps()) | {"times": times})
        with pytest.raises(FormatError):
            Scores.loads(text)


def test_edits_by_chance_come_back_with_their_seed(material):
    scores = material[3]
    drawn = [scores.varied(1.0, seed).values for seed in range(4)]
    assert np.array_equal(drawn[1], scores.varied(1.0, 1).values)
    assert len({values.tobytes() for values in drawn}) == 4
    assert all((values > 0).all() and (values < 1).all() for values in drawn)
    assert scores.varied(0.0, 1) is scores
    near = scores.varied(0.01, 1).values
    assert np.abs(near - scores.values).max() < 0.05


def test_scores_come_back_from_json(material):
    scores = material[3]
    back = Scores.loads(scores.dumps())
    assert np.array_equal(back.edges, scores.edges)
    assert np.allclose(back.values, scores.values, atol=1e-4)


@pytest.mark.parametrize("text", ["{", "[]", '{"edges": [0, 1]}', '{"scorer": "level"}'])
def test_damaged_scores_are_told(text):
    with pytest.raises(FormatError, match="not the scores"):
        Scores.loads(text)


def test_cuts_lie_at_zero_crossings_of_quiet_places():
    time = np.arange(2 * RATE) / RATE
    sound = np.sin(2 * np.pi * 200 * time) * np.where(np.abs(time - 1.05) < 0.02, 0.01, 0.5)
    audio = Audio(sound.astype(np.float32)[None], RATE)
    at = snap(audio, RATE, in_pause=True)
    assert abs(at / RATE - 1.05) < 0.03
    assert np.abs(audio.samples[0, at - 1 : at + 1]).min() < 0.02
    assert abs(snap(audio, RATE, in_pause=False) - RATE) <= 0.04 * RATE


def test_room_tone_fills_every_join(material):
    audio, _, features, scores = material
    timeline = choose(scores, audio, scores.threshold_for(0.8))
    filled = with_room_tone(timeline, audio, features, 2.5)
    joins = len(timeline.clips) - 1
    assert filled.frames == timeline.frames + joins * round(2.5 * RATE)
    loud = max(np.abs(audio.block(c.start, c.stop)).max() for c in filled.clips[1:2])
    assert loud < 0.01


def test_what_cannot_be_chosen_is_told(material):
    audio, _, features, scores = material
    with pytest.raises(RangeError, match="share to keep"):
        scores.threshold_for(0)
    with pytest.raises(RangeError, match="expected one of"):
        score(features, "taste")
    with pytest.raises(ModelError, match="needs an editor"):
        score(features, "latent")
    with pytest.raises(RangeError):
        choose(scores, audio, 0.5, shortest_s=-1)
