"""A configuration's songs: three ways to name them, all checked before training."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from pydantic import TypeAdapter, ValidationError

from sayso.errors import DataError
from sayso.train.data.datasets.selection import NamedSongs, PublishedSongs, ShuffledSongs, Songs

STEMS = ("accompaniment", "vocals")
RATE = 4000


def put(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    wave = np.random.default_rng(len(str(path))).standard_normal(RATE) * 0.1
    soundfile.write(path, wave, RATE)


def songs(root: Path, count: int) -> Path:
    for number in range(count):
        for stem in STEMS:
            put(root / f"{number}" / f"{stem}.wav")
    return root


def dsd100(root: Path) -> Path:
    for there in ("Dev", "Test"):
        for number in range(2):
            put(root / "Mixtures" / there / f"{there}{number}" / "mixture.wav")
            for stem in ("bass", "drums", "other", "vocals"):
                put(root / "Sources" / there / f"{there}{number}" / f"{stem}.wav")
    return root


def test_named_songs(tmp_path: Path) -> None:
    values = {
        part: [{"layout": "folder", "root": str(songs(tmp_path / part, 2))}]
        for part in ("supervised", "validation", "test")
    }
    chosen = TypeAdapter(Songs).validate_python(values)
    assert isinstance(chosen, NamedSongs)
    selected = chosen.select(STEMS)
    assert [track.title for track in selected.partition.test] == [
        "folder test: 0",
        "folder test: 1",
    ]
    assert selected.partition.unsupervised == ()
    assert not selected.skipped


def test_published_songs(tmp_path: Path) -> None:
    values = {
        "dsd100": str(dsd100(tmp_path / "DSD100")),
        "others": [{"layout": "folder", "root": str(songs(tmp_path / "mine", 4))}],
    }
    chosen = TypeAdapter(Songs).validate_python(values)
    assert isinstance(chosen, PublishedSongs)
    partition = chosen.select(STEMS).partition
    sizes = [len(part) for part in (partition.supervised, partition.unsupervised)]
    assert sizes == [2, 1]
    assert [len(part) for part in (partition.validation, partition.test)] == [2, 3]


def test_shuffled_songs(tmp_path: Path) -> None:
    values = {
        "data_sets": [{"layout": "folder", "root": str(songs(tmp_path, 6))}],
        "supervised": 2,
        "unsupervised": 1,
        "validation": 1,
    }
    chosen = TypeAdapter(Songs).validate_python(values)
    assert isinstance(chosen, ShuffledSongs)
    assert len(chosen.select(STEMS).partition.test) == 2


def test_a_subset_may_be_chosen(tmp_path: Path) -> None:
    dsd100(tmp_path)
    sets = {
        use: [{"layout": "dsd100", "root": str(tmp_path), "subset": subset}]
        for use, subset in (("supervised", "train"), ("validation", "test"), ("test", "test"))
    }
    with pytest.raises(DataError, match="more than one part"):
        TypeAdapter(Songs).validate_python(sets).select(STEMS)
    mine = songs(tmp_path / "mine", 1)
    sets["test"] = [{"layout": "folder", "root": str(mine)}]
    partition = TypeAdapter(Songs).validate_python(sets).select(STEMS).partition
    assert len(partition.supervised) == len(partition.validation) == 2
    sets["test"] = [{"layout": "folder", "root": str(mine), "subset": "test"}]
    with pytest.raises(DataError, match="no usable song in its subset 'test'"):
        TypeAdapter(Songs).validate_python(sets).select(STEMS)


def test_unknown_layouts_and_keys_fail() -> None:
    with pytest.raises(ValidationError, match="no known data set"):
        TypeAdapter(Songs).validate_python(
            {"dsd100": "x", "others": [{"layout": "fma", "root": "y"}]}
        )
    with pytest.raises(ValidationError):
        TypeAdapter(Songs).validate_python({"dsd100": "x", "speed": 3})
