"""Writing sound, block by block, to a file that appears only when it is whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Protocol, Self

import numpy as np

from sayso.atomic import beside, in_words
from sayso.audio.audio import Audio, Samples
from sayso.audio.formats import SNDFILE_SUBTYPES, Format, bit_rate_of, format_of
from sayso.audio.layouts import LAYOUTS, OPUS_LAYOUTS, to_vorbis
from sayso.audio.tagging import tag_container, tag_file
from sayso.audio.tags import Tags
from sayso.errors import OutputError

_MOST_BYTES = 0xFFFF0000
"""What the 32-bit sizes of AIFF and of a plain WAV can hold; longer ones are written as RF64."""


def write(
    path: str | Path, audio: Audio, *, encoding: str | None = None, tags: Tags | None = None
) -> Path:
    """Writes `audio` in the format that the name's suffix asks for, and returns the path.

    Args:
        path: where to; missing folders are made, an existing file is replaced.
        audio: samples beyond full scale are clipped by every encoding but "float32".
        encoding: "pcm16", "pcm24" or "float32", or a bit rate such as "192k" for mp3, opus and m4a;
            None takes the format's default (24 bits).
        tags: what the file shall say of the recording, as far as its format holds it.

    Raises: OutputError.
    """
    with Writer(
        path,
        audio.sample_rate,
        audio.channels,
        encoding=encoding,
        frames=audio.frames,
        tags=tags,
    ) as out:
        for block in audio.blocks():
            out.append(block)
    return out.path


def check_format(path: str | Path, encoding: str | None, *, channels: int, frames: int) -> None:
    """Finds out whether `write` could store such sound in the format of a name.

    Raises: OutputError.
    """
    path = Path(path)
    form = format_of(path)
    _check(form, path, encoding or form.encodings[0], channels, frames)


class Writer:
    """A file being written; it takes its name when the `with` block ends well, else it vanishes.

    Codecs that know only some rates (mp3, opus, aac) get the nearest one that is high enough;
    `sample_rate` tells which.

    Args:
        path: where to; its suffix tells the format.
        sample_rate: of the blocks, in Hz.
        channels: of the blocks.
        encoding: as `write` takes it.
        frames: how many there will be; None where that is not known, which makes a WAV an RF64.
        tags: as `write` takes them.
    Raises: OutputError when the format, its size or channels, or the folder do not allow it.
    """

    def __init__(
        self,
        path: str | Path,
        sample_rate: int,
        channels: int,
        *,
        encoding: str | None = None,
        frames: int | None = None,
        tags: Tags | None = None,
    ) -> None:
        self.path = Path(path)
        form = format_of(self.path)
        self._tag: Callable[[Path], None] = lambda part: tag_file(part, form, tags or Tags())
        encoding = encoding or form.encodings[0]
        _check(form, self.path, encoding, channels, frames or 0)
        self.sample_rate = _codec_rate(form, sample_rate)
        self._resample = None
        if self.sample_rate != sample_rate:
            from sayso.audio.resampling import Resampler

            self._resample = Resampler(sample_rate, self.sample_rate, channels=channels)
        self._open: Callable[[Path], _Sink] = lambda part: (
            _AvSink(part, form, self.sample_rate, channels, tags or Tags(), bit_rate_of(encoding))
            if form.codec
            else _SndfileSink(part, form, self.sample_rate, channels, encoding, frames)
        )
        self._sink: _Sink | None = None
        self._frames = 0
        self._stack = ExitStack()

    def append(self, block: Samples) -> None:
        """Adds a block [C, t]. Raises: OutputError when the disk is full."""
        assert self._sink is not None, "use Writer in a with block"
        if self._resample is not None:
            block = self._resample.push(block)
            self._frames += block.shape[1]
        with _in_words(self.path):
            self._sink.write(block)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            part = stack.enter_context(beside(self.path))
            with _in_words(self.path):
                self._sink = self._open(part)
            self._part = part
            stack.push(self._finish)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def _finish(self, kind: type[BaseException] | None, *_: object) -> None:
        assert self._sink is not None
        with _in_words(self.path):
            if kind is None and self._resample is not None:
                last = self._resample.flush()
                self._frames += last.shape[1]
                # Half a sample is still a sound.
                self._sink.write(last if self._frames else np.zeros((len(last), 1), np.float32))
            self._sink.close()
            if kind is None:
                self._tag(self._part)


def _check(form: Format, path: Path, encoding: str, channels: int, frames: int) -> None:
    if not form.holds(encoding):
        raise OutputError(
            f"{path.name}: {form.suffix} cannot hold {encoding}; expected {form.offers}"
        )
    if channels > form.channels:
        raise OutputError(
            f"{path.name}: {form.suffix} holds at most {form.channels} channels, not {channels}; "
            "write wav or flac"
        )
    if form.container == "AIFF" and _size(encoding, channels, frames) > _MOST_BYTES:
        raise OutputError(f"{path.name}: aiff holds at most 4 GiB; write wav or flac")


def _size(encoding: str, channels: int, frames: int) -> int:
    """Bytes of so many uncompressed frames."""
    return frames * channels * {"pcm16": 2, "pcm24": 3}.get(encoding, 4)


def _codec_rate(form: Format, sample_rate: int) -> int:
    if not form.rates or sample_rate in form.rates:
        return sample_rate
    return min((rate for rate in form.rates if rate >= sample_rate), default=max(form.rates))


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    """As `in_words`, also for what the libraries raise."""
    import av
    import soundfile

    with in_words(path):
        try:
            yield
        except (soundfile.SoundFileError, av.FFmpegError) as error:
            raise OSError(getattr(error, "errno", None), str(error)) from None


class _Sink(Protocol):
    def write(self, block: Samples) -> None: ...
    def close(self) -> None: ...


class _SndfileSink:
    def __init__(
        self,
        part: Path,
        form: Format,
        sample_rate: int,
        channels: int,
        encoding: str,
        frames: int | None,
    ) -> None:
        import soundfile

        container = form.container
        # Unknown lengths get RF64 as well: its header can grow, a WAV's cannot.
        fits = frames is not None and _size(encoding, channels, frames) <= _MOST_BYTES
        if container == "WAV" and not fits:
            container = "RF64"
        # Opened by ourselves, because libsndfile forgets why the system refused.
        self._stream = _Stream(part.open("w+b"))
        subtype = SNDFILE_SUBTYPES[encoding]
        self._file = soundfile.SoundFile(
            self._stream, "w", sample_rate, channels, subtype, format=container
        )
        self._integer = encoding.startswith("pcm")
        self._vorbis = subtype == "VORBIS"

    def write(self, block: Samples) -> None:
        # libsndfile's Vorbis encoder overruns its stack on long writes.
        for start in range(0, block.shape[1], 1 << 16):
            part = block[:, start : start + (1 << 16)]
            try:
                part = to_vorbis(part) if self._vorbis else part
                self._file.write(np.clip(part, -1.0, 1.0).T if self._integer else part.T)
            except AssertionError:  # soundfile's, for fewer frames than it was given
                self._stream.check()
                raise
            self._stream.check()

    def close(self) -> None:
        try:
            self._file.close()
            self._stream.check()
        finally:
            self._stream.close()


class _Stream:
    """What libsndfile writes to: nothing may be raised into it, so errors are kept for `check`."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._error: OSError | None = None
        self.close = file.close

    def write(self, data: bytes) -> int:
        return self._kept(lambda: self._file.write(data))

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._kept(lambda: self._file.seek(offset, whence))

    def tell(self) -> int:
        return self._kept(self._file.tell)

    def _kept(self, act: Callable[[], int]) -> int:
        try:
            return act()
        except OSError as error:
            self._error = self._error or error
            return 0

    def check(self) -> None:
        if self._error is not None:
            raise self._error


