"""Arrays are read out of pickles and ONNX files; programs in them are not run."""

from __future__ import annotations

import pickle
import zipfile
from collections import OrderedDict

import numpy as np
import pytest

from sayso.checkpoints.arrays import read_arrays
from sayso.checkpoints.onnx_arrays import read_onnx_arrays
from sayso.errors import ModelError
from sayso.networks.graph import Graph

ARRAYS = OrderedDict(
    a=np.arange(24, dtype=np.float32).reshape(2, 3, 4),
    b=np.asfortranarray(np.arange(6, dtype=np.int64).reshape(2, 3)),
    c=np.zeros((0, 5), np.float64),
)


@pytest.mark.parametrize("protocol", [2, 3, 4])
@pytest.mark.parametrize("zipped", [False, True])
def test_reads_pickled_arrays(tmp_path, protocol, zipped):
    path = tmp_path / "a.ckpt"
    program = pickle.dumps(ARRAYS, protocol)
    if zipped:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a/data.pkl", program)
            archive.writestr("a/version", "3")
    else:
        path.write_bytes(program)
    found = read_arrays(path)
    assert list(found) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert found[name].dtype == array.dtype
        assert np.array_equal(found[name], array)


class Evil:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (self.path, "w"))


def test_a_pickle_with_code_is_refused_and_not_run(tmp_path):
    path, trace = tmp_path / "a.ckpt", tmp_path / "trace"
    path.write_bytes(pickle.dumps({"a": Evil(str(trace))}, 2))
    with pytest.raises(ModelError, match="refused, and nothing in it was run"):
        read_arrays(path)
    assert not trace.exists()


@pytest.mark.parametrize(
    "program",
    [
        b"",
        b"junk",
        pickle.dumps(ARRAYS, 2)[:-40],
        pickle.dumps([1, 2]),
        pickle.dumps({"a": 1}),
        pickle.dumps({"a": np.array([object()])}, 2),
        pickle.dumps({"a": np.arange(3, dtype=">f4")}, 2),
        b"PK\3\4 damaged",
    ],
)
def test_a_damaged_file_is_told(tmp_path, program):
    path = tmp_path / "a.ckpt"
    path.write_bytes(program)
    with pytest.raises(ModelError, match=r"a\.ckpt"):
        read_arrays(path)
    with pytest.raises(ModelError, match="no such file"):
        read_arrays(tmp_path / "none")


@pytest.fixture
def graph():
    graph = Graph()
    second, first = graph.array(np.arange(4, dtype=np.int64)), graph.array(np.ones((2, 2), "f4"))
    cut = graph.add("Reshape", graph.add("Mul", "x", first), second)
    graph.array(np.zeros(3, np.float32))  # nothing uses it
    return graph.model({"x": (2, 2)}, {"y": cut})


def test_reads_the_arrays_of_an_onnx_file_in_the_order_of_their_use(tmp_path, graph):
    path = tmp_path / "a.onnx"
    path.write_bytes(graph)
    ones, counts = read_onnx_arrays(path).values()
    assert np.array_equal(ones, np.ones((2, 2)))
    assert np.array_equal(counts, np.arange(4))


def test_damaged_onnx_files_are_told(tmp_path, graph):
    path = tmp_path / "a.onnx"
    for size in range(0, len(graph) - 1, 7):
        path.write_bytes(graph[:size])
        with pytest.raises(ModelError, match=r"truncated, damaged or no ONNX model"):
            read_onnx_arrays(path)
    path.write_bytes(b"\xff" * 50)
    with pytest.raises(ModelError, match="no ONNX model"):
        read_onnx_arrays(path)
