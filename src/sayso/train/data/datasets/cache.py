"""A bounded cache of excerpts that workers refill behind the network's back.

Decoding a song for every example would keep the network waiting; holding all songs would fill the
memory. So `size` excerpts are held, each batch is drawn from them, and `replaced` of them, oldest
first, give way to new ones before every batch. Where the released code of arXiv:1711.00048 replaces
at least so many, this replaces exactly so many: the cache at step i then holds excerpts
`floor(i * replaced)` to `floor(i * replaced) + size`, a pure function of i, and training resumes
exactly. Workers are threads: decoding, resampling and FFTs release Python's lock.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

from sayso.errors import RangeError

Item = TypeVar("Item")


class ExcerptCache(Generic[Item]):
    """The excerpts of a step, loaded ahead of time by `workers` threads.

    Args:
        load: excerpt number k, a pure function of k; called in worker threads.
        size: excerpts held, 1 or more.
        replaced: excerpts that give way before each batch, above 0, may be a fraction.
        workers: threads; 0 loads when asked.
        ahead: excerpts loaded before their turn: how much slower than the network the workers may
            be for a while.
    Raises: RangeError.
    """

    def __init__(
        self,
        load: Callable[[int], Item],
        *,
        size: int,
        replaced: float,
        workers: int = 1,
        ahead: int = 16,
    ) -> None:
        if size < 1 or not 0 < replaced <= size or workers < 0 or ahead < 0:
            raise RangeError(
                f"size={size}, replaced={replaced}, workers={workers}, ahead={ahead}: expected "
                "size >= 1, 0 < replaced <= size, and no negative numbers"
            )
        self._load, self._size, self._replaced = load, size, replaced
        self._ahead = ahead if workers else 0
        self._pool = ThreadPoolExecutor(workers, "excerpts") if workers else None
        self._held: dict[int, Future[Item]] = {}

    def at(self, step: int) -> Sequence[Item]:
        """The `size` excerpts that batch `step` is drawn from; waits where they are not ready."""
        first = math.floor(step * self._replaced)
        last = first + self._size
        for number in [number for number in self._held if number < first]:
            self._held.pop(number).cancel()
        for number in range(first, last + self._ahead):
            if number not in self._held:
                self._held[number] = self._start(number)
        return [self._held[number].result() for number in range(first, last)]

    def close(self) -> None:
        """Stop the workers; what they were loading is dropped."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
        self._held.clear()

    def _start(self, number: int) -> Future[Item]:
        if self._pool is not None:
            return self._pool.submit(self._load, number)
        done: Future[Item] = Future()
        done.set_result(self._load(number))
        return done
