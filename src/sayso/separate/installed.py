"""Public models on the shelf: fetching, importing, removing and loading them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sayso.checkpoints import Shelf, WeightFile, read_pickled, without_prefix
from sayso.errors import ModelError, RangeError
from sayso.extras import require
from sayso.separate.protocol import Separator
from sayso.separate.public import MODELS, PublicModel
from sayso.watch import SILENT, Watch

PATH_SUFFIXES = (".th", ".ckpt", ".safetensors", ".yaml", ".yml")
"""Suffixes of the files that `load_path` opens."""


def default_shelf() -> Shelf:
    """The models folder under the platform's cache directory."""
    from platformdirs import user_cache_path

    return Shelf(user_cache_path("sayso") / "models")


def is_installed(model: PublicModel, shelf: Shelf) -> bool:
    """Whether all of its files are there."""
    return all(shelf.find(file) for file in model.files)


def pull(
    model: PublicModel,
    shelf: Shelf,
    *,
    watch: Watch = SILENT,
) -> list[Path]:
    """Fetches every file of `model` that is missing, and returns where they all lie.

    Args:
        model: out of `MODELS`.
        shelf: where to.
        watch: progress, over all files by their size, and cancelling, polled between blocks.
    Raises: ModelError, OutputError, Cancelled.
    """
    sizes = [max(file.size_mb, 1.0) for file in model.files]
    shares = [size / sum(sizes) for size in sizes]
    paths = []
    for number, file in enumerate(model.files):
        report = watch.part(sum(shares[:number]), sum(shares[: number + 1]))
        paths.append(shelf.pull(file, watch=report))
    return paths


def take(path: Path, shelf: Shelf) -> tuple[PublicModel, Path]:
    """Copies a file that the person has onto the shelf, as what its name says it is.

    Args:
        path: called as it was published.
        shelf: where to.
    Returns: the model that it belongs to, and where it lies now.
    Raises: ModelError for a name that belongs to no model, and see `Shelf.take`.
    """
    for model in MODELS:
        for file in model.files:
            if path.name == Path(file.name).name:
                return model, shelf.take(path, file)
    known = ", ".join(Path(file.name).name for model in MODELS for file in model.files)
    raise ModelError(
        f"{path.name} is no file of a known model. A model of your own needs no import: give its "
        f"path, `--model {path}`. Known names: {known}"
    )


def remove(model: PublicModel, shelf: Shelf) -> int:
    """Deletes the files of `model` that no other installed model needs; returns bytes freed."""
    others = {
        file.name
        for other in MODELS
        if other.name != model.name and is_installed(other, shelf)
        for file in other.files
    }
    return sum(shelf.remove(file) for file in model.files if file.name not in others)


def load_public(
    model: PublicModel, shelf: Shelf, *, threads: int | None, options: dict[str, float]
) -> Separator:
    """The separator of a public model.

    Args:
        model: one that separates.
        shelf: where its files lie.
        threads: processor threads; None leaves torch's choice.
        options: `segment_s` and `overlap`, where they were asked for.
    Raises: ModelError saying how to get a file that is missing, MissingExtraError, RangeError.
    """
    paths = [shelf.need(file, model=model.name) for file in model.files]
    set_threads(threads)
    if model.kind == "demucs":
        from sayso.separate.demucs import DemucsSeparator

        return DemucsSeparator.assemble(
            paths, name=model.name, bag=model.bag, settings=_demucs_settings(options)
        )
    if model.kind == "audiosep":
        return _audiosep(paths, shelf, options)
    if model.kind == "dns64":
        return _dns64(paths[0], options)
    raise ModelError(f"{model.name} recognises sounds and separates none")


def load_path(
    path: Path, shelf: Shelf, *, threads: int | None, options: dict[str, float]
) -> Separator:
    """The separator in a checkpoint of the person's own: Demucs, a bag, DNS64 or AudioSep.

    AudioSep's text tower is taken from the shelf. Raises: ModelError, MissingExtraError.
    """
    set_threads(threads)
    if path.suffix == ".ckpt":
        model = next(model for model in MODELS if model.kind == "audiosep")
        rest = [shelf.need(file, model=model.name) for file in model.files[1:]]
        return _audiosep([path, *rest], shelf, options)
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


def _demucs_settings(options: dict[str, float]) -> Any:
    from sayso.separate.demucs import DemucsSettings

    return _settings(DemucsSettings, options)


def _audiosep(paths: list[Path], shelf: Shelf, options: dict[str, float]) -> Separator:
    from sayso.separate.audiosep import AudioSepSeparator, AudioSepSettings
    from sayso.separate.prompts import Prompts

    network, clap, tokens, merges = paths
    kept = shelf.path(WeightFile(name="embeddings"))
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
