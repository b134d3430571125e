"""Playing an edit from a file: every recording of it is a render of the same desk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sayso.audio import Audio, Notice, probe, read, read_tags
from sayso.desk import MIX, Desk, Stretch, Strip
from sayso.desk.arrangement import arrangement_of
from sayso.errors import DataError
from sayso.outputs import Size, check_sound, fitting, refuse_inputs
from sayso.rendering.tracks import render
from sayso.timeline.chapters import carried
from sayso.timeline.editlist import EditList, check_inside
from sayso.watch import SILENT, Watch


def desk_of(edit: EditList) -> Desk:
    """The desk that plays a recording as `edit` cuts it, and changes nothing else."""
    tempo = Strip(effects=(Stretch(rate=edit.speed),))
    strips = {} if edit.speed == 1.0 else {MIX: tempo}
    return Desk(edits=(arrangement_of(edit.timeline),), strips=strips, limiter=False)


def track_paths(edit: EditList, out: str | Path) -> list[Path]:
    """The file of each track of `edit` by the file `out`, as `render_edit` names them."""
    out = Path(out)
    if len(edit.sources) == 1:
        return [out]
    stems = [Path(source).stem for source in edit.sources]
    alike = len(set(map(str.casefold, stems))) < len(stems)
    names = [f"{at}-{stem}" if alike else stem for at, stem in enumerate(stems, 1)]
    files = (fitting(f"{out.stem}-{name}{out.suffix}", keep=out.suffix) for name in names)
    return [out.with_name(file) for file in files]


def render_edit(
    edit: EditList,
    out: str | Path,
    *,
    encoding: str | None = None,
    notice: Notice | None = None,
    watch: Watch = SILENT,
) -> list[Path]:
    """Plays `edit` into files and returns their paths.

    Args:
        edit: one recording goes to the file `out`, several to files of their own names beside it,
            numbered where two are called alike.
        out: a file; its suffix is the format.
        encoding: as `Track.write` takes it.
        notice: told of damaged files and of peaks above full scale.
        watch: progress and cancelling, polled between blocks.

    Raises: DataError where a recording does not fit the edit, OutputError, Cancelled.
    """
    paths, desk, total = [], desk_of(edit), len(edit.sources)
    places = track_paths(edit, out)
    for path in places:
        refuse_inputs(path, edit.sources)
    _check_room(edit, places, encoding)
    for number, (source, path) in enumerate(zip(edit.sources, places, strict=True)):
        audio = read(source, notice=notice)
        _check_fits(edit, audio, source)
        share = watch.part(number / total, (number + 1) / total)
        track = render(audio, desk, watch=share).tracks[MIX]
        tags, said = carried(read_tags(source), path, edit.timeline, speed=edit.speed)
        if notice is not None:
            for note in (*track.notes, *([said] if said else ())):
                notice(f"{Path(source).name}: {note}")
        paths.append(track.write(path, encoding=encoding, tags=tags))
    return paths


def _check_room(edit: EditList, places: Sequence[Path], encoding: str | None) -> None:
    """Raises OutputError before anything is played where the files could not be written."""
    rate = edit.timeline.sample_rate
    frames = round(edit.timeline.duration_s / edit.speed * rate)
    channels = max(probe(source).channels for source in edit.sources)
    check_sound(places, encoding, Size(channels, frames, rate))


def _check_fits(edit: EditList, audio: Audio, source: str) -> None:
    if audio.sample_rate != edit.timeline.sample_rate:
        raise DataError(
            f"{source} has {audio.sample_rate} Hz, but the edit counts at "
            f"{edit.timeline.sample_rate} Hz. Resample it, or align or apply anew"
        )
    check_inside(edit, audio.frames, Path(source).name)
