"""A pointer network that edits: it goes through a recording and says which bar is heard next.

The encoder sees a description of every bar, `[N, F]`, whose last feature is the log odds that a
discriminator gives the bar of being kept: of single bars it knows more than a network can learn
from a handful of pairs. The decoder emits one operation a step: COPY the next bar, JUMP to one that
was not heard yet, LOOP back to one that was, or STOP; jumps and loops point to a bar, then to a
beat in it, then to a frame around that beat. It attends to its own last steps, to all bars and to a
style reference; keys and values of the latter two are computed once.

One recording at a time: there is no batch axis. T are steps, N bars, S bars of the style reference.

Sources: Vinyals, Fortunato and Jaitly 2015, arXiv:1506.03134 (pointers); See, Liu and Manning 2017,
arXiv:1704.04368 (copying).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from sayso.configuration import Frozen

COPY, JUMP, LOOP, STOP = range(4)
OPERATIONS = 4
RELATIONS = 8
STATE = 10


class PointerConfig(Frozen):
    """Sizes of a `PointerNet`."""

    features: int = Field(ge=1, le=1024, description="of a bar")
    beat_features: int = Field(default=4, ge=1, le=64)
    frame_features: int = Field(default=2, ge=1, le=64)
    width: int = Field(default=48, ge=8, le=1024)
    heads: int = Field(default=4, ge=1, le=32)
    layers: int = Field(default=2, ge=1, le=12)
    history: int = Field(default=64, ge=1, le=4096, description="own steps that it attends to")
    dropout: float = Field(default=0.2, ge=0, lt=1)


class Memory(NamedTuple):
    """What is computed once a recording: encodings, keys and values."""

    bars: Tensor  # [N + 2, W], a row of zeros before the first bar and after the last
    keep: Tensor  # [N] logits that a bar is kept at all
    keys: Tensor  # [N, W] of the pointer
    recording: tuple[Tensor, Tensor]
    style: tuple[Tensor, Tensor]


class Steps(NamedTuple):
    """What the decoder is told of each step [T, ...]."""

    bar: Tensor  # the bar heard last, -1 at first
    operation: Tensor  # the operation that led there
    state: Tensor  # [T, STATE] seconds heard and wished for, and the like


class Attention(nn.Module):
    """Multi-head attention whose keys and values can be kept."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def keys(self, source: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values [H, N, W / H] of `source` [N, W]."""
        key, value = self.key_value(source).chunk(2, dim=-1)
        return self._split(key), self._split(value)

    def forward(self, x: Tensor, kept: tuple[Tensor, Tensor], mask: Tensor | None = None) -> Tensor:
        """What `x` [T, W] finds in kept keys and values, where `mask` [T, N] is True."""
        heard = functional.scaled_dot_product_attention(
            self._split(self.query(x))[None], kept[0][None], kept[1][None], attn_mask=mask
        )[0]
        found: Tensor = self.out(heard.transpose(0, 1).flatten(1))
        return found

    def _split(self, x: Tensor) -> Tensor:
        return x.reshape(len(x), self.heads, -1).transpose(0, 1)


