"""From sources to an example: their sum, what is asked of it, and the answers.

Answers are made of the same samples as the mixture, so all that is done to one is done to the
other, but for damage that a recording suffers as a whole (clipping, an offset), which the answers
are free of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sayso.train.data import augment
from sayso.train.data.material import Source
from sayso.train.data.questions import QuestionConfig, choose
from sayso.train.data.store import SAMPLE_RATE, Floats
from sayso.train.data.vocabulary import Vocabulary

# Chances that a mixture is mono, of few hertz, compressed, clipped, or offset.
MONO, NARROW, COMPRESSED, CLIPPED, OFFSET = 0.08, 0.05, 0.06, 0.03, 0.01


@dataclass(frozen=True, slots=True)
class Example:
    """A mixture `[2, T]`, its questions in words, and the answer to each `[Q, 2, T]`."""

    mix: Floats
    targets: Floats
    queries: tuple[str, ...]
    concepts: tuple[str, ...]
    recipe: str


def serve(
    sources: Sequence[Source],
    vocabulary: Vocabulary,
    rng: np.random.Generator,
    *,
    config: QuestionConfig,
    recipe: str = "",
) -> Example:
    """The example that `sources` (each `[1 or 2, T]`) make, at a level drawn by `rng`."""
    asked = choose([s.label for s in sources], vocabulary, rng, config)
    frames = sources[0].samples.shape[1]
    waves = [np.broadcast_to(s.samples, (2, frames)) for s in sources]
    if rng.random() < MONO:
        waves = [np.repeat(w.mean(axis=0, keepdims=True), 2, axis=0) for w in waves]
    if rng.random() < NARROW:
        cutoff_hz = 3400 * 4.5 ** rng.random()
        waves = [augment.low_passed(w, cutoff_hz) for w in waves]
    mix: Floats = np.zeros((2, frames), np.float32)
    for wave in waves:
        mix += wave
    targets: Floats = np.zeros((len(asked), 2, frames), np.float32)
    for number, (_, members) in enumerate(asked):
        for member in members:
            targets[number] += waves[member]
    gain = mix_gain(mix, rng)
    mix *= gain
    targets *= gain
    return Example(
        mix=worn(mix, targets, rng),
        targets=targets,
        queries=tuple(vocabulary.wording(concept, rng) for concept, _ in asked),
        concepts=tuple(concept for concept, _ in asked),
        recipe=recipe,
    )


def mix_gain(mix: Floats, rng: np.random.Generator) -> np.float32:
    """A gain to a peak of -40..0 dBFS: evenly spread in a quarter of cases, else near 0."""
    peak = float(np.abs(mix).max()) + 1e-9
    peak_db = rng.uniform(-40, 0) if rng.random() < 0.25 else -float(rng.exponential(5.0))
    return np.float32(10 ** (max(peak_db, -40.0) / 20) / peak)


def gain_to(sources: Sequence[Source], level_db: float) -> np.float32:
    """The gain that brings the sum of `sources` to a level in dBFS over its loud blocks."""
    total = np.sum([np.broadcast_to(s.samples, (2, s.samples.shape[1])) for s in sources], axis=0)
    before = float(np.abs(total).max())
    after = float(np.abs(augment.to_level(total, level_db)).max())
    return np.float32(after / before) if before > 1e-5 else np.float32(1.0)


def worn(mix: Floats, targets: Floats, rng: np.random.Generator) -> Floats:
    """Rarely: a compressor over mixture and answers alike; clipping or an offset of the mixture."""
    lot = rng.random()
    if lot < COMPRESSED:
        hop = SAMPLE_RATE // 50
        level = np.abs(mix).max(axis=0)
        if len(level) < 2 * hop:
            return mix
        knots = level[: len(level) // hop * hop].reshape(-1, hop).max(axis=1)
        knots = (knots + 0.05 * knots.max() + 1e-6) ** -rng.uniform(0.2, 0.5)
        at = np.arange(mix.shape[1], dtype=np.float32) / hop
        gain = np.interp(at, np.arange(len(knots)) + 0.5, knots / knots.max()).astype(np.float32)
        targets *= gain
        mix *= gain
        return mix
    if lot < COMPRESSED + CLIPPED:
        ceiling = np.float32(np.abs(mix).max() * 10 ** (-rng.uniform(1, 8) / 20))
        return np.clip(mix, -ceiling, ceiling)
    if lot < COMPRESSED + CLIPPED + OFFSET:
        return mix + np.float32(rng.uniform(-0.05, 0.05) * np.abs(mix).max())
    return mix
