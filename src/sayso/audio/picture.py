"""Sound put back into a video: its picture and subtitles are copied packet by packet."""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

from sayso.atomic import in_words, writing
from sayso.audio.audio import Audio
from sayso.audio.cutting import Cut, Stretches
from sayso.audio.ffmpeg import opened_container
from sayso.audio.formats import PICTURES, Picture
from sayso.audio.source import Notice
from sayso.audio.tags import Chapter
from sayso.audio.writing import write
from sayso.errors import FormatError, OutputError

_ATTACHED = 1 << 10
_COPIED = ("video", "subtitle", "audio", "attachment")
_MOST_WAITING = 64


def has_picture(path: str | Path) -> bool:
    """Whether a file is a video; a cover is no picture in this sense."""
    if not Path(path).is_file():
        return False
    try:
        with opened_container(Path(path)) as container:
            return any(map(_moves, container.streams.video))
    except FormatError:
        return False


def is_video(path: Path) -> bool:
    """Whether a name is that of a video that sound can be put into."""
    return path.suffix.lower().removeprefix(".") in PICTURES


def check_video(name: str, inputs: Sequence[Path], *, edited: bool, encode: bool) -> None:
    """Raises OutputError where a picture would have to be cut and must not be encoded.

    Args:
        name: of the file to be.
        inputs: what is read; the first may be a video.
        edited: whether time was changed.
        encode: whether the person allows it.
    """
    if edited and not encode and is_video(Path(name)) and inputs and has_picture(inputs[0]):
        raise OutputError(
            f"{name}: time is changed, and the picture can only be cut alike by encoding it anew; "
            "say so with --encode, or name a sound file such as .m4a"
        )


def write_video(
    path: str | Path,
    audio: Audio | Path,
    *,
    of: str | Path,
    track: int = 1,
    encoding: str | None = None,
    played: Stretches | None = None,
    chapters: Sequence[Chapter] | None = None,
    notice: Notice | None = None,
) -> Path:
    """Writes the video `of` with `audio` as its sound, and returns the path.

    Picture, subtitles, further sound tracks, chapters and tags are copied as they are; the sound
    begins and ends where that of the video does. Where it was cut, the picture is cut alike and
    encoded anew; subtitles and further sound tracks are left out then, which is told.

    Args:
        path: where to; the suffix is one of `sayso.audio.formats.PICTURES`.
        audio: as long as the video's own sound, or as `played`; or a file of it.
        of: the video.
        track: the number of its sound track that is replaced, from 1.
        encoding: a bit rate as "192k"; None takes the format's own.
        played: what is played of the video, as `Stretches` says; None for all, as it is.
        chapters: of the result; None takes those of the video.
        notice: told what the container cannot hold.
    Raises: OutputError, also where the container cannot hold the picture.
    """
    path = Path(path)
    kind = PICTURES[path.suffix.lower().removeprefix(".")]
    with tempfile.TemporaryDirectory(prefix="sayso-", dir=path.parent) as folder:
        sound = audio
        if isinstance(sound, Audio):
            sound = write(Path(folder) / f"sound.{kind.sound}", sound, encoding=encoding)
        job = _Job(path, Path(of), sound, kind, track, played, chapters, notice)
        with writing(path) as part, in_words(path):
            job.join(part)
    return path


