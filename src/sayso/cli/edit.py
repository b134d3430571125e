"""`sayso edit`: finding, playing, learning and repeating how somebody cuts."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from sayso.cli.terminal import duration, note, progress_bar, show_json, show_table

if TYPE_CHECKING:
    from sayso.edit.editlist import EditList


def align(arguments: Namespace) -> int:
    """Finds what was cut, and writes it as an edit."""
    from sayso.edit.exchange import write_edit
    from sayso.editing import align_files

    with progress_bar("aligning") as progress:
        edit, found = align_files(
            arguments.raw,
            arguments.edited,
            tracks=arguments.tracks,
            notice=note,
            progress=progress,
        )
    path = write_edit(arguments.out, edit)
    if found.new:
        note(f"{len(found.new)} stretches are not in the raw recording; they are marked as new")
    if arguments.json:
        show_json({"edit": edit.model_dump(), "known": found.known})
        return 0
    _show(edit, path)
    return 0


def render(arguments: Namespace) -> int:
    """Plays an edit into a file, or into one a track."""
    from sayso.editing import open_edit, render_edit

    edit = open_edit(arguments.edit, recordings=arguments.recordings)
    if arguments.crossfade is not None:
        edit = _with_crossfade(edit, arguments.crossfade)
    if edit.new:
        note(f"{len(edit.new)} stretches are in none of the recordings; they are left out")
    with progress_bar("playing") as progress:
        paths = render_edit(
            edit, arguments.out, encoding=arguments.encoding, notice=note, progress=progress
        )
    show_table(("written to", "length"), [(str(p), duration(_heard_s(edit))) for p in paths])
    return 0


def export(arguments: Namespace) -> int:
    """Writes an edit in another format."""
    from sayso.edit.exchange import write_edit
    from sayso.editing import open_edit

    edit = open_edit(arguments.edit, recordings=arguments.recordings)
    _show(edit, write_edit(arguments.out, edit))
    return 0


def _with_crossfade(edit: EditList, seconds: float) -> EditList:
    from sayso.errors import RangeError

    if not 0 <= seconds <= 10:
        raise RangeError(f"crossfade: {seconds:g} s is out of range; expected 0 to 10")
    frames = round(seconds * edit.timeline.sample_rate)
    timeline = edit.timeline.model_copy(update={"crossfade_frames": frames})
    return edit.model_copy(update={"timeline": timeline})


def _heard_s(edit: EditList) -> float:
    return edit.timeline.duration_s / edit.speed


def _show(edit: EditList, path: Path) -> None:
    rows = [("clips", str(len(edit.timeline.clips))), ("length", duration(_heard_s(edit)))]
    if edit.source_frames is not None:
        raw_s = edit.source_frames / edit.timeline.sample_rate
        rows.append(("of", duration(raw_s)))
    if edit.speed != 1.0:
        rows.append(("tempo", f"{edit.speed:.4f}"))
    show_table(("edit", str(path)), rows)
