"""Which library opens a file, and what is made of one that is several in a row."""

from __future__ import annotations

import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from sayso.audio import flac, mpeg, ogg
from sayso.audio.audio import Samples
from sayso.audio.containers import SoundBytes, sound_bytes
from sayso.audio.ffmpeg import AvSource
from sayso.audio.mending import mended
from sayso.audio.pieces import Piece
from sayso.audio.resampling import Resampler
from sayso.audio.sndfile import SndfileSource, open_sndfile
from sayso.audio.source import Info, Notice, Source, short_note
from sayso.audio.torn_ogg import TornOgg
from sayso.audio.tracks import only_track
from sayso.errors import EmptyAudioError, FormatError

_UNCOMPRESSED = (b"RIFF", b"RIFX", b"RF64", b"BW64", b"FORM", b".snd", b"dns.", b"caff", b"riff")


def opened(path: Path, *, track: str | int | None, tell: Notice) -> Source:
    """The sound of a file. Raises: FormatError, EmptyAudioError."""
    try:
        status = path.stat()
    except FileNotFoundError:
        raise FormatError(f"{path}: there is no such file") from None
    except OSError as error:
        raise FormatError(f"{path}: the file may not be read ({error.strerror})") from None
    if stat.S_ISDIR(status.st_mode):
        raise FormatError(f"{path}: this is a folder; expected an audio or video file")
    if not stat.S_ISREG(status.st_mode):
        return _Spooled(path, track=track, tell=tell)
    if status.st_size == 0:
        raise EmptyAudioError(f"{path.name}: the file is empty (0 bytes)")
    return _of_file(path, track=track, tell=tell)


def _of_file(path: Path, *, track: str | int | None, tell: Notice) -> Source:
    try:
        with path.open("rb") as file:
            head = file.read(10)
            tagged = mpeg.skip_tag(head)
            file.seek(tagged)
            head = file.read(16)
    except OSError as error:
        raise FormatError(f"{path.name}: the file may not be read ({error.strerror})") from None
    source: Source | None = None
    if head.startswith(_UNCOMPRESSED):
        source = _uncompressed(path, tell)
    elif head.startswith(flac.MAGIC):
        source = _flac(path, tagged, tell)
    elif head.startswith(ogg.MAGIC):
        return _ogg(path, track, tell)
    elif tagged or mpeg.is_sync(head):
        return _mp3(path, track, tell)
    if source is None:
        return _av(path, track, tell)
    only_track(track, source.info.channels)
    return source


def _av(path: Path, track: str | int | None, tell: Notice) -> Source:
    def rescue(form: str) -> AvSource | None:
        parts = mended(path, form)
        if parts is None:
            return None
        return AvSource(Piece(path, parts), path, tell=tell, track=track, damaged=True)

    return AvSource(path, path, tell=tell, track=track, rescue=rescue)


def _uncompressed(path: Path, tell: Notice) -> Source | None:
    sources, at = list[Source](), 0
    while at >= 0:
        sound = sound_bytes(path, at)
        source = _sndfile(path, at, sound, tell)
        if source is None:
            break
        sources.append(source)
        at = -1 if sound is None else sound.joined
    return _chain(sources, tell) if sources else None


def _sndfile(path: Path, at: int, sound: SoundBytes | None, tell: Notice) -> Source | None:
    if sound is None:
        file = open_sndfile(path) if at == 0 else None
        return SndfileSource(file, tell=tell) if file else None
    if sound.header:
        file = open_sndfile(Piece(path, [(sound.start, sound.stop)], sound.header))
    else:
        whole = at == 0 and sound.joined < 0
        stop = sound.joined if sound.joined >= 0 else path.stat().st_size
        file = open_sndfile(path if whole else Piece(path, [(at, stop)]))
    if file is None:
        return None
    there = sound.stop - sound.start
    stated = None
    if sound.stated and sound.stated > there > 0:
        stated = round(file.frames * sound.stated / there)
    elif sound.unfinished or (sound.stated is not None and sound.header and there > sound.stated):
        tell("its header does not tell its length; it was read to the end of the file")
    return SndfileSource(file, tell=tell, stated=stated)


def _flac(path: Path, start: int, tell: Notice) -> Source | None:
    bounds = flac.files(path, start)
    if len(bounds) == 1:
        return _flac_file(path, path, start, tell)
    sources = [
        _flac_file(Piece(path, [(first, last)]), path, first, tell, stop=last)
        for first, last in bounds
    ]
    return _chain([source for source in sources if source is not None], tell)


