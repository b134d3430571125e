"""A few bytes that would take gigabytes or hours are refused in a moment."""

from __future__ import annotations

import struct
import subprocess
import sys
import zipfile

import pytest

pytest.importorskip("torch")

TWO = b"\x80\x02"
DEEP = b")" + b"2\x86" * 40
"""A tuple of the same tuple twice, forty times over: small, until it is hashed or printed."""
STORAGE = (
    b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x04tQ"
)


def tensor(size, stride):
    return (
        b"ctorch._utils\n_rebuild_tensor_v2\n(" + STORAGE + b"K\x00" + size + stride + b"\x89NtR."
    )


def text(words):
    return b"X" + struct.pack("<I", len(words)) + words


def number(value):
    return b"J" + struct.pack("<i", value)


BOMBS = {
    "a place in the memo": TWO + b"Nr" + struct.pack("<I", 2**29) + b"0" + DEEP + b".",
    "bytes announced": b"\x80\x05\x96" + struct.pack("<Q", 4 << 30) + b".",
    "a key that is hashed": TWO + b"}" + DEEP + b"K\x01s.",
    "a member that is hashed": b"\x80\x04\x8f(" + DEEP + b"\x90.",
    "a type that is printed": TWO + b"cnumpy\ndtype\n" + DEEP + b"\x85R.",
    "a fraction that is printed": TWO + b"cfractions\nFraction\n" + DEEP + b"\x85R.",
    "a result that is gone through": TWO + DEEP + b".",
    "a list that is multiplied": TWO + tensor(number(1 << 29) + b"\x85", b"]Na\x85"),
    "one number as many": TWO + tensor(number(1 << 30) + b"\x85", b"K\x00\x85"),
    "a number of a million digits": TWO
    + b"\x8b"
    + struct.pack("<i", 4 << 20)
    + bytes(4 << 20)
    + b".",
    "keys that meet in the table": TWO
    + b"}("
    + b"".join(b"\x8a\x0b" + (i * (2**61 - 1)).to_bytes(11, "little") + b"N" for i in range(60_000))
    + b"u.",
    "text encoded again and again": TWO
    + text(b"a" * (1 << 20))
    + b"q\x000("
    + b"c_codecs\nencode\nh\x00\x85R" * 20_000
    + b"l.",
    "a dictionary copied again and again": TWO
    + b"ccollections\nOrderedDict\n("
    + (text(b"ab") + b"N\x86") * 50_000
    + b"l\x85q\x00R0"
    + b"ccollections\nOrderedDict\nh\x00R0" * 20_000
    + DEEP
    + b".",
    "a tensor for a dictionary": TWO + tensor(b"K\x04\x85", b"K\x01\x85")[:-1] + b"K\x00K\x01s.",
}
READER = """
import pathlib, resource, sys, time, torch
from sayso.checkpoints import read_pickled
from sayso.errors import ModelError
resource.setrlimit(resource.RLIMIT_DATA, (2 << 30, 2 << 30))
for path in map(pathlib.Path, sys.argv[1:]):
    print(path.stem, flush=True)
    used = int(time.process_time())
    resource.setrlimit(resource.RLIMIT_CPU, (used + 8, -1))
    try:
        read_pickled(path)
    except ModelError as error:
        assert "MemoryError" not in str(error) and "allocate" not in str(error), error
        print(error, flush=True)
    else:
        sys.exit(f"{path.stem} was read")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="bounds a process as Linux does")
def test_bombs_are_refused_in_little_time_and_memory(tmp_path):
    paths = []
    for name, program in BOMBS.items():
        paths.append(tmp_path / f"{name}.th")
        with zipfile.ZipFile(paths[-1], "w", zipfile.ZIP_DEFLATED) as out:
            out.writestr("a/data.pkl", program)
            out.writestr(zipfile.ZipInfo("a/data/0"), bytes(16))
    done = subprocess.run(
        [sys.executable, "-c", READER, *paths], capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stdout[-500:] + done.stderr[-500:]
    assert all(f"{name}.th: " in done.stdout for name in BOMBS)


def test_a_member_that_unpacks_without_end_is_refused(tmp_path):
    path = tmp_path / "a.th"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("a/data.pkl", TWO + b"N.")
        out.writestr("a/byteorder", bytes(1 << 28))
    assert path.stat().st_size < 1 << 20
    import tracemalloc

    from sayso.checkpoints import read_pickled
    from sayso.errors import ModelError

    tracemalloc.start()
    try:
        with pytest.raises(ModelError, match=r"a\.th"):
            read_pickled(path)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()
