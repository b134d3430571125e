"""Learning how a person edits, from a handful of pairs, in minutes on a laptop.

Three things are learnt: an autoencoder of what the edits sound like, a discriminator between bars
that were kept and bars that were not, and the pointer network that edits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from sayso.autoedit.anomaly import LENGTHS, Known, cut_segments, hear
from sayso.autoedit.apply import rough_choice, rough_pointed
from sayso.autoedit.bars import Ints, find_bars
from sayso.autoedit.choose import Scores
from sayso.autoedit.decoding import step_state
from sayso.autoedit.describing import JUDGES, NAMES, describe, measure, with_odds
from sayso.autoedit.editor import DISCRIMINATOR, ENSEMBLE, POINTER, Editor
from sayso.autoedit.features import FRAME_HZ, MELS, Array
from sayso.autoedit.operations import REACH, Edge, order
from sayso.autoedit.scoring import by_odds, looped
from sayso.errors import DataError
from sayso.measure.edits import boundary_f, kept_iou
from sayso.networks.autoencoder import Autoencoder, AutoencoderConfig, active_error
from sayso.networks.pointer import (
    COPY,
    JUMP,
    LOOP,
    OPERATIONS,
    STOP,
    Memory,
    PointerConfig,
    PointerNet,
    Steps,
    relations,
)
from sayso.timeline import Timeline
from sayso.train.config import Frozen
from sayso.train.editor_lessons import Lesson, Lessons, Pair
from sayso.train.editor_weighing import Taught, weigh
from sayso.watch import SILENT, Watch

_AUTOENCODED = 0.15
"""Progress once the autoencoder has learnt."""
_MOST_LATENTS = 4096


class EditorConfig(Frozen):
    """How long and how fast an editor learns; fine-tuning starts from another editor's weights."""

    steps: int = Field(default=400, ge=1, le=1_000_000)
    learning_rate: float = Field(default=2e-3, gt=0)
    autoencoder_steps: int = Field(default=400, ge=1, le=1_000_000)
    autoencoder_batch: int = Field(default=32, ge=1)
    autoencoder_learning_rate: float = Field(default=2e-3, gt=0)
    strength: float = Field(default=1.0, ge=0, description="of the discriminator's restraint")
    trials: bool = Field(default=True, description="whether to try what does best on the pairs")
    threads: int = Field(default=0, ge=0, le=1024)
    seed: int = 0


def _step(watch: Watch, done: float) -> None:
    watch.check("stopped while learning")
    watch.report(done)


def learn(
    pairs: Sequence[Pair],
    *,
    config: EditorConfig | None = None,
    start: Editor | None = None,
    watch: Watch = SILENT,
) -> Editor:
    """An editor that has learnt from `pairs`.

    Args:
        pairs: recordings as they are heard, and their edits; six or more serve well.
        config: how long to learn.
        start: an editor to begin from, such as one that learnt from other people's edits.
        watch: progress and cancelling, polled at every step.

    Raises: DataError for no pairs or edits from which nothing can be learnt, Cancelled.
    """
    if not pairs:
        raise DataError("there are no pairs to learn from; expected at least one")
    config = config or EditorConfig()
    threads = torch.get_num_threads()
    if config.threads:
        torch.set_num_threads(config.threads)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            lessons = Lessons(pairs, config.seed, strength=config.strength)
            _step(watch, 0.02)
            heard, opinions = _hearing(pairs, lessons, config, start, watch)
            trials = len(pairs) if config.trials and len(pairs) > 1 else 0
            share = (1 - _AUTOENCODED) / (1 + trials)
            pointer = _point(lessons, config, start, watch.part(_AUTOENCODED, _AUTOENCODED + share))
            editor = replace(heard, pointer=pointer)
            if trials:
                rest = watch.part(_AUTOENCODED + share, 1.0)
                editor = replace(editor, by=_best(editor, pairs, opinions, config, start, rest))
        return editor
    finally:
        torch.set_num_threads(threads)


