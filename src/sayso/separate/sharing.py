"""Sharing a piece of music out among its stems, so that they sum to it.

Each stem is asked of the model that is best at it. What one model found is taken out before
another is asked for the rest; and "other" is what all other stems leave, which comes nearer to it
than asking for it does. What a stem holds does not depend on which are asked for beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from sayso.audio import Audio, Recorder
from sayso.separate.protocol import Separator
from sayso.watch import SILENT, Watch

REST = "other"
"""The stem that is whatever the others leave."""

Ask: TypeAlias = Callable[[str, Audio, Sequence[str], Watch], Mapping[str, Audio]]
"""`ask(model, mix, targets, watch)`: the stems that one model takes out of a mix."""


def share_out(
    mix: Audio,
    targets: Sequence[str],
    *,
    stems: Sequence[str],
    model_of: Callable[[str], str],
    ask: Ask,
    watch: Watch = SILENT,
) -> dict[str, Audio]:
    """Each of `targets`, of the mix's length, rate, channels and level.

    Args:
        mix: any audio.
        targets: what is asked for; what is none of `stems` is asked of the mix as it is.
        stems: those that music is split into, in the order in which they are taken out; "other" is
            among them where they are to sum to the mix.
        model_of: which model a target is asked of.
        ask: asks it.
        watch: progress and cancelling, polled between blocks.
    Raises: whatever `ask` does; Cancelled.
    """
    taken = [stem for stem in stems if stem != REST] if REST in stems else []
    shared = [target for target in targets if taken and target in stems]
    groups = _by_model(_needed(shared, taken, model_of), model_of)
    direct = _by_model([target for target in targets if target not in shared], model_of)
    # One model hears the mix once for all that it is asked of it.
    first = next(iter(groups), "")
    beside = direct.pop(first, [])
    count = len(groups) + len(direct)
    parts = iter([watch.part(n / count, (n + 1) / count) for n in range(count)])
    found: dict[str, Audio] = {}
    left = mix
    for number, (model, group) in enumerate(groups.items(), 1):
        extra = beside if model == first else []
        found |= ask(model, left, [*group, *extra], next(parts))
        if number < len(groups):
            left = without(left, [found[target] for target in group], watch=watch.quiet)
    for model, group in direct.items():
        found |= ask(model, mix, group, next(parts))
    if REST in shared:
        found[REST] = without(mix, [found[target] for target in taken], watch=watch.quiet)
    return {target: found[target] for target in targets}


def makers_of(separator: Separator, targets: Sequence[str]) -> dict[str, list[str]]:
    """Who makes which of `targets`: models by name, and "the rest" for what the others leave."""
    rest = REST if REST in separator.stems else None
    return _by_model(targets, lambda t: "the rest" if t == rest else separator.route(t).maker)


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


def _needed(
    targets: Sequence[str], taken: Sequence[str], model_of: Callable[[str], str]
) -> list[str]:
    """What is to be asked for, in this order: with what is taken out before it."""
    if not targets:
        return []
    last = max(taken.index(target) if target in taken else len(taken) for target in targets)
    before = list(taken[: last + 1])
    if REST in targets or len({model_of(target) for target in before}) > 1:
        return before
    return [target for target in before if target in targets]


def _by_model(targets: Sequence[str], model_of: Callable[[str], str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for target in targets:
        groups.setdefault(model_of(target), []).append(target)
    return groups
