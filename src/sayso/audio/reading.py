"""Reading sound from any file: lossless formats through libsndfile, all others through FFmpeg.

Both libraries come with their wheels; no program has to be on the PATH.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np

from sayso.audio.audio import BLOCK_FRAMES, Audio, Samples, check_channels, check_rate
from sayso.audio.recorder import Recorder
from sayso.errors import EmptyAudioError, FormatError, InputError, NotFiniteError, RangeError

Notice: TypeAlias = Callable[[str], None]
"""Told, in a sentence, what a person should know about a file that could be read."""

_STEP_FRAMES = 1 << 14
# Playlists and the like are no sound: they would have FFmpeg open whatever files and addresses
# they name.
_AV_FORMATS = (
    "aac,ac3,aiff,amr,amrnb,amrwb,ape,asf,au,avi,caf,dsf,dts,dtshd,dv,eac3,flac,flv,gsm,gxf,iff,"
    "loas,matroska,mlp,mov,mp3,mp4,mpc,mpc8,mpeg,mpegts,mxf,nut,ogg,rm,sox,tak,truehd,tta,voc,w64,"
    "wav,webm,wv,xwma"
)
_AV_OPTIONS = {"format_whitelist": _AV_FORMATS, "protocol_whitelist": "file"}
_SNDFILE_FORMATS = {"WAV", "WAVEX", "RF64", "W64", "FLAC", "AIFF", "AU", "CAF"}


@dataclass(frozen=True)
class Info:
    """What a file holds, as its header tells; `frames` is None where only decoding can tell."""

    format: str
    encoding: str
    sample_rate: int
    channels: int
    frames: int | None

    @property
    def duration_s(self) -> float | None:
        """Length in seconds, where the header tells."""
        return None if self.frames is None else self.frames / self.sample_rate


class Source(Protocol):
    """A file open for reading."""

    info: Info

    def blocks(self) -> Iterator[Samples]:
        """Consecutive blocks [C, t] from the beginning."""


def probe(path: str | Path) -> Info:
    """What `path` holds, without decoding it.

    Raises: FormatError, ShapeError.
    """
    with open_source(path) as source:
        return source.info


def read(
    path: str | Path, *, notice: Notice | None = None, longest_s: float | None = None
) -> Audio:
    """All of a file's sound (of a video its first sound track) at its own rate and channels.

    A file that breaks off is read up to there, and `notice` is told.

    Args:
        path: of any readable format.
        notice: told what a person should know of the file.
        longest_s: seconds of sound beyond which a file is refused, whatever its header says.

    Raises: FormatError, EmptyAudioError, NotFiniteError, ShapeError, RangeError beyond `longest_s`.
    """
    path = Path(path)
    with open_source(path) as source:
        recorder = Recorder(source.info.channels, source.info.sample_rate)
        blocks = source.blocks()
        try:
            for block in blocks:
                _check_finite(block, recorder.frames, path)
                recorder.append(block)
                if longest_s is not None and recorder.frames > longest_s * source.info.sample_rate:
                    raise RangeError(
                        f"the file holds more than {longest_s:g} s of sound; expected at most that"
                    )
        except FormatError as error:
            if recorder.frames == 0:
                raise
            _tell(notice, f"{path.name}: {error}; what came before it was read")
        _tell_if_short(recorder.frames, source.info, path, notice)
    if recorder.frames == 0:
        raise EmptyAudioError(f"{path.name}: the file holds no samples; expected some sound")
    return recorder.audio()


@contextmanager
def open_source(path: str | Path) -> Iterator[Source]:
    """Opens a file of any readable format.

    Raises: FormatError saying what the file is not, ShapeError for its channels or rate.
    """
    path = Path(path)
    if not path.exists():
        raise FormatError(f"{path}: there is no such file")
    if path.is_dir():
        raise FormatError(f"{path}: this is a folder; expected an audio or video file")
    if path.stat().st_size == 0:
        raise EmptyAudioError(f"{path.name}: the file is empty (0 bytes)")
    opener = _open_sndfile(path) or _open_av(path)
    try:
        check_channels(opener.info.channels)
        check_rate(opener.info.sample_rate)
        yield opener
    except InputError as error:
        if str(error).startswith(path.name):
            raise
        raise type(error)(f"{path.name}: {error}") from None
    finally:
        opener.close()


def _check_finite(block: Samples, at: int, path: Path) -> None:
    finite = np.isfinite(block).all(axis=0)
    if not finite.all():
        first = at + int(np.argmin(finite))
        raise NotFiniteError(
            f"{path.name}: sample {first} is not a number; expected finite samples. "
            "Export the file again from the program that made it"
        )


def _tell(notice: Notice | None, sentence: str) -> None:
    if notice is not None:
        notice(sentence)


def _tell_if_short(frames: int, info: Info, path: Path, notice: Notice | None) -> None:
    # Headers of lossy files round; half a second is beyond any rounding.
    if info.frames is not None and 0 < frames < info.frames - info.sample_rate / 2:
        _tell(
            notice,
            f"{path.name}: the file breaks off after {frames / info.sample_rate:.1f} s "
            f"of {info.duration_s:.1f} s; what is there was read",
        )


class _Sndfile:
    def __init__(self, file: Any) -> None:
        self._file = file
        subtype = file.subtype.lower().replace("_", "").replace("pcms8", "pcm8")
        subtype = {"float": "float32", "double": "float64"}.get(subtype, subtype)
        form = {"wavex": "wav", "rf64": "wav"}.get(file.format.lower(), file.format.lower())
        self.info = Info(form, subtype, file.samplerate, file.channels, file.frames)

    def blocks(self) -> Iterator[Samples]:
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
            raise FormatError(f"the file is damaged ({failed.error_string})")

    def close(self) -> None:
        self._file.close()


def is_text(path: Path) -> bool:
    """Whether a name is UTF-8, as some libraries take for granted."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _open_sndfile(path: Path) -> _Sndfile | None:
    import soundfile

    try:
        # Names that are no text can be told in bytes only.
        file = soundfile.SoundFile(path if is_text(path) else os.fsencode(path))
    except (soundfile.LibsndfileError, OSError):
        return None
    if file.format not in _SNDFILE_FORMATS and file.subtype != "VORBIS":
        file.close()
        return None
    return _Sndfile(file)


