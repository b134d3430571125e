"""Reading any container and codec through FFmpeg, packet by packet: damage costs what it hits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from sayso.audio.audio import BLOCK_FRAMES, Samples
from sayso.audio.containers import breaks_off
from sayso.audio.converting import Converter
from sayso.audio.packets import Packets
from sayso.audio.pieces import Piece
from sayso.audio.placing import TimeLine
from sayso.audio.source import Info, Notice, Source, behind, believable, short_note
from sayso.audio.tracks import chosen, seconds_of, told, tracks_of
from sayso.errors import FormatError

# Playlists and the like are no sound: they would have FFmpeg open whatever files and addresses
# they name.
_FORMATS = (
    "aac,ac3,aiff,amr,amrnb,amrwb,ape,asf,au,avi,caf,dsf,dts,dtshd,dv,eac3,flac,flv,gsm,gxf,iff,"
    "loas,matroska,mlp,mov,mp3,mp4,mpc,mpc8,mpeg,mpegts,mxf,nut,ogg,rm,sox,tak,truehd,tta,voc,w64,"
    "wav,webm,wv,xwma"
)
_OPTIONS = {"format_whitelist": _FORMATS, "protocol_whitelist": "file"}
# Their time stamps only count the frames that were found.
_COUNTING = {"aac", "ac3", "amr", "amrnb", "amrwb", "dts", "dtshd", "eac3", "flac", "gsm", "loas",
             "mlp", "mp3", "truehd"}  # fmt: skip
# Their zero is the beginning of what is heard, also where no sound begins there.
_FROM_ZERO = {"avi", "matroska", "mov"}
# Their clocks may be set anew in the middle.
_BROADCAST = {"flv", "mpeg", "mpegts", "ogg"}
# Their headers state a length; the others' are guessed from sizes and time stamps.
_STATING = {"ape", "asf", "avi", "caf", "flac", "mov", "tak", "tta", "w64", "wav", "wv"}
_CHECKED = {"ac3", "ape", "eac3", "flac", "mlp", "tak", "truehd", "tta", "wavpack"}
_LONGEST_HOLE_S, _LONGEST_BROADCAST_HOLE_S = 6 * 3600.0, 10.0
# An edit list rounds to the movie's time scale, 1/600 s or finer.
_EDIT_ROUNDING_S = 0.002
# What padding and rounding make of a length, and of one that is told by time stamps.
_ROUNDING_S, _STAMP_ROUNDING_S = 0.5, 0.1
_HELD_FRAMES = 1 << 14


class AvSource:
    """The sound of a container, through FFmpeg.

    Args:
        file: a path, or pieces of one.
        path: of the whole file.
        tell: told what a person should know.
        track: a number from 1 or a language; None takes the main one.
        stated: how many frames the header promises, where the caller knows better than FFmpeg.
        damaged: the file is known to be so; what is missing is missing for that.
        zero_s: the time stamp of what is read first, where the caller knows better.
        rescue: opens the file in another way where this one meets damage; or None.

    Raises: FormatError.
    """

    def __init__(
        self,
        file: Path | Piece,
        path: Path,
        *,
        tell: Notice,
        track: str | int | None = None,
        stated: int | None = None,
        damaged: bool = False,
        zero_s: float | None = None,
        rescue: Callable[[str], Source | None] = lambda form: None,
    ) -> None:
        self._rounding_s = _ROUNDING_S
        self._rescue: Callable[[str], Source | None] | None = rescue
        self._rescued: Source | None = None
        self._damaged, self._heard, self._zero = damaged, False, zero_s
        self._path, self.tell = path, tell
        self._container = _opened(file, path)
        try:
            streams, self._stream = chosen(self._container, track)
        except FormatError:
            self._container.close()
            raise
        self._whole = isinstance(file, Path)
        form = self._container.format.name.split(",")[0]
        self._tick_s = float(self._stream.time_base or 0)
        if stated is None and form in _STATING:
            stated = self._guess()
        if stated is None and form == "matroska":
            stated_s = seconds_of(str(self._stream.metadata.get("DURATION", "")))
            stated = None if stated_s is None else round(stated_s * self._stream.rate)
            self._rounding_s = _STAMP_ROUNDING_S
        self._stated = believable(stated, self._stream.rate)
        self.info = Info(
            form,
            self._stream.codec_context.name.removesuffix("float"),
            self._stream.rate,
            self._stream.channels,
            frames=None,
            estimated_frames=self._stated or self._guess(),
            tracks=tracks_of(streams),
            track=streams.index(self._stream) + 1,
        )
        if self._stream.codec_context.name in _CHECKED:
            # Else what fails its checksum is played, as noise of any level.
            self._stream.codec_context.options = {"err_detect": "crccheck+explode"}
        self._packets = Packets(self._container, self._stream, counting=form in _COUNTING)
        if len(streams) > 1 and track is None:
            self.tell(told(self.info.tracks, self.info.track))

    def blocks(self) -> Iterator[Samples]:
        """Consecutive blocks [C, t], silent where sound is missing. Raises: FormatError."""
        given, waiting, count = 0, list[Samples](), 0
        line = self.line = self._time_line()
        for block in self._placed(line):
            waiting.append(block)
            count += block.shape[1]
            if count >= BLOCK_FRAMES + _HELD_FRAMES:
                joined = np.concatenate(waiting, axis=1)
                given += count - _HELD_FRAMES
                yield joined[:, :-_HELD_FRAMES]
                waiting, count = [joined[:, -_HELD_FRAMES:]], _HELD_FRAMES
        if self._may_go_on(given + count):
            self._seek_rescue()
        if self._rescued is not None:
            yield from behind(self._rescued, given)
            return
        held = np.concatenate(waiting, axis=1) if waiting else _nothing(self.info.channels)
        stop = self._exact_stop(line)
        if stop is not None:
            held = held[:, : max(0, stop - given)]
        given += held.shape[1]
        if held.shape[1]:
            yield held
        if not self._heard and line.torn:
            raise FormatError("the file is damaged: none of its sound could be read")
        self._tell_if_short(given)
        for sentence in line.notes(damaged=self._damaged):
            self.tell(sentence)

    def close(self) -> None:
        """Closes the file."""
        self._container.close()
        if self._rescued is not None:
            self._rescued.close()

    def _seek_rescue(self) -> bool:
        """Whether there is another way to read a file that is damaged, asked once."""
        if self._rescue is not None:
            self._rescued, self._rescue = self._rescue(self.info.format), None
        return self._rescued is not None

    def _guess(self) -> int | None:
        rate: int = self._stream.rate
        if self._stream.duration is not None:
            duration_s = float(self._stream.duration * self._tick_s)
        elif self._container.duration is not None:
            duration_s = float(self._container.duration / 1_000_000)
        else:
            return None
        return believable(round(duration_s * rate), rate)

    def _time_line(self) -> TimeLine:
        rate = self.info.sample_rate
        broadcast = self.info.format in _BROADCAST and self._zero is None
        longest_s = _LONGEST_BROADCAST_HOLE_S if broadcast else _LONGEST_HOLE_S
        start_s = float((self._stream.start_time or 0) * self._stream.time_base)
        zero_s = self._zero_s(start_s) if self._zero is None else self._zero
        return TimeLine(
            rate,
            self._tick_s * rate,
            longest_s * rate,
            start_s,
            zero_s,
            stated=self._stated,
            delayed=self.info.format == "asf",
        )

    def _zero_s(self, start_s: float) -> float:
        """The time stamp of what is read first: the picture's, or without one the file's zero."""
        if self._packets.counting or self._stream.start_time is None:
            return start_s
        pictures = [
            float(stream.start_time * stream.time_base)
            for stream in self._container.streams.video
            if stream.start_time is not None and not stream.disposition.value & _PICTURE
        ]
        if pictures:
            return min(*pictures, start_s)
        return 0.0 if self.info.format in _FROM_ZERO else start_s

    def _placed(self, line: TimeLine) -> Iterator[Samples]:
        info = self.info
        converter = Converter(self._stream.layout.name, info.channels, info.sample_rate)
        for silence, heard in line.place(self._packets.heard(info.sample_rate)):
            if silence and self._seek_rescue():
                return
            if silence:
                yield from converter.flush()
            for at in range(0, silence, BLOCK_FRAMES):
                yield np.zeros((info.channels, min(BLOCK_FRAMES, silence - at)), np.float32)
            if heard.frame is None:
                continue
            blocks = converter.push(heard.frame)
            if blocks is None:
                line.spoil(heard)
                yield np.zeros((info.channels, round(heard.length)), np.float32)
            else:
                self._heard = True
                yield from blocks
        yield from converter.flush()

    def _exact_stop(self, line: TimeLine) -> int | None:
        """Where an mp4 ends: its last packets are padded, and its edit list rounds."""
        end, duration = self._packets.end, self._stream.duration
        if duration is None:
            return None
        if self.info.format == "mp3" and line.torn and self._stated:
            # FFmpeg takes padding away by a count that lost frames are not in.
            return self._guess()
        if self.info.format != "mov" or end is None:
            return None
        start = self._stream.start_time or 0
        rounding = _EDIT_ROUNDING_S / self._tick_s
        if duration > 0 and end > start + duration + rounding:
            end = start + duration
        late_s = line.start_s - line.zero_s if line.late_s else 0.0
        return round(late_s * self.info.sample_rate) + round(
            (end - start) * self._tick_s * self.info.sample_rate
        )

    def _may_go_on(self, frames: int) -> bool:
        """Whether there may be more than the `frames` that FFmpeg has found."""
        fragments = self.info.format in ("mov", "wv")
        return fragments or self._stated is None or self._is_short(frames)

    def _is_short(self, frames: int) -> bool:
        least = (self._stated or 0) - self._rounding_s * self.info.sample_rate
        return frames < least

    def _tell_if_short(self, frames: int) -> None:
        rate, stated, short = self.info.sample_rate, self._stated, self._is_short(frames)
        if short or (self._whole and breaks_off(self._path)):
            self.tell(short_note(frames, stated if short else None, rate))


_PICTURE = 1 << 10  # a cover


def _nothing(channels: int) -> Samples:
    return np.zeros((channels, 0), np.float32)


@contextmanager
def opened_container(path: Path) -> Iterator[Any]:
    """The container of a file, for what else it holds than sound. Raises: FormatError."""
    container = _opened(path, path)
    try:
        yield container
    finally:
        container.close()


def _is_adts(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(6)
        size = file.seek(0, 2)
    if len(head) < 6 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        return False
    length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    return 7 <= length <= size


def _opened(file: Path | Piece, path: Path) -> Any:
    import av

    name = str(file) if isinstance(file, Path) else file
    bare = isinstance(file, Path) and _is_adts(file)
    # A parser would hide where bytes between the frames of a bare AAC stream were skipped.
    options = {**_OPTIONS, "fflags": "noparse"} if bare else _OPTIONS
    try:
        return av.open(name, options=options)
    except (av.FFmpegError, ValueError, OSError) as error:
        if isinstance(error, PermissionError):
            raise FormatError(f"{path.name}: the file may not be read (no permission)") from None
        if bare:
            # One or two frames are too few for FFmpeg to be sure.
            return av.open(name, format="aac", options=options)
        raise FormatError(f"{path.name}: {_why_not(path)}") from None


def _why_not(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(8)
    if head[4:] in (b"ftyp", b"mdat", b"wide"):
        return (
            "the file is damaged: its index (moov) cannot be read, as in an mp4 whose recording or "
            "copying ended early; without it nothing of it can be played"
        )
    return (
        "this is not audio, or it is damaged at its beginning; expected wav, flac, mp3, ogg, opus, "
        "m4a, or a video with sound"
    )
