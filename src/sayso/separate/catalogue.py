"""The catalogue: our own models, then the public ones, each the best first."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from sayso.checkpoints import WeightFile, WeightStore
from sayso.separate.public import MODELS
from sayso.separate.row import CatalogueRow

OWN: tuple[CatalogueRow, ...] = (
    CatalogueRow(
        name="embedded",
        kind="embedded",
        hears=("vocals", "drums", "bass", "other", "speech", "noise"),
        taught=True,
        packaged=True,
        files=(WeightFile(name="sayso.onnx"), WeightFile(name="sayso.ask.onnx")),
        ranks={"music": 40, "speech": 40, "sounds": 40},
        code="GPL-3.0-or-later",
        weights="GPL-3.0-or-later",
        quality="fair, and improving: the project's own network, asked in words",
        cost="a few seconds a minute",
    ),
    CatalogueRow(
        name="simple",
        kind="simple",
        hears=("vocals", "drums", "bass", "other", "speech", "noise"),
        packaged=True,
        ranks={"music": 10, "speech": 10},
        trained=False,
        code="GPL-3.0-or-later",
        weights="GPL-3.0-or-later",
        quality="the weakest choice: no training at all, only rules of thumb",
        cost="a second or two a minute",
    ),
)
ROWS: tuple[CatalogueRow, ...] = (*OWN, *MODELS)


def find_row(name: str) -> CatalogueRow | None:
    """The model called `name`, or None."""
    return next((row for row in ROWS if row.name == name), None)


def store_of(row: CatalogueRow, weight_store: WeightStore) -> WeightStore:
    """Where its files belong: in the package, or in `weight_store`."""
    return WeightStore(Path(str(files("sayso"))) / "weights") if row.packaged else weight_store


def is_installed(row: CatalogueRow, weight_store: WeightStore) -> bool:
    """Whether all of its files are there; what has none must come with the package."""
    store = store_of(row, weight_store)
    return bool(row.files or row.packaged) and all(store.find(file) for file in row.files)
