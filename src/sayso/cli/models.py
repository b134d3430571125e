"""`sayso models`: what can separate or recognise, and keeping its weights."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from sayso.cli.opening import models_shelf
from sayso.cli.terminal import note, progress_bar, say, show_json, show_table
from sayso.errors import ModelError

if TYPE_CHECKING:
    from sayso.separate.row import CatalogueRow


def listing(arguments: Namespace) -> int:
    """Prints the catalogue."""
    from sayso.separate import Models
    from sayso.separate.catalogue import is_installed
    from sayso.separate.public import MODELS

    weight_store = models_shelf()
    entries = Models(weight_store=weight_store).entries()
    recognisers = [model for model in MODELS if not model.separates]
    if arguments.json:
        others = [
            model.model_dump(include={"name", "quality", "cost"})
            | {
                "hears": (),
                "licence": model.licence,
                "installed": is_installed(model, weight_store),
            }
            for model in recognisers
        ]
        show_json([*(entry.model_dump() for entry in entries), *others])
        return 0
    rows = [
        (e.name, "yes" if e.installed else "no", ", ".join(e.hears), e.quality, e.cost, e.licence)
        for e in entries
    ]
    for model in recognisers:
        here = "yes" if is_installed(model, weight_store) else "no"
        rows.append((model.name, here, "", model.quality, model.cost, model.licence))
    show_table(("name", "installed", "hears", "quality", "cost", "licence"), rows)
    return 0


def details(arguments: Namespace) -> int:
    """Prints all that is known of one model, its files and where they belong."""
    model = _named(arguments.name)
    weight_store = models_shelf()
    if arguments.json:
        files = [
            file.model_dump() | {"path": str(weight_store.find(file) or weight_store.path(file))}
            for file in model.files
        ]
        show_json(model.model_dump(mode="json") | {"files": files})
        return 0
    rows = [
        ("hears", ", ".join(model.hears) + (", any words" if model.open_words else "")),
        ("quality", model.quality),
        ("cost of a minute", model.cost),
        ("published SDR", ", ".join(f"{k} {v:g} dB" for k, v in model.figures.items())),
        ("licence of the code", model.code),
        ("licence of the weights", model.weights),
        ("note", model.note),
    ]
    show_table((model.name, ""), [row for row in rows if row[1]])
    lines = [
        (
            Path(file.name).name,
            f"{file.size_mb:g} MB" if file.size_mb else "",
            file.sha256,
            "here" if weight_store.find(file) else "missing",
            str(weight_store.find(file) or weight_store.path(file)),
        )
        for file in model.files
    ]
    show_table(("file", "size", "sha256", "", "where"), lines)
    for file in model.files:
        if file.gated and not weight_store.find(file):
            note(f"{Path(file.name).name}: {file.gated}")
    if model.kind == "audiosep":
        from sayso.separate.prompts import PROMPTS, TRAINED_ON

        show_table(("asked for", "what AudioSep is told"), list(PROMPTS.items()))
        show_table(("its test set", "words that it was tested with"), list(TRAINED_ON.items()))
    return 0


def pull(arguments: Namespace) -> int:
    """Downloads the files of a model, going on where an earlier attempt stopped."""
    from sayso.separate.installed import pull as fetch

    model = _named(arguments.name)
    note(f"licence of the weights: {model.weights}")
    with progress_bar(model.name) as watch:
        paths = fetch(model, models_shelf(), watch=watch)
    show_table(("file",), [(str(path),) for path in paths])
    return 0


def take(arguments: Namespace) -> int:
    """Copies files that the person has to where they belong."""
    from sayso.separate.catalogue import is_installed
    from sayso.separate.installed import take as copy

    weight_store = models_shelf()
    rows = []
    for path in arguments.files:
        model, places = copy(Path(path), weight_store)
        state = "complete" if is_installed(model, weight_store) else "files are missing"
        rows += [(model.name, str(place), state) for place in places]
    show_table(("model", "file", ""), rows)
    return 0


def remove(arguments: Namespace) -> int:
    """Deletes the files of a model."""
    from sayso.separate.installed import remove as delete

    freed = delete(_named(arguments.name), models_shelf())
    say(f"{arguments.name}: {freed / 1e6:.1f} MB freed")
    return 0


def _named(name: str) -> CatalogueRow:
    from sayso.separate.catalogue import find_row
    from sayso.separate.public import MODELS

    model = find_row(name)
    if model is None or model.packaged:
        known = ", ".join(model.name for model in MODELS)
        raise ModelError(f"there is no public model {name!r}; expected one of {known}")
    return model
