"""Kept tracks as files to download: in the format that was asked for, alone or as a zip."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from sayso.audio import attended, peaks, read_tags
from sayso.audio.formats import FORMATS
from sayso.errors import RangeError
from sayso.outputs import file_name
from sayso.rendering import Track
from sayso.watch import SILENT, Watch

_PIECE_BYTES = 1 << 20

_KEPT = 6
"""Formats that one track is kept in, beside its own."""


def converted(
    kept: Path, peak: float, *, format: str, encoding: str | None, watch: Watch = SILENT
) -> Path:
    """The kept track in another format, made when it is first asked for.

    Args:
        kept: a float32 WAV.
        peak: its largest sample.
        format: of `sayso.audio.formats.FORMATS`.
        encoding: "pcm16", "pcm24", "float32", or a bit rate such as "96k"; None takes what
            `Track.write` would.
        watch: cancelling, polled between blocks.

    Raises: RangeError when the format does not hold that, Cancelled.
    """
    form = FORMATS[format]
    if encoding is not None and not form.holds(encoding):
        raise RangeError(f"{format} cannot hold {encoding}; expected {form.offers}, or none")
    if (format, encoding) == ("wav", "float32"):
        return kept
    made = kept.with_name(f"{kept.stem}-{encoding or 'usual'}.{format}")
    if made.exists():
        return made
    audio = attended(kept, watch)
    if audio.channels > form.channels:
        raise RangeError(
            f"{format} holds at most {form.channels} channels, not {audio.channels}; "
            "take wav or flac"
        )
    # In a folder of its own, since others may be making the same.
    with tempfile.TemporaryDirectory(prefix=".new-", dir=kept.parent) as fresh:
        track = Track(audio, peak)
        path = track.write(Path(fresh) / made.name, encoding=encoding, tags=read_tags(kept))
        path.replace(made)
    _forget_others(made, f"{kept.stem}-*")
    return made


def _forget_others(made: Path, like: str) -> None:
    """Leaves only so many of the files that a track, or all of them, were converted to."""
    others = [path for path in made.parent.glob(like) if path.is_file()]
    others.sort(key=lambda path: (path == made, path.stat().st_mtime))
    for old in others[:-_KEPT]:
        old.unlink(missing_ok=True)


def archive(
    folder: Path,
    name: str,
    tracks: Sequence[tuple[str, float, Path]],
    *,
    format: str,
    encoding: str | None,
    watch: Watch = SILENT,
) -> Path:
    """A zip of tracks, made when it is first asked for.

    Args:
        folder: of the render.
        name: of the session; the folder in the zip.
        tracks: target, peak and kept file of each.
        format: see `converted`.
        encoding: see `converted`.
        watch: see `converted`.

    Raises: RangeError, Cancelled.
    """
    made = folder / f"all-{encoding or 'usual'}.{format}.zip"
    if made.exists():
        return made
    with tempfile.TemporaryDirectory(prefix=".new-", dir=folder) as fresh:
        path = Path(fresh) / "all.zip"
        # Sound does not shrink, so nothing is compressed.
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as out:
            taken: set[str] = set()
            name = name.replace("\\", "_")  # a step in paths elsewhere
            for number, (target, peak, kept) in enumerate(tracks):
                file = file_name("{track}/{target}.{ext}", name, target, format)
                if file in taken:
                    file = file_name("{track}/{target}.{ext}", name, f"{target} {number}", format)
                taken.add(file)
                ready = converted(kept, peak, format=format, encoding=encoding, watch=watch)
                _add(out, ready, file, watch)
        path.replace(made)
    _forget_others(made, "all-*.zip")
    return made


def _add(out: zipfile.ZipFile, path: Path, name: str, watch: Watch) -> None:
    """Adds a file to an archive, piece by piece."""
    with path.open("rb") as file, out.open(zipfile.ZipInfo.from_file(path, name), "w") as entry:
        while piece := file.read(_PIECE_BYTES):
            watch.check()
            entry.write(piece)


def outline(
    kept: Path,
    buckets: int,
    start: int = 0,
    stop: int | None = None,
    *,
    watch: Watch = SILENT,
) -> list[list[tuple[float, float]]]:
    """The lowest and highest sample of each of `buckets` stretches, for each channel.

    Args:
        kept: a float32 WAV.
        buckets: how many stretches.
        start: the frame that the first begins at.
        stop: the frame that the last ends before; None is the end.
        watch: cancelling, polled between blocks.

    Raises: RangeError for frames that are not there, Cancelled.
    """
    audio = attended(kept, watch)
    stop = audio.frames if stop is None else stop
    if not 0 <= start < stop <= audio.frames:
        raise RangeError(
            f"frames {start} to {stop} were asked for; expected a stretch within 0 to "
            f"{audio.frames}"
        )
    found = peaks(audio.slice(start, stop), buckets)
    return [
        [(round(float(low), 4), round(float(high), 4)) for low, high in channel]
        for channel in found
    ]
