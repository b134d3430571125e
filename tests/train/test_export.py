"""Export: ONNX equals torch, half-precision weights, metadata, any length."""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from tests.train.toy import NETWORK

from sayso.errors import ModelError
from sayso.networks.ask import AskNet
from sayso.networks.ngrams import batch_ids
from sayso.train import quantization
from sayso.train.checkpoint import save_model
from sayso.train.export import export, weights_of

# The exporter of torch 2.13 itself uses what Python deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning")


@pytest.fixture(scope="module")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(3)
    path = tmp_path_factory.mktemp("run") / "best.safetensors"
    meta = {"kind": "ask", "config": NETWORK.model_dump(mode="json"), "training": {"step": 5}}
    # Trained biases are no zeros, which the exporter would fold into one.
    weights = {k: v + 0.01 * torch.randn_like(v) for k, v in AskNet(NETWORK).state_dict().items()}
    save_model(path, weights, meta)
    return path


@pytest.fixture(scope="module")
def graphs(model_file: Path) -> list[Path]:
    return export(model_file.parent, model_file.parent / "model.onnx")


@pytest.fixture(scope="module")
def plain(model_file: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """In single precision, and for animals alone."""
    path = tmp_path_factory.mktemp("plain") / "plain.onnx"
    return export(model_file, path, half=False, within=("animal",))


def test_two_graphs_with_their_story(graphs: list[Path]) -> None:
    assert [path.name for path in graphs] == ["model.onnx", "model.ask.onnx"]
    metadata = onnxruntime.InferenceSession(str(graphs[0])).get_modelmeta().custom_metadata_map
    assert metadata["kind"] == "ask"
    assert json.loads(metadata["training"]) == {"step": 5}
    assert "vocals" in json.loads(metadata["known"])


def test_graphs_equal_torch_at_another_length(graphs: list[Path], model_file: Path) -> None:
    from sayso.train.checkpoint import read

    net = AskNet(NETWORK).eval()
    net.load_state_dict({k: v.half().float() for k, v in read(model_file)[0].items()})
    spec = torch.randn(1, 4, 36, 32, generator=torch.Generator().manual_seed(5))
    ids = torch.tensor(batch_ids(["a dog"], NETWORK.buckets, length=NETWORK.text_length))
    encode, ask = (onnxruntime.InferenceSession(str(path)) for path in graphs)
    fine, context = encode.run(None, {"spec": spec.numpy()})
    (mask,) = ask.run(None, {"fine": fine, "context": context, "ids": ids.numpy()})
    with torch.no_grad():
        wanted = net.ask(net.encode(spec), ids).numpy()
    np.testing.assert_allclose(mask, wanted, atol=1e-4)


def test_half_precision_halves_the_weights(graphs: list[Path], plain: list[Path]) -> None:
    half, full = (
        [{w.name: len(w.raw_data) for w in onnx.load(path).graph.initializer} for path in made]
        for made in (graphs, plain)
    )
    for small, large in zip(half, full, strict=True):
        weights = {name: size for name, size in large.items() if size >= 4096}
        assert weights
        assert {name: 2 * small[f"{name}.half"] for name in weights} == weights
    assert {path.name for path in plain[0].parent.iterdir()} == {path.name for path in plain}


def test_training_can_start_from_what_was_exported(graphs: list[Path], model_file: Path) -> None:
    like = AskNet(NETWORK).state_dict()
    kept = weights_of(model_file, like)
    for name, value in weights_of(graphs[0], like).items():
        torch.testing.assert_close(value, kept[name], atol=1e-3, rtol=1e-3)
    with pytest.raises(ModelError, match=r"set task\.network as it was"):
        weights_of(graphs[0], {**like, "split.bias": torch.zeros(1)})
    with pytest.raises(ModelError, match="lacks more"):
        weights_of(graphs[0], {**like, "more": torch.zeros(1)})
    with pytest.raises(ModelError, match="cannot be read as an exported model"):
        weights_of(graphs[0].with_name("none.onnx"), like)


@pytest.fixture
def few_mixtures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sayso.train.export.MIXTURES", 3)  # to scale by: a toy needs no more


@pytest.mark.usefixtures("few_mixtures")
def test_convolutions_in_eight_bits_say_nearly_the_same(
    graphs: list[Path], model_file: Path, store_root: Path, tmp_path: Path
) -> None:
    rounded = export(model_file, tmp_path / "model.onnx", store=store_root)
    stored = {w.name: w.data_type for w in onnx.load(rounded[0]).graph.initializer}
    assert stored["net.unet.bottom.0.first.weight_quantized"] == onnx.TensorProto.INT8
    asked = {w.name for w in onnx.load(rounded[1]).graph.initializer}
    assert "net.head.weight_quantized" in asked
    plain, eight_bits = (onnxruntime.InferenceSession(str(g[0])) for g in (graphs, rounded))
    assert json.loads(eight_bits.get_modelmeta().custom_metadata_map["training"]) == {"step": 5}
    spec = np.random.default_rng(7).standard_normal((1, 4, 36, 32)).astype(np.float32)
    for wanted, made in zip(
        plain.run(None, {"spec": spec}), eight_bits.run(None, {"spec": spec}), strict=True
    ):
        assert 0 < np.mean((made - wanted) ** 2) < 0.01 * np.mean(wanted**2)
    like = AskNet(NETWORK).state_dict()
    kept = weights_of(model_file, like)
    for name, value in weights_of(rounded[0], like).items():
        # Seven bits: half a step of 1/63 of the largest weight.
        torch.testing.assert_close(value, kept[name], atol=0.008 * kept[name].abs().max(), rtol=0)


@pytest.mark.usefixtures("few_mixtures")
def test_eight_bits_that_are_too_few_are_said(
    model_file: Path, store_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantization, "LEAST_SNR_DB", 90.0)
    with pytest.raises(ModelError, match="export without --calibrate"):
        export(model_file, tmp_path / "model.onnx", store=store_root)
    assert not list(tmp_path.iterdir())


def test_nothing_to_export_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="expected a run's folder"):
        export(tmp_path, tmp_path / "model.onnx")
    save_model(tmp_path / "best.safetensors", {"x": torch.zeros(1)}, {"kind": "quartet"})
    with pytest.raises(ModelError, match="one of ask, unet"):
        export(tmp_path, tmp_path / "model.onnx")


def test_a_model_may_answer_only_for_some_concepts(plain: list[Path], model_file: Path) -> None:
    found = onnxruntime.InferenceSession(str(plain[0])).get_modelmeta().custom_metadata_map
    known = json.loads(found["known"])
    assert "dog" in known and "vocals" not in known and "animal" not in known
    assert "animal" in json.loads(found["within"])["dog barking"]
    with pytest.raises(ModelError, match="unknown concept 'qwxyz'"):
        export(model_file, plain[0].with_name("none.onnx"), within=("qwxyz",))
