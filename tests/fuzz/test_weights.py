"""Damaged weights: a model, or a ModelError that names the file; no code in them is run."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from tests.fuzz.damage import altered, assert_read_or_refused, attacked

from sayso.checkpoints import read_pickled
from sayso.errors import ModelError

TINY = Path(__file__).parents[1] / "separate" / "stored" / "tiny.onnx"
DEMUCS = Path(__file__).parents[1] / "separate" / "fixtures" / "demucs_uniform.th"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("weights")


@pytest.fixture(scope="module")
def editor(folder):
    """The file of an editor that has learnt nothing."""
    import torch

    from sayso.autoedit.describing import NAMES
    from sayso.autoedit.editor import Editor
    from sayso.networks.autoencoder import Autoencoder, AutoencoderConfig
    from sayso.networks.pointer import PointerConfig, PointerNet

    torch.manual_seed(1)
    zeros = np.zeros(len(NAMES), np.float32)
    made = Editor(
        Autoencoder(AutoencoderConfig(width=4, mels=8)),
        PointerNet(PointerConfig(features=len(NAMES) + 1, width=8, heads=2)),
        zeros,
        0.0,
        np.arange(4, dtype=np.float32),
        np.zeros((3, 8), np.float32),
        np.zeros((2, len(NAMES) + 1), np.float32),
        keep_ratio=0.5,
    )
    return made.save(folder / "whole.editor")


@pytest.mark.parametrize("zipped", [True, False])
def test_pickled_checkpoints(folder, zipped):
    import torch

    whole, path = folder / "whole.pt", folder / "a.pt"
    contents = {"state": {"a": torch.ones(3, 4), "b": torch.zeros(2).half()}, "n": [1, "x", None]}
    torch.save(contents, whole, _use_new_zipfile_serialization=zipped)

    wholes = [whole.read_bytes(), DEMUCS.read_bytes()]
    assert_read_or_refused(path, wholes, read_pickled, ModelError, few=200, named=str(path))


def test_demucs_checkpoints(folder):
    from sayso.separate.demucs_files import read_network

    path = folder / "b.th"

    wholes = [DEMUCS.read_bytes()]
    assert_read_or_refused(path, wholes, read_network, ModelError, few=40, named=str(path))


def test_damaged_editors(folder, editor):
    from sayso.autoedit.editor import Editor

    path = folder / "a.editor"

    wholes = [editor.read_bytes()]
    assert_read_or_refused(path, wholes, Editor.open, ModelError, few=60, named=path.name)


def test_editors_that_claim_odd_things(folder, editor):
    from safetensors import safe_open
    from safetensors.torch import save_file

    from sayso.autoedit.editor import Editor

    path = folder / "b.editor"
    with safe_open(editor, "pt") as file:
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        metadata = file.metadata()
    told = {
        key: metadata[key] if key == "format" else json.loads(metadata[key]) for key in metadata
    }

    @attacked(80)
    @given(altered([told]))
    def attack(document):
        if not isinstance(document, dict):
            return
        text = {k: v if isinstance(v, str) else json.dumps(v) for k, v in document.items()}
        save_file(tensors, path, text)
        try:
            Editor.open(path)
        except ModelError as error:
            assert path.name in str(error)

    attack()


def test_onnx_models_that_claim_odd_things(folder):
    import onnx

    from sayso.separate.embedded import EmbeddedSeparator, card

    model = onnx.load(TINY)
    told = {entry.key: entry.value for entry in model.metadata_props}
    told = {key: json.loads(text) if key != "kind" else text for key, text in told.items()}
    path = folder / "odd.onnx"
    (folder / "odd.ask.onnx").write_bytes(TINY.with_name("tiny.ask.onnx").read_bytes())

    @attacked(80)
    @given(altered([told]))
    def attack(document):
        if not isinstance(document, dict):
            return
        del model.metadata_props[:]
        for key, value in document.items():
            text = value if key == "kind" and isinstance(value, str) else json.dumps(value)
            model.metadata_props.add(key=str(key), value=text)
        path.write_bytes(model.SerializeToString())
        try:
            card(path).supports("vocals")
            separator = EmbeddedSeparator(path, threads=1)
            separator.supports("vocals")
            separator.wordings.nearest("vocal")
        except ModelError as error:
            assert path.name in str(error)

    attack()


def test_damaged_onnx_models(folder):
    from sayso.separate.embedded import EmbeddedSeparator, card

    path = folder / "bad.onnx"
    (folder / "bad.ask.onnx").write_bytes(TINY.with_name("tiny.ask.onnx").read_bytes())

    wholes = [TINY.read_bytes()]
    assert_read_or_refused(
        path,
        wholes,
        lambda path: (card(path), EmbeddedSeparator(path, threads=1)),
        ModelError,
        few=40,
        named=path.name,
    )
