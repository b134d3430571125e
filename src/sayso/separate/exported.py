"""Opening exported models: ONNX graphs whose metadata say what they are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any

from sayso.checkpoints.protobuf import block, fields
from sayso.errors import ModelError

_KEYS = ("config", "known", "within", "training")


def open_model(path: Path, *, threads: int = 0, kind: str | None = None) -> tuple[Any, Any]:
    """An ONNX Runtime session and the graph's metadata, a dict of JSON values.

    Args:
        path: a file that `sayso train export` wrote.
        threads: 0 lets ONNX Runtime choose.
        kind: what the metadata must say, if anything.

    Raises: ModelError for a missing, damaged or different file.
    """
    import onnxruntime

    metadata = read_metadata(path, kind=kind)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    try:
        session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # ONNX Runtime's own errors share no public base class
        raise ModelError(f"{path.name} is damaged or no exported model: {error}") from None
    return session, metadata


def read_metadata(path: Path, *, kind: str | None = None) -> dict[str, Any]:
    """What a graph says of itself: its kind, and JSON values. None of its weights are read.

    Raises: ModelError for a missing or damaged file, or one of another kind than `kind`.
    """
    if not path.is_file():
        raise ModelError(f"{path}: there is no such file; expected an exported .onnx model")
    try:
        with path.open("rb") as file:
            found = dict(_notes(memoryview(mmap(file.fileno(), 0, access=ACCESS_READ))))
        # Exporters add notes of their own beside ours.
        metadata = {key: json.loads(found[key]) for key in _KEYS if key in found}
    except (ValueError, IndexError, OSError, RecursionError) as error:
        raise ModelError(f"{path.name} is damaged or no exported model: {error}") from None
    metadata["kind"] = found.get("kind")
    if kind is not None and metadata["kind"] != kind:
        raise ModelError(f"{path.name} is of kind {metadata['kind']!r}; expected {kind!r}")
    return metadata


def _notes(data: memoryview) -> Iterator[tuple[str, str]]:
    """The entries of `metadata_props`, field 14 of a model: text 1 names, text 2 says."""
    for field, value in fields(data):
        if field == 14:
            said = {f: bytes(block(text)).decode() for f, text in fields(block(value))}
            yield said.get(1, ""), said.get(2, "")


def open_graph(graph: bytes, *, name: str, threads: int = 0) -> Any:
    """An ONNX Runtime session of a graph in memory.

    Args:
        graph: an ONNX file.
        name: what messages call it.
        threads: 0 lets ONNX Runtime choose.
    Raises: ModelError for a damaged graph.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # One block planned for all tensors of a run would be half as large again, and no faster.
    options.enable_mem_pattern = False
    try:
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's own errors share no public base class
        raise ModelError(f"the weights of {name} make no network: {error}") from None


def version_of(*paths: Path) -> str:
    """A hash of files, which changes with any of them."""
    digest = hashlib.blake2b(digest_size=8)
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()
