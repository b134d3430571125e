"""Four stems share a mix out among them, whoever makes them."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from sayso.audio import Audio
from sayso.separate.sharing import share_out, without

FOUR = ("vocals", "drums", "bass", "other")
SHARES = {"vocals": 0.5, "drums": 0.25, "bass": 0.125}


@pytest.fixture
def mix():
    rng = np.random.default_rng(3)
    return Audio(rng.standard_normal((2, 5000)).astype(np.float32), 8000)


def asking(asked):
    def ask(model, given, targets, watch):
        asked.append((model, tuple(targets)))
        watch.report(1.0)
        return {t: Audio(given.samples * np.float32(SHARES[t]), 8000) for t in targets}

    return ask


ONE = dict.fromkeys(FOUR, "best")
TWO = ONE | {"vocals": "voices"}
EACH = {target: f"{target}'s" for target in FOUR}


@pytest.mark.parametrize("models", [ONE, TWO, EACH])
def test_four_stems_sum_to_the_mix(mix, models):
    stems = share_out(mix, FOUR, stems=FOUR, model_of=models.__getitem__, ask=asking([]))
    assert list(stems) == list(FOUR)
    total = sum(stem.samples for stem in stems.values())
    assert np.abs(total - mix.samples).max() < 1e-6


@pytest.mark.parametrize("models", [ONE, TWO, EACH])
def test_a_stem_is_the_same_whatever_is_asked_for_beside_it(mix, models):
    whole = share_out(mix, FOUR, stems=FOUR, model_of=models.__getitem__, ask=asking([]))
    for count in (1, 2, 3):
        for some in combinations(FOUR, count):
            stems = share_out(mix, some, stems=FOUR, model_of=models.__getitem__, ask=asking([]))
            for target in some:
                assert np.array_equal(stems[target].samples, whole[target].samples)


def test_nothing_is_asked_for_in_vain(mix):
    asked = []
    share_out(mix, ["vocals"], stems=FOUR, model_of=TWO.__getitem__, ask=asking(asked))
    assert asked == [("voices", ("vocals",))]
    asked.clear()
    share_out(mix, ["drums"], stems=FOUR, model_of=ONE.__getitem__, ask=asking(asked))
    assert asked == [("best", ("drums",))]
    asked.clear()
    share_out(mix, ["other"], stems=FOUR, model_of=TWO.__getitem__, ask=asking(asked))
    assert asked == [("voices", ("vocals",)), ("best", ("drums", "bass"))]


def test_a_model_hears_the_mix_once_for_all_that_is_asked_of_it(mix, monkeypatch):
    monkeypatch.setitem(SHARES, "dog", 0.1)
    asked, models = [], ONE | {"dog": "best"}
    share_out(mix, ["dog", "vocals"], stems=FOUR, model_of=models.__getitem__, ask=asking(asked))
    assert asked == [("best", ("vocals", "dog"))]


def test_what_is_no_stem_is_asked_of_the_mix_itself(mix, monkeypatch):
    monkeypatch.setitem(SHARES, "dog", 1.0)
    models = TWO | {"dog": "best"}
    asked = asking([])
    stems = share_out(
        mix, ["vocals", "drums", "dog"], stems=FOUR, model_of=models.__getitem__, ask=asked
    )
    assert np.array_equal(stems["dog"].samples, mix.samples)


def test_a_long_mix_is_shared_out_in_blocks(mix):
    long = Audio(np.tile(mix.samples, (1, 200)), 8000)
    left = without(long, [long])
    assert left.samples.shape == long.samples.shape
    assert not np.any(left.samples)
