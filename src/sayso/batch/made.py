"""What the batches of a folder have made, and what lies in their way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from sayso.batch.manifest import Item, manifests
from sayso.batch.settings import Settings, names_of
from sayso.batch.storage import is_remote, sha256_of
from sayso.batch.work import RESULT
from sayso.jobs import Job
from sayso.outputs import inside, local_path, text_of


def made_in(out: str) -> set[str]:
    """The outputs of all batches in a local folder, as sources are called."""
    if is_remote(out):
        return set()
    home = local_path(out).resolve()
    items = [item for _, found in manifests(out) if found for item in found[1].values()]
    return {text_of(home / output.path) for item in items for output in item.outputs}


def reserved(out: str, manifest: str) -> Iterator[str]:
    """The names that the other requests in a folder, by their manifests, have or will write.

    Raises: ConfigError for a damaged manifest.
    """
    for name, found in manifests(out):
        if found is None or name == manifest:
            continue
        head, items = found
        try:
            settings = TypeAdapter[Settings](Settings).validate_python(head.settings)
        except ValidationError:  # of another version
            settings = None
        for item in items.values():
            yield from (output.path for output in item.outputs)
            if settings is not None:
                yield from names_of(settings, item.alias)


def in_the_way(folder: Path, item: Item, names: Iterable[str]) -> Path | None:
    """A file at one of the names that `item` writes which it has not made, or not as it is now."""
    made = {output.path: output.sha256 for output in item.outputs}
    for name in dict.fromkeys((*names, *made)):
        place = inside(folder, name)
        if place.is_file() and sha256_of(place) != made.get(name):
            return place
    return None


def remove(folder: Path, item: Item) -> None:
    """Deletes what was made of `item`, as far as it is still that."""
    for output in item.outputs:
        place = inside(folder, output.path)
        if place.is_file() and sha256_of(place) == output.sha256:
            place.unlink()


def ended(item: Item, job: Job) -> Item:
    """The item as its job has left it."""
    if job.state == "done":
        values = {name: value for name, value in job.result.items() if name in RESULT}
        return Item.model_validate({**item.model_dump(), **values})
    if job.state == "cancelled":
        return item.model_copy(update={"state": "cancelled", "reason": "it was cancelled"})
    assert job.error is not None
    update = {"state": "failed", "reason": job.error.message, "error": job.error.name}
    return item.model_copy(update=update)
