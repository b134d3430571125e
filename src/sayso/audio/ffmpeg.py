"""Reading any container and codec through FFmpeg, packet by packet: damage costs what it hits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from sayso.audio.audio import BLOCK_FRAMES, Samples
from sayso.audio.containers import breaks_off
from sayso.audio.converting import Converter
from sayso.audio.flac import frame_place
from sayso.audio.mpeg import frame_bytes
from sayso.audio.pieces import Piece
from sayso.audio.placing import Heard, TimeLine
from sayso.audio.source import Info, Notice, short_note
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
_MOST_FAILURES = 10_000  # one after the other, before a file is given up
# An edit list rounds to the movie's time scale, 1/600 s or finer.
_EDIT_ROUNDING_S = 0.002
_HELD_FRAMES = 1 << 14
_TAGS = (b"TAG", b"ID3", b"APETAGEX", b"LYRICSBEGIN", b"3DI")


class AvSource:
    """The sound of a container, through FFmpeg.

    Args:
        file: a path, or pieces of one.
        path: of the whole file.
        tell: told what a person should know.
        track: a number from 1 or a language; None takes the main one.
        stated: how many frames the header promises, where the caller knows better than FFmpeg.
        damaged: the file is known to be so; what is missing is missing for that.

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
    ) -> None:
        self._damaged, self._heard = damaged, False
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
        self._stated = stated
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
        self._packets = _Packets(self._container, self._stream, counting=form in _COUNTING)
        if len(streams) > 1 and track is None:
            self.tell(told(self.info.tracks, self.info.track))

    def blocks(self) -> Iterator[Samples]:
        """Consecutive blocks [C, t], silent where sound is missing. Raises: FormatError."""
        given, waiting, count = 0, list[Samples](), 0
        line = self._time_line()
        for block in self._placed(line):
            waiting.append(block)
            count += block.shape[1]
            if count >= BLOCK_FRAMES + _HELD_FRAMES:
                joined = np.concatenate(waiting, axis=1)
                given += count - _HELD_FRAMES
                yield joined[:, :-_HELD_FRAMES]
                waiting, count = [joined[:, -_HELD_FRAMES:]], _HELD_FRAMES
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

    def _guess(self) -> int | None:
        rate: int = self._stream.rate
        if self._stream.duration is not None:
            duration_s = float(self._stream.duration * self._tick_s)
        elif self._container.duration is not None:
            duration_s = float(self._container.duration / 1_000_000)
        else:
            return None
        return round(duration_s * rate)

    def _time_line(self) -> TimeLine:
        rate = self.info.sample_rate
        broadcast = self.info.format in _BROADCAST
        longest_s = _LONGEST_BROADCAST_HOLE_S if broadcast else _LONGEST_HOLE_S
        start_s = float((self._stream.start_time or 0) * self._stream.time_base)
        zero_s = self._zero_s(start_s)
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

    def _tell_if_short(self, frames: int) -> None:
        rate, stated = self.info.sample_rate, self._stated
        # Padding and rounding are within half a second.
        short = stated is not None and frames < stated - rate / 2
        if short or (self._whole and breaks_off(self._path)):
            self.tell(short_note(frames, stated if short else None, rate))


_PICTURE = 1 << 10  # a cover


class _Packets:
    """Decodes the packets of a stream, and goes on after those that cannot be decoded.

    Attributes:
        counting: time stamps only count what was found.
        end: the time stamp at which the last packet ends, in ticks.
    """

    def __init__(self, container: Any, stream: Any, *, counting: bool) -> None:
        self._container, self._stream = container, stream
        self._tick_s = float(stream.time_base or 0)
        self._flac = container.format.name == "flac"
        self.counting = counting
        self.end: int | None = None
        self._bytes = self._count = 0
        self._expected: int | None = None
        self._last = 0.0

    def heard(self, rate: int) -> Iterator[Heard]:
        """Every frame, with its place in samples at `rate`, and what was lost before it."""
        import av

        torn, lost, padding = False, 0.0, False
        for packet in self._demuxed():
            if packet is None:
                torn = True
                continue
            skipped = self._skipped(packet) if self.counting else 0
            if skipped:
                torn, lost = True, lost + skipped * self._length(packet, rate)
            try:
                frames = packet.decode()
            except av.error.EOFError:
                continue
            except (av.FFmpegError, ValueError):
                if not _head(packet).startswith(_TAGS):
                    # Zeros fill up what follows the last frame, too.
                    padding = not _head(packet).strip(b"\0") and (padding or not torn)
                    torn, lost = True, lost + self._stands_for(packet) * self._length(packet, rate)
                continue
            for frame in frames:
                stamped = frame.pts is not None and (self._flac or not self.counting)
                at = frame.pts * self._tick_s * rate if stamped else None
                self._last = frame.samples * rate / frame.sample_rate
                yield Heard(frame, self._last, at, torn or frame.is_corrupt, lost)
                torn, lost, padding = False, 0.0, False
        if torn and lost and not padding:
            yield Heard(None, torn=True, lost=lost)

    def _length(self, packet: Any, rate: int) -> float:
        """How many samples a packet that cannot be decoded may hold."""
        if self.counting:
            return self._last  # before the first frame nothing can be said to be lost
        return (packet.duration or 0) * self._tick_s * rate

    def _demuxed(self) -> Iterator[Any]:
        """Packets; None where something between them could not be read."""
        import av

        failures = 0
        while failures < _MOST_FAILURES:
            try:
                for packet in self._container.demux(self._stream):
                    failures = 0
                    if (start := packet.pts) is not None:
                        self.end = start + (packet.duration or 0)
                    if self._flac:
                        self._stamp(packet)
                    yield packet
                return
            except av.error.EOFError:
                return
            except (av.FFmpegError, ValueError):
                failures += 1
                yield None

    def _stamp(self, packet: Any) -> None:
        """Gives a FLAC packet the place that its own header tells."""
        extra = self._stream.codec_context.extradata or b""
        place = frame_place(_head(packet), int.from_bytes(extra[:2], "big"))
        if place is not None:
            packet.pts = round(place[0] / self._stream.rate / self._stream.time_base)

    def _skipped(self, packet: Any) -> int:
        """How many packets may have been where bytes before this one were no packets."""
        if packet.pos is None or not packet.size:
            return 0
        skipped = 0 if self._expected is None else packet.pos - self._expected
        mean = self._bytes / self._count if self._count else packet.size
        self._expected = packet.pos + packet.size
        self._bytes, self._count = self._bytes + packet.size, self._count + 1
        return max(0, round(skipped / mean)) if skipped > 0 else 0

    def _stands_for(self, packet: Any) -> int:
        """How many packets a broken one stands for: a parser adds on what it cannot tell apart."""
        mean = self._bytes / self._count if self._count > 1 else packet.size
        own = frame_bytes(_head(packet)) or mean
        return 1 + max(0, round((packet.size - own) / mean)) if self.counting and mean else 1


def _nothing(channels: int) -> Samples:
    return np.zeros((channels, 0), np.float32)


def _head(packet: Any) -> bytes:
    return memoryview(packet)[:16].tobytes() if packet.size else b""


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