def _hearing(
    pairs: Sequence[Pair],
    lessons: Lessons,
    config: EditorConfig,
    start: Editor | None,
    watch: Watch,
) -> tuple[Editor, list[Array]]:
    """All but the pointer, which has not learnt yet; and what the ensemble says of each pair.

    The latter is as if it had not been taught that pair.
    """
    share = (_AUTOENCODED - 0.02) / 3
    usual = habits(pairs, lessons.plain)

    def teach(some: Sequence[Pair], number: int) -> Taught:
        low = 0.02 + number * share
        return _autoencode(some, config, start, watch.part(low, low + share))

    weighing, opinions = weigh(pairs, lessons, teach, usual["rests"])
    net, known = teach(pairs, 2)
    editor = Editor(
        autoencoder=net,
        pointer=PointerNet(PointerConfig(features=len(NAMES) + JUDGES)),
        judges=lessons.judges,
        errors=known.errors,
        latents=known.latents,
        weighing=weighing,
        style=lessons.style(),
        **usual,
    )
    return _surer(editor, pairs, lessons, opinions), opinions


def _surer(
    editor: Editor, pairs: Sequence[Pair], lessons: Lessons, opinions: Sequence[Array]
) -> Editor:
    """`editor`, sure where keeping what is as likely as not comes nearer than the usual share."""
    merits = []
    for sure in (False, True):
        trial, found = replace(editor, sure=sure), 0.0
        for pair, lesson, values in zip(pairs, lessons.plain, opinions, strict=False):
            scores = Scores.of(ENSEMBLE, values, lesson.bars, pair.features)
            found += _merit(rough_choice(trial, scores), pair)
        merits.append(found)
    return replace(editor, sure=merits[1] > merits[0])


def _merit(timeline: Timeline, pair: Pair) -> float:
    """How near an edit comes to the person's: kept time and boundaries, both in their order."""
    return kept_iou(timeline, pair.timeline) + boundary_f(timeline, pair.timeline)


def habits(pairs: Sequence[Pair], lessons: Sequence[Lesson]) -> dict[str, Any]:
    """How much the person keeps, how long the edits are, and how often what is heard again is."""
    lengths = np.array([pair.timeline.duration_s for pair in pairs])
    shares = lengths / [pair.features.frames / pair.features.sample_rate for pair in pairs]
    kept = [float(np.average(x.share, weights=x.bars.seconds)) for x in lessons]
    # Relative spread: whoever cuts to a length has steady lengths, whoever drops things, shares.
    steady = lengths.std() / lengths.mean() < shares.std() / shares.mean()
    heard = [np.bincount(order(lesson.found)) for lesson in lessons]
    again = [count[count > 1] for count in heard if (count > 1).any()]
    rests = [(x.share[x.bars.rest], x.bars.seconds[x.bars.rest]) for x in lessons]
    quiet_s = sum(float(seconds.sum()) for _, seconds in rests)
    kept_s = sum(float(share @ seconds) for share, seconds in rests)
    return {
        "keep_ratio": float(np.median(kept)),
        "repeated": float(np.median(shares / kept)),
        "usual_s": float(np.median(lengths)) if steady and len(pairs) > 1 else None,
        "repeats": max(int(count.max()) for count in heard),
        "times": round(float(np.median(np.concatenate(again)))) if again else 1,
        "rests": min(1.0, kept_s / quiet_s) if quiet_s else 1.0,
    }


