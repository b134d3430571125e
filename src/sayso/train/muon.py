"""Muon: momentum whose matrices are made orthogonal before each step, beside AdamW for the rest.

Source: Jordan et al. 2024, kellerjordan.github.io/posts/muon; step sizes that match AdamW's, Liu et
al. 2025, arXiv:2502.16982. `torch.optim.Muon` takes matrices only; here kernels of convolutions are
matrices of (outputs, inputs x taps), and a stack of matrices is taken one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast

import torch
from torch import Tensor
from torch.optim import AdamW

_QUINTIC = (3.4445, -4.7750, 2.0315)
_STEPS = 5


class Muon(AdamW):
    """Groups with `orthogonal=True` are moved by Muon, all others by AdamW; one learning rate."""

    def __init__(
        self,
        groups: Iterable[dict[str, Any]],
        *,
        lr: float,
        momentum: float = 0.95,
        betas: tuple[float, float] = (0.9, 0.98),
    ) -> None:
        """`groups` as torch takes them, each with `orthogonal` and its `weight_decay`."""
        super().__init__(groups, lr=lr, betas=betas, fused=True)
        for group in self.param_groups:
            group["momentum"] = momentum

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One update of every group; `closure` is not taken."""
        assert closure is None
        groups = self.param_groups
        try:
            self.param_groups = [g for g in groups if not g["orthogonal"]]
            super().step()
        finally:
            self.param_groups = groups
        for group in groups:
            if group["orthogonal"]:
                self._turn(group)
        return None

    def _turn(self, group: dict[str, Any]) -> None:
        for weight in group["params"]:
            if weight.grad is None:
                continue
            state = self.state[weight]
            if not state:
                state["momentum"] = torch.zeros_like(weight)
                state["step"] = torch.zeros(())  # AdamW looks for it when it takes a state up
            state["step"] += 1
            average = state["momentum"].lerp_(weight.grad, 1 - group["momentum"])
            ahead = weight.grad.lerp(average, group["momentum"])
            matrix = ahead.flatten(1) if weight.ndim == 4 else ahead
            scale = 0.2 * max(matrix.shape[-2:]) ** 0.5
            weight.mul_(1 - group["lr"] * group["weight_decay"])
            turned = orthogonalised(matrix).reshape(weight.shape)
            weight.add_(turned.to(weight.dtype), alpha=-group["lr"] * scale)


def orthogonalised(matrix: Tensor) -> Tensor:
    """`matrix [..., M, N]` with all singular values near 1 (0.7 to 1.2)."""
    a, b, c = _QUINTIC
    x = matrix.bfloat16()
    tall = x.shape[-2] > x.shape[-1]
    x = x.mT if tall else x
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(_STEPS):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return cast(Tensor, x.mT if tall else x)
