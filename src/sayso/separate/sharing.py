"""Sharing a piece of music out among its four stems, so that they sum to it.

Each stem is asked of the model that is best at it. What the best at voices found is taken out
before another model is asked for drums and bass; and "other" is what vocals, drums and bass leave,
which comes nearer to it than asking for it does. What a stem holds does not depend on which stems
are asked for beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from sayso.audio import Audio, Recorder
from sayso.watch import SILENT, Watch

TAKEN, REST = ("vocals", "drums", "bass"), "other"
"""What is taken out of music, in this order, and what is left."""

Ask: TypeAlias = Callable[[str, Audio, Sequence[str], Watch], Mapping[str, Audio]]
"""`ask(model, mix, targets, watch)`: the stems that one model takes out of a mix."""


def share_out(
    mix: Audio,
    targets: Sequence[str],
    *,
    model_of: Callable[[str], str],
    ask: Ask,
    watch: Watch = SILENT,
) -> dict[str, Audio]:
    """Each of `targets`, of the mix's length, rate, channels and level.

    Args:
        mix: any music.
        targets: out of vocals, drums, bass and other.
        model_of: which model a target is asked of.
        ask: asks it.
        watch: progress and cancelling, polled between blocks.
    Raises: whatever `ask` does; Cancelled.
    """
    wanted = _needed(targets, model_of)
    groups: dict[str, list[str]] = {}
    for target in wanted:
        groups.setdefault(model_of(target), []).append(target)
    found: dict[str, Audio] = {}
    left = mix
    for number, (model, group) in enumerate(groups.items()):
        part = watch.part(number / len(groups), (number + 1) / len(groups))
        found |= ask(model, left, group, part)
        if number + 1 < len(groups):
            left = without(left, [found[target] for target in group], watch=watch.quiet)
    if REST in targets:
        found[REST] = without(mix, [found[target] for target in TAKEN], watch=watch.quiet)
    return {target: found[target] for target in targets}


def without(mix: Audio, stems: Sequence[Audio], *, watch: Watch = SILENT) -> Audio:
    """What `stems` leave of `mix`, in constant memory. Raises: Cancelled."""
    recorder = Recorder(mix.channels, mix.sample_rate)
    for blocks in zip(mix.blocks(), *(stem.blocks() for stem in stems), strict=True):
        watch.check()
        left = blocks[0].copy()
        for block in blocks[1:]:
            left -= block
        recorder.append(left)
    return recorder.audio()


def _needed(targets: Sequence[str], model_of: Callable[[str], str]) -> list[str]:
    """What is to be asked for, in this order: with what is taken out before it."""
    last = max(TAKEN.index(target) if target in TAKEN else len(TAKEN) for target in targets)
    before = list(TAKEN[: last + 1])
    if REST in targets or len({model_of(target) for target in before}) > 1:
        return before
    return [target for target in before if target in targets]
