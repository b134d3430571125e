"""Public models on the weight_store: fetching, importing, removing and loading them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sayso.checkpoints import WeightFile, WeightStore, read_pickled, without_prefix
from sayso.errors import ModelError, RangeError
from sayso.optional import require
from sayso.separate.protocol import Separator
from sayso.separate.public import MODELS, PublicModel
from sayso.watch import SILENT, Watch

PATH_SUFFIXES = (".th", ".ckpt", ".safetensors", ".yaml", ".yml")
"""Suffixes of the files that `load_path` opens."""


def default_weight_store() -> WeightStore:
    """The models folder under the platform's cache directory."""
    from platformdirs import user_cache_path

    return WeightStore(user_cache_path("sayso") / "models")


def is_installed(model: PublicModel, weight_store: WeightStore) -> bool:
    """Whether all of its files are there."""
    return all(weight_store.find(file) for file in model.files)


def pull(
    model: PublicModel,
    weight_store: WeightStore,
    *,
    watch: Watch = SILENT,
) -> list[Path]:
    """Fetches every file of `model` that is missing, and returns where they all lie.

    Args:
        model: out of `MODELS`.
        weight_store: where to.
        watch: progress, over all files by their size, and cancelling, polled between blocks.
    Raises: ModelError, OutputError, Cancelled.
    """
    missing = [file for file in model.files if file.inside and not weight_store.find(file)]
    if missing:
        weight_store.pull_members(missing, watch=watch)
    sizes = [max(file.size_mb, 1.0) for file in model.files]
    shares = [size / sum(sizes) for size in sizes]
    paths = []
    for number, file in enumerate(model.files):
        report = watch.part(sum(shares[:number]), sum(shares[: number + 1]))
        paths.append(weight_store.pull(file, watch=report))
    return paths


def take(path: Path, weight_store: WeightStore) -> tuple[PublicModel, list[Path]]:
    """Copies weights that the person has into the store, as what their name says they are.

    Args:
        path: a file of a model, or the package that holds it, called as it was published.
        weight_store: where to.
    Returns: the model that it belongs to, and where its files lie now.
    Raises: ModelError for a name that belongs to no model, and see `WeightStore`.
    """
    for model in MODELS:
        packed = [file for file in model.files if file.inside is not None]
        if any(path.name in file.inside.package.archives for file in packed if file.inside):
            return model, weight_store.import_members(path, packed)
        for file in model.files:
            if path.name in _published_names(file):
                return model, [weight_store.import_file(path, file)]
    known = ", ".join(_published_names(file)[0] for model in MODELS for file in model.files)
    raise ModelError(
        f"{path.name} is no file of a known model. A model of your own needs no import: give its "
        f"path, `--model {path}`. Known names: {known}"
    )


def _published_names(file: WeightFile) -> list[str]:
    """What it may be called where it comes from, the package that holds it first."""
    own = Path(file.name).name
    if file.inside is None:
        return [own]
    return [file.inside.package.archive, own, Path(file.inside.path).name]


def remove(model: PublicModel, weight_store: WeightStore) -> int:
    """Deletes the files of `model` that no other installed model needs; returns bytes freed."""
    others = {
        file.name
        for other in MODELS
        if other.name != model.name and is_installed(other, weight_store)
        for file in other.files
    }
    return sum(weight_store.remove(file) for file in model.files if file.name not in others)


def load_public(
    model: PublicModel, weight_store: WeightStore, *, threads: int | None, options: dict[str, float]
) -> Separator:
    """The separator of a public model.

    Args:
        model: one that separates.
        weight_store: where its files lie.
        threads: processor threads; None leaves torch's choice.
        options: `segment_s` and `overlap`, where they were asked for.
    Raises: ModelError saying how to get a file that is missing, MissingExtraError, RangeError.
    """
    paths = [weight_store.require(file, model=model.name) for file in model.files]
    if model.kind in ("spleeter", "htdemucs", "deepfilternet"):
        return _on_onnx_runtime(model.kind, paths, threads or 0, options)
    set_threads(threads)
    if model.kind == "demucs":
        from sayso.separate.demucs import DemucsSeparator

        return DemucsSeparator.assemble(
            paths, name=model.name, bag=model.bag, settings=_demucs_settings(options)
        )
    if model.kind == "audiosep":
        return _audiosep(paths, weight_store, options)
    if model.kind == "dns64":
        return _dns64(paths[0], options)
    raise ModelError(f"{model.name} recognises sounds and separates none")


