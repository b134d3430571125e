"""The cache is bounded, a pure function of the step, and lets errors through."""

import threading

import pytest

from sayso.errors import DataError, RangeError
from sayso.train.data.datasets.cache import ExcerptCache


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_a_step_s_excerpts_depend_on_the_step_alone(workers: int) -> None:
    cache = ExcerptCache(lambda k: k, size=4, replaced=1.5, workers=workers)
    seen = {step: list(cache.at(step)) for step in (0, 1, 2, 3, 10)}
    assert seen == {
        0: [0, 1, 2, 3],
        1: [1, 2, 3, 4],
        2: [3, 4, 5, 6],
        3: [4, 5, 6, 7],
        10: [15, 16, 17, 18],
    }
    assert list(cache.at(1)) == seen[1]  # going back works too
    cache.close()


def test_memory_is_bounded_and_nothing_is_loaded_twice() -> None:
    loaded: list[int] = []
    lock = threading.Lock()

    def load(number: int) -> int:
        with lock:
            loaded.append(number)
        return number

    cache = ExcerptCache(load, size=5, replaced=2, workers=2, ahead=3)
    for step in range(20):
        cache.at(step)
        assert len(cache._held) <= 5 + 3
    cache.close()
    assert len(loaded) == len(set(loaded))


def test_workers_load_ahead() -> None:
    ready = threading.Event()
    cache = ExcerptCache(
        lambda k: ready.set() if k == 6 else None, size=2, replaced=1, workers=1, ahead=5
    )
    cache.at(0)
    assert ready.wait(5)
    cache.close()


def test_errors_reach_the_caller() -> None:
    def load(number: int) -> int:
        raise DataError("gone")

    cache = ExcerptCache(load, size=2, replaced=1, workers=1)
    with pytest.raises(DataError, match="gone"):
        cache.at(0)
    cache.close()


@pytest.mark.parametrize("wrong", [{"size": 0}, {"replaced": 0}, {"replaced": 9}, {"workers": -1}])
def test_impossible_caches_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(RangeError, match="expected"):
        ExcerptCache(lambda k: k, **{"size": 4, "replaced": 1, **wrong})
