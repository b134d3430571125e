"""The critic: one number a patch, and a penalty on its slope alone."""

import pytest
import torch

from sayso.errors import ShapeError
from sayso.networks.critic import Critic, CriticConfig, gradient_penalty

TINY = CriticConfig(bins=32, frames=8, width=2, hidden=4)


@pytest.mark.parametrize(
    ("bins", "frames"), [(256, 64), (257, 66), (64, 8), (8, 64), (5, 5), (2, 2)]
)
def test_any_patch_gets_one_number(bins: int, frames: int) -> None:
    critic = Critic(CriticConfig(bins=bins, frames=frames, width=2, hidden=3))
    assert critic(torch.rand(3, bins, frames)).shape == (3,)


def test_a_patch_of_another_size_is_refused() -> None:
    with pytest.raises(ShapeError, match="judges"):
        Critic(TINY)(torch.rand(1, 32, 9))


def test_patches_are_judged_alone() -> None:
    torch.manual_seed(0)
    critic = Critic(TINY)
    patches = torch.rand(4, 32, 8)
    torch.testing.assert_close(critic(patches)[2:3], critic(patches[2:3]))


class _Slope(Critic):
    """A critic whose slope is known: the sum of the patch times `slope` / sqrt(cells)."""

    def __init__(self, slope: float) -> None:
        super().__init__(TINY)
        self.slope = torch.nn.Parameter(torch.tensor(slope))

    def forward(self, patch: torch.Tensor) -> torch.Tensor:
        return self.slope * patch.sum(dim=(1, 2)) / (32 * 8) ** 0.5


@pytest.mark.parametrize(("slope", "penalty"), [(0.0, 0.0), (0.5, 0.0), (1.0, 0.0), (3.0, 4.0)])
def test_the_penalty_is_one_sided(slope: float, penalty: float) -> None:
    found = gradient_penalty(_Slope(slope), torch.rand(5, 32, 8), torch.rand(5, 32, 8))
    assert found.item() == pytest.approx(penalty, abs=1e-4)


def test_the_penalty_pulls_the_critic_and_nothing_else() -> None:
    critic = _Slope(3.0)
    real, fake = torch.rand(5, 32, 8), torch.rand(5, 32, 8, requires_grad=True)
    gradient_penalty(critic, real, fake).backward()
    assert critic.slope.grad is not None
    assert critic.slope.grad.item() == pytest.approx(4.0, abs=1e-3)
    assert fake.grad is None


def test_the_penalty_draws_from_its_generator() -> None:
    torch.manual_seed(0)
    critic = Critic(TINY)
    with torch.no_grad():
        for weight in critic.parameters():
            weight.mul_(20)
    real, fake = torch.rand(5, 32, 8), torch.rand(5, 32, 8)
    first = gradient_penalty(critic, real, fake, generator=torch.Generator().manual_seed(1))
    again = gradient_penalty(critic, real, fake, generator=torch.Generator().manual_seed(1))
    other = gradient_penalty(critic, real, fake, generator=torch.Generator().manual_seed(2))
    assert first.item() == again.item() != other.item()
