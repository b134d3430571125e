"""Demucs checkpoints (`.th`, `.safetensors`) and bags (`.yaml`), opened without running them.

A checkpoint names a class of the demucs package, its arguments and its weights. The class is looked
up in a table of three; the rest is data. The exported `htdemucs.onnx` holds the weights alone: what
their shapes do not say of its arguments stands here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from fractions import Fraction
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import model_validator

from sayso.checkpoints import ClassName, build, fit, read_pickled
from sayso.checkpoints.onnx_arrays import read_onnx_arrays
from sayso.checkpoints.quantised import restore_quantised
from sayso.configuration import Frozen, parse, read_values
from sayso.errors import ConfigError, ModelError
from sayso.networks.htdemucs_names import named
from sayso.optional import require

if TYPE_CHECKING:
    from torch import nn

_CLASSES = {
    ("demucs.demucs", "Demucs"),
    ("demucs.hdemucs", "HDemucs"),
    ("demucs.htdemucs", "HTDemucs"),
}


EXPORTED = {
    "sources": ["drums", "bass", "other", "vocals"],
    "dconv_mode": 3,
    "segment": Fraction(39, 5),
}
"""Arguments of the network whose weights are in `htdemucs.onnx`, beside its sizes."""


class Bag(Frozen):
    """Several networks whose stems are averaged.

    Fields:
        models: signatures, the beginnings of the checkpoints' file names.
        weights: for each model, the weight of each of its sources; None for all equal.
        segment: seconds heard at a time; None leaves it to the networks.
    """

    models: tuple[str, ...]
    weights: tuple[tuple[float, ...], ...] | None = None
    segment: float | None = None

    @model_validator(mode="after")
    def _fits(self) -> Bag:
        if not self.models:
            raise ValueError("a bag needs a model")
        if self.weights is not None and len(self.weights) != len(self.models):
            raise ValueError(f"{len(self.weights)} rows of weights for {len(self.models)} models")
        return self


def read_bag(path: Path) -> Bag:
    """The bag in a YAML file. Raises: ModelError for a missing or wrong one."""
    if not path.is_file():
        raise ModelError(f"{path}: there is no such file; expected the YAML of a bag")
    try:
        # Aliases may make of a few lines more than can be printed: `parse` shows no values.
        return parse(Bag, read_values(path), str(path))
    except ConfigError as error:
        told = str(error).removeprefix(f"{path}: ")
        raise ModelError(f"{path}: no bag of Demucs models: {told}") from None


def find_member(folder: Path, signature: str) -> Path:
    """The checkpoint of a bag's member in `folder`.

    Raises: ModelError when there is none or more than one.
    """
    found = [
        path
        for suffix in (".th", ".safetensors")
        for path in sorted(folder.glob(f"*{suffix}"))
        if path.stem == signature or path.stem.startswith(f"{signature}-")
    ]
    if len(found) != 1:
        what = "more than one file" if found else "no file"
        raise ModelError(
            f"{folder}: {what} for model {signature}; put {signature}.th or "
            f"{signature}.safetensors there, once"
        )
    return found[0]


def read_sources(path: Path) -> tuple[str, ...]:
    """The sounds that a checkpoint, or the first member of a bag, separates; no weights are read.

    Raises: ModelError for a damaged file, code in it or another kind of checkpoint;
        MissingExtraError without torch.
    """
    if path.suffix in (".yaml", ".yml"):
        path = find_member(path.parent, read_bag(path).models[0])
    package = _read_package(path)
    given = package["kwargs"].get("sources") or next(iter(package["args"]), ())
    if not given or not all(isinstance(name, str) for name in given):
        raise ModelError(f"{path}: no Demucs checkpoint; it does not name its sources")
    return tuple(given)


def read_network(path: Path) -> nn.Module:
    """The network in a checkpoint, set to evaluate.

    Raises: ModelError for a damaged file, code in it, an unknown architecture or weights that do
        not fit; MissingExtraError without torch or demucs.
    """
    package = _read_package(path)
    network = _build(package, path)
    state = package["state"]
    if not state.get("__quantized"):
        fit(network, state, path=path)
        return network
    try:
        restore_quantised(network, state)
    except (ValueError, KeyError, TypeError, RuntimeError, StopIteration) as error:
        raise ModelError(f"{path}: its quantised weights cannot be restored: {error}") from None
    return network


def _read_package(path: Path) -> Mapping[str, Any]:
    """A checkpoint's class, arguments and weights; these are mapped, not read."""
    readers: Mapping[str, Callable[[Path], Any]] = {
        ".safetensors": _read_safetensors,
        ".onnx": _read_exported,
    }
    package = readers.get(path.suffix, read_pickled)(path)
    parts = ("klass", "args", "kwargs", "state")
    mapped = isinstance(package, Mapping) and all(part in package for part in parts)
    if not mapped or not all(isinstance(package[part], Mapping) for part in parts[2:]):
        raise ModelError(
            f"{path}: no Demucs checkpoint; expected a dictionary with {', '.join(parts)}"
        )
    found: Mapping[str, Any] = package
    return found


