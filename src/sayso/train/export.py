"""From a run or a model file to ONNX graphs that need no torch.

An `AskNet` becomes two files, `NAME.onnx` (the `encode` graph) and `NAME.ask.onnx` (one question);
a U-Net becomes one. Each holds its kind, its configuration and a summary of its training as JSON
in its metadata; the encode graph also the words that the model was taught.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import onnx
import torch
from google.protobuf.message import DecodeError
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn
from torch.export import Dim

from sayso.atomic import writing
from sayso.errors import ModelError
from sayso.networks.ask import AskConfig, AskNet, Features
from sayso.networks.ngrams import ngram_ids
from sayso.train.channels import fold_channels
from sayso.train.checkpoint import model_file, read
from sayso.train.data.stream import Stream, StreamConfig
from sayso.train.quantization import Inputs, dequantized, outputs_of, quantized
from sayso.train.spectra import spectrogram

TOLERANCE = 1e-4
MIXTURES, MIXTURE_S = 16, 5.0
_HALF = ".half"


@dataclass(frozen=True)
class Graph:
    """One graph to export: a module, example inputs and which of their axes vary.

    `examples` are inputs like those it will get, where it is to be rounded to 8 bits.
    """

    suffix: str
    module: nn.Module
    inputs: Mapping[str, Tensor]
    outputs: tuple[str, ...]
    dynamic: Mapping[str, Mapping[int, Any]]
    metadata: Mapping[str, Any]
    examples: Sequence[Inputs] = ()


def export(
    run: Path,
    output: Path,
    *,
    half: bool = True,
    store: Path | None = None,
    within: Sequence[str] = (),
) -> list[Path]:
    """Write the best weights of `run` as ONNX files at `output` (`.onnx`), checked against torch.

    Args:
        run: a run's folder, or a model file (`best.safetensors`) of it.
        output: the file to write; further graphs lie beside it.
        half: keep weights in 16 bits on disk; they are widened when loaded. The check is against
            the network with its weights rounded so.
        store: training material; if given, the convolutions of an `AskNet`, checked as they are,
            are rounded to 8 bits, scaled by mixtures of it (`sayso.train.quantization`).
        within: an `AskNet` says that it knows only what lies within these concepts; all if none.

    Raises: ModelError if there is nothing to export, for an unknown concept, if ONNX Runtime and
        torch disagree by more than 1e-4 of the largest output, or if 8 bits are too few; DataError
        for an unusable store.
    """
    tensors, metadata = read(model_file(run))
    kind = metadata.get("kind")
    if kind not in EXPORTERS:
        raise ModelError(f"{run}: of kind {kind!r}; one of {', '.join(EXPORTERS)} can be exported")
    if half:
        tensors = {k: _round(value) for k, value in tensors.items()}
    common = {key: metadata.get(key) for key in ("kind", "config", "training")}
    paths = []
    for graph in EXPORTERS[str(kind)](metadata["config"], tensors, store):
        path = output.with_name(f"{output.stem}{graph.suffix}.onnx")
        said = {**common, **graph.metadata}
        if "known" in said:
            said["known"] = _known_within(said["known"], within)
        exact = _graph(graph, said)
        model = quantized(exact, graph.examples) if graph.examples else exact
        if half:
            _store_half(model)
        _check(graph, exact, path)
        with writing(path) as part:
            onnx.save(model, part)
        paths.append(path)
    return paths


def weights_of(path: Path, like: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The parameters of a model file, or of the graphs that `export` made of an `AskNet`.

    Args:
        path: `best.safetensors` or the like, or `NAME.onnx` with `NAME.ask.onnx` beside it.
        like: parameters of the same names and shapes; a network for one channel may begin at the
            weights of one for two.

    Raises: ModelError naming what is missing or differs.
    """
    if path.suffix != ".onnx":
        found = read(path)[0]
    else:
        found = {}
        for file in (path, path.with_name(f"{path.stem}.ask.onnx")):
            model = _load(file)
            stored = [(w.name, numpy_helper.to_array(w)) for w in model.graph.initializer]
            for name, values in (*stored, *dequantized(model)):
                name = name.removeprefix("net.").removesuffix(_HALF)
                if name in like:
                    found[name] = torch.from_numpy(values.astype(np.float32))
    found = fold_channels(found, like)
    for name, value in like.items():
        if name not in found:
            raise ModelError(f"{path}: lacks {name}; expected a model of the same network")
        if found[name].shape != value.shape:
            raise ModelError(
                f"{path}: {name} is {tuple(found[name].shape)}, expected {tuple(value.shape)}; "
                "set task.network as it was when the model was trained"
            )
    return {name: found[name] for name in like}


