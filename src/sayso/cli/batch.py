"""Many files at a time: what `ask`, `separate` and `clean` share, and `sayso worker`."""

from __future__ import annotations

import signal
import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sayso.atomic import in_words
from sayso.cli.inputs import is_pattern, is_there
from sayso.cli.opening import models_store
from sayso.cli.parser import fields
from sayso.cli.terminal import duration, note, progress_line, show_files, show_json, show_table
from sayso.errors import EXIT_CODES, OutputError, lookup

if TYPE_CHECKING:
    from sayso.batch import Batch, Pace, Source, Summary
    from sayso.batch.settings import CleanSettings, RenderSettings
    from sayso.jobs import Workers
    from sayso.outputs import Destination

_LISTED = 20
"""So many failures and remarks are named; the manifest has them all."""
_BATCH_POLLING_S, _WORKER_POLLING_S = 0.05, 0.2
_STATES = {"done": "done", "skipped": "skipped", "failed": "failed"}


def is_batch(arguments: Namespace) -> bool:
    """Whether this is work for the queue: several files, a folder, a URL, or an option of it."""
    inputs: Sequence[str] = arguments.inputs
    if len(inputs) > 1 or arguments.pattern or arguments.queue or arguments.retry_failed:
        return True
    if is_there(inputs[0]):
        return Path(inputs[0]).is_dir()
    return "://" in inputs[0] or is_pattern(inputs[0])


def run_batch(
    arguments: Namespace, settings: CleanSettings | RenderSettings, destination: Destination
) -> int:
    """Works on all inputs, or goes on with it; the exit code is that of the first failure.

    They are done here, one after the other; or, where several processes or machines share them, by
    the workers of a durable queue.

    Raises: MissingExtraError, InputError, ConfigError, QueueError, OutputError.
    """
    from sayso.batch import find_sources, is_remote

    if destination.file is not None:
        raise OutputError(
            f"{destination.file} is one file, but there may be several inputs; name a folder"
        )
    _check(arguments, settings)
    sources = find_sources(arguments.inputs, pattern=arguments.pattern, without=arguments.out)
    with ExitStack() as stack:
        if not is_remote(arguments.out):
            # No other command chooses names in the folder meanwhile.
            stack.enter_context(_held(Path(arguments.out)))
        batch = _opened(arguments, settings, sources)
        run = _run_here
        if arguments.queue or arguments.jobs != 1 or is_remote(batch.out):
            _need_extra()
            batch.save()
            stack.close()
            run = _run_queued
        try:
            with progress_line(f"{len(batch.items)} files") as show:
                summary = run(arguments, batch, lambda pace: show(pace.share, _line(pace)))
        except KeyboardInterrupt:
            ended = sum(item.state != "queued" for item in batch.items.values())
            note(f"{ended} of {len(batch.items)} files are through; the same command goes on")
            raise
    _tell(summary, batch, as_json=getattr(arguments, "json", False))
    error = summary.error
    return 0 if error is None else lookup(error, EXIT_CODES, 1)


def plan_batch(arguments: Namespace) -> int:
    """Only says which files would be worked on. Raises: as `run_batch` before the work."""
    from sayso.batch import find_sources

    sources = find_sources(arguments.inputs, pattern=arguments.pattern, without=arguments.out)
    rows = [(source.url, arguments.out) for source in sources]
    show_files(("file", "written to"), rows, as_json=arguments.json)
    return 0


@contextmanager
def _held(out: Path) -> Iterator[None]:
    from sayso.batch.work import STATE
    from sayso.outputs import held, inside

    state = inside(out, STATE)
    with in_words(state):
        state.mkdir(parents=True, exist_ok=True)
    with held(state, waiting=lambda: note(f"waiting for another command in {out}")):
        yield


def _opened(
    arguments: Namespace, settings: CleanSettings | RenderSettings, sources: Sequence[Source]
) -> Batch:
    """The batch with all its items; those whose names are taken are told."""
    from sayso.batch import Batch

    batch = Batch.open(arguments.out, settings)
    renamed: list[str] = []
    batch.add(sources, overwrite=arguments.overwrite, notice=renamed.append)
    for text in renamed[:_LISTED]:
        note(text)
    if len(renamed) > _LISTED:
        note(f"and {len(renamed) - _LISTED} more names were taken; see {batch.manifest}")
    return batch


def _check(arguments: Namespace, settings: CleanSettings | RenderSettings) -> None:
    """Raises OutputError where the outputs of a batch could not be written."""
    from sayso.batch import is_remote
    from sayso.outputs import check_folder
    from sayso.reports import check_report

    if is_remote(arguments.out):
        return
    check_folder(Path(arguments.out))
    if settings.kind == "batch.clean" and not arguments.overwrite:
        check_report(Path(arguments.out))


