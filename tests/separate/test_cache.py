from __future__ import annotations

import errno
import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest

from sayso.audio import Audio
from sayso.separate import StemCache
from sayso.separate import cache as cache_module
from sayso.separate.cache import hash_of
from sayso.watch import SILENT


class Counting:
    """A separator that halves, and counts what it is asked for."""

    name = "half"
    version = "1"
    stems = ("a", "b")

    def __init__(self):
        self.asked = []

    def supports(self, target):
        return True

    def separate(self, mix, targets, *, watch=SILENT):
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


def test_what_was_used_before_the_clock_was_set_back_makes_room_for_what_is_new(
    tmp_path, noise, separator
):
    mix = noise(0.1)
    cache = StemCache(tmp_path, limit_bytes=2 * mix.samples.nbytes + 100)
    for target in ("a", "b"):
        cache.separate(separator, mix, (target,))
    tomorrow = time.time() + 86_400
    for shape in tmp_path.glob("*/shape.json"):
        os.utime(shape, (tomorrow, tomorrow))
    for target in ("c", "d"):
        cache.separate(separator, mix, (target,))
    separator.asked.clear()
    cache.separate(separator, mix, ("c", "d"))
    assert separator.asked == []


def test_a_folder_that_cannot_be_written_is_no_failure(tmp_path, noise, separator):
    (tmp_path / "file").touch()
    stems = StemCache(tmp_path / "file").separate(separator, noise(0.1), ("a",))
    assert stems["a"].channels == 2


@pytest.mark.parametrize("note", ["7", "null", "[2, 8820]", "{}", ""])
def test_a_senseless_note_is_no_entry(tmp_path, noise, separator, note):
    cache, mix = StemCache(tmp_path), noise(0.2)
    cache.separate(separator, mix, ("a",))
    (shape,) = tmp_path.glob("*/shape.json")
    shape.write_text(note)
    cache.separate(separator, mix, ("a",))
    assert separator.asked == ["a", "a"]


def test_samples_that_changed_are_not_believed(tmp_path, noise, separator):
    cache, mix = StemCache(tmp_path), noise(0.2)
    whole = cache.separate(separator, mix, ("a",))["a"].samples.copy()
    (samples,) = tmp_path.glob("*/samples.f32")
    samples.write_bytes(bytes(samples.stat().st_size))
    assert np.array_equal(cache.separate(separator, mix, ("a",))["a"].samples, whole)
    assert separator.asked == ["a", "a"]


def test_what_would_not_fit_pushes_nothing_out(tmp_path, noise, separator):
    small, large = noise(0.1), noise(1.0)
    cache = StemCache(tmp_path, limit_bytes=2 * small.samples.nbytes)
    cache.separate(separator, small, ("a",))
    cache.separate(separator, large, ("a",))
    separator.asked.clear()
    cache.separate(separator, small, ("a",))
    assert separator.asked == []


def test_a_nearly_full_disk_gets_less(tmp_path, noise, separator, monkeypatch):
    mix = noise(0.1)
    left = SimpleNamespace(free=3 * mix.samples.nbytes)
    monkeypatch.setattr(cache_module.shutil, "disk_usage", lambda folder: left)
    StemCache(tmp_path).separate(separator, mix, ("a",))
    assert not list(tmp_path.glob("*/shape.json"))


def test_a_disk_that_fills_up_is_no_failure(tmp_path, noise, separator, monkeypatch):
    def full(self, *args, **kwargs):
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(cache_module.Path, "open", full)
    stems = StemCache(tmp_path).separate(separator, noise(0.1), ("a",))
    assert stems["a"].channels == 2
    assert not list(tmp_path.iterdir())


def test_what_a_killed_process_left_is_swept_up(tmp_path, noise, separator):
    for name, age_s in (("old", 7200), ("recent", 60)):
        (tmp_path / f".new-{name}").mkdir()
        os.utime(tmp_path / f".new-{name}", (time.time() - age_s,) * 2)
    StemCache(tmp_path).separate(separator, noise(0.1), ("a",))
    assert [path.name for path in tmp_path.glob(".new-*")] == [".new-recent"]


def _fill(folder, seed):
    samples = np.random.default_rng(seed % 3).standard_normal((1, 20_000)).astype(np.float32)
    mix, asked = Audio(samples, 8000), Counting()
    cache = StemCache(folder, limit_bytes=4 * samples.nbytes)
    for turn in range(15):
        targets = (f"t{turn % 4}", f"t{(turn + seed) % 4}")
        for stem in cache.separate(asked, mix, targets).values():
            assert np.array_equal(stem.samples, samples / 2)
    return seed


def test_processes_may_share_a_cache(tmp_path):
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=spawn) as pool:
        assert sorted(pool.map(_fill, [tmp_path] * 4, range(4))) == [0, 1, 2, 3]
