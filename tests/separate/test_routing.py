from __future__ import annotations

import numpy as np
import pytest

from sayso.audio import Audio
from sayso.errors import UnknownTargetError
from sayso.separate.catalogue import ROWS
from sayso.separate.protocol import Route
from sayso.separate.routing import AutoSeparator
from sayso.separate.sharing import makers_of
from sayso.watch import SILENT, Watch


class Named:
    """Answers with its own number, so that one can see who was asked."""

    stems = hears = ("vocals",)
    version = "1"

    def __init__(self, name, level, deaf=()):
        self.name, self._level, self._deaf = name, level, deaf

    def route(self, target):
        return Route(target, self.name)

    def supports(self, target):
        return target not in self._deaf

    def separate(self, mix, targets, *, watch=SILENT):
        watch.report(1.0)
        level = np.full_like(mix.samples, self._level)
        return {target: Audio(level, mix.sample_rate) for target in targets}


@pytest.fixture
def auto():
    loaded = []
    separators = {
        "embedded": Named("embedded", 1, deaf=("theremin",)),
        "simple": Named("simple", 2, deaf=("theremin", "dog")),
        "htdemucs": Named("htdemucs", 3),
        "dns64": Named("dns64", 4),
    }

    def load(name):
        loaded.append(name)
        return separators[name]

    return AutoSeparator(ROWS, list(separators), load), loaded


def test_each_sound_goes_to_the_best_that_hears_it(auto):
    separator, loaded = auto
    mix = Audio(np.zeros((1, 100), np.float32), 8000)
    seen = []
    stems = separator.separate(mix, ["dog", "vocals", "speech", "drums"], watch=Watch(seen.append))
    levels = {target: float(stem.samples[0, 0]) for target, stem in stems.items()}
    assert levels == {"dog": 1, "vocals": 3, "speech": 4, "drums": 3}
    assert list(stems) == ["dog", "vocals", "speech", "drums"]
    assert set(loaded) == {"dns64", "embedded", "htdemucs"}
    assert seen == pytest.approx([1 / 3, 2 / 3, 1])


def test_the_choice_is_explained(auto):
    separator, _ = auto
    route = separator.route("vocals")
    assert route.model == "htdemucs"
    assert route.reason == (
        "htdemucs is the best installed model that hears vocals; htdemucs_ft would be better: "
        "`sayso models pull htdemucs_ft`"
    )
    assert "audiosep would be better" in separator.route("dog").reason
    best = AutoSeparator(ROWS, ["htdemucs_ft"], lambda name: Named(name, 1))
    assert best.route("drums").reason.endswith("hears drums (published SDR 10.11 dB)")
    # A model that hears a fixed few is not opened to find out.
    AutoSeparator(ROWS, ["htdemucs"], {}.__getitem__).route("drums")


def test_what_nobody_hears_is_said(auto):
    separator, _ = auto
    assert not separator.supports("theremin")
    with pytest.raises(UnknownTargetError, match="no installed model can hear theremin"):
        separator.route("theremin")


def test_rules_of_thumb_are_told_from_what_has_learned():
    for names, learned in ((["simple"], False), (["simple", "embedded"], True)):
        separator = AutoSeparator(ROWS, names, lambda name: Named(name, 1))
        for target in ("vocals", "speech"):
            assert separator.route(target).trained is learned


def test_what_spleeter_misses_of_a_voice_the_embedded_model_adds_and_both_are_named():
    mix = Audio(np.full((1, 16_000), 5, np.float32), 8000)
    levels = {"spleeter": 1, "embedded": 4}
    alone = AutoSeparator(ROWS, ["spleeter"], lambda name: Named(name, levels[name]))
    both = AutoSeparator(ROWS, list(levels), lambda name: Named(name, levels[name]))
    assert makers_of(alone, ["vocals"]) == {"spleeter": ["vocals"]}
    assert makers_of(both, ["vocals"]) == {"spleeter and embedded": ["vocals"]}
    assert both.route("vocals").reason.endswith("; embedded adds what that misses")
    seen = []
    heard = both.separate(mix, ["vocals"], watch=Watch(seen.append))["vocals"].samples
    assert 2.5 < heard.mean() < 4
    assert np.all(alone.separate(mix, ["vocals"])["vocals"].samples == 1)
    assert seen == sorted(seen) and seen[-1] == 1