def _best(
    editor: Editor,
    pairs: Sequence[Pair],
    opinions: Sequence[Array],
    config: EditorConfig,
    start: Editor | None,
    watch: Watch,
) -> str:
    """What comes nearest to the person's edits, each left out in turn."""
    merits: dict[str, list[float]] = {POINTER: [], DISCRIMINATOR: [], ENSEMBLE: []}
    for number, pair in enumerate(pairs):
        others = [other for at, other in enumerate(pairs) if at != number]
        lessons = Lessons(others, config.seed, strength=config.strength)
        share = watch.part(number / len(pairs), (number + 1) / len(pairs))
        net = _point(lessons, config, start, share)
        trial = replace(
            editor,
            pointer=net,
            judges=lessons.judges,
            style=lessons.style(),
            **habits(others, lessons.plain),
        )
        bars = find_bars(pair.features)
        again, kept = with_odds(describe(measure(pair.features, bars)), trial.judges)[:, -2:].T
        made = {POINTER: rough_pointed(trial, pair.features)}
        for method, values in ((DISCRIMINATOR, by_odds(kept)), (ENSEMBLE, opinions[number])):
            scores = Scores.of(method, values, bars, pair.features)
            made[method] = rough_choice(trial, scores.repeated(looped(again, bars), trial.times))
        for method, timeline in made.items():
            merits[method].append(_merit(timeline, pair))
    return max(merits, key=lambda method: float(np.mean(merits[method])))


