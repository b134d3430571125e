from __future__ import annotations

import numpy as np
import pytest
from tests.align.material import RATE, rehearsal

from sayso.audio import Audio, write
from sayso.autoedit.content import ContentAnalyser
from sayso.desk import Cut, Desk, Edit, KeepBest, Like, LoopChorus
from sayso.desk.resolving import resolve
from sayso.errors import RangeError, RequestError
from sayso.studio import like, settled
from sayso.timeline import find_silences


def edited(audio, *steps):
    return resolve(
        steps,
        frames=audio.frames,
        sample_rate=audio.sample_rate,
        silences=lambda: find_silences(audio),
        listener=ContentAnalyser(audio),
    ).timeline


def test_one_take_of_each_tune_stays():
    audio, spans = rehearsal()
    clips = edited(audio, KeepBest()).clips
    assert len(clips) == 2
    middles = [(clip.start + clip.stop) / 2 for clip in clips]
    inside = [next(n for n, (a, b) in enumerate(spans) if a < m < b) for m in middles]
    assert inside[0] in (0, 1)
    assert inside[1] in (2, 3)


def test_nothing_repeated_has_no_best_take():
    audio, _ = rehearsal(takes=("a",))
    with pytest.raises(RequestError, match="no takes"):
        edited(audio, KeepBest())


def test_what_comes_again_is_looped():
    audio, _ = rehearsal(takes=("a", "b", "a"))
    timeline = edited(audio, LoopChorus(times=3))
    start, stop = ContentAnalyser(audio).chorus()
    assert timeline.frames == audio.frames + 2 * (stop - start)
    features = [(clip.start, clip.stop) for clip in timeline.clips]
    assert features.count((start, stop)) >= 1


def test_a_chorus_that_was_cut_out_cannot_be_looped():
    audio, _ = rehearsal(takes=("a", "b", "a"))
    _, stop = ContentAnalyser(audio).chorus()
    with pytest.raises(RangeError, match="cut out"):
        edited(audio, Cut(end_s=stop / RATE), LoopChorus())


def test_like_an_example_keeps_what_sounds_like_it(tmp_path):
    audio, spans = rehearsal(takes=("a", "a"))
    noise = 0.1 * np.random.default_rng(0).standard_normal(6 * RATE)
    talk = Audio(np.concatenate([audio.samples[0], noise.astype(np.float32)])[None], RATE)
    example = rehearsal(1, takes=("a", "a"))[0]
    path = write(tmp_path / "example.wav", example)
    clips = edited(talk, like(talk, str(path))).clips
    assert all(clip.start < audio.frames for clip in clips)
    kept = sum(max(0, min(c.stop, b) - max(c.start, a)) for c in clips for a, b in spans)
    assert kept > 0.7 * sum(b - a for a, b in spans)


def test_like_an_example_comes_first(tmp_path):
    audio, _ = rehearsal()
    steps = (Cut(end_s=3.0), Like(example=str(tmp_path / "none.wav")))
    with pytest.raises(RequestError, match="before"):
        settled([Edit(steps=steps)], Desk(), audio)
