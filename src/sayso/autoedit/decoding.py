"""Letting the pointer network edit: constrained decoding, one bar at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sayso.autoedit.bars import Bars
from sayso.autoedit.choose import NEAR
from sayso.autoedit.features import FRAME_HZ, Array
from sayso.autoedit.operations import REACH, Edge, Stretch, Surroundings, position
from sayso.watch import SILENT, Watch

if TYPE_CHECKING:
    import torch

    from sayso.networks.pointer import Memory, PointerNet


@dataclass(frozen=True)
class Limits:
    """What no edit may do.

    Attributes:
        shortest_s: nothing shorter is heard between two cuts.
        repeats: how often a bar may be heard.
        wish_s: wished length in seconds, or None.
    """

    shortest_s: float = 1.0
    repeats: int = 3
    wish_s: float | None = None


HOTTEST = 5.0
"""The highest temperature at which edits are drawn."""
_OPERATION_HEAT, _TARGET_HEAT = 2.0, 4.0
"""A network that learnt from a handful of pairs is too sure, of targets above all."""


@dataclass(frozen=True)
class Chance:
    """How steps are drawn by chance.

    Attributes:
        temperature: more than 0, at most `HOTTEST`; at 0.5 steps are as likely as the network says.
        seed: whole number.
    """

    temperature: float
    seed: int = 0


def step_state(
    heard_s: float,
    run_s: float,
    wish_s: float | None,
    total_s: float,
    counts: tuple[float, float],
) -> list[float]:
    """What the decoder is told of where it stands.

    Args:
        heard_s: seconds heard so far.
        run_s: of them, since the last jump or loop.
        wish_s: wished for, or None.
        total_s: of the whole recording.
        counts: how often the bar heard last and the one after it were heard so far.
    """
    wished = wish_s is not None
    left = (wish_s - heard_s) / 30 if wish_s is not None else 0.0
    share = heard_s / wish_s if wish_s is not None else 0.0
    return [
        heard_s / total_s,
        float(np.log1p(heard_s) / 4),
        float(np.log1p(run_s) / 3),
        float(wished),
        float(np.clip(left, -2, 4)),
        float(min(share, 2.0)),
        float(np.log(wish_s) / 5) if wish_s else 0.0,
        min(heard_s / 60, 4.0),
        min(counts[0], 4.0) - 1,
        min(counts[1], 4.0),
    ]


def point(
    net: PointerNet,
    described: Array,
    bars: Bars,
    around: Surroundings,
    style: Array,
    limits: Limits,
    *,
    chance: Chance | None = None,
    watch: Watch = SILENT,
) -> list[Stretch]:
    """The stretches that `net` chooses, in the order in which they are heard; at least one.

    Args:
        net: a trained network.
        described: descriptions [N, F].
        bars: of the recording.
        around: of the bars.
        style: descriptions [S, F] of bars of the person's other edits.
        limits: what may not be done.
        chance: how bars are drawn; None takes the likeliest. Beats and frames are the likeliest.
        watch: progress through the recording and cancelling, polled at every step.

    Raises: Cancelled.
    """
    import torch

    net.eval()
    with torch.inference_mode():
        memory = net.remember(torch.from_numpy(described), torch.from_numpy(style))
        walk = _Walk(net, memory, bars, around, limits, chance)
        while walk.step():
            watch.check("stopped while editing")
            watch.report((walk.bar + 1) / bars.count)
    return walk.stretches()


class _Walk:
    """One way through the bars, as far as it is known."""

    def __init__(
        self,
        net: PointerNet,
        memory: Memory,
        bars: Bars,
        around: Surroundings,
        limits: Limits,
        chance: Chance | None,
    ) -> None:
        import torch

        self.chance = chance
        self.generator = torch.Generator().manual_seed(0 if chance is None else chance.seed)

        self.net, self.memory, self.bars, self.around, self.limits = (
            net, memory, bars, around, limits
        )  # fmt: skip
        self.seconds = bars.seconds
        self.phrase = torch.from_numpy(bars.phrase)
        self.total_s = float(self.seconds.sum())
        self.heard = torch.zeros(bars.count)
        self.past: torch.Tensor | None = None
        self.bar, self.operation = -1, -1
        self.heard_s = self.run_s = 0.0
        self.cut_s = 0.0
        self.enters: list[Edge] = []
        self.leaves: list[Edge] = []
        self.steps = 0

    def step(self) -> bool:
        """Goes on by one bar; False at the end."""
        import torch

        from sayso.networks.pointer import COPY, JUMP, LOOP, STOP, Steps, relations

        state = step_state(
            self.heard_s, self.run_s, self.limits.wish_s, self.total_s, self._counts()
        )
        steps = Steps(
            torch.tensor([self.bar]), torch.tensor([self.operation + 1]), torch.tensor([state])
        )
        line = self.net.embed_steps(self.memory, steps)
        x, self.past = self.net.decode(self.memory, line, self.past)
        related = relations(steps.bar, self.heard[None], self.memory.keep, self.phrase)
        logits = self.net.pointers(self.memory, x, related)[0]
        fresh = self.heard == 0
        free = self.heard < self.limits.repeats
        there = torch.ones_like(fresh)
        if 0 <= self.bar + 1 < self.bars.count:
            there[self.bar + 1] = False
        groups = {JUMP: there & fresh, LOOP: there & ~fresh & free}
        allowed = self._allowed(groups)
        odds = self.net.operations(x)[0].masked_fill(~allowed, -torch.inf)
        operation = self._drawn(odds, _OPERATION_HEAT)
        if operation == STOP or not allowed.any():
            self._leave(x)
            return False
        target = self.bar + 1
        if operation != COPY:
            fitting = logits.masked_fill(~groups[operation], -torch.inf)
            target = self._drawn(fitting, _TARGET_HEAT)
            if self.bar >= 0:
                self._leave(x)
            edge = self._edge(x, target, entering=True)
            self.enters.append(edge)
            self.cut_s += (position(edge, self.bars) - int(self.bars.edges[target])) / FRAME_HZ
            self.run_s = 0.0
        self._hear(target, operation)
        return True

    def _drawn(self, logits: torch.Tensor, heat: float) -> int:
        """One of what is likeliest, or by chance."""
        import torch

        if self.chance is None or not torch.isfinite(logits).any():
            return int(logits.argmax())
        odds = torch.softmax(logits / (heat * self.chance.temperature), dim=0)
        return int(torch.multinomial(odds, 1, generator=self.generator))

    def _counts(self) -> tuple[float, float]:
        """How often the bar heard last, and the one after it, were heard."""
        last = float(self.heard[self.bar]) if self.bar >= 0 else 0.0
        more = self.bar + 1 < self.bars.count
        return last, float(self.heard[self.bar + 1]) if more else 0.0

    def _hear(self, bar: int, operation: int) -> None:
        self.heard[bar] += 1
        self.heard_s += float(self.seconds[bar])
        self.run_s += float(self.seconds[bar])
        self.bar, self.operation = bar, operation
        self.steps += 1

    def _allowed(self, groups: dict[int, torch.Tensor]) -> torch.Tensor:
        """Which operations may come next [OPERATIONS]."""
        import torch

        limits, wish = self.limits, self.limits.wish_s
        started = self.bar >= 0
        more = started and self.bar + 1 < self.bars.count
        copy = more and float(self.heard[self.bar + 1]) < limits.repeats
        jump, loop = (bool(group.any()) for group in groups.values())
        leave = not started or self.run_s >= limits.shortest_s or not copy
        stop = started and leave
        if wish is not None:
            # What is heard, without what is left out of bars that are entered or left within.
            heard_s = self.heard_s - self.cut_s
            full = heard_s >= wish
            copy, jump, loop = copy and not full, jump and not full, loop and not full
            stop = started and (full or (stop and heard_s >= wish * (1 - NEAR)))
        if self.steps >= limits.repeats * self.bars.count:
            copy = jump = loop = False
        if not (copy or jump or loop):
            stop = started
        return torch.tensor([copy, jump and leave, loop and leave, stop])

    def _edge(self, x: torch.Tensor, bar: int, *, entering: bool) -> Edge:
        import torch

        at = torch.tensor([bar])
        beats = torch.from_numpy(self.around.beats[bar])[None]
        there = torch.from_numpy(self.around.there[bar]).clone()
        # A bar is entered before its end and left after its beginning.
        there[int(there.sum()) - 1 if entering else 0] = False
        logits = self.net.beats(self.memory, x, at, beats)[0].masked_fill(~there, -torch.inf)
        beat = int(logits.argmax())
        frames = torch.from_numpy(self.around.frames[bar, beat])[None]
        frame = int(self.net.frames(self.memory, x, at, frames)[0].argmax()) - REACH
        return Edge(bar, beat, frame)

    def _leave(self, x: torch.Tensor) -> None:
        edge = self._edge(x, self.bar, entering=False)
        self.leaves.append(edge)
        self.cut_s += (int(self.bars.edges[self.bar + 1]) - position(edge, self.bars)) / FRAME_HZ

    def stretches(self) -> list[Stretch]:
        """What was heard, from edge to edge."""
        return [Stretch(*ends) for ends in zip(self.enters, self.leaves, strict=True)]
