"""Demucs through us is Demucs: the package's own `apply_model` on the same random weights.

`fixtures/demucs_diffq.th` and `demucs_uniform.th` were written by diffq 0.2.4 (group size 8 with
normally distributed bit logits; 6 bits with float16 for small tensors) from a two-layer `Demucs` of
4 channels seeded with 5, in the layout of `demucs.states.serialize_model`; `demucs_quantised.npz`
holds what diffq's own `restore_quantized_state` made of them: every eighth sample of the network's
answer to two sines, and the sum of all absolute weights.
"""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("demucs")
pytest.importorskip("safetensors")

import yaml  # noqa: E402
from demucs.apply import BagOfModels, apply_model  # noqa: E402
from demucs.demucs import Demucs  # noqa: E402
from demucs.hdemucs import HDemucs  # noqa: E402
from demucs.htdemucs import HTDemucs  # noqa: E402
from safetensors.torch import save_file  # noqa: E402

from sayso.audio import Audio, decibels  # noqa: E402
from sayso.checkpoints import ClassName, read_pickled  # noqa: E402
from sayso.errors import Cancelled, ModelError, RangeError, UnknownTargetError  # noqa: E402
from sayso.separate.demucs import DemucsSeparator, DemucsSettings  # noqa: E402
from sayso.separate.demucs_files import read_network  # noqa: E402
from sayso.separate.devices import Device  # noqa: E402
from sayso.watch import Watch  # noqa: E402

FIXTURES = Path(__file__).parent / "fixtures"
SOURCES = ["drums", "bass", "other", "vocals"]
RATE = 8000
KINDS = {
    "HTDemucs": (
        HTDemucs,
        {
            "sources": SOURCES,
            "channels": 8,
            "nfft": 512,
            "depth": 3,
            "t_layers": 1,
            "t_heads": 2,
            "samplerate": RATE,
            "segment": Fraction(39, 40),
            "dconv_init": 0.1,
        },
    ),
    "HDemucs": (
        HDemucs,
        {
            "sources": SOURCES,
            "channels": 4,
            "nfft": 1024,
            "depth": 5,
            "norm_starts": 3,
            "dconv_lstm": 4,
            "dconv_attn": 4,
            "samplerate": RATE,
            "segment": 1,
        },
    ),
    "Demucs": (
        Demucs,
        {
            "sources": SOURCES,
            "channels": 4,
            "depth": 3,
            "lstm_layers": 1,
            "samplerate": RATE,
            "segment": Fraction(8042, RATE),
        },
    ),
}
EXACT = DemucsSettings(discard=0, device=Device(kind="cpu", precision="float32"))


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def build(kind, seed=1):
    torch.manual_seed(seed)
    klass, options = KINDS[kind]
    return klass(**options).eval()


def save(path, kind="HTDemucs", seed=1, **changes):
    network = build(kind, seed)
    package = {
        "klass": KINDS[kind][0],
        "args": (),
        "kwargs": KINDS[kind][1] | {"an_old_option": 3},
        "state": {key: value.half() for key, value in network.state_dict().items()},
        "training_args": {"lr": 3e-4},
    }
    torch.save(package | changes, path)
    return path


def mixture(seconds, channels=2, rate=RATE):
    samples = np.random.default_rng(3).standard_normal((channels, round(seconds * rate)))
    return Audio((0.2 * samples + 0.01).astype(np.float32), rate)


def upstream(model, mix, overlap=0.25):
    """As demucs.api.Separator calls it: normalised by the middle channel, no random shift."""
    wav = torch.from_numpy(np.array(mix.samples))
    middle = wav.mean(0)
    mean, deviation = middle.mean(), middle.std() + 1e-8
    out = apply_model(model, ((wav - mean) / deviation)[None], shifts=0, overlap=overlap)
    return (out[0] * deviation + mean).numpy()


