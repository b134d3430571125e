"""Stems of a song: they sum to it, say who made them, and tell of sounds that are not there."""

from __future__ import annotations

import numpy as np
import pytest

from sayso.audio import Audio
from sayso.checkpoints import WeightStore
from sayso.demo import demo_song
from sayso.desk import Desk, Extract, apply
from sayso.rendering import render
from sayso.separate import Models


@pytest.fixture
def models(tmp_path):
    return Models("embedded", weight_store=WeightStore(tmp_path))


@pytest.fixture(scope="module")
def music():
    stems = list(demo_song().values())
    rate = stems[0].sample_rate
    return Audio(sum(stem.samples[:, : 5 * rate] for stem in stems), rate)


def test_four_stems_sum_to_the_song_and_name_their_makers(models, music):
    four = ("vocals", "drums", "bass", "other")
    result = render(music, apply(Desk(), Extract(targets=four)), models=models)
    total = sum(result.tracks[name].audio.samples for name in four)
    assert np.abs(total - music.samples).max() < 10 ** (-90 / 20)
    assert result.makers == dict.fromkeys(four[:3], "embedded") | {"other": "the rest"}


def test_a_sound_that_is_not_there_is_told_of(models, music):
    desk = apply(Desk(), Extract(targets=("drums", "dog barking")))
    result = render(music, desk, models=models)
    assert not [note for note in result.tracks["drums"].notes if "not heard" in note]
    (note,) = [n for n in result.tracks["dog barking"].notes if "not heard" in n]
    assert note.startswith("dog barking is not heard in this recording")
