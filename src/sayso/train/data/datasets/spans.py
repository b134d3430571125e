"""Decoding a span of a song without decoding the rest.

Lossless files and Ogg are read through libsndfile, which seeks exactly; stem containers and other
lossy files through FFmpeg, where decoding starts a little before the span and time stamps say which
samples belong to it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sayso.audio import Audio, Samples, resample
from sayso.errors import DataError
from sayso.train.data.datasets.record import Part, Signal, Track

# AAC and MP3 decoders are right only after a few packets; 8192 samples are four AAC frames or more.
_RUN_UP = 8192


class Header(NamedTuple):
    """What a file says of one of its sound tracks."""

    sample_rate: int
    channels: int
    frames: int


def read_header(part: Part) -> Header:
    """The rate, channels and length of the sound track of `part`, without decoding it.

    Raises: DataError naming the file when it is missing, damaged or no audio.
    """
    if not part.path.is_file():
        raise DataError(f"{part.path.name} is missing")
    import soundfile

    try:
        with soundfile.SoundFile(part.path) as file:
            found = Header(file.samplerate, file.channels, file.frames)
    except (soundfile.LibsndfileError, OSError):
        found = _av_header(part)
    if part.channel is not None and part.channel >= found.channels:
        raise DataError(
            f"{part.path.name} has {found.channels} channels; channel {part.channel} is needed"
        )
    if found.frames <= 0:
        raise DataError(f"{part.path.name} holds no samples")
    return found


def read_span(signal: Signal, start: int, frames: int, *, channels: int) -> Samples:
    """Frames `start` to `start + frames` of a signal, silence where it does not reach.

    Args:
        signal: parts of one rate.
        start: first frame, may be negative.
        frames: length.
        channels: of the result; mono parts are repeated, others are averaged down or refused.
    Returns: float32 `[channels, frames]`.
    Raises: DataError naming the file when it cannot be decoded there.
    """
    out = np.zeros((channels, frames), np.float32)
    for part in signal:
        low = max(start, 0)
        if start + frames <= low:
            continue
        block = _decode(part, low, start + frames - low)
        if not np.isfinite(block).all():
            raise DataError(f"{part.path.name} holds samples that are not numbers")
        block = _fold(block if part.channel is None else block[part.channel][None], channels)
        at = low - start
        out[:, at : at + block.shape[1]] += part.gain * block
    return out


def read_excerpt(
    track: Track, signal: Signal, *, start_s: float, frames: int, sample_rate: int
) -> Samples:
    """A mono excerpt of a track's signal at another rate.

    Args:
        track: whose rate the signal has.
        signal: its mix or one of its stems.
        start_s: beginning in seconds, may be negative; silence beyond the ends.
        frames: length at `sample_rate`.
        sample_rate: Hz.
    Returns: float32 `[frames]`.
    Raises: DataError.
    """
    # The resampler needs a run-up too, or every excerpt would begin and end with a click.
    margin = 64 if track.sample_rate != sample_rate else 0
    ratio = track.sample_rate / sample_rate
    first = round((start_s * sample_rate - margin) * ratio)
    span = read_span(signal, first, round((frames + 2 * margin) * ratio), channels=1)
    out = resample(Audio(span, track.sample_rate), sample_rate).samples[0, margin:]
    return np.pad(out[:frames], (0, max(0, frames - len(out))))


def _fold(block: Samples, channels: int) -> Samples:
    if len(block) == channels:
        return block
    if channels == 1:
        mean: Samples = block.mean(axis=0, keepdims=True, dtype=np.float32)
        return mean
    if len(block) == 1:
        return np.repeat(block, channels, axis=0)
    raise DataError(f"{len(block)} channels cannot be folded into {channels}")


def _decode(part: Part, start: int, frames: int) -> Samples:
    """At most `frames` frames from `start` >= 0, fewer at the end of the file."""
    import soundfile

    try:
        with soundfile.SoundFile(part.path) as file:
            if start >= file.frames:
                return np.zeros((file.channels, 0), np.float32)
            file.seek(start)
            wanted = min(frames, file.frames - start)
            block = file.read(wanted, dtype="float32", always_2d=True)
            if len(block) < wanted:
                raise DataError(f"{part.path.name} breaks off before its end")
            decoded: Samples = np.ascontiguousarray(block.T)
            return decoded
    except (soundfile.LibsndfileError, OSError):
        return _av_decode(part, start, frames)


def _av_open(path: Path) -> Any:
    import av

    try:
        return av.open(str(path))
    except (av.FFmpegError, ValueError, OSError):
        raise DataError(f"{path.name} is no audio file, or it is damaged") from None


def _av_stream(container: Any, part: Part) -> Any:
    streams = container.streams.audio
    if part.stream >= len(streams):
        raise DataError(
            f"{part.path.name} has {len(streams)} sound tracks; number {part.stream} is needed"
        )
    return streams[part.stream]


def _av_header(part: Part) -> Header:
    with _av_open(part.path) as container:
        stream = _av_stream(container, part)
        length = stream.duration * stream.time_base if stream.duration else None
        if length is None:
            length = (container.duration or 0) / 1_000_000
        return Header(stream.rate, stream.channels, round(float(length) * stream.rate))


def _av_decode(part: Part, start: int, frames: int) -> Samples:
    import av

    pieces: list[Samples] = []
    at, stop = start, start + frames
    position: int | None = None
    try:
        with _av_open(part.path) as container:
            stream = _av_stream(container, part)
            rate, channels = stream.rate, stream.channels
            planar = av.AudioResampler(format="fltp", layout=stream.layout.name, rate=rate)
            if start > _RUN_UP:
                before = (start - _RUN_UP) / rate
                container.seek(round(before / stream.time_base), stream=stream)
            for frame in container.decode(stream):
                # Counted on from the first time stamp: those of some containers are whole
                # milliseconds, which would tear frames apart.
                if position is None:
                    position = round(float((frame.pts or 0) * frame.time_base) * rate)
                for piece in planar.resample(frame):
                    block = piece.to_ndarray().astype(np.float32, copy=False)
                    if position > at:
                        pieces.append(np.zeros((channels, min(position, stop) - at), np.float32))
                        at = min(position, stop)
                    inside = block[:, at - position : stop - position]
                    position += block.shape[1]
                    pieces.append(inside)
                    at += inside.shape[1]
                if at >= stop:
                    break
    except (av.FFmpegError, ValueError) as error:
        raise DataError(f"{part.path.name} cannot be decoded: {error}") from None
    return np.concatenate(pieces, axis=1) if pieces else np.zeros((channels, 0), np.float32)
