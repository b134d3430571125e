"""One file in, one file out: the unit of every batch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sayso.audio import Audio, read, read_tags, write
from sayso.clean.config import CleanConfig
from sayso.clean.pipeline import Keep
from sayso.desk import Desk
from sayso.outputs import check_sound, refuse_inputs, text_of
from sayso.rendering import render
from sayso.reports.judging import judge
from sayso.reports.metrics import metrics_of, rounded
from sayso.reports.rows import CleanRow
from sayso.separate import shared_models
from sayso.timeline.chapters import carried
from sayso.watch import SILENT, Watch

_CLEANING = 0.95  # the share of the work that is cleaning, for the progress


def clean_file(
    source: Path,
    destination: Path,
    config: CleanConfig,
    *,
    track: str | int | None = None,
    watch: Watch = SILENT,
) -> CleanRow:
    """Writes the speech in `source` to `destination`, and says how it went.

    The same file and configuration give the same bytes and the same row. The output appears whole
    or not at all; of a file that is skipped there is none.

    Args:
        source: audio or video of any readable format.
        destination: its suffix chooses the format; folders are made, an older file is replaced,
            and whoever calls has chosen a name that may be (see `sayso.outputs`).
        config: see `load_config`.
        track: of several sound tracks, a number from 1 or a language; None takes the main one.
        watch: progress and cancelling, polled between blocks.
    Returns: a row; one with the status "skipped" and a reason for a file that is silent or
        holds no speech.
    Raises: FormatError and its kin for a file that cannot be read, OutputError, ModelError,
        MissingExtraError, UnknownTargetError, Cancelled.
    """
    source, destination = Path(source), Path(destination)
    refuse_inputs(destination, (source,))
    notes: list[str] = []
    row: dict[str, Any] = {"source": text_of(source), "config": config.name}
    report = watch.part(0.0, _CLEANING)
    audio = read(source, track=track, notice=notes.append)
    row |= {
        "duration_s": round(audio.duration_s, 3),
        "sample_rate": audio.sample_rate,
        "channels": audio.channels,
    }
    check_sound([destination], config.encoding, audio)
    keep = _keeper(destination) if config.keep_stages else None
    desk = Desk(clean=config.stages)
    models = shared_models(folder=config.models, threads=config.threads)
    result = render(audio, desk, models=models, watch=report, keep=keep)
    cleaned = result.cleaned
    if cleaned is None:
        return CleanRow(status="skipped", reason=result.no_speech, notes=tuple(notes), **row)
    metrics = metrics_of(audio, cleaned)
    if config.measures:
        asked = judge(audio, cleaned.audio, config.measures, models=models, watch=watch)
        metrics |= rounded(asked)
    tags, said = carried(read_tags(source), destination)
    notes += [said] if said else []
    write(destination, cleaned.audio, encoding=config.encoding, tags=tags)
    watch.report(1.0)
    row |= {"output": text_of(destination), "notes": (*notes, *cleaned.notes), "metrics": metrics}
    return CleanRow(status="cleaned", **row)


def _keeper(destination: Path) -> Keep:
    """Writes stages beside the output, numbered in their order."""
    folder = destination.with_name(f"{destination.stem}.stages")
    count = 0

    def keep(stage: str, audio: Audio) -> None:
        nonlocal count
        count += 1
        write(folder / f"{count}-{stage}.wav", audio, encoding="float32")

    return keep
