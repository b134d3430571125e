"""ResUNet30 answers as the released one does.

`fixtures/resunet30.npz` holds what AudioSep's repository (models/resunet.py at its commit of
26 November 2024, torchlibrosa 0.1.0) made of the stored noise and condition, with its blocks
rebuilt narrow (4; 4, 6, 8, 8, 10, 10 channels; a condition of 16) and weights by the rule in
conftest.py; and all keys of that state but the constants of its transforms.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from sayso.networks.resunet30 import UNUSED_KEYS, ResUNet30, ResUNet30Config  # noqa: E402

CONFIG = ResUNet30Config(width=4, widths=(4, 6, 8, 8, 10, 10), condition=16)


@pytest.fixture
def stored():
    return np.load(Path(__file__).parent / "fixtures/resunet30.npz")


@pytest.fixture
def network(by_rule):
    net = ResUNet30(CONFIG).eval()
    net.load_state_dict(by_rule(net.state_dict()))
    return net


def test_agrees_with_the_released_network(stored, network):
    with torch.inference_mode():
        offsets = network.offsets(torch.from_numpy(stored["condition"]))
        answer = network(torch.from_numpy(stored["mixture"].astype(np.float32)), offsets)[0]
    assert np.abs(answer.numpy() - stored["answer"]).max() < 1e-6


def test_keys_are_those_of_the_checkpoint(stored, network):
    published = {k for k in stored["unused"].tolist() if not k.startswith(UNUSED_KEYS)}
    assert published == set(network.state_dict())
    # Its transforms are among the unused ones, too.
    assert "base.stft.conv_real.weight".startswith(UNUSED_KEYS)


def test_the_published_size():
    with torch.device("meta"):
        net = ResUNet30()
    assert sum(p.numel() for p in net.parameters()) == 25_623_941


def test_silence_gives_silence(network):
    with torch.inference_mode():
        answer = network(torch.zeros(1, 4000), network.offsets(torch.ones(1, 16)))
    assert answer.abs().max() == 0


def test_level_is_kept(stored, network):
    mixture = torch.from_numpy(stored["mixture"].astype(np.float32))
    assert network(mixture, network.offsets(torch.ones(1, 16))).shape == mixture.shape