def _flac_file(
    file: Path | Piece, path: Path, start: int, tell: Notice, *, stop: int | None = None
) -> Source | None:
    def rescue() -> AvSource:
        again = path if stop is None else Piece(path, [(start, stop)])
        return AvSource(again, path, tell=tell)

    stated, end = flac.stated_frames(path, start), flac.last_frame_end(path, start, stop)
    # Without a length, or with one that its frames belie, libsndfile cannot find the end.
    if stated == 0 or (end is not None and end > stated):
        return rescue()
    sound = open_sndfile(file)
    if sound is None:
        return rescue()
    return SndfileSource(sound, tell=tell, exact=end == stated, rescue=rescue)


def _ogg(path: Path, track: str | int | None, tell: Notice) -> Source:
    pages = ogg.scan(path)
    several = len(pages.links) > 1
    sources = list[Source]()
    for link in pages.links:
        sound, runs = None, [] if pages.whole or several else pages.runs(link)
        if len(runs) > 1:
            only_track(track, 1)
            sources.append(TornOgg(path, runs, tell=tell))
            continue
        if pages.whole:
            sound = open_sndfile(Piece(path, [link]) if several else path)
        if sound is None:
            file = Piece(path, [link]) if several else path
            source = AvSource(file, path, tell=tell, track=track, damaged=not pages.whole)
            sources.append(source)
        else:
            only_track(track, sound.channels)
            sources.append(SndfileSource(sound, tell=tell, exact=pages.ended))
    return _chain(sources, tell, ended=pages.ended)


def _mp3(path: Path, track: str | int | None, tell: Notice) -> Source:
    parts = mpeg.joined(path)
    whole = len(parts) == 1 and len(parts[0].stretches) == 1
    return _chain(
        [
            AvSource(
                path if whole else Piece(path, part.stretches),
                path,
                tell=tell,
                track=track,
                stated=part.frames,
            )
            for part in parts
        ],
        tell,
    )


def _chain(sources: Sequence[Source], tell: Notice, *, ended: bool = True) -> Source:
    return sources[0] if len(sources) == 1 and ended else _Chain(sources, tell, ended)


class _Chain:
    """Sources one after the other, at the rate and channels of the first."""

    def __init__(self, sources: Sequence[Source], tell: Notice, ended: bool) -> None:
        self._sources, self.tell, self._ended = sources, tell, ended
        first = sources[0].info
        lengths = [source.info.frames for source in sources]
        same = all(
            (source.info.sample_rate, source.info.channels) == (first.sample_rate, first.channels)
            for source in sources
        )
        guesses = [source.info.estimated_frames or 0 for source in sources]
        exact = sum(length or 0 for length in lengths) if same and None not in lengths else None
        self.info = replace(first, frames=exact, estimated_frames=exact or sum(guesses) or None)

    def blocks(self) -> Iterator[Samples]:
        """Consecutive blocks [C, t]."""
        given = 0
        for source in self._sources:
            for block in _adapted(source, self.info):
                given += block.shape[1]
                yield block
        if not self._ended:
            self.tell(short_note(given, None, self.info.sample_rate))
        if len(self._sources) > 1:
            self.tell(f"it is {len(self._sources)} recordings one after the other; all were read")

    def close(self) -> None:
        """Closes all of them."""
        for source in self._sources:
            source.close()


def _adapted(source: Source, first: Info) -> Iterator[Samples]:
    """The blocks of `source` at the rate and channels of the first."""
    info = source.info
    resampler = None
    if info.sample_rate != first.sample_rate:
        resampler = Resampler(info.sample_rate, first.sample_rate, channels=first.channels)
    for block in source.blocks():
        if info.channels != first.channels:
            mono = block.mean(axis=0, keepdims=True, dtype=np.float32)
            block = np.repeat(mono, first.channels, axis=0)
        yield block if resampler is None else resampler.push(block)
    if resampler is not None:
        yield resampler.flush()


class _Spooled:
    """What comes out of a pipe, kept in a temporary file, because it comes only once."""

    def __init__(self, path: Path, *, track: str | int | None, tell: Notice) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="sayso-")
        try:
            kept = Path(self._folder.name) / "pipe"
            with path.open("rb") as pipe, kept.open("wb") as file:
                shutil.copyfileobj(pipe, file, 1 << 20)
            if kept.stat().st_size == 0:
                raise EmptyAudioError(f"{path.name}: nothing came out of the pipe")
            self._source = _of_file(kept, track=track, tell=tell)
        except BaseException:
            self._folder.cleanup()
            raise
        self.info, self.tell = self._source.info, tell

    def blocks(self) -> Iterator[Samples]:
        """Consecutive blocks [C, t]."""
        return self._source.blocks()

    def close(self) -> None:
        """Closes and removes the temporary file."""
        self._source.close()
        self._folder.cleanup()
