from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from sayso.errors import DataError
from sayso.train.data.material import Material
from sayso.train.data.recipes import MixtureSampler, RecipeConfig
from sayso.train.data.store import Store
from sayso.train.data.stream import Stream, StreamConfig, prefetch
from sayso.train.data.vocabulary import load_vocabulary

words = load_vocabulary()
FRAMES = 33_075


@pytest.fixture(scope="module")
def stream(store_root: Path) -> Stream:
    return Stream(StreamConfig(store=store_root, batch=3, frames=FRAMES))


@pytest.fixture(scope="module")
def kitchen(store_root: Path) -> MixtureSampler:
    material = Material(Store(store_root, words), words, split="train")
    return MixtureSampler(material, RecipeConfig(), frames=FRAMES)


def test_a_batch_is_a_function_of_its_number(stream: Stream):
    first = stream.batch(5)
    again = pickle.loads(pickle.dumps(stream)).batch(5)
    assert np.array_equal(first.mix, again.mix)
    assert np.array_equal(first.targets, again.targets)
    assert first.queries == again.queries
    assert not np.array_equal(first.mix, stream.batch(6).mix)


def test_shapes_levels_and_words(stream: Stream):
    for index in range(6):
        batch = stream.batch(index)
        assert batch.mix.shape == (3, 2, FRAMES) and batch.mix.dtype == np.float32
        assert batch.targets.shape == (3, 4, 2, FRAMES)
        assert [len(row) for row in batch.queries] == [4, 4, 4]
        peaks = np.abs(batch.mix).max(axis=(1, 2))
        assert (peaks > 10 ** (-41 / 20)).all() and (peaks < 1.06).all()
        assert np.isfinite(batch.targets).all()


@pytest.mark.parametrize(
    "recipe", ["song", "crossed", "instruments", "speech_music", "speech_noise", "sounds"]
)
def test_each_recipe_gives_sources_of_one_length(kitchen: MixtureSampler, recipe: str):
    cook = getattr(kitchen, recipe)
    for seed in range(8):
        for source in cook(np.random.default_rng(seed)):
            assert source.samples.shape[1] == FRAMES
            assert np.isfinite(source.samples).all()


def test_validation_material_is_never_drawn(kitchen: MixtureSampler):
    drawn = {
        kitchen.material.store.segments[i] for b in kitchen.material.buckets.values() for i in b
    }
    assert {segment.split for segment in drawn} == {"train"}
    assert "songs/3-sodium" not in kitchen.material.songs


def test_answers_to_parts_of_a_mixture_sum_to_the_mixture(store_root: Path):
    quiet = RecipeConfig(crossed=0, instruments=0, speech_music=0, speech_noise=0, sounds=0)
    quiet = quiet.model_copy(update={"questions": quiet.questions.model_copy(update={"count": 10})})
    material = Material(Store(store_root, words), words, split="train")
    kitchen = MixtureSampler(material, quiet, frames=FRAMES)
    complete = 0
    for seed in range(60):
        example = kitchen.example(np.random.default_rng(seed))
        answers = dict(zip(example.concepts, example.targets, strict=True))
        if {"vocals", "instrumental"} <= set(answers) and np.abs(example.mix).max() < 0.99:
            gap = example.mix - answers["vocals"] - answers["instrumental"]
            clipped = np.abs(gap).max() > 1e-3 * np.abs(example.mix).max()
            complete += not clipped
    assert complete >= 5


def test_prefetching_gives_the_same_batches_in_order(stream: Stream):
    batches = prefetch(stream, 2, workers=2, depth=1)
    try:
        for index in range(2, 6):
            batch, wanted = next(batches), stream.batch(index)
            assert np.array_equal(batch.mix, wanted.mix)
            assert np.array_equal(batch.targets, wanted.targets)
            assert batch.queries == wanted.queries
    finally:
        batches.close()
    assert np.array_equal(next(prefetch(stream, 1, workers=0)).mix, stream.batch(1).mix)


def test_a_failing_worker_is_heard(tmp_path: Path):
    broken = Stream(StreamConfig(store=tmp_path, frames=FRAMES))
    batches = prefetch(broken, 0, workers=1)
    with pytest.raises(DataError, match="no store"):
        next(batches)


def test_validation_items_are_fixed_and_held_out(stream: Stream):
    items = stream.validation()
    groups = {item.group for item in items}
    assert groups == {"song", "speech+music", "speech+noise", "sounds"}
    for item, again in zip(items, stream.validation(), strict=True):
        assert np.array_equal(item.mix, again.mix)
        assert item.targets.shape[0] == len(item.queries)
        assert np.abs(item.mix).max() == pytest.approx(0.9, abs=1e-3)
    song = next(item for item in items if item.group == "song")
    assert "3-sodium" in song.name
    assert np.abs(song.targets.sum(axis=0) - song.mix).max() < 1e-4


def test_a_store_without_material_for_anything_is_said(store_root: Path):
    material = Material(Store(store_root, words), words, split="nothing of the kind")
    with pytest.raises(DataError, match="no recipe"):
        MixtureSampler(material, RecipeConfig(), frames=FRAMES)
