from __future__ import annotations

import os
import time

import numpy as np
import pytest

from sayso.audio import Audio
from sayso.separate import StemCache
from sayso.separate.cache import hash_of


class Counting:
    """A separator that halves, and counts what it is asked for."""

    name = "half"
    version = "1"
    stems = ("a", "b")

    def __init__(self):
        self.asked = []

    def hears(self, target):
        return True

    def separate(self, mix, targets, *, progress=None, cancelled=None):
        self.asked += targets
        return {target: Audio(mix.samples / 2, mix.sample_rate) for target in targets}


@pytest.fixture
def separator():
    return Counting()


def test_a_stem_is_made_once(tmp_path, noise, separator):
    mix = noise(0.2)
    cache = StemCache(tmp_path / "stems")
    first = cache.separate(separator, mix, ("a", "b"))
    again = StemCache(tmp_path / "stems").separate(separator, mix, ("b", "c", "a"))
    assert separator.asked == ["a", "b", "c"]
    assert list(again) == ["b", "c", "a"]
    assert np.array_equal(first["a"].samples, again["a"].samples)
    assert again["a"].sample_rate == 44_100


def test_other_audio_settings_or_separators_share_nothing(tmp_path, noise, separator):
    cache, mix = StemCache(tmp_path), noise(0.2)
    cache.separate(separator, mix, ("a",))
    cache.separate(separator, noise(0.2, level=0.2), ("a",))
    cache.separate(separator, mix, ("a",), settings="segment 3")
    separator.name = "other"
    cache.separate(separator, mix, ("a",))
    assert separator.asked == ["a"] * 4
    same, rate = Audio(mix.samples.copy(), 44_100), Audio(mix.samples, 48_000)
    assert hash_of(same) == hash_of(mix) != hash_of(rate)


@pytest.mark.parametrize("name", ["samples.f32", "shape.json"])
def test_damaged_entries_are_made_anew(tmp_path, noise, separator, name):
    cache, mix = StemCache(tmp_path), noise(0.2)
    cache.separate(separator, mix, ("a",))
    (damaged,) = tmp_path.glob(f"*/{name}")
    damaged.write_bytes(damaged.read_bytes()[:-5])
    assert cache.separate(separator, mix, ("a",))["a"].frames == mix.frames
    cache.separate(separator, mix, ("a",))
    assert separator.asked == ["a", "a"]


def test_the_least_recently_used_go_first(tmp_path, noise, separator):
    mix = noise(0.1)
    size = mix.samples.nbytes
    cache = StemCache(tmp_path, limit_bytes=2 * size + 100)
    for target in ("a", "b"):
        cache.separate(separator, mix, (target,))
    past = time.time() - 60
    for age, shape in enumerate(sorted(tmp_path.glob("*/shape.json"))):
        os.utime(shape, (past + age, past + age))
    cache.separate(separator, mix, ("a",))  # used again
    cache.separate(separator, mix, ("c",))
    separator.asked.clear()
    cache.separate(separator, mix, ("a", "c"))
    assert separator.asked == []
    cache.separate(separator, mix, ("b",))
    assert separator.asked == ["b"]


def test_a_folder_that_cannot_be_written_is_no_failure(tmp_path, noise, separator):
    (tmp_path / "file").touch()
    stems = StemCache(tmp_path / "file").separate(separator, noise(0.1), ("a",))
    assert stems["a"].channels == 2
