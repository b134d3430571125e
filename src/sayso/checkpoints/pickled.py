"""Reading `.th`, `.pt`, `.pth` and `.ckpt` files without running anything in them.

Such a file is a pickle beside raw numbers, and a pickle is a program: it names functions and has
them called. Here it is run by an interpreter that knows a dozen names, all of them ours: those that
lay a tensor over the numbers, ordered dictionaries, fractions, numpy scalars, and the classes of
known architectures, which become a mere `ClassName`. Any other name refuses the whole file, and
so does a pickle that would take more time or memory than weights need.

The numbers are mapped, not read: a weight costs memory once it is used. Both layouts are known, the
zip archive (since torch 1.6) and the stream before it. Source: torch/serialization.py, as a
description of the layouts. torch's own `load(weights_only=True)` is not used: it knows protocol 2
alone, lends names such as `bytearray`, by which a file of 150 bytes takes 2 GB, and tells a file
that is refused from a damaged one by the wording of its message.
"""

from __future__ import annotations

import io
import math
import mmap
import pickle
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from sayso.checkpoints.unpickling import (
    Lent,
    NumberType,
    Refused,
    Unpickler,
    encoded,
    ordered,
    text,
)
from sayso.errors import ModelError
from sayso.optional import require

_MOST_PICKLE_BYTES, _MOST_DIMENSIONS = 8 << 20, 64
_MOST_SHARED = 1 << 20
"""As many numbers may be laid over fewer ones."""
_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_DTYPES = {
    "FloatStorage": "float32",
    "DoubleStorage": "float64",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
    "UntypedStorage": "uint8",
}
_CLASSES = {
    ("demucs.demucs", "Demucs"),
    ("demucs.hdemucs", "HDemucs"),
    ("demucs.htdemucs", "HTDemucs"),
    ("denoiser.demucs", "Demucs"),
    ("diffq.diffq", "DiffQuantizer"),
    ("diffq.uniform", "UniformQuantizer"),
}


@dataclass(frozen=True)  # with slots, Python before 3.11.4 would replace __setstate__
class ClassName:
    """A class that the file names. It is not imported and cannot be called."""

    module: str
    name: str

    def __setstate__(self, state: object) -> None:
        raise pickle.UnpicklingError("a class is not to be changed")


def read_pickled(path: Path) -> Any:
    """What the file holds: dictionaries, lists, numbers, strings, tensors and `ClassName`s.

    Args:
        path: a torch checkpoint; it must stay in place while the tensors are in use.
    Raises: ModelError for a missing, truncated or foreign file, and for one whose pickle would run
        code; MissingExtraError without torch.
    """
    require("torch", extra="torch", purpose=f"reading {path.name}")
    try:
        with path.open("rb") as file:
            # Copy on write: torch wants memory that it may write to, the file stays as it is.
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        return _read_zip(data) if data[:2] == b"PK" else _read_stream(data)
    except FileNotFoundError:
        raise ModelError(f"{path}: there is no such file; put the checkpoint there") from None
    except Refused as error:
        raise ModelError(
            f"{path}: refused, and nothing in it was run: {error}. A checkpoint holds weights, "
            "not programs; do not use this file, fetch it from its authors"
        ) from None
    except Exception as error:  # a damaged pickle may raise nearly anything
        raise ModelError(
            f"{path}: truncated, damaged or no torch checkpoint ({error}); fetch it again"
        ) from None