def _run_here(arguments: Namespace, batch: Batch, told: Callable[[Pace], None]) -> Summary:
    from sayso.batch.work import Settle, worked
    from sayso.jobs import Context

    def work(item: Mapping[str, Any], report: Callable[[float], None], settle: Settle) -> None:
        context = Context(
            item["alias"], report, lambda: False, threads=arguments.threads, options=_options()
        )
        worked(item, context, settle=settle)

    return batch.run_here(
        work,
        retry_failed=arguments.retry_failed,
        overwrite=arguments.overwrite,
        on_progress=told,
    )


def _run_queued(arguments: Namespace, batch: Batch, told: Callable[[Pace], None]) -> Summary:
    from sayso.batch import MODULES
    from sayso.jobs import JobQueue

    where = arguments.queue or batch.default_queue
    with JobQueue(where) as queue:
        workers = _workers(arguments, str(where), MODULES, _BATCH_POLLING_S)
        try:
            if workers is not None:
                workers.start()
            return batch.run(
                queue,
                retry_failed=arguments.retry_failed,
                overwrite=arguments.overwrite,
                on_progress=told,
                check=lambda: _check_workers(workers),
            )
        finally:
            if workers is not None:
                workers.stop()


def render_options(arguments: Namespace, destination: Destination) -> dict[str, Any]:
    """What a batch of desks takes from the options of a model and of outputs."""
    options = fields(arguments, "model", "overlap", "track")
    options |= fields(destination, "format", "encoding", "pattern")
    if Path(options.get("model", "")).is_file():
        options["model"] = str(Path(options["model"]).absolute())
    return options if arguments.segment is None else {**options, "segment_s": arguments.segment}


def worker(arguments: Namespace) -> int:
    """Takes items of any batch in a queue until Ctrl-C."""
    _need_extra()
    from sayso.batch import MODULES
    from sayso.jobs import JobQueue

    with JobQueue(arguments.queue):
        pass  # told now, not by every process, if it cannot be reached
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    workers = _workers(arguments, arguments.queue, MODULES, _WORKER_POLLING_S)
    assert workers is not None
    note(f"taking files from the queue, {arguments.jobs} at a time; Ctrl-C stops it")
    try:
        with workers:
            while True:
                _check_workers(workers)
                time.sleep(0.5)
    except KeyboardInterrupt:
        note("stopped; what was begun goes back in the queue")
    return 0


def _workers(
    arguments: Namespace, where: str, modules: Sequence[str], polling_s: float
) -> Workers | None:
    from sayso.jobs import Workers

    if arguments.jobs == 0:
        return None
    return Workers(
        where,
        modules,
        processes=arguments.jobs,
        threads=getattr(arguments, "threads", None),
        options=_options(),
        polling_s=polling_s,
    )


def _options() -> dict[str, str]:
    """What workers must know of this machine."""
    weight_store = models_store()
    options = {"models": str(weight_store.folder)}
    if weight_store.hub is not None:
        options["hub"] = str(weight_store.hub)
    return options


def _check_workers(workers: Workers | None) -> None:
    if workers is not None and workers.failure is not None:
        raise workers.failure


def _need_extra() -> None:
    from sayso.optional import require_all

    require_all("dbos", "fsspec", extra="batch", purpose="work by a queue (-j, --queue, URLs)")


def _line(pace: Pace) -> str:
    left = "" if pace.left_s is None else f", {duration(pace.left_s)} left"
    return (
        f"{pace.ended} of {pace.total} files, {pace.items_per_s:.2g} a second, "
        f"{pace.speed:.3g} times real time{left}"
    )


def _tell(summary: Summary, batch: Batch, *, as_json: bool) -> None:
    counts = dict.fromkeys(_STATES, 0)
    for item in summary.items:
        counts["failed" if item.state == "cancelled" else item.state] += 1
    for state in ("skipped", "failed"):
        items = [item for item in summary.items if item.state == state]
        _list([(item.source, f"{_STATES[state]}: {item.reason}") for item in items], batch.manifest)
    noted = [(item.source, text) for item in summary.items for text in item.notes]
    _list(noted, batch.manifest)
    pace = summary.pace
    if as_json:
        values: dict[str, Any] = {**counts, "out": batch.out, "elapsed_s": round(pace.elapsed_s, 3)}
        show_json(values)
        return
    rows = [(_STATES[state], str(count)) for state, count in counts.items() if count]
    rows += [("took", duration(pace.elapsed_s)), ("written to", batch.out)]
    if pace.speed:
        rows.insert(-1, ("times real time", f"{pace.speed:.3g}"))
    show_table(("files", ""), rows)


def _list(told: Sequence[tuple[str, str]], manifest: str) -> None:
    for source, text in told[:_LISTED]:
        for named in (source, source.rpartition("/")[2]):
            text = text.removeprefix(f"{named}: ")
        note(f"{source}: {text}")
    if len(told) > _LISTED:
        note(f"and {len(told) - _LISTED} more; see {manifest}")
