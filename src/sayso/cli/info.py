"""`sayso info` and `sayso demo`."""

from __future__ import annotations

import shutil
import tempfile
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from sayso.atomic import writing
from sayso.cli.terminal import (
    duration,
    level,
    note,
    progress_bar,
    show_files,
    show_json,
    show_table,
)

if TYPE_CHECKING:
    from sayso.audio import Audio


def info(arguments: Namespace) -> int:
    """Prints what a file holds and how loud it is."""
    from sayso.audio import LoudnessMeter, PeakMeter, open_source, record

    path = Path(arguments.file)
    with open_source(path, track=arguments.track, notice=note) as source:
        header = source.info
        audio = record(source)
    loudness = LoudnessMeter(audio.channels, audio.sample_rate)
    peak = PeakMeter(audio.channels)
    with progress_bar("measuring") as watch:
        done = 0
        for block in audio.blocks():
            loudness.push(block)
            peak.push(block)
            done += block.shape[1]
            watch.report(done / audio.frames)
    lufs, peak_db = loudness.integrated_lufs(), peak.true_peak_db()
    if arguments.json:
        show_json(
            {
                "file": str(path),
                "format": header.format,
                "encoding": header.encoding,
                "sample_rate": audio.sample_rate,
                "channels": audio.channels,
                "frames": audio.frames,
                "duration_s": audio.duration_s,
                "loudness_lufs": None if lufs == float("-inf") else round(lufs, 2),
                "true_peak_dbtp": None if peak_db == float("-inf") else round(peak_db, 2),
            }
        )
        return 0
    rows = (
        ("format", f"{header.format}, {header.encoding}"),
        ("length", f"{duration(audio.duration_s)} ({audio.frames} frames)"),
        ("sample rate", f"{audio.sample_rate} Hz"),
        ("channels", str(audio.channels)),
        ("loudness (LUFS)", level(lufs)),
        ("true peak (dBTP)", level(peak_db)),
    )
    show_table((path.name, ""), rows)
    return 0


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
