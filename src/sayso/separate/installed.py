"""The files of public models: fetching, importing and removing them."""

from __future__ import annotations

from pathlib import Path

from sayso.checkpoints import WeightFile, WeightStore
from sayso.errors import ModelError
from sayso.separate.catalogue import is_installed
from sayso.separate.public import MODELS
from sayso.separate.row import CatalogueRow
from sayso.watch import SILENT, Watch


def default_weight_store() -> WeightStore:
    """The models folder under the platform's cache directory."""
    from platformdirs import user_cache_path

    return WeightStore(user_cache_path("sayso") / "models")


def pull(
    model: CatalogueRow,
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


def take(path: Path, weight_store: WeightStore) -> tuple[CatalogueRow, list[Path]]:
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


def remove(model: CatalogueRow, weight_store: WeightStore) -> int:
    """Deletes the files of `model` that no other installed model needs; returns bytes freed."""
    others = {
        file.name
        for other in MODELS
        if other.name != model.name and is_installed(other, weight_store)
        for file in other.files
    }
    return sum(weight_store.remove(file) for file in model.files if file.name not in others)
