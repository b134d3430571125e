"""The one kind of durable job: making the tracks of a desk. Worker processes import this module."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog

from sayso.atomic import put
from sayso.audio import read_tags, write
from sayso.desk import Desk, Strip
from sayso.errors import Cancelled, SaysoError
from sayso.jobs import Context, kind
from sayso.rendering import render as render_desk
from sayso.separate import shared_models
from sayso.service.logs import set_up_logs
from sayso.studio import Studio

_LOG = structlog.get_logger("sayso")
KIND = "render"
TRACK, TIMELINE = "{number}.wav", "timeline.json"
"""Rendered tracks are kept under their number, as float32: no name of a person's is ever a path."""


@kind(KIND)
def render(arguments: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """As `make_tracks`; what goes wrong is logged, under the id of the job."""
    set_up_logs()
    try:
        return make_tracks(arguments, context)
    except Cancelled:
        raise
    except SaysoError as error:
        _LOG.warning("render failed", job_id=context.id, error=type(error).__name__, why=str(error))
        raise
    except Exception as error:
        _LOG.error("mistake", job_id=context.id, exc_info=error)
        raise


def is_of_stems(desk: Desk) -> bool:
    """Whether a desk delivers sounds of the recording as they are."""
    return desk.clean is None and not desk.edits and all(s == Strip() for s in desk.strips.values())


def make_tracks(arguments: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Renders `desk` on the recording `source` into the folder `out`.

    Args:
        arguments: `source` and `out`, paths; `desk`; `model`, `cache` and `models` as in
            `sayso.service.Settings`; `longest_s`, as `sayso.render` takes it.
        context: told the progress, and asked whether to stop.

    Raises: Cancelled when asked to stop, or when the session was deleted meanwhile; see
        `sayso.render`.
    Returns: {"tracks": [...]}, each with what `sayso.rendering.Track` knows of it.
    """
    desk = Desk.model_validate(arguments["desk"])
    out = Path(arguments["out"])
    # What an earlier attempt left whose process was killed; there is one at a time.
    for left in out.parent.glob(f".new-{out.name}-*"):
        shutil.rmtree(left, ignore_errors=True)
    models = shared_models(
        arguments["model"],
        folder=arguments["models"],
        threads=context.threads,
        cache=arguments["cache"],
    )
    studio = Studio(models)
    studio.require(desk)
    result = render_desk(
        arguments["source"],
        desk,
        models=models,
        watch=context.watch,
        longest_s=arguments.get("longest_s"),  # which jobs of earlier versions lack
    )
    try:
        out.parent.mkdir(exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".new-{out.name}-", dir=out.parent))
    except FileNotFoundError:
        raise Cancelled("the session was deleted while it was rendered") from None
    try:
        tags, tracks = read_tags(arguments["source"]), []
        for number, (target, track) in enumerate(result.tracks.items()):
            kept = fresh / TRACK.format(number=number)
            write(kept, track.audio, encoding="float32", tags=tags)
            tracks.append(result.described(target))
        put(fresh / TIMELINE, result.timeline.model_dump_json())
        shutil.rmtree(out, ignore_errors=True)
        fresh.rename(out)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return {"tracks": tracks}