class _AvSink:
    def __init__(
        self,
        part: Path,
        form: Format,
        sample_rate: int,
        channels: int,
        tags: Tags,
        bit_rate: int | None,
    ) -> None:
        import av

        options, codec_options = {}, {}
        if form.container == "ipod":
            # The edit list counts in this; the usual milliseconds would round the length.
            options["movie_timescale"] = str(sample_rate)
        opus = form.codec == "libopus"
        if opus and channels > 2:
            codec_options["mapping_family"] = "1"  # else channels lose their places
        self._container = av.open(str(part), "w", format=form.container, container_options=options)
        tag_container(self._container, form, tags)
        stream: Any = self._container.add_stream(
            form.codec, rate=sample_rate, options=codec_options
        )
        self._stream = stream
        self._layout = (OPUS_LAYOUTS if opus else LAYOUTS)[channels]
        self._stream.codec_context.layout = self._layout
        usual = form.bit_rate // 2 * min(channels, 2) if channels < 3 else 512_000
        self._stream.bit_rate = bit_rate or usual
        planar = [f.name for f in self._stream.codec_context.codec.audio_formats]
        self._format = "fltp" if "fltp" in planar else planar[0]
        self._resampler = av.AudioResampler(self._format, self._layout, sample_rate)
        self._rate = sample_rate
        self._at = 0

    def write(self, block: Samples) -> None:
        import av

        if not block.shape[1]:
            return
        # Interleaved, because PyAV reads past the end of the planes of eight channels.
        samples = np.ascontiguousarray(np.clip(block, -1.0, 1.0).T, np.float32).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(samples, format="flt", layout=self._layout)
        frame.sample_rate = self._rate
        frame.pts = self._at
        self._at += block.shape[1]
        for converted in self._resampler.resample(frame):
            self._container.mux(self._stream.encode(converted))

    def close(self) -> None:
        for converted in self._resampler.resample(None):
            self._container.mux(self._stream.encode(converted))
        self._container.mux(self._stream.encode(None))
        self._container.close()
