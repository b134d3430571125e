"""Muon: directions with equal singular values, AdamW's sizes, and its own state in checkpoints."""

import copy

import pytest
import torch
from torch import nn
from torch.optim import AdamW

from sayso.train.muon import Muon, orthogonalised


@pytest.mark.parametrize("shape", [(8, 30), (30, 8), (3, 8, 12)])
def test_singular_values_come_near_one(shape: tuple[int, ...]) -> None:
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    values = torch.linalg.svdvals(orthogonalised(matrix).float())
    assert values.min() > 0.5 and values.max() < 1.3


def test_a_kernel_moves_by_the_orthogonal_of_its_gradient() -> None:
    conv = nn.Conv2d(4, 6, 3, bias=False)
    before = conv.weight.detach().clone()
    optimiser = Muon([{"params": [conv.weight], "orthogonal": True, "weight_decay": 0.0}], lr=0.1)
    gradient = torch.randn(conv.weight.shape, generator=torch.Generator().manual_seed(1))
    conv.weight.grad = gradient.clone()
    optimiser.step()
    moved = (before - conv.weight.detach()).flatten(1)
    assert torch.linalg.svdvals(moved).max() == pytest.approx(0.1 * 0.2 * 36**0.5, rel=0.3)
    assert (moved * gradient.flatten(1)).sum() > 0


def test_other_groups_are_moved_by_adamw() -> None:
    ours, theirs = nn.Linear(3, 2), nn.Linear(3, 2)
    theirs.load_state_dict(ours.state_dict())
    group = {"params": list(ours.parameters()), "orthogonal": False, "weight_decay": 0.1}
    one = Muon([group], lr=0.01)
    two = AdamW(theirs.parameters(), lr=0.01, betas=(0.9, 0.98), weight_decay=0.1)
    for _ in range(3):
        for net, optimiser in ((ours, one), (theirs, two)):
            optimiser.zero_grad()
            net(torch.ones(1, 3)).square().sum().backward()
            optimiser.step()
    torch.testing.assert_close(ours.weight, theirs.weight)


def test_its_state_is_taken_up_again() -> None:
    def group(net: nn.Module) -> list[dict[str, object]]:
        return [{"params": [net.weight], "orthogonal": True, "weight_decay": 0.01}]

    def step(net: nn.Linear, optimiser: Muon, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        net.weight.grad = torch.randn(net.weight.shape, generator=generator)
        optimiser.step()

    net = nn.Linear(5, 4, bias=False)
    optimiser = Muon(group(net), lr=0.1)
    step(net, optimiser, 0)
    twin = copy.deepcopy(net)
    resumed = Muon(group(twin), lr=0.1)
    resumed.load_state_dict(copy.deepcopy(optimiser.state_dict()))
    step(net, optimiser, 1)
    step(twin, resumed, 1)
    assert torch.equal(net.weight, twin.weight)
