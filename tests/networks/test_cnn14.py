"""Cnn14 answers as the released one does.

`fixtures/cnn14.npz` holds what PANNs' repository (pytorch/models.py at its commit of 13 July 2021,
torchlibrosa 0.1.0, librosa 0.11.0) made of the stored noise, with its blocks rebuilt narrow
(4, 6, 8, 10, 12, 16 channels, 9 classes) and weights by the rule in conftest.py; and of librosa's
mel matrix the sum over bins and the 41st band.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from sayso.networks.cnn14 import Cnn14, Cnn14Config, mel_bands  # noqa: E402

CONFIG = Cnn14Config(widths=(4, 6, 8, 10, 12, 16), classes=9)


@pytest.fixture
def stored():
    return np.load(Path(__file__).parent / "fixtures/cnn14.npz")


def test_agrees_with_the_released_network(stored, by_rule):
    net = Cnn14(CONFIG).eval()
    net.load_state_dict(by_rule(net.state_dict()))
    with torch.inference_mode():
        found = net(torch.from_numpy(stored["waveform"].astype(np.float32))).numpy()
    assert np.abs(found - stored["probabilities"]).max() < 1e-5


def test_mel_bands_are_librosas(stored):
    bands = mel_bands(CONFIG).numpy()
    assert np.abs(bands.sum(axis=0) - stored["mel"]).max() < 1e-6
    assert np.abs(bands[:, 40] - stored["mel_band"]).max() < 1e-7


def test_the_published_size():
    with torch.device("meta"):
        parameters = sum(p.numel() for p in Cnn14().parameters())
    assert parameters == 80_753_615


def test_the_shortest_clip():
    net = Cnn14(CONFIG).eval()
    with torch.inference_mode():
        assert net(torch.zeros(1, CONFIG.shortest)).isfinite().all()
