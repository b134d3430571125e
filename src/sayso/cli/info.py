"""`sayso info` and `sayso demo`."""

from __future__ import annotations

import shutil
import tempfile
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sayso.atomic import writing
from sayso.cli.terminal import (
    complain,
    duration,
    level,
    note,
    progress_bar,
    show_files,
    show_json,
    show_table,
)
from sayso.errors import EXIT_CODES, InputError, lookup

if TYPE_CHECKING:
    from sayso.audio import Audio


def info(arguments: Namespace) -> int:
    """Prints what files hold, how loud they are, and the tempo and key of music.

    A file that cannot be read is named, and does not stop the others.
    """
    told, code = [], 0
    for name in arguments.sounds:
        try:
            told.append(_of_file(Path(name), arguments.track))
        except InputError as error:
            if len(arguments.sounds) == 1:
                raise
            complain(str(error))
            code = code or lookup(error, EXIT_CODES, 1)
    if arguments.json:
        show_json(told if len(arguments.sounds) > 1 else told[0])
    else:
        for found in told:
            show_table((Path(found["file"]).name, ""), _rows(found))
    return code


def _of_file(path: Path, track: str | None) -> dict[str, Any]:
    """All that is told of a file, as plain data."""
    from sayso.audio import LoudnessMeter, PeakMeter, open_source, read_tags, record
    from sayso.measure.tempo_key import tempo_key

    with open_source(path, track=track, notice=note) as source:
        header = source.info
        audio = record(source)
    loudness = LoudnessMeter(audio.channels, audio.sample_rate)
    peak = PeakMeter(audio.channels)
    with progress_bar(path.name) as watch:
        half, done = watch.part(0.0, 0.5), 0
        for block in audio.blocks():
            loudness.push(block)
            peak.push(block)
            done += block.shape[1]
            half.report(done / audio.frames)
        music = tempo_key(audio, watch=watch.part(0.5, 1.0))
    lufs, peak_db = loudness.integrated_lufs(), peak.true_peak_db()
    tags = read_tags(path)
    return {
        "file": str(path),
        "format": header.format,
        "encoding": header.encoding,
        "sample_rate": audio.sample_rate,
        "channels": audio.channels,
        "frames": audio.frames,
        "duration_s": audio.duration_s,
        "loudness_lufs": None if lufs == float("-inf") else round(lufs, 2),
        "true_peak_dbtp": None if peak_db == float("-inf") else round(peak_db, 2),
        "tempo_bpm": music.bpm,
        "tempo_certainty": round(music.bpm_certainty, 2),
        "key": music.key,
        "key_certainty": round(music.key_certainty, 2),
        "tempo_and_key": music.worded,
        "tags": {name: "; ".join(values) for name, values in tags.fields.items()},
        "pictures": len(tags.pictures),
        "chapters": len(tags.chapters),
    }


def _rows(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is told of a file, for a table."""

    def decibels(name: str) -> str:
        return level(float("-inf") if found[name] is None else found[name])

    tempo, key = found["tempo_and_key"]
    rows = [
        ("format", f"{found['format']}, {found['encoding']}"),
        ("length", f"{duration(found['duration_s'])} ({found['frames']} frames)"),
        ("sample rate", f"{found['sample_rate']} Hz"),
        ("channels", str(found["channels"])),
        ("loudness (LUFS)", decibels("loudness_lufs")),
        ("true peak (dBTP)", decibels("true_peak_dbtp")),
        ("tempo", tempo),
        ("key", key),
        *found["tags"].items(),
    ]
    rows += [(what, str(found[what])) for what in ("pictures", "chapters") if found[what]]
    return rows


def demo(arguments: Namespace) -> int:
    """Writes the demo song and, where asked, its stems."""
    from sayso.audio.formats import format_of
    from sayso.demo import demo_song
    from sayso.outputs import check_folder

    out = Path(arguments.out)
    format_of(out)
    check_folder(out.parent)
    songs = dict(demo_song())
    files = [("mix", out, songs.pop("mix"))]
    if arguments.stems:
        files += [(name, Path(arguments.stems) / f"{name}.wav", s) for name, s in songs.items()]
    if not arguments.dry_run:
        for _, path, sound in files:
            _demo_file(path, sound, arguments.overwrite)
    show_files(("track", "file"), [(n, str(path)) for n, path, _ in files], as_json=arguments.json)
    return 0


def _demo_file(path: Path, sound: Audio, overwrite: bool) -> Path:
    """Writes one file; one that is there may be the same from an earlier call."""
    from sayso.audio import write
    from sayso.outputs import check_file

    if not path.is_file():
        check_file(path, overwrite=overwrite)
        return write(path, sound)
    with tempfile.TemporaryDirectory(prefix="sayso-") as folder:
        made = write(Path(folder) / f"demo{path.suffix}", sound)
        if path.is_file() and path.read_bytes() == made.read_bytes():
            return path
        check_file(path, overwrite=overwrite)
        with writing(path) as part:
            shutil.copyfile(made, part)
    return path
