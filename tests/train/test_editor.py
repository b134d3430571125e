from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.align.material import RATE, rehearsal

from sayso.autoedit.apply import point_out
from sayso.autoedit.bars import find_bars
from sayso.autoedit.decoding import Chance, Limits, point
from sayso.autoedit.describing import with_odds
from sayso.autoedit.editor import POINTER, SCORERS, Editor
from sayso.autoedit.features import FRAME_HZ, extract_features
from sayso.autoedit.operations import clips_of, position, stretches
from sayso.autoedit.scoring import score
from sayso.errors import DataError, ModelError
from sayso.measure.edits import EditScores, kept_iou
from sayso.timeline import Clip, Timeline
from sayso.train.editor import EditorConfig, learn
from sayso.train.editor_files import Example, Outcome, judge, leave_one_out, means
from sayso.train.editor_lessons import Lessons, Pair, lesson_of
from sayso.watch import Watch

QUICK = EditorConfig(steps=3, autoencoder_steps=4, threads=1, trials=False)


def keeps_last(seed):
    """A rehearsal, and the edit of somebody who keeps the last take of each tune."""
    audio, spans = rehearsal(seed)
    clips = tuple(Clip(start=a - 1600, stop=b) for a, b in (spans[1], spans[3]))
    return audio, Pair(extract_features(audio), Timeline(sample_rate=RATE, clips=clips))


@pytest.fixture(scope="module")
def taught():
    """Three rehearsals, and an editor that has learnt for a few seconds from the first two."""
    material = [keeps_last(seed) for seed in range(3)]
    config = EditorConfig(steps=90, autoencoder_steps=20, threads=1, trials=False)
    return material, learn([pair for _, pair in material[:2]], config=config)


def test_a_habit_is_learnt(taught):
    material, editor = taught
    audio, pair = material[2]
    timeline = point_out(audio, pair.features, editor)
    assert kept_iou(timeline, pair.timeline) > 0.8


@pytest.mark.parametrize("wish_s", [8.0, 13.0, 21.0])
def test_a_wished_length_is_met_to_a_bar(taught, wish_s):
    material, editor = taught
    audio, pair = material[2]
    timeline = point_out(audio, pair.features, editor, wish_s=wish_s)
    longest_s = float(find_bars(pair.features).seconds.max())
    assert abs(timeline.duration_s - wish_s) <= max(longest_s, 0.05 * wish_s)


def test_an_editor_comes_back_from_its_file(taught, tmp_path):
    material, editor = taught
    back = Editor.open(editor.save(tmp_path / "me.editor"))
    heard = material[2][1].features
    for scorer in SCORERS:
        values = score(heard, scorer, editor).values
        assert values.min() >= 0
        assert values.max() <= 1
        assert np.allclose(score(heard, scorer, back).values, values, atol=1e-6)


def test_what_did_best_on_the_pairs_is_the_default():
    pairs = [keeps_last(seed)[1] for seed in range(3)]
    told = []
    # A pointer that has hardly learnt loses against what scores bars.
    config = EditorConfig(steps=1, autoencoder_steps=4, threads=1)
    editor = learn(pairs, config=config, watch=Watch(told.append))
    assert editor.by in ("discriminator", "ensemble")
    assert told == sorted(told)
    assert 0.9 < told[-1] <= 1


def test_habits_are_kept(taught, tmp_path):
    material, editor = taught
    audio, pair = material[2]
    assert editor.by == POINTER
    assert editor.repeats == 1
    assert editor.keep_ratio == pytest.approx(pair.timeline.frames / audio.frames, abs=0.05)
    assert editor.repeated == pytest.approx(1, abs=0.1)
    twice = Timeline(sample_rate=RATE, clips=pair.timeline.clips * 2)
    loops = learn([Pair(pair.features, twice)], config=QUICK)
    assert (loops.repeats, loops.times) == (2, 2)
    assert editor.times == 1
    back = Editor.open(loops.save(tmp_path / "loops.editor"))
    assert (back.repeats, back.usual_s, back.by) == (2, loops.usual_s, loops.by)
    assert loops.wish_s(audio.duration_s) == pytest.approx(twice.duration_s, rel=0.05)


def test_scorers_loop_where_the_person_does():
    pairs = []
    for seed in range(3):
        audio, spans = rehearsal(seed)
        clips = tuple(Clip(start=spans[at][0], stop=spans[at][1]) for at in (1, 1, 3, 3))
        pairs.append(
            (audio, Pair(extract_features(audio), Timeline(sample_rate=RATE, clips=clips)))
        )
    editor = learn([pair for _, pair in pairs[:2]], config=QUICK)
    audio, pair = pairs[2]
    for by in ("discriminator", "ensemble"):
        edit = judge(editor, Example("third", audio, pair), by)
        assert edit.scores.iou > 0.8