class _Av:
    def __init__(self, container: Any, stream: Any) -> None:
        self._container, self._stream = container, stream
        frames = None
        if stream.duration is not None:
            frames = round(float(stream.duration * stream.time_base) * stream.rate)
        elif container.duration is not None:
            frames = round(container.duration / 1_000_000 * stream.rate)
        name = stream.codec_context.name.removesuffix("float")
        form = container.format.name.split(",")[0]
        # Of the containers only mp4's tells exactly where the codec's padding begins.
        self._stop = frames if form == "mov" else None
        self.info = Info(form, name, stream.rate, stream.channels, frames)

    def blocks(self) -> Iterator[Samples]:
        left = self._stop
        for block in self._decoded():
            if left is not None:
                block, left = block[:, :left], max(0, left - block.shape[1])
            if block.shape[1]:
                yield block

    def _decoded(self) -> Iterator[Samples]:
        import av

        layout = self._stream.layout.name
        resampler = av.AudioResampler(format="fltp", layout=layout, rate=self.info.sample_rate)
        waiting: list[Any] = []
        failed = None
        try:
            for frame in self._container.decode(self._stream):
                waiting += [part.to_ndarray() for part in resampler.resample(frame)]
                if sum(part.shape[1] for part in waiting) >= BLOCK_FRAMES:
                    yield np.concatenate(waiting, axis=1)
                    waiting.clear()
            waiting += [part.to_ndarray() for part in resampler.resample(None)]
        except (av.FFmpegError, ValueError) as error:
            failed = error
        waiting = [part for part in waiting if part.size]
        if waiting:
            yield np.concatenate(waiting, axis=1)
        if failed is not None:
            raise FormatError(f"the file is damaged ({failed})") from None

    def close(self) -> None:
        self._container.close()


def _open_av(path: Path) -> _Av:
    import av

    try:
        container = av.open(str(path), options=_AV_OPTIONS)
    except (av.FFmpegError, ValueError, OSError) as error:
        if isinstance(error, PermissionError):
            raise FormatError(f"{path.name}: the file may not be read (no permission)") from None
        raise FormatError(
            f"{path.name}: this is not audio, or it is damaged at its beginning; expected wav, "
            "flac, mp3, ogg, opus, m4a, or a video with sound"
        ) from None
    stream = next(iter(container.streams.audio), None)
    # A codec that is not known leaves a stream without a context.
    known = stream is not None and stream.codec_context is not None
    if stream is None or not (known and stream.rate and stream.channels):
        container.close()
        raise FormatError(f"{path.name}: the file has no readable sound track")
    return _Av(container, stream)