def _read_zip(data: mmap.mmap) -> Any:
    """The archive layout: `NAME/data.pkl` and one uncompressed `NAME/data/KEY` for each storage."""
    with zipfile.ZipFile(_MappedFile(data)) as archive:
        entries = {entry.filename: entry for entry in archive.infolist()}
        pickles = [name for name in entries if name.endswith("data.pkl") and name.count("/") <= 1]
        if len(pickles) != 1:
            raise ValueError("it holds no data.pkl")
        root = pickles[0].removesuffix("data.pkl")
        order = entries.get(root + "byteorder")
        if order is not None and (order.file_size > 9 or archive.read(order) != b"little"):
            raise ValueError("its numbers are big-endian")
        if entries[pickles[0]].file_size > _MOST_PICKLE_BYTES:
            raise Refused("its pickle is far larger than that of a checkpoint")
        program = archive.read(pickles[0])

    lies = _Storages(data)

    def storage(key: str, dtype: Any, count: int) -> Any:
        entry = entries[f"{root}data/{key}"]
        if entry.compress_type != zipfile.ZIP_STORED:
            raise ValueError("its weights are compressed")
        # The local header repeats the name and may carry more padding than the directory says.
        names, extra = struct.unpack_from("<HH", data, entry.header_offset + 26)
        start = entry.header_offset + 30 + names + extra
        return lies.flat(dtype, count, start, start + entry.file_size)

    return _Reader(io.BytesIO(program), storage).load()


def _read_stream(data: mmap.mmap) -> Any:
    """The layout before torch 1.6: five pickles in a row, then each storage's count and numbers."""
    import torch

    if (
        _Reader(data, _no_storage).load() != _MAGIC
        or _Reader(data, _no_storage).load() != _PROTOCOL
    ):
        raise ValueError("it begins like no checkpoint")
    _Reader(data, _no_storage).load()  # the machine that wrote it
    start, sizes = data.tell(), {}

    def measure(key: str, dtype: Any, count: int) -> Any:
        sizes[key] = (dtype, count)
        return torch.empty(count, dtype=dtype, device="meta")

    # The numbers lie behind a pickle of unknown length, so it is gone through twice.
    _Reader(data, measure).load()
    keys = _Reader(data, _no_storage).load()
    at, storages, lies = data.tell(), {}, _Storages(data)
    for key in keys:
        dtype, expected = sizes[text(key)]
        (count,) = struct.unpack_from("<q", data, at)
        if count != expected:
            raise ValueError(f"storage {key} has {count} numbers instead of {expected}")
        storages[key] = lies.flat(dtype, count, at + 8, len(data))
        at += 8 + count * dtype.itemsize
    data.seek(start)
    return _Reader(data, lambda key, dtype, count: storages[key]).load()


class _Storages:
    """The numbers of a file as tensors.

    Args:
        data: the whole file.
    """

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        # Numbers that lie askew are copied; entries that overlap could have them copied for ever.
        self._left = len(data)

    def flat(self, dtype: Any, count: int, start: int, stop: int) -> Any:
        """`count` numbers of the file as a tensor [count]."""
        import torch

        data, size = self._data, count * dtype.itemsize
        if count < 0 or start + size > min(stop, len(data)):
            raise ValueError("its weights end before they should")
        if count == 0:
            return torch.empty(0, dtype=dtype)
        if start % dtype.itemsize:
            self._left -= size
            if self._left < 0:
                raise Refused("its weights lie over each other")
            return torch.frombuffer(bytearray(data[start : start + size]), dtype=dtype)
        return torch.frombuffer(data, dtype=dtype, count=count, offset=start)


def _no_storage(key: str, dtype: Any, count: int) -> Any:
    raise ValueError("weights lie where none belong")