class PointerNet(nn.Module):
    """Descriptions of bars, a style reference and the steps so far -> the next step."""

    def __init__(self, config: PointerConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.embed = nn.Linear(config.features, width)
        self.near = nn.Conv1d(width, width, 5, padding=2, groups=width)
        layer = nn.TransformerEncoderLayer(
            width, config.heads, 2 * width, config.dropout, batch_first=True, norm_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, config.layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(width)
        # How much the discriminator's odds are worth, and how strict it is.
        self.odds = nn.Parameter(torch.tensor([1.0, 0.0]))
        self.key = nn.Linear(width, width)
        self.operation = nn.Embedding(OPERATIONS + 1, width)
        self.step = nn.Linear(2 * width + STATE + 2, width)
        self.own, self.cross, self.style = (Attention(width, config.heads) for _ in range(3))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(4))
        self.feed = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Dropout(config.dropout),
            nn.Linear(2 * width, width),
        )  # fmt: skip
        self.operations = nn.Linear(width, OPERATIONS)
        self.point = nn.Linear(width, width)
        self.relation = nn.Sequential(nn.Linear(RELATIONS, 16), nn.GELU(), nn.Linear(16, 1))
        self.edge = nn.Linear(2 * width, width)
        self.beat = nn.Linear(config.beat_features, width)
        self.frame = nn.Conv1d(config.frame_features, width, 5, padding=2)

    def remember(self, bars: Tensor, style: Tensor) -> Memory:
        """Encodes a recording's bars [N, F] and those of a style reference [S, F]."""
        encoded = self._encode(bars)
        logits = self.odds[0] * bars[:, -1] + self.odds[1]
        padded = functional.pad(encoded, (0, 0, 1, 1))
        manner = self.norm(self.embed(style))
        return Memory(
            padded, logits, self.key(encoded), self.cross.keys(encoded), self.style.keys(manner)
        )

    def _encode(self, bars: Tensor) -> Tensor:
        x = self.embed(bars)
        x = x + self.near(x.T[None])[0].T
        encoded: Tensor = self.norm(self.encoder(x[None])[0])
        return encoded

    def embed_steps(self, memory: Memory, steps: Steps) -> Tensor:
        """Inputs [T, W] of the decoder."""
        here, after = memory.bars[steps.bar + 1], memory.bars[steps.bar + 2]
        keep = functional.pad(memory.keep, (1, 1))
        odds = torch.stack([keep[steps.bar + 1], keep[steps.bar + 2]], dim=1).detach()
        x = self.step(torch.cat([here, after, steps.state, odds.clamp(-6, 6) / 3], dim=1))
        embedded: Tensor = x + self.operation(steps.operation)
        return embedded

    def decode(
        self, memory: Memory, x: Tensor, past: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """States [T, W] after the inputs `x` [T, W], and what to hand in as `past` next time.

        Steps see themselves and the last `history` before them.
        """
        line = self.norms[0](x)
        seen = line if past is None else torch.cat([past, line])
        at = torch.arange(len(seen) - len(x), len(seen))[:, None] - torch.arange(len(seen))[None]
        mask = (at >= 0) & (at <= self.config.history)
        x = x + self.own(line, self.own.keys(seen), mask)
        x = x + self.cross(self.norms[1](x), memory.recording)
        x = x + self.style(self.norms[2](x), memory.style)
        x = x + self.feed(self.norms[3](x))
        return x, seen[-self.config.history :]

    def pointers(self, memory: Memory, state: Tensor, relations: Tensor) -> Tensor:
        """Logits [T, N] of the bars to go to.

        Args:
            memory: from `remember`.
            state: [T, W].
            relations: [T, N, RELATIONS] of each bar to the step, from `relations`.
        """
        fit = self.point(state) @ memory.keys.T / self.config.width**0.5
        logits: Tensor = fit + memory.keep + self.relation(relations)[..., 0]
        return logits

    def beats(self, memory: Memory, state: Tensor, bar: Tensor, beats: Tensor) -> Tensor:
        """Logits [T, B] of the beats of `bar` [T], described by `beats` [T, B, features]."""
        logits: Tensor = (self.beat(beats) @ self._at(memory, state, bar)[..., None])[..., 0]
        return logits

    def frames(self, memory: Memory, state: Tensor, bar: Tensor, frames: Tensor) -> Tensor:
        """Logits [T, K] of frames around a beat of `bar` [T], from `frames` [T, features, K]."""
        keys = self.frame(frames).transpose(1, 2)
        logits: Tensor = (keys @ self._at(memory, state, bar)[..., None])[..., 0]
        return logits

    def _at(self, memory: Memory, state: Tensor, bar: Tensor) -> Tensor:
        both = torch.cat([state, memory.bars[bar + 1]], dim=1)
        query: Tensor = self.edge(both) / self.config.width**0.5
        return query


def relations(bar: Tensor, heard: Tensor, keep: Tensor, phrase: Tensor) -> Tensor:
    """How each bar stands to each step [T, N, RELATIONS].

    Args:
        bar: the bar heard last [T], -1 at first.
        heard: how often each bar was heard before the step [T, N].
        keep: logits [N] that a bar is kept at all.
        phrase: the number of each bar's phrase [N], rising.
    """
    count = keep.shape[0]
    ahead = (torch.arange(count)[None] - bar[:, None] - 1).float()
    odds = torch.sigmoid(keep.detach())
    mass = functional.pad(torch.cumsum(odds, 0), (1, 0))
    # What would be left out on the way: much for a jump over what is worth keeping.
    skipped = (mass[:-1][None] - mass[(bar + 1).clamp(max=count)][:, None]).clamp(-50, 50)
    begins = torch.diff(phrase, prepend=phrase[:1] - 1)[None] > 0
    parts = [
        (ahead > 0).float(),
        torch.sign(ahead) * torch.log1p(ahead.abs()) / 3,
        torch.log1p(ahead.abs()),
        torch.sign(skipped) * torch.log1p(skipped.abs()),
        heard.clamp(max=3).float(),
        (ahead == 0).float(),
        begins.expand(len(bar), -1).float(),
        (begins & (phrase[None] == phrase[bar.clamp(min=0)][:, None])).float(),
    ]
    return torch.stack(parts, dim=-1)
