from __future__ import annotations

import numpy as np
import pytest

from sayso.audio import Audio
from sayso.measure.edits import boundary_f, compare_edits, cut_quality, kept_iou
from sayso.timeline import Clip, Timeline

RATE = 8000


def timeline(*spans):
    clips = tuple(Clip(start=int(a * RATE), stop=int(b * RATE)) for a, b in spans)
    return Timeline(sample_rate=RATE, clips=clips)


def test_the_same_is_perfect():
    edit = timeline((1, 4), (6, 7), (1, 4))
    metrics = compare_edits(edit, edit, 10 * RATE)
    assert (metrics.iou, metrics.boundary_f, metrics.duration_error_s) == (1.0, 1.0, 0.0)
    assert metrics.keep_ratio == pytest.approx(0.7)


def test_iou_counts_what_is_heard_twice_twice():
    assert kept_iou(timeline((0, 2)), timeline((1, 3))) == pytest.approx(1 / 3)
    assert kept_iou(timeline((0, 2)), timeline((0, 2), (0, 2))) == pytest.approx(1 / 2)
    assert kept_iou(timeline((0, 1)), timeline((5, 6))) == 0


def test_the_order_in_which_it_is_heard_counts():
    edit = timeline((0, 2), (3, 5), (6, 8), (9, 11))
    reversed_ = timeline((9, 11), (6, 8), (3, 5), (0, 2))
    assert kept_iou(reversed_, edit) == pytest.approx(2 / 14)
    assert boundary_f(reversed_, edit) == pytest.approx(2 / 8)
    moved = timeline((3, 5), (6, 8), (9, 11), (0, 2))
    assert kept_iou(moved, edit) == pytest.approx(6 / 10)


def test_a_clip_in_two_halves_is_the_same_sound():
    assert kept_iou(timeline((1, 3), (3, 6)), timeline((1, 6))) == 1
    assert kept_iou(timeline((0, 4), (2, 4)), timeline((0, 4), (2, 4))) == 1


def test_boundaries_match_one_to_one_within_half_a_second():
    assert boundary_f(timeline((1.4, 4)), timeline((1, 4))) == 1
    assert boundary_f(timeline((1.6, 4)), timeline((1, 4))) == 0.5
    crowded = timeline((0.9, 1.1), (1.2, 4))
    assert boundary_f(crowded, timeline((1, 4))) == pytest.approx(2 * 2 / 6)


def test_joins_within_one_sound_are_not_heard():
    noise = 0.1 * np.random.default_rng(0).standard_normal(5 * RATE)
    dull = np.convolve(noise, np.ones(16) / 16, "same")
    audio = Audio(np.concatenate([dull, noise]).astype(np.float32)[None], RATE)
    assert cut_quality(audio, timeline((0, 2), (3, 4))) < 1.2
    assert cut_quality(audio, timeline((0, 2), (6, 8))) > 1.5
    assert cut_quality(audio, timeline((0, 2))) is None
