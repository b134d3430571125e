"""HTDemucs on ONNX Runtime: what the released code gives with the same weights, narrower."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("demucs")

from demucs.apply import apply_model  # noqa: E402
from demucs.demucs import LayerScale  # noqa: E402
from demucs.htdemucs import HTDemucs  # noqa: E402
from demucs.transformer import MyGroupNorm  # noqa: E402

from sayso.audio import Audio  # noqa: E402
from sayso.checkpoints import WeightStore  # noqa: E402
from sayso.errors import ModelError, UnknownTargetError  # noqa: E402
from sayso.networks.graph import Graph  # noqa: E402
from sayso.networks.htdemucs_names import named  # noqa: E402
from sayso.separate import Models  # noqa: E402
from sayso.separate.catalogue import find_row, is_installed  # noqa: E402
from sayso.separate.demucs import DemucsSeparator, DemucsSettings  # noqa: E402
from sayso.separate.devices import Device  # noqa: E402
from sayso.separate.htdemucs import RATE, HTDemucsSeparator  # noqa: E402


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(4)
    net = HTDemucs(
        sources=["drums", "bass", "other", "vocals"],
        channels=8,
        bottom_channels=32,
        dconv_mode=3,
        depth=4,
        t_layers=5,
        t_heads=8,
        segment=Fraction(39, 5),
    )
    with torch.no_grad():
        for parameter in net.parameters():  # scales of 1e-4 would hide what they scale
            parameter.add_(0.05 * torch.randn_like(parameter))
    return net.eval()


def exported(network):
    """Constants as the exporter leaves them, in the order in which modules run."""
    left, order = dict(network.state_dict()), []

    def take(name, turn=lambda x: x):
        order.append((None, turn(left.pop(name))))

    def column(x):
        return x[:, None]

    def record(name):
        def hook(module, inputs):
            in_branch = ".dconv." in name
            if isinstance(module, MyGroupNorm) or (
                isinstance(module, torch.nn.GroupNorm) and in_branch
            ):
                take(f"{name}.weight", column)
                take(f"{name}.bias", column)
            elif isinstance(module, LayerScale) and in_branch:
                take(f"{name}.scale", column)
            elif isinstance(module, torch.nn.MultiheadAttention):
                width = module.embed_dim
                if "self_attn" in name:
                    take(f"{name}.in_proj_weight", torch.t)
                elif ".layers." in name:
                    weight, bias = (left.pop(f"{name}.in_proj_{k}") for k in ("weight", "bias"))
                    for rows in (slice(width), slice(width, None)):
                        order.extend([(None, weight[rows].t()), (None, bias[rows])])
            elif isinstance(module, torch.nn.Linear) and "linear" in name:
                take(f"{name}.weight", torch.t)
            elif isinstance(module, torch.nn.Embedding):
                take(f"{name}.weight", lambda x: (10 * x).t()[None, :, :, None])

        return hook

    hooks = [m.register_forward_pre_hook(record(n)) for n, m in network.named_modules()]
    with torch.no_grad(), torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        network(torch.randn(1, 2, 44_100))
    for hook in hooks:
        hook.remove()
    nameless = {f"onnx::{number}": x.numpy() for number, (_, x) in enumerate(order)}
    return {name: x.numpy() for name, x in left.items()} | nameless


@pytest.fixture(scope="module")
def constants(network):
    return exported(network)


@pytest.fixture(scope="module")
def path(constants, tmp_path_factory):
    """An ONNX file with the network's constants, each used once."""
    graph, used = Graph(), "x"
    for name, values in constants.items():
        constant = graph.array(np.ascontiguousarray(values), name=name)
        used = graph.add("Add", used, constant)
    path = tmp_path_factory.mktemp("htdemucs") / "htdemucs.onnx"
    path.write_bytes(graph.model({"x": (1,)}, {"y": used}))
    return path


def test_names_come_back(network, constants):
    state = network.state_dict()
    found = named(constants)
    assert found.keys() == state.keys()
    for name, values in found.items():
        assert np.allclose(values, state[name].numpy(), rtol=1e-6, atol=0), name


@pytest.fixture(scope="module")
def mix():
    rng = np.random.default_rng(7)
    return (0.1 * rng.standard_normal((2, 9 * RATE))).astype(np.float32)


@pytest.fixture(scope="module")
def released(network, mix):
    middle = mix.mean(0)
    mean, deviation = middle.mean(), middle.std(ddof=1)
    given = torch.from_numpy((mix - mean) / deviation)[None]
    with torch.no_grad():
        out = apply_model(network, given, shifts=0, split=True, overlap=0.25)[0]
    return out.numpy() * deviation + mean


def test_stems_are_those_of_the_released_code(path, mix, released):
    separator = HTDemucsSeparator(path, eight_bits=False, discard=0)
    found = separator.separate(Audio(mix, RATE), separator.stems)
    # The released code hears the end once more in a chunk of its own.
    same = slice(0, 5 * RATE)
    for row, stem in enumerate(separator.stems):
        off = np.abs(found[stem].samples[:, same] - released[row][:, same])
        assert off.max() < 1e-3 * np.abs(released[row]).max()


def test_8_bits_come_near(path, mix, released):
    separator = HTDemucsSeparator(path, discard=0)
    found = separator.separate(Audio(mix, RATE), ["bass"])["bass"].samples
    off = found[:, : 5 * RATE] - released[1][:, : 5 * RATE]
    assert np.mean(off**2) < 1e-2 * np.mean(released[1][:, : 5 * RATE] ** 2)


def test_torch_runs_the_same_weights(path, network, mix, released):
    settings = DemucsSettings(discard=0, device=Device(kind="cpu", precision="float32"))
    separator = DemucsSeparator.load(path, settings=settings)
    found = separator.separate(Audio(mix, RATE), ["drums", "vocals"])
    for row, stem in ((0, "drums"), (3, "vocals")):
        off = np.abs(found[stem].samples - released[row])[:, : 5 * RATE]
        assert off.max() < 1e-4 * np.abs(released[row]).max()


def test_torch_takes_the_weights_that_are_here(path, tmp_path):
    row = find_row("htdemucs_torch")
    store = WeightStore(tmp_path)
    assert not is_installed(row, store)
    target = store.path(find_row("htdemucs").files[0])
    target.parent.mkdir()
    target.write_bytes(path.read_bytes())
    assert Models(weight_store=store).files("htdemucs_torch") == [target]
    own = store.path(row.files[0])
    own.parent.mkdir()
    own.write_bytes(b"its own")
    assert Models(weight_store=store).files("htdemucs_torch") == [own]


@pytest.mark.parametrize(("rate", "channels"), [(22_050, 1), (48_000, 3)])
def test_any_audio_keeps_its_shape(path, rate, channels):
    rng = np.random.default_rng(1)
    mix = Audio(rng.standard_normal((channels, rate)).astype(np.float32), rate)
    stem = HTDemucsSeparator(path).separate(mix, ["drums"])["drums"]
    assert stem.samples.shape == mix.samples.shape
    assert stem.sample_rate == rate


def test_other_weights_and_targets_are_refused(path, tmp_path):
    graph = Graph()
    used = graph.add("Add", "x", graph.array(np.zeros(1, np.float32)))
    other = tmp_path / "other.onnx"
    other.write_bytes(graph.model({"x": (1,)}, {"y": used}))
    with pytest.raises(ModelError, match="no weights of HTDemucs"):
        HTDemucsSeparator(other)
    with pytest.raises(UnknownTargetError, match="drums"):
        HTDemucsSeparator(path).separate(Audio(np.ones((2, 99), np.float32), RATE), ["speech"])
