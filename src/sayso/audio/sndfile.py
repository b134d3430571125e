"""Reading uncompressed files, FLAC and Ogg Vorbis through libsndfile, as long as they are whole."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from sayso.audio.audio import BLOCK_FRAMES, Samples
from sayso.audio.layouts import from_vorbis
from sayso.audio.pieces import Piece
from sayso.audio.source import Info, Notice, Source, Track, behind, believable, short_note
from sayso.errors import FormatError

_STEP_FRAMES = 1 << 14
_FORMATS = {"WAV", "WAVEX", "RF64", "W64", "FLAC", "AIFF", "AU", "CAF"}


class SndfileSource:
    """The sound of a file that libsndfile has opened.

    Args:
        file: a `soundfile.SoundFile`.
        tell: told what a person should know.
        exact: whether its length is known for certain.
        stated: how many frames the header promises.
        rescue: opens the file in another way, to read on where this one meets damage.
    """

    def __init__(
        self,
        file: Any,
        *,
        tell: Notice,
        exact: bool = True,
        stated: int | None = None,
        rescue: Callable[[], Source] | None = None,
    ) -> None:
        self._file, self.tell, self._rescue = file, tell, rescue
        self._stated = believable(stated, file.samplerate) or file.frames
        self._vorbis = file.subtype == "VORBIS"
        subtype = file.subtype.lower().replace("_", "").replace("pcms8", "pcm8")
        subtype = {"float": "float32", "double": "float64"}.get(subtype, subtype)
        form = {"wavex": "wav", "rf64": "wav"}.get(file.format.lower(), file.format.lower())
        self.info = Info(
            form,
            subtype,
            file.samplerate,
            file.channels,
            frames=file.frames if exact else None,
            estimated_frames=file.frames,
            tracks=(Track(1, "", "", file.channels),),
        )

    def blocks(self) -> Iterator[Samples]:
        """Consecutive blocks [C, t]. Raises: FormatError."""
        given, failed = 0, None
        for block in self._whole_blocks():
            if isinstance(block, Exception):
                failed = block
                break
            given += block.shape[1]
            yield from_vorbis(block) if self._vorbis else block
        if failed is not None:
            if self._rescue is not None:
                yield from self._rescued(given)
            elif given == 0:
                raise FormatError(f"the file is damaged ({failed})")
            else:
                self.tell(f"the file is damaged ({failed}); what came before it was read")
        elif given < self._stated - self.info.sample_rate / 100:
            self.tell(short_note(given, self._stated, self.info.sample_rate))

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def _whole_blocks(self) -> Iterator[Samples | Exception]:
        import soundfile

        failed, at_end = None, False
        while not at_end and failed is None:
            pieces: list[Samples] = []
            # In small steps, because a step that meets damage gives nothing at all.
            while sum(map(len, pieces)) < BLOCK_FRAMES and not at_end:
                try:
                    piece = self._file.read(_STEP_FRAMES, dtype="float32", always_2d=True)
                except soundfile.LibsndfileError as error:
                    failed = error
                    break
                at_end = len(piece) == 0
                pieces.append(piece)
            block = np.concatenate(pieces) if pieces else np.zeros((0, 1), np.float32)
            if len(block):
                yield np.ascontiguousarray(block.T)
        if failed is not None:
            yield failed

    def _rescued(self, given: int) -> Iterator[Samples]:
        assert self._rescue is not None
        source = self._rescue()
        try:
            yield from behind(source, given)
        finally:
            source.close()


def _named(file: Path | Piece) -> Path | Piece | bytes:
    """What libsndfile can be told: a name that is not UTF-8 only as bytes."""
    try:
        str(file).encode()
    except UnicodeEncodeError:
        return os.fsencode(str(file))
    return file


def open_sndfile(file: Path | Piece) -> Any | None:
    """A `soundfile.SoundFile`; None for what libsndfile cannot read, or FFmpeg reads better."""
    import soundfile

    try:
        opened = soundfile.SoundFile(_named(file))
    except (soundfile.LibsndfileError, OSError):
        return None
    if opened.format not in _FORMATS and opened.subtype != "VORBIS":
        opened.close()
        return None
    return opened
