from __future__ import annotations

import numpy as np
import pytest
import yaml

from sayso.errors import DataError
from sayso.train.data.vocabulary import Vocabulary, load_vocabulary

words = load_vocabulary()


def test_every_concept_is_reached_by_several_words():
    assert all(len(concept.words) >= 3 for concept in words.concepts.values())
    assert len([n for n in words.concepts if "sound" in words.ancestors(n)]) >= 60


def test_wordings_kept_for_the_test_are_never_drawn():
    rng = np.random.default_rng(0)
    kept = {name: set(words.words(name, held_out=True)) for name in words.concepts}
    share = sum(map(len, kept.values())) / sum(len(c.words) for c in words.concepts.values())
    assert 0.05 < share < 0.15
    for name in ("vocals", "speech", "dog", "guitar"):
        assert words.concepts[name].words[0] not in kept[name]
        drawn = {words.wording(name, rng) for _ in range(300)}
        trained = set(words.words(name, held_out=False))
        unseen = {frame.format(word) for word in kept[name] for frame in ("{}", "the {}")}
        assert not (unseen - trained) & drawn


def test_a_wide_label_leaves_its_narrower_ones_open():
    label = words.label("drums")
    assert {"drums", "instrumental", "music"} <= label.true
    assert {"kick", "snare", "hi-hat"} <= label.unknown
    assert "vocals" not in label.unknown | label.true


def test_voice_is_both_speech_and_singing():
    assert "voice" in words.label("speech").true & words.label("vocals").true
    assert "speech" not in words.label("vocals").true | words.label("vocals").unknown


def test_what_a_stem_surely_lacks_can_be_asked_of_it():
    label = words.classify("songs", "bass+other pad-bass")
    assert label is not None
    assert "drums" not in label.unknown and "kick" not in label.unknown
    assert {"bass", "other", "synth"} <= label.unknown


@pytest.mark.parametrize(
    ("pool", "text", "concept"),
    [
        ("songs", "drums off-kick", "kick"),
        ("songs", "other horns", "brass"),
        ("sounds", "dog bark", "dog"),
        ("sounds", "plmove walk t gravel", "footsteps"),
        ("sounds", "train whistle", "train whistle"),
        ("samples", "train passing", "train"),
        ("samples", "glass break", "glass breaking"),
        ("notes", "drum kit hc_vl1_rr1 snare_mic", "hi-hat"),
        ("speech", "whisper", "whisper"),
        ("renders", "=piano", "piano"),
    ],
)
def test_pool_labels_become_concepts(pool: str, text: str, concept: str):
    label = words.classify(pool, text)
    assert label is not None and label.concept == concept


def test_ambiguous_stems_and_test_tones_are_left_out():
    assert words.classify("songs", "ambiguous break") is None
    assert words.classify("samples", "sine 440") is None
    assert words.classify("no such pool", "piano") is None


def test_general_midi_programs():
    assert words.program(-1) == "drums"
    assert words.program(33) == "bass guitar"
    assert words.program(52) is None  # a choir: neither a singer nor an instrument


def test_a_dangling_name_is_said():
    data = yaml.safe_load("concepts: {a: {in: [b], words: [a]}}\nlabels: {}\nprograms: {}")
    with pytest.raises(DataError, match="b"):
        Vocabulary(data)
    with pytest.raises(DataError, match="no such"):
        words.label("no such")
