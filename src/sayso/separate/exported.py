"""Opening exported models: ONNX graphs whose metadata say what they are."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from sayso.errors import ModelError

_KEYS = ("config", "known", "within", "training")


def open_model(
    path: Path, *, threads: int = 0, kind: str | None = None, to_run: bool = True
) -> tuple[Any, Any]:
    """An ONNX Runtime session and the graph's metadata, a dict of JSON values.

    Args:
        path: a file that `sayso train export` wrote.
        threads: 0 lets ONNX Runtime choose.
        kind: what the metadata must say, if anything.
        to_run: False spares the optimising of a graph whose metadata are all that is wanted.

    Raises: ModelError for a missing, damaged or different file.
    """
    import onnxruntime

    if not path.is_file():
        raise ModelError(f"{path}: there is no such file; expected an exported .onnx model")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    if not to_run:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        found = session.get_modelmeta().custom_metadata_map
        # Exporters add notes of their own beside ours.
        metadata: dict[str, Any] = {key: json.loads(found[key]) for key in _KEYS if key in found}
        metadata["kind"] = found.get("kind")
    except Exception as error:  # ONNX Runtime's own errors share no public base class
        raise ModelError(f"{path.name} is damaged or no exported model: {error}") from None
    if kind is not None and metadata.get("kind") != kind:
        raise ModelError(f"{path.name} is of kind {metadata.get('kind')!r}; expected {kind!r}")
    return session, metadata


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


def kind_of(path: Path) -> str:
    """What kind of model a file holds. Raises: ModelError."""
    return str(open_model(path, to_run=False)[1].get("kind"))