def _load(path: Path) -> onnx.ModelProto:
    try:
        return onnx.load(path)
    except (OSError, DecodeError) as error:
        raise ModelError(f"{path}: cannot be read as an exported model: {error}") from error


def _round(value: Tensor) -> Tensor:
    return value.half().float() if value.is_floating_point() else value


class _Encode(nn.Module):
    def __init__(self, net: AskNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, spec: Tensor) -> tuple[Tensor, Tensor]:
        fine, context = self.net.encode(spec)
        return fine, context


class _Ask(nn.Module):
    def __init__(self, net: AskNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, fine: Tensor, context: Tensor, ids: Tensor) -> Tensor:
        return self.net.ask(Features(fine, context), ids)


def _ask_graphs(
    values: Mapping[str, Any], tensors: Mapping[str, Tensor], store: Path | None
) -> list[Graph]:
    config = AskConfig.model_validate(values)
    net = AskNet(config)
    net.load_state_dict(dict(tensors))
    net.eval()
    generator = torch.Generator().manual_seed(0)
    frames = 4 * config.stride
    spec = torch.randn(1, 2 * config.channels, frames, config.n_fft // 2, generator=generator)
    ids = torch.randint(1, config.buckets, (1, config.text_length), generator=generator)
    with torch.no_grad():
        fine, context = net.encode(spec)
    mixtures, questions = _examples(net, store) if store is not None else ((), ())
    # All frame counts are multiples of one: fine frames are 4 context frames.
    unit = Dim("unit", min=1, max=1 << 16)
    context_unit = Dim("context_unit", min=1, max=1 << 20)
    return [
        Graph(
            "",
            _Encode(net).eval(),
            {"spec": spec},
            ("fine", "context"),
            {"spec": {2: config.stride * unit}},
            _known_words(),
            mixtures,
        ),
        Graph(
            ".ask",
            _Ask(net).eval(),
            {"fine": fine, "context": context, "ids": ids},
            ("mask",),
            {"fine": {2: 4 * context_unit}, "context": {2: context_unit}, "ids": {}},
            {},
            questions,
        ),
    ]


def _examples(net: AskNet, store: Path) -> tuple[list[Inputs], list[Inputs]]:
    """Inputs of both graphs: mixtures of all kinds that a store gives, and a question to each."""
    config = net.config
    strides = math.ceil(MIXTURE_S * config.sample_rate / (config.hop * config.stride))
    frames = (strides * config.stride - 1) * config.hop
    batch = Stream(StreamConfig(store=store, batch=MIXTURES, frames=frames)).batch(0)
    mix = torch.from_numpy(batch.mix)
    if config.channels == 1:
        mix = mix.mean(1, keepdim=True)
    mixtures, questions = list[Inputs](), list[Inputs]()
    for spec, asked in zip(
        spectrogram(mix, config.n_fft, hop=config.hop),
        batch.queries,
        strict=True,
    ):
        with torch.no_grad():
            fine, context = net.encode(spec[None])
        ids = ngram_ids(asked[0], config.buckets, length=config.text_length)
        row = np.array([ids], np.int64)
        mixtures.append({"spec": spec[None].numpy()})
        questions.append({"fine": fine.numpy(), "context": context.numpy(), "ids": row})
    return mixtures, questions


def _known_words() -> dict[str, Any]:
    """Every concept with all its wordings: those kept out of training say the same.

    And for the plain wording of each the wider ones that hold it.
    """
    from sayso.train.data.vocabulary import load_vocabulary

    vocabulary = load_vocabulary()
    concepts = vocabulary.concepts
    within = {
        concepts[name].words[0]: sorted(concepts[up].words[0] for up in vocabulary.ancestors(name))
        for name in concepts
    }
    return {
        "known": {name: list(concept.words) for name, concept in concepts.items()},
        "within": within,
    }


def _known_within(known: Mapping[str, list[str]], within: Sequence[str]) -> Mapping[str, list[str]]:
    from sayso.train.data.vocabulary import load_vocabulary

    if unknown := [name for name in within if name not in known]:
        raise ModelError(f"unknown concept {unknown[0]!r}; concepts.yaml lists what there is")
    up = load_vocabulary().ancestors
    return {n: words for n, words in known.items() if not within or up(n) & set(within)}


def _unet_graphs(
    values: Mapping[str, Any], tensors: Mapping[str, Tensor], _store: Path | None
) -> list[Graph]:
    from sayso.networks.unet import UNet
    from sayso.networks.unet_shapes import UNetConfig, unet_shapes

    config = UNetConfig.model_validate(values)
    net = UNet(config)
    net.load_state_dict(dict(tensors))
    net.eval()
    step = 2**config.levels
    (_, least), _ = unet_shapes(config.bins, 1, levels=config.levels)
    magnitude = torch.rand(
        2, config.bins, least + 2 * step, generator=torch.Generator().manual_seed(0)
    )
    steps = Dim("steps", min=0, max=1 << 16)
    dynamic = {"magnitude": {0: Dim("batch", min=1, max=1 << 10), 2: step * steps + least % step}}
    return [Graph("", net, {"magnitude": magnitude}, ("masks",), dynamic, {})]


Exporter: TypeAlias = Callable[[Mapping[str, Any], Mapping[str, Tensor], Path | None], list[Graph]]
EXPORTERS: Mapping[str, Exporter] = {
    "ask": _ask_graphs,
    "unet": _unet_graphs,
}


def _graph(graph: Graph, metadata: Mapping[str, Any]) -> onnx.ModelProto:
    # Else it warns of every operator of torchvision, which no network here has.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    program = torch.onnx.export(
        graph.module,
        tuple(graph.inputs.values()),
        input_names=list(graph.inputs),
        output_names=list(graph.outputs),
        dynamic_shapes=dict(graph.dynamic),
        dynamo=True,
        verbose=False,
    )
    assert program is not None
    model = program.model_proto
    texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in metadata.items()}
    helper.set_model_props(model, texts)
    # The exporter notes where on this machine each line of source lies: nobody else's business.
    for node in model.graph.node:
        node.ClearField("metadata_props")
    return model


def _store_half(model: onnx.ModelProto) -> None:
    """Keep large float32 weights as float16, each followed by a cast that runs once, at load."""
    casts = []
    for weight in model.graph.initializer:
        values = numpy_helper.to_array(weight)
        if weight.data_type != TensorProto.FLOAT or values.size < 1024:
            continue
        name = weight.name
        weight.CopyFrom(numpy_helper.from_array(values.astype(np.float16), name + _HALF))
        casts.append(helper.make_node("Cast", [name + _HALF], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def _check(graph: Graph, model: onnx.ModelProto, path: Path) -> None:
    made = outputs_of(model, {name: value.numpy() for name, value in graph.inputs.items()})
    with torch.no_grad():
        wanted = graph.module(*graph.inputs.values())
    for name, ours, theirs in zip(
        graph.outputs, made, wanted if isinstance(wanted, tuple) else (wanted,), strict=True
    ):
        scale = max(1.0, float(theirs.abs().max()))
        difference = float(np.abs(ours - theirs.numpy()).max()) / scale
        if not difference <= TOLERANCE:
            raise ModelError(
                f"{path.name}: {name} differs from torch by {difference:.1e} of its largest value; "
                f"expected at most {TOLERANCE:.0e}"
            )
