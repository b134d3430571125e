from __future__ import annotations

import sys
import types

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from sayso.audio import Audio, resample  # noqa: E402
from sayso.errors import Cancelled, ModelError, UnknownTargetError  # noqa: E402
from sayso.networks.dns64 import DNS64, DNS64Config  # noqa: E402
from sayso.separate.dns64 import DNS64Separator, read_dns64  # noqa: E402
from sayso.watch import Watch  # noqa: E402

SMALL = DNS64Config(hidden=4, depth=3)


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(1)
    torch.set_num_threads(1)
    return DNS64(SMALL).eval()


def mixture(seconds, channels=1, rate=16_000):
    samples = np.random.default_rng(3).standard_normal((channels, round(seconds * rate)))
    return Audio((0.1 * samples).astype(np.float32), rate)


def same(found, network):
    ours, theirs = found.state_dict(), network.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[k], theirs[k]) for k in ours)


def test_the_published_layouts(tmp_path, network, monkeypatch):
    path = tmp_path / "a.th"
    # The published file is a bare state; all sizes but the depth's stride follow from it.
    torch.save(network.state_dict(), path)
    assert same(read_dns64(path), network)
    # A user's own training writes the class beside its arguments.
    module = types.ModuleType("denoiser.demucs")
    module.Demucs = type("Demucs", (), {"__module__": "denoiser.demucs"})
    monkeypatch.setitem(sys.modules, "denoiser", types.ModuleType("denoiser"))
    monkeypatch.setitem(sys.modules, "denoiser.demucs", module)
    packed = {
        "class": module.Demucs,
        "args": (1, 1),
        "kwargs": {"hidden": 4, "depth": 3, "rescale": 0.1, "sample_rate": 16_000},
        "state": network.state_dict(),
    }
    torch.save(packed, path)
    assert same(read_dns64(path), network)
    older = {key: torch.zeros_like(value) for key, value in packed["state"].items()}
    training = {"model": packed | {"state": older}, "best_state": network.state_dict()}
    torch.save(training, path)
    assert same(read_dns64(path), network)


def test_both_ways_are_recognised(tmp_path):
    network = DNS64(DNS64Config(hidden=4, depth=2, causal=False, stride=2, resample=2))
    torch.save(network.state_dict(), tmp_path / "nc.th")
    found = read_dns64(tmp_path / "nc.th")
    assert found.config == network.config


def test_wrong_files_are_named(tmp_path, network):
    path = tmp_path / "a.th"
    torch.save({"weights": torch.ones(2)}, path)
    with pytest.raises(ModelError, match=r"a\.th: no checkpoint of a denoiser"):
        read_dns64(path)
    torch.save({"class": "Parrot", "args": (), "kwargs": {}, "state": {}}, path)
    with pytest.raises(ModelError, match=r"a\.th: unknown architecture 'Parrot'"):
        read_dns64(path)
    torch.save({"encoder.0.0.weight": torch.ones(1).expand(1 << 16, 1, 8)}, path)
    with pytest.raises(ModelError, match=r"a\.th: .*more weights than there are in the file"):
        read_dns64(path)
    state = network.state_dict()
    state.pop("lstm.lstm.weight_hh_l1")
    torch.save(state, path)
    with pytest.raises(ModelError, match=r"a\.th: .*1 missing"):
        read_dns64(path)


def test_short_audio_is_what_the_network_says(network):
    separator = DNS64Separator(network)
    mix = mixture(1.3, channels=2)
    speech = separator.separate(mix, ["speech"])["speech"].samples
    with torch.inference_mode():
        expected = network(torch.from_numpy(np.array(mix.samples))[:, None])[:, 0].numpy()
    assert np.abs(speech - expected).max() < 1e-6 * max(1, np.abs(expected).max() * 100)
    with pytest.raises(UnknownTargetError, match="dns64 cannot hear dog; it hears speech"):
        separator.separate(mix, ["dog"])


def test_joins_leave_no_mark(network, monkeypatch):
    monkeypatch.setattr("sayso.separate.dns64._SEGMENT_UNITS", 24)
    separator = DNS64Separator(network)
    mix = mixture(9)
    speech = separator.separate(mix, ["speech"])["speech"].samples
    with torch.inference_mode():
        expected = network(torch.from_numpy(np.array(mix.samples))[:, None])[:, 0].numpy()
    # Where the file begins and ends, a chunk hears silence and a whole pass nothing.
    error = np.abs(speech - expected)[:, 8000:-2000].max()
    assert error < 1e-3 * np.abs(expected).max()


@pytest.mark.parametrize(("channels", "rate"), [(1, 44_100), (3, 8000)])
def test_any_rate_and_channels_come_back_as_they_were(network, channels, rate):
    mix = mixture(0.7, channels, rate)
    speech = DNS64Separator(network).separate(mix, ["speech"])["speech"]
    assert (speech.samples.shape, speech.sample_rate) == (mix.samples.shape, rate)
    assert resample(speech, 16_000).samples.std() > 0


def test_cancellation(network):
    with pytest.raises(Cancelled):
        DNS64Separator(network).separate(
            mixture(1), ["speech"], watch=Watch(cancelled=lambda: True)
        )
