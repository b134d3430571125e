from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sayso.train.data.questions import QuestionConfig, choose, known_absent, known_present
from sayso.train.data.vocabulary import Label, load_vocabulary

words = load_vocabulary()
names = st.sampled_from(sorted(words.concepts))
mixtures = st.lists(names, min_size=1, max_size=5).map(lambda n: [words.label(x) for x in n])


@given(mixtures, st.integers(0, 2**31))
def test_only_what_is_known_is_asked(labels: list[Label], seed: int):
    asked = choose(labels, words, np.random.default_rng(seed), QuestionConfig())
    assert len(asked) == 4
    for concept, members in asked:
        for number, label in enumerate(labels):
            assert concept not in label.unknown
            assert (number in members) == (concept in label.true)


@given(mixtures)
def test_present_and_absent_share_nothing(labels: list[Label]):
    assert not set(known_present(labels)) & set(known_absent(labels, words))


def test_an_unnamed_other_stem_forbids_asking_for_guitar():
    labels = [words.label("vocals"), words.label("other")]
    assert "guitar" not in known_present(labels)
    assert "guitar" not in known_absent(labels, words)
    assert known_present(labels)["instrumental"] == (1,)
    assert "drums" in known_absent(labels, words)


def test_other_is_only_asked_of_pure_music():
    mixed = [words.label("piano"), words.label("speech")]
    assert "other" not in known_present(mixed)
    assert known_present([words.label("piano"), words.label("drums")])["other"] == (0,)


def test_voice_takes_speech_and_singing_together():
    labels = [words.label("speech"), words.label("vocals"), words.label("drums")]
    present = known_present(labels)
    assert present["voice"] == (0, 1)
    assert present["speech"] == (0,) and present["vocals"] == (1,)
    assert present["music"] == (1, 2)


def test_half_are_absent_and_the_usual_ones_come_most():
    rng = np.random.default_rng(0)
    labels = [words.label("piano"), words.label("drums")]
    asked = [q for _ in range(300) for q in choose(labels, words, rng, QuestionConfig())]
    absent = [concept for concept, members in asked if not members]
    assert 0.3 < len(absent) / len(asked) < 0.5
    assert sum(c in ("vocals", "bass", "speech", "noise") for c in absent) > 0.2 * len(absent)


def test_sources_of_which_little_is_known_are_asked_for_twice():
    vague = Label(
        concept="music",
        true=frozenset({"music"}),
        unknown=frozenset(words.concepts) - {"music", "speech"},
    )
    for seed in range(20):
        asked = choose([vague], words, np.random.default_rng(seed), QuestionConfig())
        assert len(asked) == 4
        assert {name for name, _ in asked} <= {"music", "speech"}
