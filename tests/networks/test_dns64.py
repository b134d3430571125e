"""DNS64 answers as the released denoiser does.

`fixtures/dns64.npz` holds what the repository of facebookresearch/denoiser (denoiser/demucs.py)
made of the stored noise with three small settings and weights by the rule in conftest.py.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from sayso.networks.dns64 import DNS64, DNS64Config  # noqa: E402

SETTINGS = {
    "causal": DNS64Config(hidden=4, depth=3),
    "both_ways": DNS64Config(hidden=4, depth=3, causal=False, stride=2, resample=2),
    "plain": DNS64Config(
        hidden=4, depth=2, resample=1, glu=False, normalize=False, chin=2, chout=2
    ),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_agrees_with_the_released_network(name, by_rule):
    stored = np.load(Path(__file__).parent / "fixtures/dns64.npz")
    net = DNS64(SETTINGS[name]).eval()
    net.load_state_dict(by_rule(net.state_dict()))
    with torch.inference_mode():
        found = net(torch.from_numpy(stored[f"{name}_noisy"].astype(np.float32))).numpy()
    assert np.abs(found - stored[name]).max() < 1e-4 * np.abs(stored[name]).max()


def test_the_published_sizes():
    for config, parameters in (
        (DNS64Config(), 33_533_569),
        (DNS64Config(hidden=48), 18_867_937),
    ):
        with torch.device("meta"):
            assert sum(p.numel() for p in DNS64(config).parameters()) == parameters


def test_is_causal(by_rule):
    net = DNS64(SETTINGS["causal"]).eval()
    net.load_state_dict(by_rule(net.state_dict()))
    noisy = torch.from_numpy(np.random.default_rng(0).standard_normal((1, 1, 4000))).float()
    changed = noisy.clone()
    changed[..., 3000:] = 0
    one = torch.ones(1, 1, 1)
    with torch.inference_mode():
        difference = (net(noisy, one) - net(changed, one))[0, 0].abs()
    assert difference[:2700].max() < 1e-6
    assert difference[3000:].max() > 1e-4