@dataclass(frozen=True)
class _Job:
    """What `write_video` was given."""

    path: Path
    of: Path
    sound: Path
    kind: Picture
    track: int
    played: Stretches | None
    chapters: Sequence[Chapter] | None
    notice: Notice | None

    def join(self, part: Path) -> None:
        import av

        with opened_container(self.of) as video, opened_container(self.sound) as heard:
            # The edit list counts in this; milliseconds would round the length of the sound.
            scale = {"movie_timescale": str(heard.streams.audio[0].rate)}
            options = scale if self.kind.container in ("mp4", "mov") else {}
            with av.open(
                str(part), "w", format=self.kind.container, container_options=options
            ) as out:
                cut, taken = self._streams(out, video, heard)
                out.metadata.update(video.metadata)
                told: Any = video.chapters() if self.chapters is None else _told(self.chapters)
                out.set_chapters(told)
                try:
                    for packet in _in_time(_stamped(heard, taken), _stamped(video, taken), cut):
                        packet.stream = taken.get(packet.stream, packet.stream)
                        out.mux_one(packet)
                except (av.FFmpegError, ValueError) as error:
                    raise OutputError(
                        f"{self.path.name}: the picture cannot be written ({error})"
                    ) from None

    def _streams(self, out: Any, video: Any, heard: Any) -> tuple[Iterator[Any], dict[Any, Any]]:
        """The picture where it is cut, and where each stream that is copied goes.

        What the container cannot hold is told.
        """
        taken: dict[Any, Any] = {}
        left: list[str] = []
        cut: Iterator[Any] = iter(())
        sounds = list(video.streams.audio)
        for stream in video.streams:
            if stream.type == "audio" and sounds.index(stream) == self.track - 1:
                taken[heard.streams.audio[0]] = _copied(out, heard.streams.audio[0], like=stream)
            elif self.played is not None and stream.type == "video" and _moves(stream):
                picture = Cut(out, stream, self.kind, self.played)
                picture.made.metadata.update(stream.metadata)
                cut = picture.packets()
            elif self.played is not None or not _holds(out, stream):
                self._require_no_picture(stream)
                if stream.type != "data" or not video.chapters():  # an mp4 lists its chapters there
                    left.append(f"{_name(stream)} ({stream.type})")
            elif stream.type == "attachment":
                out.add_attachment(stream.name or "attachment", stream.mimetype or "", stream.data)
            else:
                taken[stream] = _copied(out, stream, like=stream)
        if left and self.notice is not None:
            those, whole = ", ".join(left), self.played is None
            said = f"{self.path.suffix} cannot hold {those}" if whole else f"{those} cannot be cut"
            self.notice(f"{self.path.name}: {said}; that was left out")
        return cut, taken

    def _require_no_picture(self, stream: Any) -> None:
        if stream.type == "video" and _moves(stream):
            raise OutputError(
                f"{self.path.name}: {self.path.suffix} holds no picture in {_name(stream)}; name "
                "the file as the video is, or .mkv, which holds any"
            )


def _name(stream: Any) -> str:
    return getattr(getattr(stream, "codec_context", None), "name", "") or stream.type


def _told(chapters: Sequence[Chapter]) -> list[dict[str, Any]]:
    return [
        {
            "id": number,
            "start": round(1000 * chapter.start_s),
            "end": round(1000 * chapter.stop_s),
            "time_base": Fraction(1, 1000),
            "metadata": {"title": chapter.title},
        }
        for number, chapter in enumerate(chapters)
    ]


def _moves(stream: Any) -> bool:
    return not stream.disposition.value & _ATTACHED


def _holds(out: Any, stream: Any) -> bool:
    if stream.type == "attachment":
        return bool(out.format.name == "matroska")
    return stream.type in _COPIED and stream.codec_context.name in out.supported_codecs


def _copied(out: Any, stream: Any, *, like: Any) -> Any:
    made = out.add_stream_from_template(stream)
    made.metadata.update(like.metadata)
    made.disposition = like.disposition
    return made


def _in_time(*sources: Iterator[Any]) -> Iterator[Any]:
    """The packets of all, in the order in which they are decoded."""

    def timed(number: int, packets: Iterator[Any]) -> Iterator[tuple[float, int, int, Any]]:
        for at, packet in enumerate(packets):
            yield float(packet.dts * packet.time_base), number, at, packet

    several = (timed(number, packets) for number, packets in enumerate(sources))
    return (found[3] for found in heapq.merge(*several, key=lambda found: found[:3]))


def _stamped(container: Any, taken: Mapping[Any, Any]) -> Iterator[Any]:
    """The packets that are copied, with times of decoding.

    Matroska has none for the first before those that are reordered.
    """
    streams = [stream for stream in taken if stream.container is container]
    held: dict[Any, list[Any]] = {}
    for packet in container.demux(streams) if streams else ():
        waiting = held.setdefault(packet.stream, [])
        if not packet.size or (packet.dts is None and packet.pts is None):
            continue
        if packet.dts is None and len(waiting) < _MOST_WAITING:
            waiting.append(packet)
            continue
        packet.dts = packet.pts if packet.dts is None else packet.dts
        for number, earlier in enumerate(waiting):
            earlier.dts = packet.dts - (earlier.duration or 1) * (len(waiting) - number)
            yield earlier
        waiting.clear()
        yield packet
    for packet in chain.from_iterable(held.values()):
        packet.dts = packet.pts
        yield packet
