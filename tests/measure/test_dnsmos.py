"""DNSMOS's windows and maps, on a network of the published shape that answers what it is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from sayso.audio import Audio
from sayso.errors import Cancelled, ModelError
from sayso.measure.compared import Compared
from sayso.measure.dnsmos import Dnsmos, evaluate
from sayso.watch import Watch

FRAMES = 144_160


def network(path: Path, frames: int = FRAMES) -> Path:
    """Answers 2 and 3, and 1 plus the mean of its window."""
    helper = onnx.helper
    floats = onnx.TensorProto.FLOAT
    constants = [
        helper.make_tensor("scale", floats, [1, 3], [0.0, 0.0, 1.0]),
        helper.make_tensor("shift", floats, [1, 3], [2.0, 3.0, 1.0]),
        helper.make_tensor("axes", onnx.TensorProto.INT64, [1], [1]),
    ]
    nodes = [
        helper.make_node("ReduceMean", ["input_1", "axes"], ["mean"], keepdims=1),
        helper.make_node("Mul", ["mean", "scale"], ["scaled"]),
        helper.make_node("Add", ["scaled", "shift"], ["answers"]),
    ]
    graph = helper.make_graph(
        nodes,
        "judge",
        [helper.make_tensor_value_info("input_1", floats, [None, frames])],
        [helper.make_tensor_value_info("answers", floats, [None, 3])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, path)
    return path


@pytest.fixture
def judge(tmp_path: Path) -> Dnsmos:
    return Dnsmos(network(tmp_path / "judge.onnx"))


def test_answers_become_scores(judge):
    scores = judge.rate(Audio(np.zeros((1, FRAMES), np.float32), 16_000))
    assert scores["sig"] == pytest.approx(2 * 1.22083953 - 4 * 0.08397278 + 0.0052439)
    assert scores["bak"] == pytest.approx(3 * 1.60915514 - 9 * 0.13166888 - 0.39604546)
    assert scores["ovr"] == pytest.approx(1.11546468 - 0.06766283 + 0.04602535)


def test_short_clips_are_repeated_and_long_ones_averaged(judge):
    short = Audio(np.full((2, 8_000), 0.5, np.float32), 16_000)
    level = evaluate(Compared(short, judge=lambda name: judge))["dnsmos_ovr"]
    padded = Audio(np.pad(short.samples, ((0, 0), (0, FRAMES))), 16_000)
    assert level > judge.rate(padded)["ovr"]
    long = np.concatenate([np.zeros((1, FRAMES)), np.ones((1, FRAMES))], axis=1)
    found = judge.rate(Audio(long.astype(np.float32), 16_000))["ovr"]
    ends = [judge.rate(Audio(np.full((1, FRAMES), v, np.float32), 16_000))["ovr"] for v in (0, 1)]
    assert ends[0] < found < ends[1]


def test_other_models_are_refused(tmp_path, judge):
    with pytest.raises(ModelError, match="not the network"):
        Dnsmos(network(tmp_path / "other.onnx", frames=16_000))
    (tmp_path / "text.onnx").write_text("no model")
    with pytest.raises(ModelError, match="cannot be read"):
        Dnsmos(tmp_path / "text.onnx")
    with pytest.raises(Cancelled):
        judge.rate(
            Audio(np.zeros((1, 100), np.float32), 16_000), watch=Watch(cancelled=lambda: True)
        )