def save_quantised(path, missing=0):
    """The diffq fixture as the hub holds such models, less some of its tensors."""
    package, tensors = read_pickled(FIXTURES / "demucs_diffq.th"), {}
    others = package["state"]["others"]
    del others[len(others) - missing :]

    def outline(node):
        if torch.is_tensor(node):
            tensors[f"t{len(tensors)}"] = node.clone()
            return {"_tensor": f"t{len(tensors) - 1}"}
        if isinstance(node, dict):
            return {"_dict": [[key, outline(value)] for key, value in node.items()]}
        if isinstance(node, list | tuple):
            kind = "_list" if isinstance(node, list) else "_tuple"
            return {kind: [outline(value) for value in node]}
        return {"_class": "diffq.diffq.DiffQuantizer"} if isinstance(node, ClassName) else node

    metadata = {
        "klass": "demucs.demucs.Demucs",
        "args": "[]",
        "kwargs": json.dumps(package["kwargs"]),
        "structure": json.dumps(outline(package["state"])),
    }
    save_file(tensors, path, metadata)
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_a_checkpoint_gives_what_upstream_gives(tmp_path, kind):
    path = save(tmp_path / "a.th", kind)
    model = read_network(path)
    separator = DemucsSeparator.load(path, settings=EXACT)
    assert separator.stems == tuple(SOURCES)
    for seconds in (0.7, 3.3):
        mix = mixture(seconds)
        stems = separator.separate(mix, SOURCES)
        expected = upstream(model, mix)
        # Past the last full segment upstream hears the end once more in a chunk of its own.
        segment = int(model.segment * RATE)
        full = (mix.frames - segment) // int(0.75 * segment) * int(0.75 * segment) + segment
        length = mix.frames if mix.frames < segment else full - segment // 4
        for number, name in enumerate(SOURCES):
            found = stems[name].samples
            assert found.shape == mix.samples.shape
            assert np.abs(found - expected[number])[:, :length].max() < 1e-5


def test_a_bag_gives_what_upstream_gives_and_skips_idle_members(tmp_path):
    for seed in (1, 2):
        save(tmp_path / f"{seed:08x}-abcdef01.th", "HTDemucs", seed)
    weights = [[1.0, 0.0, 2.0, 1.0], [0.0, 1.0, 1.0, 1.0]]
    bag = {"models": ["00000001", "00000002"], "weights": weights, "segment": 0.5}
    (tmp_path / "bag.yaml").write_text(yaml.safe_dump(bag))
    separator = DemucsSeparator.load(tmp_path / "bag.yaml", settings=EXACT)
    networks = [read_network(path) for path in sorted(tmp_path.glob("*.th"))]
    model = BagOfModels(networks, weights, 0.5)
    mix = mixture(0.3)
    stems = separator.separate(mix, ["bass", "other"])
    expected = upstream(model, mix)
    assert np.abs(stems["bass"].samples - expected[1]).max() < 1e-5
    assert np.abs(stems["other"].samples - expected[2]).max() < 1e-5
    calls = []
    separator._networks[0].register_forward_hook(lambda *_: calls.append(1))
    separator.separate(mix, ["bass"])
    assert not calls


@pytest.mark.parametrize("kind", ["diffq", "uniform"])
def test_quantised_weights_come_out_as_diffq_restores_them(kind):
    network = read_network(FIXTURES / f"demucs_{kind}.th")
    stored = np.load(FIXTURES / "demucs_quantised.npz")
    total = sum(float(p.detach().double().abs().sum()) for p in network.parameters())
    assert total == pytest.approx(float(stored[f"{kind}_sum"]), rel=1e-7)
    tones = 0.3 * torch.sin(torch.arange(4000) * torch.tensor([[0.05], [0.08]]))
    padded = torch.nn.functional.pad(tones, (0, network.valid_length(4000) - 4000))
    with torch.inference_mode():
        answer = network(padded[None])[0, ..., :4000:8].numpy()
    assert np.abs(answer - stored[kind]).max() < 1e-5


def test_safetensors_as_the_hub_holds_them(tmp_path):
    def spelled(value):
        if isinstance(value, Fraction):
            return {
                "_type": "fraction",
                "numerator": value.numerator,
                "denominator": value.denominator,
            }
        return value

    network = build("HTDemucs")
    options = {key: spelled(value) for key, value in KINDS["HTDemucs"][1].items()}
    metadata = {
        "klass": "demucs.htdemucs.HTDemucs",
        "args": "[]",
        "kwargs": json.dumps(options),
    }
    path = tmp_path / "a.safetensors"
    save_file(network.state_dict(), path, metadata)
    found = read_network(path).state_dict()
    assert all(torch.equal(found[key], value) for key, value in network.state_dict().items())

    save_quantised(tmp_path / "q.safetensors")
    quantised = read_network(tmp_path / "q.safetensors")
    same = read_network(FIXTURES / "demucs_diffq.th")
    assert all(
        torch.equal(a, b) for a, b in zip(quantised.parameters(), same.parameters(), strict=True)
    )


@pytest.fixture(scope="module")
def separator(tmp_path_factory):
    path = save(tmp_path_factory.mktemp("demucs") / "tiny.th")
    settings = DemucsSettings(device=Device(kind="cpu", precision="float32"))
    return DemucsSeparator.load(path, settings=settings)


