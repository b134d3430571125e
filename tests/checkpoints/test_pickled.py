"""Checkpoints are read; programs in them are not run."""

from __future__ import annotations

import os
import pickle
import struct
import subprocess
import sys
import zipfile
from collections import OrderedDict
from fractions import Fraction

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from sayso.checkpoints import ClassName, read_pickled  # noqa: E402
from sayso.errors import ModelError  # noqa: E402


@pytest.fixture
def contents():
    torch.manual_seed(3)
    grid = torch.randn(6, 4)
    return {
        "state_dict": OrderedDict(a=grid, view=grid.t()[1:3], half=torch.randn(5).half()),
        "ints": torch.arange(7),
        "empty": torch.zeros(0, 3),
        "bf16": torch.randn(4).bfloat16(),
        "parameter": torch.nn.Parameter(torch.ones(2)),
        "segment": Fraction(39, 5),
        "best": np.float64(0.25),
        "raw": b"\x00\xff",
        "names": ["a", {"b": (1, 2.5, None, True)}],
    }


def same(found, expected):
    if torch.is_tensor(expected):
        return found.dtype == expected.dtype and torch.equal(found, expected.detach())
    if isinstance(expected, dict):
        return found.keys() == expected.keys() and all(
            same(found[k], v) for k, v in expected.items()
        )
    return found == expected


@pytest.mark.parametrize("zipped", [True, False])
def test_reads_what_torch_writes(tmp_path, contents, zipped):
    path = tmp_path / "a.pt"
    torch.save(contents, path, _use_new_zipfile_serialization=zipped)
    assert same(read_pickled(path), contents)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_reads_every_pickle_protocol(tmp_path, contents, protocol):
    path = tmp_path / "a.pt"
    torch.save(contents, path, pickle_protocol=protocol)
    assert same(read_pickled(path), contents)


