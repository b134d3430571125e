"""The one kind of durable job: making the tracks of a desk. Worker processes import this module."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog

from sayso.atomic import put
from sayso.audio import Tags, read, read_tags, write
from sayso.desk import Desk, Strip
from sayso.errors import Cancelled, NotFoundError, SaysoError
from sayso.jobs import Context, kind
from sayso.rendering import Result
from sayso.rendering import render as render_desk
from sayso.separate import Models, shared_models
from sayso.service.logs import set_up_logs
from sayso.studio import Studio
from sayso.watch import Watch

_LOG = structlog.get_logger("sayso")
KIND = "render"
TRACK, TIMELINE, OPENING = "{number}.wav", "timeline.json", "opening"
"""Rendered tracks are kept under their number, as float32: no name of a person's is ever a path."""
TRACKS = "tracks.json"
"""What is known of the tracks of an opening, beside them."""
_OPENING_S, _LONG = 12.0, 8
"""Of stems that are there first, where the recording is so many times longer."""


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
    watch = context.watch
    if is_of_stems(desk):
        watch = _open(Path(arguments["source"]), desk, out / OPENING, models, watch)
    result = render_desk(
        arguments["source"],
        desk,
        models=models,
        watch=watch,
        longest_s=arguments.get("longest_s"),  # which jobs of earlier versions lack
    )
    try:
        out.parent.mkdir(exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".new-{out.name}-", dir=out.parent))
    except FileNotFoundError:
        raise Cancelled("the session was deleted while it was rendered") from None
    try:
        tracks = _keep(result, fresh, read_tags(arguments["source"]))
        put(fresh / TIMELINE, result.timeline.model_dump_json())
        if (out / OPENING).exists():  # somebody may be hearing it
            shutil.copytree(out / OPENING, fresh / OPENING)
        shutil.rmtree(out, ignore_errors=True)
        fresh.rename(out)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return {"tracks": tracks}


def opened(folder: Path) -> list[dict[str, Any]]:
    """What is known of the opening of a render whose tracks lie in `folder`, if there is one."""
    path = folder / OPENING / TRACKS
    try:
        found: list[dict[str, Any]] = json.loads(path.read_text())
    except FileNotFoundError:
        return []
    return found


def opening_file(folder: Path, number: int) -> Path:
    """The file of the first seconds of a stem. Raises: NotFoundError."""
    path = folder / OPENING / TRACK.format(number=number)
    if not path.exists():
        raise NotFoundError(f"there is no opening of a track {number}")
    return path


def _open(source: Path, desk: Desk, folder: Path, models: Models, watch: Watch) -> Watch:
    """Separates the first seconds of a long recording, and returns the watch of what follows.

    Raises: as `make_tracks`.
    """
    audio = read(source)
    frames = round(_OPENING_S * audio.sample_rate)
    if audio.frames < _LONG * frames:
        return watch
    share = frames / (frames + audio.frames)
    beginning = audio.slice(0, frames)
    result = render_desk(beginning, desk, models=models, watch=watch.part(0.0, share))
    try:
        folder.parent.parent.mkdir(exist_ok=True)
        fresh = Path(
            tempfile.mkdtemp(prefix=f".new-{folder.parent.name}-", dir=folder.parent.parent)
        )
    except FileNotFoundError:
        raise Cancelled("the session was deleted while it was rendered") from None
    try:
        put(fresh / TRACKS, json.dumps(_keep(result, fresh, None)))
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(exist_ok=True)
        fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return watch.part(share, 1.0)


def _keep(result: Result, folder: Path, tags: Tags | None) -> list[dict[str, Any]]:
    """Writes the tracks of a result under their numbers, and returns what is known of each."""
    tracks = []
    for number, (target, track) in enumerate(result.tracks.items()):
        write(folder / TRACK.format(number=number), track.audio, encoding="float32", tags=tags)
        tracks.append(result.described(target))
    return tracks
