"""`sayso clean`: speech only, of one file or of thousands."""

from __future__ import annotations

import shutil
import tempfile
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from sayso.atomic import writing
from sayso.cli.batch import is_batch, plan_batch, run_batch
from sayso.cli.opening import destination_of, models_store
from sayso.cli.terminal import duration, note, progress_bar, show_files, show_json, show_table
from sayso.errors import SilenceError
from sayso.outputs import Size, text_of, unused

if TYPE_CHECKING:
    from sayso.clean import CleanConfig
    from sayso.outputs import Destination
    from sayso.reports import CleanRow

_SPEECH = "speech"


def clean(arguments: Namespace) -> int:
    """Writes the speech of every input, with the metrics that prove it."""
    from sayso.clean import load_config

    config = load_config(arguments.config, arguments.overrides)
    destination = destination_of(arguments, usual="{track}.{ext}")
    if is_batch(arguments):
        from sayso.batch import clean_settings

        if arguments.dry_run:
            return plan_batch(arguments)
        settings = clean_settings(config, format=destination.format, track=arguments.track)
        return run_batch(arguments, settings, destination)
    here = {
        "models": config.models or models_store().folder,
        "threads": arguments.threads or config.threads,
    }
    if arguments.dry_run:
        return _plan_one(Path(arguments.inputs[0]), destination, arguments)
    row = _clean_one(
        Path(arguments.inputs[0]), destination, config.model_copy(update=here), arguments.track
    )
    if arguments.json:
        show_json(row.model_dump(mode="json"))
        return 0
    rows = [(name, f"{value:.4g}") for name, value in row.metrics.items()]
    written_to = str(destination.folder / str(row.output))
    rows = [("length", duration(row.duration_s)), *rows, ("written to", written_to)]
    show_table((Path(row.source).name, ""), rows)
    return 0


def _plan_one(source: Path, destination: Destination, arguments: Namespace) -> int:
    """Only says where the speech of a file would go."""
    _check_one(source, destination, arguments.track)
    places = destination.choose(source.stem, (_SPEECH,), inputs=(source,))
    rows = [(source.name, str(place)) for place in places.values()]
    show_files(("file", "written to"), rows, as_json=arguments.json)
    return 0


def _check_one(source: Path, destination: Destination, track: str | None) -> None:
    """Raises OutputError where the speech or its report could not be written."""
    from sayso.audio import probe
    from sayso.reports import check_report

    info = probe(source, track=track)
    # A length that is only estimated decides nothing.
    size = None if info.frames is None else Size(info.channels, info.frames, info.sample_rate)
    destination.check(source.stem, (_SPEECH,), sound=size, inputs=(source,))
    if destination.file is None and not destination.overwrite:
        check_report(destination.folder)


def _clean_one(
    source: Path, destination: Destination, config: CleanConfig, track: str | None
) -> CleanRow:
    """One file into a folder with its report, or into a file that the person named."""
    from sayso.audio import probe
    from sayso.audio.picture import has_picture, is_video, write_video
    from sayso.reports import clean_file, write_report

    _check_one(source, destination, track)
    reports = destination.file is None
    with (
        tempfile.TemporaryDirectory(prefix="sayso-") as folder,
        progress_bar(source.name) as watch,
    ):
        made = Path(folder) / f"speech.{destination.format}"
        row = clean_file(source, made, config, track=track, watch=watch)
        if row.status == "skipped":
            raise SilenceError(row.reason)
        with destination.claim(source.stem, (_SPEECH,), inputs=(source,), notice=note) as paths:
            place = paths[_SPEECH]
            if is_video(place) and has_picture(source):
                number = probe(source, track=track).track
                write_video(place, made, of=source, track=number, notice=note)
            else:
                with writing(place) as part:
                    shutil.copyfile(made, part)
            if config.keep_stages:
                stages = unused(place.with_name(f"{place.stem}.stages"))
                shutil.copytree(made.with_name(f"{made.stem}.stages"), stages)
            output = place.relative_to(destination.folder).as_posix()
            row = row.model_copy(update={"source": text_of(source.absolute()), "output": output})
            if reports:
                write_report(destination.folder, [row], overwrite=destination.overwrite)
    for text in row.notes:
        note(text)
    return row