def test_views_share_their_storage(tmp_path, contents):
    path = tmp_path / "a.pt"
    torch.save(contents, path)
    state = read_pickled(path)["state_dict"]
    state["a"][1, 2] = 9.0
    assert state["view"][1, 1] == 9.0
    assert read_pickled(path)["state_dict"]["a"][1, 2] != 9.0


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_weights_are_mapped_not_read(tmp_path):
    path = tmp_path / "large.pt"
    torch.save({"weights": torch.zeros(32 << 18)}, path)
    code = (
        "import sys, pathlib, torch\n"
        "from sayso.checkpoints import read_pickled\n"
        "resident = lambda: int(open('/proc/self/statm').read().split()[1]) * 4096\n"
        "before = resident(); held = read_pickled(pathlib.Path(sys.argv[1]))\n"
        "print(resident() - before, held['weights'].numel())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    grown, count = map(int, done.stdout.split())
    assert count == 32 << 18
    assert grown < 8 << 20


class Runs:
    """A pickle of this calls `function(*arguments)` when it is read by Python's own unpickler."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def attacks(marker):
    return {
        "system": Runs(os.system, f"touch {marker}"),
        "eval": Runs(eval, f"open({str(marker)!r}, 'w')"),
        "getattr": Runs(getattr, torch.ones, "__globals__"),
        "open": Runs(open, str(marker), "w"),
        "subprocess": Runs(subprocess.check_call, ["touch", str(marker)]),
        "hub": Runs(torch.hub.load, "a/b", "c"),
        "load": Runs(torch.load, str(marker)),
        "object array": Runs(np.dtype, "O"),
        "bomb": Runs(bytearray, 1 << 40),
    }


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("attack", list(attacks("")))
def test_code_in_a_pickle_is_refused_and_runs_nothing(tmp_path, attack, zipped):
    marker, path = tmp_path / "it-ran", tmp_path / "evil.th"
    weights = {"state": {"a": torch.ones(2)}, "klass": attacks(marker)[attack]}
    torch.save(weights, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(ModelError, match=r"evil\.th: refused, and nothing in it was run"):
        read_pickled(path)
    assert not marker.exists()


def archive(path, program, **storages):
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("archive/data.pkl", program)
        for key, numbers in storages.items():
            out.writestr(f"archive/data/{key.removeprefix('_')}", numbers)
    return path


def tensor_program(offset, size, stride, count=4):
    """One float tensor over storage "0": (storage, offset, size, stride, False, None)."""
    numbers = b"".join(
        b"(" + b"".join(b"J" + struct.pack("<i", n) for n in group) + b"t"
        for group in (size, stride)
    )
    return (
        b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n("
        b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpu"
        + b"J"
        + struct.pack("<i", count)
        + b"tQJ"
        + struct.pack("<i", offset)
        + numbers
        + b"\x89NtR."
    )


def test_a_tensor_stays_within_its_storage(tmp_path):
    numbers = np.arange(4, dtype="<f4").tobytes()
    good = archive(tmp_path / "good.pt", tensor_program(1, [2], [1]), _0=numbers)
    assert read_pickled(good).tolist() == [1.0, 2.0]
    for offset, size, stride in ((3, [2], [1]), (0, [3], [2]), (-1, [1], [1]), (3, [2], [-1])):
        path = archive(tmp_path / "bad.pt", tensor_program(offset, size, stride), _0=numbers)
        with pytest.raises(ModelError, match=r"bad\.pt: truncated, damaged"):
            read_pickled(path)
    path = archive(tmp_path / "bad.pt", tensor_program(0, [8], [1], count=8), _0=numbers)
    with pytest.raises(ModelError, match="end before they should"):
        read_pickled(path)


@pytest.mark.parametrize(
    "program",
    [
        # BUILD on a function, on a class name, on the dictionary type; NEWOBJ of a class name.
        b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n}X\x08\x00\x00\x00__code__K\x01sb.",
        b"\x80\x02cdemucs.htdemucs\nHTDemucs\n}X\x06\x00\x00\x00moduleX\x02\x00\x00\x00ossb.",
        b"\x80\x02ccollections\nOrderedDict\n}X\x01\x00\x00\x00aK\x01sb.",
        b"\x80\x02cdemucs.htdemucs\nHTDemucs\n)\x81.",
        b"\x80\x02cdemucs.htdemucs\nHTDemucs\n)R.",
    ],
)
def test_nothing_that_the_reader_lends_can_be_altered_or_called(tmp_path, program):
    path = archive(tmp_path / "bad.pt", program)
    with pytest.raises(ModelError, match=r"bad\.pt"):
        read_pickled(path)


def test_classes_of_known_architectures_become_names(tmp_path):
    path = archive(tmp_path / "a.th", b"\x80\x02cdemucs.htdemucs\nHTDemucs\n.")
    assert read_pickled(path) == ClassName("demucs.htdemucs", "HTDemucs")


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.6, 0.99])
def test_truncated_files_are_named(tmp_path, contents, share, zipped):
    whole, cut = tmp_path / "whole.pt", tmp_path / "cut.pt"
    torch.save(contents, whole, _use_new_zipfile_serialization=zipped)
    data = whole.read_bytes()
    cut.write_bytes(data[: int(share * len(data))])
    with pytest.raises(ModelError, match=r"cut\.pt: .*fetch it again"):
        read_pickled(cut)


def test_foreign_and_missing_files_are_named(tmp_path):
    path = tmp_path / "a.pt"
    for data in (b"<html>not found</html>", pickle.dumps({"a": 1}), b"PK\x05\x06" + bytes(18)):
        path.write_bytes(data)
        with pytest.raises(ModelError, match=r"a\.pt"):
            read_pickled(path)
    with pytest.raises(ModelError, match="no such file"):
        read_pickled(tmp_path / "none.pt")
    with pytest.raises(ModelError):
        read_pickled(tmp_path)