class _Reader(Unpickler):
    """An unpickler that finds no name but those below.

    Args:
        file: at the pickle's first byte.
        storage: (key, dtype, count) -> tensor [count].
    """

    restored = (*Unpickler.restored, ClassName)

    def __init__(self, file: Any, storage: Callable[[str, Any, int], Any]) -> None:
        super().__init__(file, most_bytes=_MOST_PICKLE_BYTES)
        self._storage = storage
        self._storages: dict[str, Any] = {}

    def find_class(self, module: str, name: str) -> Any:
        """Our own stand-in for `module.name`. Raises: Refused for any other name."""
        import torch

        if (module, name) in _CLASSES:
            return ClassName(module, name)
        if module in ("torch", "torch.storage") and name in _DTYPES:
            return getattr(torch, _DTYPES[name])
        if module == "torch" and isinstance(getattr(torch, name, None), torch.dtype):
            return getattr(torch, name)
        builder = _BUILDERS.get((module, name))
        if builder is None:
            raise Refused(f"its pickle asks for {module}.{name}")
        return Lent(builder)

    def persistent_load(self, pid: Any) -> Any:
        """The storage that the pickle refers to."""
        kind, dtype, key, _, count, *view = pid
        if kind != "storage" or (view and view[0] is not None):
            raise ValueError("it refers to something other than a storage")
        if text(key) not in self._storages:
            self._storages[key] = self._storage(key, dtype, count)
        return self._storages[key]


def _tensor(storage: Any, offset: int, size: Any, stride: Any, *rest: Any) -> Any:
    """A tensor laid over a storage, checked to lie within it."""
    import torch

    if len(size) > _MOST_DIMENSIONS or not all(isinstance(n, int) for n in (*size, *stride)):
        raise ValueError("a tensor is described in another way")
    extents = [(n - 1) * step for n, step in zip(size, stride, strict=True)]
    if offset < 0 or any(n < 0 or step < 0 for n, step in zip(size, stride, strict=True)):
        raise ValueError("a tensor has a negative size")
    if 0 not in size and offset + sum(extents) >= len(storage):
        raise ValueError("a tensor reaches beyond its storage")
    if math.prod(size) > max(len(storage), _MOST_SHARED):
        raise ValueError("a tensor has more numbers than its storage")
    return torch.as_strided(storage, tuple(size), tuple(stride), offset)


def _retyped_tensor(
    storage: Any, offset: int, size: Any, stride: Any, grad: Any, hooks: Any, dtype: Any, *_: Any
) -> Any:
    return _tensor(storage.view(dtype), offset, size, stride)


def _parameter(tensor: Any, *_: Any) -> Any:
    return tensor


def _size(sizes: Any = ()) -> tuple[int, ...]:
    return tuple(int(size) for size in sizes)


def _fraction(numerator: Any, denominator: Any = None) -> Fraction:
    """From two integers, or from the text that Python 3.11 and older wrote."""
    if denominator is None:
        numerator, _, denominator = text(numerator)[:40].partition("/")
    return Fraction(int(numerator), int(denominator or 1))


def _scalar(dtype: NumberType, data: bytes) -> int | float | bool:
    value: int | float | bool = np.frombuffer(data, dtype.type, count=1)[0].item()
    return value


class _MappedFile(io.RawIOBase):
    """The seekable file that `zipfile` expects, over a map; closing it leaves the map open."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data, self._at = data, 0

    def seekable(self) -> bool:
        """Yes."""
        return True

    def readable(self) -> bool:
        """Yes."""
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        """Moves, as a file does."""
        start = (0, self._at, len(self._data))[whence]
        if start + offset < 0:
            raise OSError("seek before the beginning")
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        """Where the next read begins."""
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        """The next bytes, all of them for None or -1."""
        stop = len(self._data) if size is None or size < 0 else self._at + size
        chunk = self._data[self._at : stop]
        self._at += len(chunk)
        return chunk


_BUILDERS: dict[tuple[str, str], Callable[..., Any]] = {
    ("torch._utils", "_rebuild_tensor"): _tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_tensor_v3"): _retyped_tensor,
    ("torch._utils", "_rebuild_parameter"): _parameter,
    ("torch", "Size"): _size,
    ("collections", "OrderedDict"): ordered,
    ("fractions", "Fraction"): _fraction,
    ("_codecs", "encode"): encoded,
    ("numpy", "dtype"): NumberType,
    ("numpy.core.multiarray", "scalar"): _scalar,
    ("numpy._core.multiarray", "scalar"): _scalar,
}
