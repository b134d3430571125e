"""The kinds of jobs that make up a batch: what a worker does with one item.

A worker writes into a folder of its own and moves what is finished to its place, so that a killed
one leaves nothing behind but that folder, which it empties when it starts anew.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from platformdirs import user_cache_path

from sayso.batch.manifest import Item, Output
from sayso.batch.settings import CleanSettings, RenderSettings, names_of
from sayso.batch.storage import deliver, fetch, fresh_folder, is_remote, sha256_of
from sayso.jobs import Context, kind
from sayso.outputs import Destination, inside, local_path

if TYPE_CHECKING:
    from sayso.clean import CleanConfig

STATE = ".sayso"
"""The folder in the output folder that holds the queue and the workers' folders."""


@dataclass
class _Made:
    audio_s: float
    notes: list[str] = field(default_factory=list)
    row: dict[str, Any] | None = None


_Make = Callable[[Path, Path, Context], _Made]
"""Makes outputs from a local source in a folder, where they lie as they shall below the output."""


Settle: TypeAlias = Callable[[Item], None]
"""Told what became of an item before its outputs are moved to their places."""


@kind("batch.clean")
def clean(arguments: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """The speech of one item. Arguments: out, alias, source, settings; returns an item's fields."""
    return worked(arguments, context).model_dump(mode="json", include=RESULT)


@kind("batch.render")
def render(arguments: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """The tracks of one item; arguments and result as for `clean`."""
    return worked(arguments, context).model_dump(mode="json", include=RESULT)


def _clean_into(arguments: Mapping[str, Any]) -> _Make:
    settings = CleanSettings.model_validate(arguments["settings"])

    def make(source: Path, folder: Path, context: Context) -> _Made:
        from sayso.reports import clean_file

        name = names_of(settings, arguments["alias"])[0]
        config = _here(settings.config, context)
        row = clean_file(
            source,
            folder / name,
            config,
            track=settings.track,
            watch=context.watch,
        )
        output = name if row.output else None
        told = row.model_copy(update={"source": arguments["source"], "output": output})
        return _Made(row.duration_s, list(row.notes), told.model_dump(mode="json"))

    return make


def _render_into(arguments: Mapping[str, Any]) -> _Make:
    settings = RenderSettings.model_validate(arguments["settings"])

    def make(source: Path, folder: Path, context: Context) -> _Made:
        from sayso.separate import shared_models
        from sayso.studio import Studio

        models = shared_models(
            settings.model,
            folder=context.options.get("models"),
            hub=context.options.get("hub"),
            threads=context.threads,
            segment_s=settings.segment_s,
            overlap=settings.overlap,
        )
        notes: list[str] = []
        session = Studio(models).open(
            source,
            name=arguments["alias"],
            track=settings.track,
            desk=settings.desk,
            notice=notes.append,
        )
        if settings.moves:
            session.do(settings.moves)
        destination = Destination(folder, settings.pattern, settings.format, settings.encoding)
        session.check(destination)
        result = session.render(watch=context.watch)
        result.deliver(destination)
        notes += [f"{name}: {note}" for name, t in result.tracks.items() for note in t.notes]
        return _Made(session.source.duration_s, notes)

    return make


_MAKERS: Mapping[str, Callable[[Mapping[str, Any]], _Make]] = {
    "batch.clean": _clean_into,
    "batch.render": _render_into,
}


def _here(config: CleanConfig, context: Context) -> CleanConfig:
    models = context.options.get("models")
    update = {"models": None if models is None else Path(models), "threads": context.threads}
    return config.model_copy(update=update)


def worked(
    arguments: Mapping[str, Any], context: Context, *, settle: Settle = lambda item: None
) -> Item:
    """Works on one item, and moves its outputs to their places.

    Args:
        arguments: out, alias, source, settings.
        context: of the job, or of what stands in for one.
        settle: see `Settle`.
    Raises: what the work raises; OutputError.
    """
    began_s = time.monotonic()
    out = arguments["out"]
    make = _MAKERS[arguments["settings"]["kind"]](arguments)
    with _folder(out, context.worker) as folder:
        source = fetch(arguments["source"], fresh_folder(folder / "in"))
        made = make(source, fresh_folder(folder / "out"), context)
        item = Item(
            alias=arguments["alias"],
            source=arguments["source"],
            state="done" if made.row is None or made.row["output"] else "skipped",
            reason=None if made.row is None else made.row["reason"],
            source_sha256=sha256_of(source) if source.is_file() else None,
            outputs=tuple(_made_in(folder / "out")),
            notes=tuple(made.notes),
            audio_s=round(made.audio_s, 3),
            work_s=round(time.monotonic() - began_s, 3),
            row=made.row,
        )
        settle(item)
        for output in item.outputs:
            deliver(folder / "out" / output.path, out, output.path)
    return item


RESULT = {
    "state",
    "reason",
    "source_sha256",
    "outputs",
    "notes",
    "audio_s",
    "work_s",
    "row",
}
"""The fields of an item that its job returns."""


@contextmanager
def _folder(out: str, worker: str) -> Iterator[Path]:
    """The worker's own folder, empty: on the disk that the outputs go to, where that is ours."""
    safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in worker)
    base, below = (
        (user_cache_path("sayso"), "") if is_remote(out) else (local_path(out), f"{STATE}/")
    )
    folder = fresh_folder(inside(base, f"{below}work/{safe}"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _made_in(folder: Path) -> Iterator[Output]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            relative = path.relative_to(folder).as_posix()
            yield Output(path=relative, sha256=sha256_of(path), size=path.stat().st_size)