def test_edits_are_drawn_by_a_seed(taught):
    material, editor = taught
    audio, pair = material[2]
    drawn = [point_out(audio, pair.features, editor, chance=Chance(4.0, seed)) for seed in range(6)]
    assert point_out(audio, pair.features, editor, chance=Chance(4.0, 3)) == drawn[3]
    assert len({edit.model_dump_json() for edit in drawn}) > 2
    likeliest = point_out(audio, pair.features, editor)
    assert point_out(audio, pair.features, editor, chance=Chance(0.01, 1)) == likeliest


def test_files_that_are_no_editors_are_told(tmp_path):
    with pytest.raises(ModelError, match="no such editor"):
        Editor.open(tmp_path / "none.editor")
    path = tmp_path / "bad.editor"
    path.write_bytes(b"not an editor")
    with pytest.raises(ModelError, match="damaged"):
        Editor.open(path)


@settings(max_examples=8)
@given(
    wish=st.one_of(st.none(), st.floats(4, 60)),
    shortest=st.floats(0.5, 6),
    repeats=st.integers(1, 3),
    seed=st.integers(0, 5),
)
def test_decoding_keeps_its_limits(taught, wish, shortest, repeats, seed):
    (_, pair), editor = taught[0][2], taught[1]
    lesson = lesson_of(pair)
    torch.manual_seed(seed)
    # Untrained, so that it would do anything.
    net = type(editor.pointer)(editor.pointer.config)
    limits = Limits(shortest_s=shortest, repeats=repeats, wish_s=wish)
    bars = lesson.bars
    described = with_odds(lesson.described, editor.judges)
    found = point(net, described, bars, lesson.around, editor.style, limits)
    assert found
    heard = np.zeros(bars.count)
    for stretch in found:
        run = np.arange(stretch.enter.bar, stretch.leave.bar + 1)
        np.add.at(heard, run, 1)
        if stretch is not found[-1] and stretch.leave.bar + 1 < bars.count:
            full = heard[stretch.leave.bar + 1] >= repeats
            assert bars.seconds[run].sum() >= shortest or full
    assert heard.max() <= repeats
    if wish is not None:
        lasting = sum(position(b, bars) - position(a, bars) for a, b in found) / FRAME_HZ
        assert lasting <= wish + bars.seconds.max()


def test_edits_survive_as_operations():
    for seed in range(2):
        _, pair = keeps_last(seed)
        bars = find_bars(pair.features)
        clips = clips_of(stretches(pair.timeline, bars, pair.features), bars, pair.features)
        again = Timeline(sample_rate=RATE, clips=clips)
        assert kept_iou(again, pair.timeline) > 0.97


def test_lessons_vary_and_stay_true():
    lessons = Lessons([keeps_last(seed)[1] for seed in range(2)], seed=1)
    for _ in range(10):
        lesson, style = lessons.draw()
        assert len(lesson.described) == lesson.bars.count == len(lesson.share)
        assert np.isfinite(lesson.described).all()
        assert style.shape[1] == lesson.described.shape[1]
        assert lesson.found
        assert all(0 <= s.enter.bar <= s.leave.bar < lesson.bars.count for s in lesson.found)


def test_fine_tuning_starts_from_what_was_learnt(taught):
    material, editor = taught
    config = EditorConfig(steps=1, autoencoder_steps=1, threads=1, learning_rate=1e-9, trials=False)
    tuned = learn([material[2][1]], config=config, start=editor)
    before, after = (net.pointer.state_dict() for net in (editor, tuned))
    assert all(torch.allclose(before[key], after[key], atol=1e-5) for key in before)


def test_leaving_one_out_gives_every_figure():
    examples = [Example(str(n), *keeps_last(n)) for n in range(2)]
    methods = ("pointer", "discriminator", "level")
    table = means(leave_one_out(examples, methods=methods, config=QUICK))
    assert set(table) == {*methods, "silence", "chance"}
    assert table["chance"]["iou"] < 1
    assert all(0 <= row["iou"] <= 1 and 0 <= row["boundary_f"] <= 1 for row in table.values())


def test_means_leave_out_recordings_without_joins():
    scores = EditScores(iou=0.5, boundary_f=1.0, keep_ratio=0.4, duration_error_s=-2.0)
    edit = Timeline(sample_rate=RATE, clips=(Clip(start=0, stop=RATE),))
    outcomes = [Outcome("level", "a", scores, 1.5, edit), Outcome("level", "b", scores, None, edit)]
    assert means(outcomes)["level"]["cut_quality"] == 1.5
    assert means(outcomes[1:])["level"]["cut_quality"] is None


def test_nothing_to_learn_from_is_told():
    with pytest.raises(DataError, match="no pairs"):
        learn([])
    with pytest.raises(DataError, match="at least two"):
        leave_one_out([])
