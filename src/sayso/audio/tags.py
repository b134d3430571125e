"""Tags, covers and chapters of a recording, out of one kind of file and into another.

What a format holds is kept; what tells of the old file (its encoder, its ReplayGain) is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sayso.audio.ffmpeg import opened_container
from sayso.audio.tag_names import FFMPEG, ID3, MP4, is_kept
from sayso.errors import FormatError

_MOST_PICTURES, _MOST_BYTES = 8, 16 << 20
_FRONT = 3  # the kind of picture in ID3 and FLAC
_MIMES = {"mjpeg": "image/jpeg", "png": "image/png", "webp": "image/webp", "gif": "image/gif"}
_COUNTS = {"tracknumber": ("tracktotal", "totaltracks"), "discnumber": ("disctotal", "totaldiscs")}


@dataclass(frozen=True)
class Picture:
    """A cover or another picture; `kind` as in ID3, 3 for the front cover."""

    data: bytes
    mime: str
    kind: int = _FRONT
    text: str = ""


@dataclass(frozen=True)
class Chapter:
    """A named stretch, in seconds."""

    start_s: float
    stop_s: float
    title: str


@dataclass(frozen=True)
class Tags:
    """What a file says of its recording.

    Attributes:
        fields: values by name; names are those of Vorbis comments, in lower case.
        pictures: covers and others.
        chapters: in order.
    """

    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    pictures: tuple[Picture, ...] = ()
    chapters: tuple[Chapter, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.fields or self.pictures or self.chapters)

    def moved(self, played: Sequence[tuple[float, float, float, float]]) -> Tags:
        """The same with chapters where they are heard once a recording was cut.

        Args:
            played: stretches of the recording in the order of playing: where each starts and stops
                in the recording, where it starts in the result, in seconds, and how much faster
                it is played.
        Returns: without chapters where stretches are played in another order; without those of
            which nothing is left.
        """
        if list(played) != sorted(played):
            return replace(self, chapters=())
        found = []
        for chapter in self.chapters:
            heard = [
                (
                    at + max(chapter.start_s - start, 0.0) / speed,
                    at + (min(chapter.stop_s, stop) - start) / speed,
                )
                for start, stop, at, speed in played
                if start < chapter.stop_s and stop > chapter.start_s
            ]
            if heard:
                found.append(Chapter(heard[0][0], heard[-1][1], chapter.title))
        return replace(self, chapters=tuple(found))


def read_tags(path: str | Path) -> Tags:
    """The tags of a file; none where there are none, or none that can be read."""
    path = Path(path)
    if not path.is_file():
        return Tags()
    try:
        with opened_container(path) as container:
            found = _of_container(container)
    except FormatError:
        found = Tags()
    known = _of_mutagen(path)
    fields = known.fields or found.fields
    kept = {name: values for name, values in fields.items() if is_kept(name) and any(values)}
    pictures = known.pictures or found.pictures
    pictures = tuple(p for p in pictures if 0 < len(p.data) <= _MOST_BYTES)[:_MOST_PICTURES]
    return Tags(kept, pictures, found.chapters or known.chapters)


def _of_container(container: Any) -> Tags:
    """As FFmpeg reads them, from any file."""
    fields: dict[str, tuple[str, ...]] = {}
    sounds = [stream.metadata for stream in container.streams.audio[:1]]
    for name, value in (pair for found in (container.metadata, *sounds) for pair in found.items()):
        plain = FFMPEG.get(name.lower(), name.lower())
        if plain != "language" and value.strip():
            fields[plain] = (value.strip(),)
    pictures = []
    for stream in container.streams:
        mime = _MIMES.get(getattr(stream.codec_context, "name", ""), "")
        attached = stream.type == "video" and stream.disposition.value & 1 << 10
        if attached and mime:
            packet = next((p for p in container.demux(stream) if p.size), None)
            if packet is not None:
                pictures.append(Picture(bytes(packet), mime))
    chapters = []
    for chapter in container.chapters():
        tick = float(chapter["time_base"])
        title = str(chapter["metadata"].get("title", ""))
        chapters.append(Chapter(chapter["start"] * tick, chapter["end"] * tick, title))
    return Tags(fields, tuple(pictures), tuple(chapters))


def _of_mutagen(path: Path) -> Tags:
    """As they were written: with several values, and pictures with their kinds."""
    import mutagen
    import mutagen.flac
    import mutagen.id3
    import mutagen.mp4

    try:
        file = mutagen.File(path)
    except Exception:  # the library raises much of its own and of Python's for damaged files
        return Tags()
    if file is None or file.tags is None:
        return Tags()
    if isinstance(file.tags, mutagen.id3.ID3):
        return _of_id3(file.tags)
    if isinstance(file, mutagen.mp4.MP4):
        return _of_mp4(file.tags)
    if hasattr(file.tags, "vendor"):  # Vorbis comments
        pictures = (
            tuple(map(_of_block, file.pictures)) if isinstance(file, mutagen.flac.FLAC) else ()
        )
        fields: dict[str, tuple[str, ...]] = {}
        for name, value in file.tags:
            fields[name.lower()] = (*fields.get(name.lower(), ()), value)
        return Tags(fields, pictures or _embedded(fields.get("metadata_block_picture", ())))
    return Tags()


def _of_id3(frames: Any) -> Tags:
    fields: dict[str, tuple[str, ...]] = {}
    names = {frame: name for name, frame in ID3.items()}
    for frame in frames.values():
        kind = frame.FrameID
        if kind == "TCON":
            fields["genre"] = tuple(frame.genres)
        elif kind in names:
            fields[names[kind]] = tuple(map(str, frame.text))
        elif kind == "TXXX":
            fields[frame.desc.lower() or "comment"] = tuple(map(str, frame.text))
        elif kind == "COMM" and not frame.desc.lower().startswith(("itun", "id3v1")):
            fields["comment"] = tuple(map(str, frame.text))
        elif kind == "USLT":
            fields["lyrics"] = (str(frame.text),)
    pictures = tuple(
        Picture(frame.data, frame.mime, int(frame.type), frame.desc)
        for frame in frames.getall("APIC")
        if frame.mime != "-->"
    )
    return Tags(fields, pictures)


def _of_mp4(atoms: Any) -> Tags:
    fields: dict[str, tuple[str, ...]] = {}
    names = {atom: name for name, atom in MP4.items()}
    pictures = list[Picture]()
    for atom, value in atoms.items():
        if atom in names:
            fields[names[atom]] = tuple(map(str, value))
        elif atom in ("trkn", "disk"):
            number, total = value[0]
            of = f"/{total}" if total else ""
            fields["tracknumber" if atom == "trkn" else "discnumber"] = (f"{number}{of}",)
        elif atom == "tmpo":
            fields["bpm"] = tuple(map(str, value))
        elif atom.startswith("----:com.apple.iTunes:"):
            texts = tuple(bytes(part).decode("utf-8", "replace") for part in value)
            fields[atom.split(":", 2)[2].lower()] = texts
        elif atom == "covr":
            png = 14  # mutagen's number for it; 13 is JPEG
            pictures += [
                Picture(bytes(part), "image/png" if part.imageformat == png else "image/jpeg")
                for part in value
            ]
    return Tags(fields, tuple(pictures))


def _of_block(block: Any) -> Picture:
    return Picture(block.data, block.mime, int(block.type), block.desc)


def _embedded(values: Sequence[str]) -> tuple[Picture, ...]:
    """Pictures as Vorbis comments carry them."""
    import base64

    from mutagen.flac import Picture as Block
    from mutagen.flac import error

    found = []
    for value in values:
        try:
            found.append(_of_block(Block(base64.b64decode(value))))
        except (ValueError, error):
            continue
    return tuple(found)


def number_of(values: Sequence[str]) -> tuple[int, int]:
    """A number such as "3/12" and its total; 0 for what is not told.

    >>> number_of(["3/12"]), number_of(["7"]), number_of(["A1"])
    ((3, 12), (7, 0), (0, 0))
    """
    number, _, total = values[0].partition("/")
    digits = [part.strip() if part.strip().isdecimal() else "0" for part in (number, total)]
    return min(int(digits[0]), 65_535), min(int(digits[1]), 65_535)
