from __future__ import annotations

import pytest
import torch

from sayso.errors import ShapeError
from sayso.networks.autoencoder import Autoencoder, AutoencoderConfig, active_error
from sayso.networks.pointer import RELATIONS, STATE, PointerConfig, PointerNet, Steps, relations

BARS, STEPS = 12, 7


@pytest.fixture
def net():
    torch.manual_seed(0)
    config = PointerConfig(features=6, width=16, heads=2, layers=1, history=4)
    return PointerNet(config).eval()


def steps_of(count):
    bar = torch.arange(-1, count - 1)
    return Steps(bar, torch.zeros(count, dtype=torch.long), torch.randn(count, STATE))


def test_kept_keys_give_what_all_steps_at_once_give(net):
    memory = net.remember(torch.randn(BARS, 6), torch.randn(5, 6))
    line = net.embed_steps(memory, steps_of(STEPS))
    whole, _ = net.decode(memory, line)
    past, each = None, []
    for at in range(STEPS):
        x, past = net.decode(memory, line[at : at + 1], past)
        each.append(x)
        assert len(past) <= net.config.history
    assert torch.allclose(torch.cat(each), whole, atol=1e-5)


def test_the_future_is_not_seen(net):
    memory = net.remember(torch.randn(BARS, 6), torch.randn(5, 6))
    line = net.embed_steps(memory, steps_of(STEPS))
    changed = line.clone()
    changed[4:] += 1
    before, after = (net.decode(memory, x)[0] for x in (line, changed))
    assert torch.allclose(before[:4], after[:4], atol=1e-6)
    assert not torch.allclose(before[4:], after[4:], atol=1e-3)


def test_relations_say_where_each_bar_stands():
    phrase = torch.tensor([0, 0, 1, 1])
    heard = torch.tensor([[0.0, 0, 0, 0], [1, 0, 0, 0]])
    found = relations(torch.tensor([-1, 2]), heard, torch.zeros(4), phrase)
    assert found.shape == (2, 4, RELATIONS)
    assert found[0, :, 5].tolist() == [1, 0, 0, 0]
    assert found[1, :, 5].tolist() == [0, 0, 0, 1]
    assert found[1, :, 4].tolist() == [1, 0, 0, 0]
    assert found[1, :, 6].tolist() == [1, 0, 1, 0]
    assert found[1, :, 7].tolist() == [0, 0, 1, 0]


def test_the_autoencoder_keeps_shapes_and_learns():
    torch.manual_seed(0)
    net = Autoencoder(AutoencoderConfig(mels=8, width=12, latent=4))
    segment = torch.sin(torch.arange(64) / 5)[None, None].repeat(3, 8, 1)
    assert net(segment).shape == segment.shape
    assert net.encode(segment).shape == (3, 4, 4)
    optimiser = torch.optim.Adam(net.parameters(), 1e-2)
    active = torch.ones(3, 64)
    first = active_error(net, segment, active).mean()
    for _ in range(30):
        loss = active_error(net, segment, active).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss < 0.5 * first
    silent = torch.cat([segment[..., :32], segment[..., 32:] + 5], dim=2)
    heard = torch.cat([active[:, :32], 0 * active[:, 32:]], dim=1)
    with torch.inference_mode():
        wrong = ((net(silent) - silent) ** 2)[..., :32].mean(dim=(1, 2))
        assert torch.allclose(active_error(net, silent, heard), wrong)
    with pytest.raises(ShapeError, match="multiple of 16"):
        net(torch.zeros(1, 8, 50))