def _autoencode(
    pairs: Sequence[Pair], config: EditorConfig, start: Editor | None, watch: Watch
) -> Taught:
    """An autoencoder of what is heard in edits, and what it makes of them. Raises: DataError."""
    generator = torch.Generator().manual_seed(config.seed)
    net = Autoencoder(AutoencoderConfig(mels=MELS))
    if start is not None:
        net.load_state_dict(start.autoencoder.state_dict())
    found = [
        cut_segments(pair.features, find_bars(pair.features), length, pair.timeline)
        for length in LENGTHS
        for pair in pairs
    ]
    kept = [
        (
            torch.from_numpy(np.concatenate([part.mel for part in some])),
            torch.from_numpy(np.concatenate([part.active for part in some])),
        )
        for some in (found[: len(pairs)], found[len(pairs) :])
        if any(len(part.starts) for part in some)
    ]
    if not kept:
        raise DataError(
            f"no edit keeps {LENGTHS[0] / FRAME_HZ:.1f} s of sound in a row; expected longer clips"
        )
    optimiser = torch.optim.AdamW(net.parameters(), config.autoencoder_learning_rate)
    net.train()
    for step in range(config.autoencoder_steps):
        mel, active = kept[step % len(kept)]
        chosen = torch.randint(len(mel), (config.autoencoder_batch,), generator=generator)
        loss = active_error(net, mel[chosen], active[chosen]).mean()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        _step(watch, (step + 1) / config.autoencoder_steps)
    net.eval()
    known = [hear(net, part) for part in found]
    latents = np.concatenate([part.latents for part in known])
    errors = np.sort(np.concatenate([part.errors for part in known]))
    return net, Known(errors, latents[:: len(latents) // _MOST_LATENTS + 1])


def _point(
    lessons: Lessons, config: EditorConfig, start: Editor | None, watch: Watch
) -> PointerNet:
    net = PointerNet(PointerConfig(features=len(NAMES) + JUDGES))
    if start is not None:
        net.load_state_dict(start.pointer.state_dict())
    optimiser = torch.optim.AdamW(net.parameters(), config.learning_rate, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, config.learning_rate, config.steps, pct_start=0.1
    )
    rng = np.random.default_rng(config.seed)
    net.train()
    for step in range(config.steps):
        lesson, style = lessons.draw()
        loss = lesson_loss(net, lesson, style, wished=bool(rng.random() < 0.5))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        _step(watch, (step + 1) / config.steps)
    return net.eval()


def lesson_loss(net: PointerNet, lesson: Lesson, style: Array, *, wished: bool) -> Tensor:
    """Cross-entropy of what the person did, step by step, given all that was done before.

    Args:
        net: the network under training.
        lesson: a recording of N bars, and its edit.
        style: [S, F].
        wished: whether it is told how long the edit becomes.
    """
    path = order(lesson.found)
    count, steps = len(lesson.described), len(path)
    memory = net.remember(torch.from_numpy(lesson.described), torch.from_numpy(style))
    bar = np.concatenate([[-1], path])
    features = np.zeros((steps + 1, count), np.float32)
    np.add.at(features, (np.arange(1, steps + 1), path), 1)
    features = np.cumsum(features, axis=0)
    began = set(np.cumsum([0] + [x.leave.bar - x.enter.bar + 1 for x in lesson.found]).tolist())
    operations = [
        STOP if t == steps
        else COPY if path[t] == bar[t] + 1 and t > 0
        else LOOP if features[t, path[t]] else JUMP
        for t in range(steps + 1)
    ]  # fmt: skip
    state = _states(lesson, path, began, wished=wished)
    given = Steps(
        torch.from_numpy(bar),
        torch.tensor([0, *(operation + 1 for operation in operations[:-1])]),
        torch.from_numpy(state),
    )
    x, _ = net.decode(memory, net.embed_steps(memory, given))
    done = torch.tensor(operations)
    loss = functional.cross_entropy(net.operations(x), done, weight=_weights(done))
    related = relations(
        given.bar, torch.from_numpy(features), memory.keep, torch.from_numpy(lesson.bars.phrase)
    )
    logits = net.pointers(memory, x, related)
    fresh = torch.from_numpy(features) == 0
    for operation, group in ((JUMP, fresh), (LOOP, ~fresh)):
        at = torch.nonzero(done == operation)[:, 0]
        if len(at):
            masked = logits[at].masked_fill(~group[at], -1e4)
            loss = loss + functional.cross_entropy(masked, torch.from_numpy(path)[at])
    share = torch.from_numpy(lesson.share)
    loss = loss + functional.binary_cross_entropy_with_logits(memory.keep, share.clamp(0, 1))
    return loss + 0.2 * _edges_loss(net, lesson, memory, x)


def _weights(done: Tensor) -> Tensor:
    """How much each operation counts: jumps and loops are few, and the ones that matter."""
    counts = torch.bincount(done, minlength=OPERATIONS).float()
    return (len(done) / counts.clamp(min=1)).sqrt()


def _states(lesson: Lesson, path: Ints, began: set[int], *, wished: bool) -> Array:
    seconds = lesson.bars.seconds
    total_s, wish_s = float(seconds.sum()), float(seconds[path].sum()) if wished else None
    rows, heard_s, run_s = [], 0.0, 0.0
    counts = np.zeros(len(seconds) + 1)
    rows.append(step_state(0.0, 0.0, wish_s, total_s, (0.0, 0.0)))
    for at, bar in enumerate(path):
        run_s = float(seconds[bar]) + (0.0 if at in began else run_s)
        heard_s += float(seconds[bar])
        counts[bar] += 1
        rows.append(step_state(heard_s, run_s, wish_s, total_s, (counts[bar], counts[bar + 1])))
    return np.array(rows, np.float32)


def _edges_loss(net: PointerNet, lesson: Lesson, memory: Memory, x: Tensor) -> Tensor:
    """Cross-entropy of the beats and frames at which stretches are entered and left."""
    total = x.new_zeros(())
    at = 0
    edges: list[tuple[int, Edge]] = []
    for stretch in lesson.found:
        edges.append((at, stretch.enter))
        at += stretch.leave.bar - stretch.enter.bar + 1
        edges.append((at, stretch.leave))
    step = torch.tensor([step for step, _ in edges])
    bar = np.array([edge.bar for _, edge in edges])
    # Where a phrase is missing, a stretch may end in a bar that has fewer beats.
    last = lesson.around.there[bar].sum(axis=1) - 1
    beat = np.minimum([edge.beat for _, edge in edges], last)
    frame = torch.tensor([edge.frame + REACH for _, edge in edges])
    state, there = x[step], torch.from_numpy(lesson.around.there[bar])
    index = torch.from_numpy(bar)
    beats = net.beats(memory, state, index, torch.from_numpy(lesson.around.beats[bar]))
    total = total + functional.cross_entropy(
        beats.masked_fill(~there, -1e4), torch.from_numpy(np.asarray(beat))
    )
    frames = torch.from_numpy(lesson.around.frames[bar, beat])
    near = net.frames(memory, state, index, frames)
    return total + functional.cross_entropy(near, frame)
