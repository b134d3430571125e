"""The core of editing behind every door: edit files opened with their recordings, and played.

An edit knows its recordings by path; all of them are cut at the same places.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sayso.audio import Audio, Cancelled, Notice, Progress, Writer, probe, read
from sayso.desk import Stretch, Strip
from sayso.edit import Edited
from sayso.edit.align import Alignment, align
from sayso.edit.editlist import EditList, Insert, check_inside
from sayso.edit.exchange import SUFFIXES, read_edit
from sayso.edit.exchange.files import Media
from sayso.effects import Sound, process
from sayso.errors import Cancelled as Stopped
from sayso.errors import DataError


def media_of(path: str | Path) -> Media:
    """Rate and length of a recording, decoded only where its header does not tell."""
    info = probe(path)
    frames = info.frames if info.frames is not None else read(path).frames
    return Media(str(path), info.sample_rate, frames)


def open_edit(path: str | Path, *, recordings: Sequence[str | Path] = ()) -> EditList:
    """The edit in a file, with its recordings found.

    Args:
        path: of any format of `sayso.edit.exchange`.
        recordings: what it is cut from, in the order of its tracks; else the paths that the file
            names are tried, from the current folder and from its own.

    Raises: FormatError, DataError where a recording is not found or does not fit.
    """
    path = Path(path)
    given = iter(recordings)

    def find(named: str | None) -> Media:
        chosen = next(given, None)
        if chosen is not None:
            return media_of(chosen)
        if named is None:
            raise DataError("the format does not name the recording; say which one it is cut from")
        for place in (Path(named), path.parent / named):
            if place.is_file():
                return media_of(place)
        raise DataError(f"the recording {named} is not there; say where it is now")

    return read_edit(path, find=find)


def is_edit(path: str | Path) -> bool:
    """Whether a path names an edit rather than a recording."""
    return Path(path).suffix.lower() in SUFFIXES


def align_files(
    raw: str | Path,
    edited: str | Path,
    *,
    tracks: Sequence[str | Path] = (),
    notice: Notice | None = None,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> tuple[EditList, Alignment]:
    """The edit that makes `edited` of `raw`, and how sure that is.

    Args:
        raw: the whole recording.
        edited: made of it.
        tracks: recordings that run beside `raw`, such as its stems.
        notice: told of damaged files.
        progress: told the fraction done.
        cancelled: asked between steps.

    Raises: as `sayso.edit.align.align`.
    """
    recording = read(raw, notice=notice)
    made = read(edited, notice=notice)
    found = align(recording, made, progress=progress, cancelled=cancelled)
    speeds = sorted(
        match.speed for match in found.matches for _ in range(match.clip.frames // 1000)
    )
    new = []
    for start, stop in found.new:
        before = sum(match.start < start for match in found.matches)
        frames = round((stop - start) * recording.sample_rate / made.sample_rate)
        new.append(Insert(before=before, frames=max(1, frames)))
    edit = EditList(
        sources=(str(raw), *map(str, tracks)),
        source_frames=recording.frames,
        timeline=found.timeline,
        new=tuple(new),
        speed=speeds[len(speeds) // 2] if speeds else 1.0,
    )
    return edit, found


def render_edit(
    edit: EditList,
    out: str | Path,
    *,
    encoding: str | None = None,
    notice: Notice | None = None,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> list[Path]:
    """Plays `edit` into files and returns their paths.

    Args:
        edit: one recording goes to the file `out`, several to files of their own names beside it.
        out: a file; its suffix is the format.
        encoding: as `sayso.audio.write`.
        notice: told of damaged files.
        progress: told the fraction done.
        cancelled: asked between blocks.

    Raises: DataError where a recording does not fit the edit, OutputError, Cancelled.
    """
    out = Path(out)
    paths = []
    for number, source in enumerate(edit.sources):
        audio = read(source, notice=notice)
        _check_fits(edit, audio, source)
        sound: Sound = Edited(audio, edit.timeline)
        if edit.speed != 1.0:
            sound = process(sound, Strip(effects=(Stretch(rate=edit.speed),)))
        several = len(edit.sources) > 1
        path = out.with_name(f"{out.stem}-{Path(source).stem}{out.suffix}") if several else out
        share = (number / len(edit.sources), 1 / len(edit.sources))
        paths.append(_play(sound, path, encoding, progress, cancelled, share))
    return paths


def _check_fits(edit: EditList, audio: Audio, source: str) -> None:
    if audio.sample_rate != edit.timeline.sample_rate:
        raise DataError(
            f"{source} has {audio.sample_rate} Hz, but the edit counts at "
            f"{edit.timeline.sample_rate} Hz. Resample it, or align or apply anew"
        )
    check_inside(edit, audio.frames, Path(source).name)


def _play(
    sound: Sound,
    path: Path,
    encoding: str | None,
    progress: Progress | None,
    cancelled: Cancelled | None,
    share: tuple[float, float],
) -> Path:
    done = 0
    with Writer(
        path, sound.sample_rate, sound.channels, encoding=encoding, frames=sound.frames
    ) as out:
        for block in sound.blocks():
            if cancelled is not None and cancelled():
                raise Stopped("stopped while writing the edit")
            out.append(block)
            done += block.shape[1]
            if progress is not None:
                progress(share[0] + share[1] * min(1.0, done / sound.frames))
    return path
