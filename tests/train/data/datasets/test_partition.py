"""Songs are dealt out as the paper does, and never twice."""

import pytest

from sayso.errors import DataError
from sayso.train.data.datasets.partition import (
    Partition,
    published_partition,
    shuffled_partition,
)
from sayso.train.data.datasets.record import Track


def songs(data_set: str, count: int, subset: str = "") -> list[Track]:
    return [Track(data_set, f"{subset}{n:03d}", (), {}, subset=subset) for n in range(count)]


def test_the_published_partition() -> None:
    dsd = songs("dsd100", 50, "train") + songs("dsd100", 50, "test")
    parts = published_partition(
        dsd, songs("medleydb", 122), songs("ccmixter", 50), songs("ikala", 252)
    )
    assert len(parts.supervised) == 50
    assert len(parts.unsupervised) == 40 + 16 + 84
    assert len(parts.validation) == 25 + 40 + 16 + 84
    assert len(parts.test) == 25 + 42 + 18 + 84


def test_the_same_seed_deals_the_same_way() -> None:
    tracks = songs("folder", 20)
    deal = {"supervised": 3, "unsupervised": 9, "validation": 4}
    first = shuffled_partition(tracks, seed=1, **deal)
    assert first == shuffled_partition(tracks, seed=1, **deal)
    assert first != shuffled_partition(tracks, seed=2, **deal)
    assert [
        len(p) for p in (first.supervised, first.unsupervised, first.validation, first.test)
    ] == [
        3,
        9,
        4,
        4,
    ]


def test_a_song_in_two_parts_is_refused() -> None:
    a, b, c = songs("folder", 3)
    with pytest.raises(DataError, match="more than one part of the partition: folder: 000"):
        Partition((a,), (), (b,), (c, a))


def test_an_empty_part_is_refused() -> None:
    with pytest.raises(DataError, match="no test song"):
        shuffled_partition(songs("folder", 4), seed=0, supervised=2, unsupervised=1, validation=1)
