"""Reading sound from any file: lossless formats through libsndfile, all others through FFmpeg.

Both libraries come with their wheels; no program has to be on the PATH. A header's length is
believed only as far as what is there bears it out, and damage costs only what it hits.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from sayso.audio.audio import Audio, Samples, check_channels, check_rate
from sayso.audio.opening import opened
from sayso.audio.recorder import Recorder
from sayso.audio.source import Info, Notice, Source
from sayso.errors import EmptyAudioError, InputError, NotFiniteError, RangeError
from sayso.watch import SILENT, Watch

_MOST_BROKEN = 0.1  # the share of samples


def probe(path: str | Path, *, track: str | int | None = None) -> Info:
    """What `path` holds, without decoding it.

    Raises: FormatError, ShapeError.
    """
    with open_source(path, track=track) as source:
        return source.info


def read(
    path: str | Path,
    *,
    track: str | int | None = None,
    notice: Notice | None = None,
    longest_s: float | None = None,
    watch: Watch = SILENT,
) -> Audio:
    """All of a file's sound at its own rate and channels, in its own time.

    What is damaged or missing in the middle is silent, a file that breaks off is read up to
    there, and `notice` is told.

    Args:
        path: of any readable format.
        track: of a file with several sound tracks, a number from 1 or a language such as "de";
            None takes the one marked as its main one, or else the first.
        notice: told what a person should know of the file.
        longest_s: seconds of sound beyond which a file is refused, whatever its header says.
        watch: cancelling, polled between blocks.

    Raises: FormatError, EmptyAudioError, NotFiniteError, ShapeError, RangeError beyond `longest_s`,
        Cancelled.
    """
    path = Path(path)
    with open_source(path, track=track, notice=notice) as source:
        return record(source, longest_s=longest_s, watch=watch)


def record(source: Source, *, longest_s: float | None = None, watch: Watch = SILENT) -> Audio:
    """All of an open file's sound; see `read`."""
    recorder = Recorder(source.info.channels, source.info.sample_rate)
    broken = _Broken()
    for block in source.blocks():
        watch.check()
        recorder.append(broken.silence(block, recorder.frames))
        if longest_s is not None and recorder.frames > longest_s * source.info.sample_rate:
            raise RangeError(
                f"the file holds more than {longest_s:g} s of sound; expected at most that"
            )
    if recorder.frames == 0:
        raise EmptyAudioError("the file holds no samples; expected some sound")
    broken.judge(recorder.frames, source)
    return recorder.audio()


@contextmanager
def open_source(
    path: str | Path, *, track: str | int | None = None, notice: Notice | None = None
) -> Iterator[Source]:
    """Opens a file of any readable format.

    Args:
        path: of the file.
        track: as `read` takes it.
        notice: told what a person should know of the file, some of it only when all is read.

    Raises: FormatError saying what the file is not, ShapeError for its channels or rate.
    """
    path = Path(path)

    def tell(sentence: str) -> None:
        if notice is not None:
            notice(f"{path.name}: {sentence}")

    source: Source | None = None
    try:
        source = opened(path, track=track, tell=tell)
        check_channels(source.info.channels)
        check_rate(source.info.sample_rate)
        yield source
    except InputError as error:
        if str(error).startswith((path.name, str(path))):
            raise
        raise type(error)(f"{path.name}: {error}") from None
    finally:
        if source is not None:
            source.close()


class _Broken:
    """Samples that are no numbers, as damage leaves them in files of floats."""

    def __init__(self) -> None:
        self._first: int | None = None
        self._count = 0

    def silence(self, block: Samples, at: int) -> Samples:
        """`block`, which begins at sample `at`, with silence in their place."""
        finite = np.isfinite(block)
        if finite.all():
            return block
        every = finite.all(axis=0)
        self._count += int((~every).sum())
        if self._first is None:
            self._first = at + int(np.argmin(every))
        return np.where(finite, block, np.float32(0))

    def judge(self, frames: int, source: Source) -> None:
        """Tells of them. Raises: NotFiniteError where hardly anything else is there."""
        if self._first is None:
            return
        if self._count > _MOST_BROKEN * frames:
            raise NotFiniteError(
                f"sample {self._first} is not a number, and {self._count} of {frames} are not; "
                "expected finite samples. Export the file again from the program that made it"
            )
        source.tell(
            f"{self._count} samples are not numbers, the first at "
            f"{self._first / source.info.sample_rate:.1f} s; they are silent"
        )
