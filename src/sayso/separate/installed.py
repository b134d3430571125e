"""The files of public models: fetching, importing and removing them."""

from __future__ import annotations

from pathlib import Path

from sayso.checkpoints import WeightStore
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
    sizes = [max(file.size_mb, 1.0) for file in model.files]
    shares = [size / sum(sizes) for size in sizes]
    paths = []
    for number, file in enumerate(model.files):
        report = watch.part(sum(shares[:number]), sum(shares[: number + 1]))
        paths.append(weight_store.pull(file, watch=report))
    return paths


def take(path: Path, weight_store: WeightStore) -> tuple[CatalogueRow, Path]:
    """Copies a file that the person has onto the weight_store, as what its name says it is.

    Args:
        path: called as it was published.
        weight_store: where to.
    Returns: the model that it belongs to, and where it lies now.
    Raises: ModelError for a name that belongs to no model, and see `WeightStore.take`.
    """
    for model in MODELS:
        for file in model.files:
            if path.name == Path(file.name).name:
                return model, weight_store.import_file(path, file)
    known = ", ".join(Path(file.name).name for model in MODELS for file in model.files)
    raise ModelError(
        f"{path.name} is no file of a known model. A model of your own needs no import: give its "
        f"path, `--model {path}`. Known names: {known}"
    )


def remove(model: CatalogueRow, weight_store: WeightStore) -> int:
    """Deletes the files of `model` that no other installed model needs; returns bytes freed."""
    others = {
        file.name
        for other in MODELS
        if other.name != model.name and is_installed(other, weight_store)
        for file in other.files
    }
    return sum(weight_store.remove(file) for file in model.files if file.name not in others)