def load_path(
    path: Path, weight_store: WeightStore, *, threads: int | None, options: dict[str, float]
) -> Separator:
    """The separator in a checkpoint of the person's own: Demucs, a bag, DNS64 or AudioSep.

    AudioSep's text tower is taken from the weight_store. Raises: ModelError, MissingExtraError.
    """
    set_threads(threads)
    if path.suffix == ".ckpt":
        model = next(model for model in MODELS if model.kind == "audiosep")
        rest = [weight_store.require(file, model=model.name) for file in model.files[1:]]
        return _audiosep([path, *rest], weight_store, options)
    # Those of Demucs name their class; a denoiser's may be nothing but weights.
    if path.suffix == ".th" and "klass" not in without_prefix(read_pickled(path), ""):
        return _dns64(path, options)
    from sayso.separate.demucs import DemucsSeparator

    return DemucsSeparator.load(path, settings=_demucs_settings(options))


def set_threads(threads: int | None) -> None:
    """Gives torch this many processor threads, in all of the program."""
    torch = require("torch", extra="torch", purpose="this model")
    if threads is not None:
        torch.set_num_threads(threads)


def _on_onnx_runtime(
    kind: str, paths: list[Path], threads: int, options: dict[str, float]
) -> Separator:
    if kind == "spleeter":
        from sayso.separate.spleeter import SpleeterSeparator

        return SpleeterSeparator(paths, threads=threads, **options)
    if kind == "htdemucs":
        from sayso.separate.htdemucs import OVERLAP, SEGMENT_S, HTDemucsSeparator

        if options.get("segment_s", SEGMENT_S) != SEGMENT_S:
            raise RangeError(
                f"htdemucs hears {SEGMENT_S:g} s at a time; {options['segment_s']:g} s were asked "
                "for"
            )
        return HTDemucsSeparator(paths[0], threads=threads, overlap=options.get("overlap", OVERLAP))
    from sayso.separate.deepfilternet import DeepFilterNetSeparator

    if "overlap" in options:
        raise RangeError("deepfilternet3 sets its own overlap; leave it out")
    return DeepFilterNetSeparator(paths[0], threads=threads, **options)


def _demucs_settings(options: dict[str, float]) -> Any:
    from sayso.separate.demucs import DemucsSettings

    return _settings(DemucsSettings, options)


def _audiosep(paths: list[Path], weight_store: WeightStore, options: dict[str, float]) -> Separator:
    from sayso.separate.audiosep import AudioSepSeparator, AudioSepSettings
    from sayso.separate.prompts import Prompts

    network, clap, tokens, merges = paths
    kept = weight_store.path(WeightFile(name="embeddings"))
    prompts = Prompts(clap, tokens=tokens, merges=merges, kept=kept)
    return AudioSepSeparator.load(network, prompts, settings=_settings(AudioSepSettings, options))


def _dns64(path: Path, options: dict[str, float]) -> Separator:
    from sayso.separate.dns64 import DNS64Separator

    if options:
        raise RangeError("dns64 sets its own segment and overlap; leave them out")
    return DNS64Separator.load(path)


def _settings(model: Any, options: dict[str, float]) -> Any:
    from pydantic import ValidationError

    try:
        return model(**options)
    except ValidationError as error:
        raise RangeError(
            "; ".join(f"{e['loc'][0]} {e['input']}: {e['msg'].lower()}" for e in error.errors())
        ) from None
