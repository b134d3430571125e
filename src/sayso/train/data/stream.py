"""The stream of training batches: a pure function of configuration, seed and batch number.

Batch `i` is the same whenever and wherever it is made from the same store, so a run resumed at
step `i` goes on exactly as an unbroken one. `Stream.fingerprint` tells whether the store is.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Semaphore
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

from sayso.configuration import Frozen
from sayso.errors import DataError
from sayso.train.data.material import Material
from sayso.train.data.recipes import MixtureSampler, RecipeConfig
from sayso.train.data.store import Floats, Store
from sayso.train.data.validation import ValidationItem, validation_items
from sayso.train.data.vocabulary import load_vocabulary


class StreamConfig(Frozen):
    """What a stream is made of; its whole identity beside the store's content."""

    store: Path = Field(description="the store's folder")
    seed: int = Field(default=0, ge=0)
    batch: int = Field(default=8, ge=1, description="examples a batch")
    frames: int = Field(default=265216, ge=4096, description="frames an example, at 44.1 kHz")
    recipes: RecipeConfig = RecipeConfig()


@dataclass(frozen=True, slots=True)
class AskBatch:
    """Mixtures `[B, 2, T]`, questions `B x Q`, and their answers `[B, Q, 2, T]`; float32."""

    mix: Floats
    targets: Floats
    queries: list[list[str]]


class Stream:
    """Batches of mixtures, questions and answers. Cheap to pickle: the store opens when needed."""

    def __init__(self, config: StreamConfig) -> None:
        """Prepare the stream of `config`; nothing is read before the first batch."""
        self.config = config

    def __getstate__(self) -> dict[str, StreamConfig]:
        return {"config": self.config}

    @cached_property
    def _store(self) -> Store:
        return Store(self.config.store, load_vocabulary())

    @cached_property
    def _sampler(self) -> MixtureSampler:
        material = Material(self._store, load_vocabulary(), split="train")
        return MixtureSampler(material, self.config.recipes, frames=self.config.frames)

    @cached_property
    def fingerprint(self) -> str:
        """Sixteen hex digits of the store's content; another value means other batches."""
        return self._store.fingerprint()

    def batch(self, index: int) -> AskBatch:
        """Batch number `index` (from 0); always the same one from the same store and seed."""
        mix_shape, targets_shape = self.shapes
        mix, targets = np.empty(mix_shape, np.float32), np.empty(targets_shape, np.float32)
        return AskBatch(mix=mix, targets=targets, queries=self.fill(index, mix, targets))

    @property
    def shapes(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The shapes of a batch's mixtures `[B, 2, T]` and answers `[B, Q, 2, T]`."""
        rows, frames = self.config.batch, self.config.frames
        return (rows, 2, frames), (rows, self.config.recipes.questions.count, 2, frames)

    def fill(self, index: int, mix: Floats, targets: Floats) -> list[list[str]]:
        """Write batch `index` into arrays of the right `shapes`; its questions are returned."""
        queries = []
        for row in range(self.config.batch):
            rng = np.random.default_rng((self.config.seed, index, row))
            example = self._sampler.example(rng)
            mix[row], targets[row] = example.mix, example.targets
            queries.append(list(example.queries))
        return queries

    def validation(self, *, rendered: bool = False) -> list[ValidationItem]:
        """The fixed held-out items: songs, speech with music and noise, pairs of sounds.

        With `rendered`, excerpts of held-out rendered pieces too.
        """
        return validation_items(self._store, load_vocabulary(), rendered=rendered)


def prefetch(
    stream: Stream, start: int = 0, workers: int = 1, *, depth: int = 2
) -> Iterator[AskBatch]:
    """Batches `start`, `start + 1`, ... in order, without end, made by background processes.

    Each worker holds at most `depth` finished batches, so memory is bounded. Close the iterator
    (or leave the loop) to end the workers; they also end when this process does.

    Args:
        stream: what to make; only its configuration travels to the workers.
        start: the first batch.
        workers: processes; 0 makes the batches here.
        depth: finished batches a worker may hold.

    Raises: DataError when a worker fails, with its message.
    """
    if workers == 0:
        while True:
            yield stream.batch(start)
            start += 1
    crew = [_Worker(stream, start + number, workers, depth) for number in range(workers)]
    try:
        while True:
            for worker in crew:
                yield worker.take()
    finally:
        for worker in crew:
            worker.close()


class _Worker:
    """A process that makes every `step`-th batch into a ring of shared buffers."""

    def __init__(self, stream: Stream, start: int, step: int, depth: int) -> None:
        self._shapes = stream.shapes
        context = multiprocessing.get_context("spawn")
        size = sum(int(np.prod(shape)) for shape in self._shapes)
        self._rings = [context.RawArray("f", size) for _ in range(depth)]
        self._free = context.Semaphore(depth)
        self._pipe, theirs = context.Pipe(duplex=False)
        self._process = context.Process(
            target=_make,
            args=(stream, start, step, self._rings, self._free, theirs, os.getpid()),
            daemon=True,
        )
        self._process.start()
        theirs.close()
        self._turn = 0

    def take(self) -> AskBatch:
        try:
            answer = self._pipe.recv()
        except EOFError:
            raise DataError("a data worker died; it may have run out of memory") from None
        if isinstance(answer, str):
            raise DataError(answer)
        mix, targets = _views(self._rings[self._turn], self._shapes)
        batch = AskBatch(mix=mix.copy(), targets=targets.copy(), queries=answer)
        self._turn = (self._turn + 1) % len(self._rings)
        self._free.release()
        return batch

    def close(self) -> None:
        self._process.terminate()
        self._process.join()
        self._pipe.close()


def _make(
    stream: Stream,
    start: int,
    step: int,
    rings: list[Any],
    free: Semaphore,
    pipe: Connection,
    parent: int,
) -> None:
    """A worker's life: fill the next free buffer, say so, and end with the parent."""
    index, turn = start, 0
    while True:
        while not free.acquire(timeout=5.0):
            if os.getppid() != parent:
                return
        try:
            queries = stream.fill(index, *_views(rings[turn], stream.shapes))
        except Exception as error:  # every failure must reach the one who waits
            pipe.send(f"batch {index}: {type(error).__name__}: {error}")
            return
        pipe.send(queries)
        index, turn = index + step, (turn + 1) % len(rings)


def _views(ring: Any, shapes: tuple[tuple[int, ...], ...]) -> list[Floats]:
    flat = np.frombuffer(ring, dtype=np.float32)
    out, at = [], 0
    for shape in shapes:
        size = int(np.prod(shape))
        out.append(flat[at : at + size].reshape(shape))
        at += size
    return out
