"""Many files at a time: what `ask`, `separate` and `clean` share, and `sayso worker`."""

from __future__ import annotations

import signal
import time
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sayso.cli.inputs import is_pattern, is_there
from sayso.cli.opening import models_shelf
from sayso.cli.parser import fields
from sayso.cli.terminal import duration, note, progress_line, show_json, show_table
from sayso.errors import EXIT_CODES, lookup

if TYPE_CHECKING:
    from sayso.batch import Item, Pace, Summary
    from sayso.batch.settings import CleanSettings, RenderSettings
    from sayso.jobs import Workers
    from sayso.outputs import Destination

_LISTED = 20
"""So many failures are named; the manifest has them all."""
_BATCH_POLLING_S, _WORKER_POLLING_S = 0.05, 0.2
_STATES = {"done": "done", "passed_over": "passed over", "failed": "failed"}


def is_batch(arguments: Namespace) -> bool:
    """Whether this is work for the queue: several files, a folder, a URL, or an option of it."""
    inputs: Sequence[str] = arguments.inputs
    if len(inputs) > 1 or arguments.pattern or arguments.queue or arguments.retry_failed:
        return True
    if is_there(inputs[0]):
        return Path(inputs[0]).is_dir()
    return "://" in inputs[0] or is_pattern(inputs[0])


def run_batch(arguments: Namespace, settings: CleanSettings | RenderSettings) -> int:
    """Works on all inputs, or goes on with it; the exit code is that of the first failure.

    Raises: MissingExtraError, InputError, ConfigError, QueueError, OutputError.
    """
    _need_extra()
    from sayso.batch import MODULES, Batch, find_sources
    from sayso.jobs import JobQueue

    batch = Batch.open(arguments.out, settings)
    batch.add(find_sources(arguments.inputs, pattern=arguments.pattern, without=batch.out))
    where = arguments.queue or batch.default_queue
    with JobQueue(where) as queue, progress_line(f"{len(batch.items)} files") as show:
        workers = _workers(arguments, str(where), MODULES, _BATCH_POLLING_S)
        try:
            if workers is not None:
                workers.start()
            summary = batch.run(
                queue,
                retry_failed=arguments.retry_failed,
                on_progress=lambda pace: show(pace.share, _line(pace)),
                check=lambda: _check(workers),
            )
        except KeyboardInterrupt:
            ended = sum(item.state != "queued" for item in batch.items.values())
            note(f"{ended} of {len(batch.items)} files are through; the same command goes on")
            raise
        finally:
            if workers is not None:
                workers.stop()
    _tell(summary, arguments.out, as_json=getattr(arguments, "json", False))
    error = summary.error
    return 0 if error is None else lookup(error, EXIT_CODES, 1)


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
                _check(workers)
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
    weight_store = models_shelf()
    options = {"models": str(weight_store.folder)}
    if weight_store.hub is not None:
        options["hub"] = str(weight_store.hub)
    return options


def _check(workers: Workers | None) -> None:
    if workers is not None and workers.failure is not None:
        raise workers.failure


def _need_extra() -> None:
    from sayso.optional import require_all

    require_all("dbos", "fsspec", extra="batch", purpose="work on several files at a time")


def _line(pace: Pace) -> str:
    left = "" if pace.left_s is None else f", {duration(pace.left_s)} left"
    return (
        f"{pace.ended} of {pace.total} files, {pace.items_per_s:.2g} a second, "
        f"{pace.speed:.3g} times real time{left}"
    )


def _tell(summary: Summary, out: str, *, as_json: bool) -> None:
    counts = dict.fromkeys(_STATES, 0)
    for item in summary.items:
        counts["failed" if item.state == "cancelled" else item.state] += 1
    for state in ("passed_over", "failed"):
        _list([item for item in summary.items if item.state == state], _STATES[state])
    pace = summary.pace
    if as_json:
        values: dict[str, Any] = {**counts, "out": out, "elapsed_s": round(pace.elapsed_s, 3)}
        show_json(values)
        return
    rows = [(_STATES[state], str(count)) for state, count in counts.items() if count]
    rows += [("took", duration(pace.elapsed_s)), ("written to", out)]
    if pace.speed:
        rows.insert(-1, ("times real time", f"{pace.speed:.3g}"))
    show_table(("files", ""), rows)


def _list(items: Sequence[Item], what: str) -> None:
    for item in items[:_LISTED]:
        note(f"{item.source}: {what}: {item.reason}")
    if len(items) > _LISTED:
        note(f"and {len(items) - _LISTED} more {what}; see manifest.jsonl")