@pytest.mark.parametrize(("channels", "rate"), [(1, 8000), (2, 11_025), (3, 6000)])
def test_any_rate_and_channels_come_back_as_they_were(separator, channels, rate):
    mix = mixture(1.7, channels, rate)
    stem = separator.separate(mix, ["vocals"])["vocals"]
    assert stem.samples.shape == mix.samples.shape
    assert stem.sample_rate == rate
    if channels == 3:
        alone = separator.separate(Audio(mix.samples[2:], rate), ["vocals"])["vocals"]
        # The level that Demucs is given is that of all channels together.
        assert decibels(float(np.abs(stem.samples[2:] - alone.samples).max())) < -40


def test_progress_and_cancellation(separator):
    seen = []
    separator.separate(mixture(3), ["bass"], watch=Watch(seen.append))
    assert len(seen) > 3
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    with pytest.raises(Cancelled):
        separator.separate(mixture(3), ["bass"], watch=Watch(cancelled=lambda: len(seen) > 0))


def test_silence_stays_silent(separator):
    quiet = Audio(np.zeros((2, 3 * RATE), np.float32), RATE)
    stem = separator.separate(quiet, ["drums"])["drums"].samples
    assert np.isfinite(stem).all()
    assert np.abs(stem).max() < 1e-4


def test_bfloat16_stays_near_float32(separator, tmp_path):
    settings = DemucsSettings(device=Device(kind="cpu", precision="bfloat16"))
    reduced = DemucsSeparator.load(save(tmp_path / "a.th"), settings=settings)
    mix = mixture(1.5)
    exact = separator.separate(mix, ["other"])["other"].samples
    rough = reduced.separate(mix, ["other"])["other"].samples
    assert 20 * np.log10(np.linalg.norm(exact) / np.linalg.norm(exact - rough)) > 30


def test_what_cannot_be_done_is_said(separator, tmp_path):
    with pytest.raises(UnknownTargetError, match="cannot hear dog; it hears drums"):
        separator.separate(mixture(1), ["dog"])
    with pytest.raises(RangeError, match=r"hears 0\.975 s at a time; 8 s"):
        DemucsSeparator.load(save(tmp_path / "a.th"), settings=DemucsSettings(segment_s=8))
    with pytest.raises(ModelError, match="device 'abacus' cannot be used here"):
        Device(kind="abacus").place()


def test_wrong_checkpoints_are_named(tmp_path):
    path = tmp_path / "a.th"
    torch.save({"weights": torch.ones(2)}, path)
    with pytest.raises(ModelError, match=r"a\.th: no Demucs checkpoint"):
        read_network(path)
    with pytest.raises(ModelError, match=r"a\.th: unknown architecture 'Parrot'; expected one of"):
        read_network(save(path, klass="Parrot"))
    for state in (7, [], {"encoder.0.conv.weight": "none"}, {3: torch.ones(2)}):
        with pytest.raises(ModelError, match=r"a\.th: "):
            read_network(save(path, state=state))
    with pytest.raises(ModelError, match=r"a\.th: no network can be built"):
        read_network(save(path, kwargs={"sources": SOURCES, "depth": "deep"}))
    for size in ({"channels": 1 << 14}, {"t_layers": 1 << 20}):
        with pytest.raises(ModelError, match="more weights than there are in the file"):
            read_network(save(path, kwargs=KINDS["HTDemucs"][1] | size))
    state = build("HTDemucs").state_dict()
    state.pop("encoder.0.conv.weight")
    with pytest.raises(ModelError, match=r"a\.th: .*1 missing \(encoder\.0\.conv\.weight\)"):
        read_network(save(path, state=state))
    with pytest.raises(ModelError, match="its quantised weights cannot be restored"):
        read_network(save_quantised(tmp_path / "q.safetensors", missing=1))
    (tmp_path / "bad.safetensors").write_bytes(b"123")
    with pytest.raises(ModelError, match=r"bad\.safetensors: truncated"):
        read_network(tmp_path / "bad.safetensors")


def test_wrong_bags_are_named(tmp_path):
    bag = tmp_path / "bag.yaml"
    bag.write_text("models: ['0a']\nsegments: 3\n")
    with pytest.raises(ModelError, match=r"bag\.yaml: no bag"):
        DemucsSeparator.load(bag)
    bag.write_text("models: ['0a']\n")
    with pytest.raises(ModelError, match=r"no file for model 0a; put 0a\.th or 0a\.safetensors"):
        DemucsSeparator.load(bag)
    with pytest.raises(ModelError, match="no such file"):
        DemucsSeparator.load(tmp_path / "none.yaml")
