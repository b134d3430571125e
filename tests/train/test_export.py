"""Export: ONNX equals torch, half-precision weights, metadata, any length."""

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from tests.train.toy import NETWORK

from sayso.errors import ModelError
from sayso.networks.ask import AskNet
from sayso.networks.ngrams import batch_ids
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


def test_half_precision_halves_the_file(
    model_file: Path, tmp_path: Path, graphs: list[Path]
) -> None:
    full = export(model_file, tmp_path / "full.onnx", half=False)
    # The tiny net's other bytes are metadata; its weights are 4 bytes each in one, 2 in the other.
    saved = full[0].stat().st_size - graphs[0].stat().st_size
    assert saved > 0
    assert {path.name for path in tmp_path.iterdir()} == {"full.onnx", "full.ask.onnx"}


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


def test_nothing_to_export_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="expected a run's folder"):
        export(tmp_path, tmp_path / "model.onnx")
    save_model(tmp_path / "best.safetensors", {"x": torch.zeros(1)}, {"kind": "quartet"})
    with pytest.raises(ModelError, match="one of ask, unet"):
        export(tmp_path, tmp_path / "model.onnx")
