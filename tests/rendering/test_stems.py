"""Stems of a song: they sum to it, say who made them, and tell of sounds that are not there."""

from __future__ import annotations

import numpy as np
import pytest

from sayso.audio import Audio
from sayso.checkpoints import WeightStore
from sayso.demo import demo_song
from sayso.desk import Arrange, Desk, Extract, Span, Strip, apply
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


def test_the_rest_is_what_no_strip_of_the_desk_holds(music):
    simple = Models("simple")
    whole = render(music, Desk(), models=simple)["mix"].samples
    drums = render(music, Desk(deliver=("drums",)), models=simple)["drums"].samples
    placed = {"drums": Strip()}

    def heard(deliver: str = "mix", **strips: Strip):
        desk = Desk(strips=placed | strips, deliver=(deliver,), limiter=False)
        return render(music, desk, models=simple)[deliver].samples

    assert np.abs(heard("rest") - (whole - drums)).max() < 1e-6
    assert np.abs(heard(rest=Strip(mute=True)) - drums).max() < 1e-6
    assert np.abs(heard(rest=Strip(solo=True)) - (whole - drums)).max() < 1e-6
    assert np.abs(heard(rest=Strip(mute=True), drums=Strip(mute=True))).max() < 1e-6
    half = heard(rest=Strip(gain_db=-6.0))
    assert np.abs(half - (drums + 10 ** (-6 / 20) * (whole - drums))).max() < 1e-6
    # A strip at rest, as a fader leaves it that went up and down again, is not even separated.
    assert np.array_equal(heard(), whole)
    # It is made of what is on the desk alone: nothing but the mix, and no sound is separated.
    assert Desk(strips={"rest": Strip(mute=True)}).targets() == ()
    assert Desk(strips={"drums": Strip(), "rest": Strip(mute=True)}).targets() == ("drums",)
    faster = Desk(
        strips=placed | {"rest": Strip(mute=True)},
        edits=(Arrange(spans=(Span(start_s=0, end_s=2, speed=2),)),),
        limiter=False,
    )
    quiet = render(music, faster, models=simple)["mix"].samples
    alone = render(music, faster.model_copy(update={"deliver": ("drums",)}), models=simple)
    wrong = quiet - alone["drums"].samples  # a change of tempo is no linear thing
    assert np.mean(wrong**2) < 1e-2 * np.mean(quiet**2)
