"""Spleeter's voice: the same as the network in torch, on any audio, and never more than the mix."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from sayso.audio import Audio, stft
from sayso.errors import Cancelled, ModelError, UnknownTargetError
from sayso.networks.spleeter import mask_graph
from sayso.separate.exported import open_graph
from sayso.separate.spleeter import RATE, SpleeterSeparator
from sayso.watch import Watch

WIDTHS = (4, 6, 8, 10, 12, 14)


def random_weights(seed):
    """One network under the released names, narrower."""
    rng = np.random.default_rng(seed)
    arrays = {}

    def put(name, *shape, positive=False):
        values = rng.standard_normal(shape) * (2.0 / max(1, np.prod(shape[1:]))) ** 0.5
        arrays[name] = (np.abs(values) + 0.5 if positive else values).astype(np.float32)

    def norm(name, width):
        put(f"{name}.weight", width, positive=True)
        put(f"{name}.bias", width)
        put(f"{name}.running_mean", width)
        put(f"{name}.running_var", width, positive=True)

    for level, (before, width) in enumerate(zip((2, *WIDTHS), WIDTHS, strict=False), 1):
        put(f"down{level}_conv.1.weight", width, before, 5, 5)
        put(f"down{level}_conv.1.bias", width)
        norm(f"down{level}_act.0", width)
    outs = (*WIDTHS[-2::-1], 1)
    for level, width in enumerate(outs, 1):
        before = WIDTHS[-1] if level == 1 else 2 * outs[level - 2]
        put(f"up{level}.0.weight", before, width, 5, 5)
        put(f"up{level}.0.bias", width)
        norm(f"up{level}.3", width)
    put("up7.0.weight", 2, 1, 4, 4)
    put("up7.0.bias", 2)
    return arrays


@pytest.fixture(scope="module")
def networks():
    return [random_weights(seed) for seed in (1, 2)]


@pytest.fixture
def paths(tmp_path, networks):
    made = [tmp_path / "vocals.ckpt", tmp_path / "accompaniment.ckpt"]
    for path, arrays in zip(made, networks, strict=True):
        path.write_bytes(pickle.dumps(arrays, 2))
    return made


@pytest.fixture
def separator(paths):
    return SpleeterSeparator(paths, threads=1)


def noise(seconds, rate=RATE, channels=2):
    rng = np.random.default_rng(5)
    shape = (channels, round(seconds * rate))
    return Audio((0.1 * rng.standard_normal(shape)).astype(np.float32), rate)


def test_masks_are_those_of_the_network_in_torch(networks):
    torch = pytest.importorskip("torch")
    from torch.nn import functional as F

    def network(arrays, magnitude):
        a = {name: torch.from_numpy(values) for name, values in arrays.items()}

        def norm(name, x):
            parts = ("running_mean", "running_var", "weight", "bias")
            return F.batch_norm(x, *(a[f"{name}.{part}"] for part in parts), eps=1e-3)

        skips, x = [], magnitude
        for level in range(1, 7):
            name = f"down{level}_conv.1"
            x = F.conv2d(F.pad(x, (1, 2, 1, 2)), a[f"{name}.weight"], a[f"{name}.bias"], stride=2)
            skips.append(x)
            x = F.leaky_relu(norm(f"down{level}_act.0", x), 0.2)
        x = skips[5]
        for level in range(1, 7):
            x = x if level == 1 else torch.cat([skips[6 - level], x], 1)
            name = f"up{level}.0"
            x = F.conv_transpose2d(x, a[f"{name}.weight"], a[f"{name}.bias"], stride=2)
            x = norm(f"up{level}.3", F.relu(x[..., 1:-2, 1:-2]))
        x = F.conv2d(x, a["up7.0.weight"], a["up7.0.bias"], dilation=2, padding=3)
        return torch.sigmoid(x) * magnitude

    rng = np.random.default_rng(3)
    magnitude = np.abs(rng.standard_normal((1, 2, 128, 64))).astype(np.float32)
    found = [network(arrays, torch.from_numpy(magnitude)) ** 2 for arrays in networks]
    total = sum(found) + 1e-10
    expected = torch.stack([(one + 5e-11) / total for one in found], 1).numpy()
    session = open_graph(mask_graph(networks), name="test", threads=1)
    (masks,) = session.run(None, {"magnitude": magnitude})
    assert np.abs(masks - expected).max() < 1e-4
    assert np.abs(masks.sum(axis=1) - 1).max() < 1e-5


@pytest.mark.parametrize(("rate", "channels"), [(44_100, 2), (22_050, 1), (48_000, 3)])
def test_any_audio_keeps_its_shape(separator, rate, channels):
    mix = noise(1.3, rate, channels)
    vocals = separator.separate(mix, ["vocals"])["vocals"]
    assert vocals.samples.shape == mix.samples.shape
    assert vocals.sample_rate == rate
    assert 0 < np.mean(vocals.samples**2) < np.mean(mix.samples**2)


def test_nothing_is_kept_above_11_khz(separator):
    vocals = separator.separate(noise(2), ["vocals"])["vocals"].samples
    power = np.abs(stft(vocals, 4096, hop=1024)) ** 2
    assert power[:, 1030:].sum() < 1e-4 * power[:, :1024].sum()


def test_chunks_join_to_what_one_chunk_gives(paths):
    mix = noise(20)
    whole = SpleeterSeparator(paths, segment_s=30).separate(mix, ["vocals"])["vocals"].samples
    cut = SpleeterSeparator(paths, segment_s=12, overlap=0.5).separate(mix, ["vocals"])
    off = cut["vocals"].samples - whole
    # Random networks listen further than a chunk's context reaches, and less than this.
    assert np.mean(off**2) < 3e-2 * np.mean(whole**2)


def test_silence_stays_silent(separator):
    vocals = separator.separate(Audio(np.zeros((2, 5000), np.float32), RATE), ["vocals"])
    assert not vocals["vocals"].samples.any()


def test_it_can_be_stopped_and_refuses_what_it_cannot_hear(separator):
    with pytest.raises(Cancelled):
        separator.separate(noise(1), ["vocals"], watch=Watch(cancelled=lambda: True))
    with pytest.raises(UnknownTargetError, match="vocals"):
        separator.separate(noise(1), ["drums"])


def test_other_weights_are_refused(paths):
    paths[1].write_bytes(pickle.dumps({"a": np.zeros(3, np.float32)}, 2))
    with pytest.raises(ModelError, match="no weights of Spleeter's 2 stems"):
        SpleeterSeparator(paths)