def _build(package: Mapping[str, Any], path: Path) -> nn.Module:
    name = package["klass"]
    if not isinstance(name, ClassName) or (name.module, name.name) not in _CLASSES:
        known = ", ".join(sorted(name for _, name in _CLASSES))
        shown = f"{name.module}.{name.name}" if isinstance(name, ClassName) else repr(name)
        raise ModelError(f"{path}: unknown architecture {shown}; expected one of {known}")
    module = require(name.module, extra="torch", purpose="Demucs")
    klass: Callable[..., nn.Module] = getattr(module, name.name)
    # Training options of older versions, which the class has dropped since.
    accepted = signature(klass).parameters
    kwargs = {key: value for key, value in package["kwargs"].items() if key in accepted}
    least_bits = 1 if package["state"].get("__quantized") else 8
    return build(lambda: klass(*package["args"], **kwargs), path=path, least_bits=least_bits)


def _read_exported(path: Path) -> dict[str, Any]:
    torch = require("torch", extra="torch", purpose="Demucs")
    try:
        arrays = named(read_onnx_arrays(path))
    except (KeyError, ValueError) as error:
        raise ModelError(f"{path}: no weights of HTDemucs ({error}); fetch them again") from None
    # A copy each: those of the file are mapped, and may not be written to.
    state = {name: torch.tensor(array) for name, array in arrays.items()}
    sizes = {
        "channels": len(state["encoder.0.conv.weight"]),
        "bottom_channels": len(state["channel_upsampler.weight"]),
    }
    klass = ClassName("demucs.htdemucs", "HTDemucs")
    return {"klass": klass, "args": (), "kwargs": EXPORTED | sizes, "state": state}


def _read_safetensors(path: Path) -> dict[str, Any]:
    safetensors = require("safetensors", extra="torch", purpose="reading a .safetensors file")
    if not path.is_file():
        raise ModelError(f"{path}: there is no such file; put the checkpoint there")
    try:
        with safetensors.safe_open(str(path), framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        module, _, name = metadata["klass"].rpartition(".")
        structure = json.loads(metadata["structure"]) if "structure" in metadata else None
        state = tensors if structure is None else _unflatten(structure, tensors.__getitem__)
        return {
            "klass": ClassName(module, name),
            "args": _decode(json.loads(metadata["args"])),
            "kwargs": _decode(json.loads(metadata["kwargs"])),
            "state": state,
        }
    except Exception as error:  # the format's own errors share no public base class
        raise ModelError(
            f"{path}: truncated, damaged or no Demucs checkpoint ({error}); fetch it again"
        ) from None


def _decode(value: Any) -> Any:
    """Arguments as JSON holds them, with fractions spelled out."""
    if isinstance(value, dict):
        if value.get("_type") == "fraction":
            return Fraction(int(value["numerator"]), int(value["denominator"]))
        return {key: _decode(item) for key, item in value.items()}
    return [_decode(item) for item in value] if isinstance(value, list) else value


def _unflatten(node: Any, tensor: Callable[[str], Any]) -> Any:
    """A nested state from its JSON outline, whose leaves name tensors."""
    if not isinstance(node, dict):
        return node
    ((kind, value),) = node.items()
    if kind == "_tensor":
        return tensor(value)
    if kind == "_dict":
        return {key: _unflatten(item, tensor) for key, item in value}
    if kind in ("_list", "_tuple"):
        items = [_unflatten(item, tensor) for item in value]
        return items if kind == "_list" else tuple(items)
    if kind == "_class":
        module, _, name = value.rpartition(".")
        return ClassName(module, name)
    raise ValueError(f"unknown node {kind!r} in its outline")
