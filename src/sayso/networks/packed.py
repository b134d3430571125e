"""Linear layers and attention as oneDNN likes them: the same numbers, sooner, on x86 in float32.

torch multiplies matrices of float32 with MKL, which keeps off the widest registers of processors
that are not its maker's; convolutions go to oneDNN, which does not. Here weights are brought into
oneDNN's own order once, and attention is computed for a block of queries at a time, so that its
scores stay in the cache: torch's quick path for inference writes all of them to memory first.
"""

from __future__ import annotations

import platform
from typing import Any

import torch
from torch import Tensor, nn

_QUERIES = 512  # a block of them against 2,700 keys takes 5.5 MB


class PackedLinear(nn.Module):
    """`linear`, its weights packed; for inference alone."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self._weight = _packed(linear.weight)
        self._bias = None if linear.bias is None else linear.bias.detach()

    def forward(self, x: Tensor) -> Tensor:
        """[..., I] to [..., O]."""
        return _product(x, self._weight, self._bias)


class PackedAttention(nn.Module):
    """`attention` without masks, dropout or weights, its projections packed; for inference alone.

    It must have biases, and keys and values as wide as queries: see `pack`.
    """

    def __init__(self, attention: nn.MultiheadAttention) -> None:
        super().__init__()
        self._heads = attention.num_heads
        self._batch_first = attention.batch_first
        weights = attention.in_proj_weight.detach().chunk(3)
        biases = attention.in_proj_bias.detach().chunk(3)
        self._inward = [
            (_packed(weight.contiguous()), bias.contiguous())
            for weight, bias in zip(weights, biases, strict=True)
        ]
        self._outward = PackedLinear(attention.out_proj)

    def forward(
        self, query: Tensor, key: Tensor, value: Tensor, **options: Any
    ) -> tuple[Tensor, None]:
        """[T, B, C] (or [B, T, C], batch first) to the same; takes and gives what torch's does."""
        masked = any(options.get(name) is not None for name in ("attn_mask", "key_padding_mask"))
        assert not masked, "networks with masks are not packed"
        q, k, v = (
            self._split(sound, *layer)
            for sound, layer in zip((query, key, value), self._inward, strict=True)
        )
        batch, heads, length, width = q.shape
        answers = torch.empty((batch, length, heads * width), dtype=q.dtype)
        for at in range(batch):
            for head in range(heads):
                part = answers[at, :, head * width : (head + 1) * width]
                _attend(q[at, head], k[at, head], v[at, head], out=part)
        mixed = self._outward(answers)
        return mixed if self._batch_first else mixed.transpose(0, 1), None

    def _split(self, sound: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """Projected, [B, H, T, C / H]."""
        sound = sound if self._batch_first else sound.transpose(0, 1)
        projected = _product(sound, weight, bias)
        batch, length, channels = projected.shape
        return projected.view(batch, length, self._heads, channels // self._heads).transpose(1, 2)


def pack(network: nn.Module) -> nn.Module:
    """`network`, changed: its linear layers and attentions packed, where that is of use.

    It must be on the CPU, in float32, set to evaluate, and give its attentions no masks.
    """
    if not is_of_use():
        return network
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.MultiheadAttention):
                if child.in_proj_weight is not None and child.in_proj_bias is not None:
                    setattr(module, name, PackedAttention(child))
            elif type(child) is nn.Linear:
                setattr(module, name, PackedLinear(child))
    return network


def is_of_use() -> bool:
    """Whether this torch has oneDNN's packed products, on a processor that they were made for."""
    return (
        platform.machine().lower() in ("x86_64", "amd64")
        and bool(torch.backends.mkldnn.is_available())  # type: ignore[no-untyped-call]
        and hasattr(torch.ops.mkldnn, "_linear_pointwise")
        and hasattr(torch.ops.mkldnn, "_reorder_linear_weight")
    )


def _attend(query: Tensor, key: Tensor, value: Tensor, *, out: Tensor) -> None:
    """One head: [T, D] asked of [S, D], into `out` [T, D]."""
    scaled = (key * key.shape[-1] ** -0.5).contiguous()
    turned = value.t().contiguous()
    for start in range(0, len(query), _QUERIES):
        stop = start + _QUERIES
        scores = _product(query[start:stop].contiguous(), scaled)
        torch.softmax(scores, -1, out=scores)
        out[start:stop] = _product(scores, turned)


def _packed(weight: Tensor) -> Tensor:
    packed: Tensor = torch.ops.mkldnn._reorder_linear_weight(weight.detach(), None)
    return packed


def _product(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """[..., I] times the transpose of [O, I]."""
    product: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
    return product
