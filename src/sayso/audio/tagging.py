"""Writing tags into a file of ours, in the way of its format."""

from __future__ import annotations

import base64
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

from sayso.audio.formats import Format
from sayso.audio.tag_names import ID3, MP4
from sayso.audio.tags import Picture, Tags, number_of

_MILLISECONDS = Fraction(1, 1000)
_MP4_NUMBERS = {"tracknumber": "trkn", "discnumber": "disk"}


def tag_container(container: Any, form: Format, tags: Tags) -> None:
    """What must be in a container before its sound: chapters, and all of Matroska's tags."""
    if form.suffix == "mka":
        for name, values in tags.fields.items():
            container.metadata[name] = "; ".join(values)
        for number, picture in enumerate(tags.pictures):
            ending = picture.mime.partition("/")[2] or "jpeg"
            name = f"cover{number or ''}.{ending}"
            container.add_attachment(name, picture.mime, picture.data)
    if tags.chapters and form.suffix in ("mka", "m4a"):
        container.set_chapters(
            [
                {
                    "id": number,
                    "start": round(1000 * chapter.start_s),
                    "end": round(1000 * chapter.stop_s),
                    "time_base": _MILLISECONDS,
                    "metadata": {"title": chapter.title},
                }
                for number, chapter in enumerate(tags.chapters)
            ]
        )


def tag_file(path: Path, form: Format, tags: Tags) -> None:
    """Adds tags to a finished file, as far as its format holds them."""
    from mutagen import MutagenError

    put = _WAYS.get(form.suffix)
    if put is None or not tags:
        return
    try:
        put(path, tags)
    except MutagenError as error:
        cause = error.args[0] if error.args else None
        raise cause if isinstance(cause, OSError) else OSError(f"its tags: {error}") from None


def holds_chapters(suffix: str) -> bool:
    """Whether chapters can be kept in files of a kind."""
    return suffix in ("mp3", "flac", "ogg", "opus", "m4a", "mka")


def _flac(path: Path, tags: Tags) -> None:
    from mutagen.flac import FLAC

    file = FLAC(path)
    _comments(file, tags)
    for picture in tags.pictures:
        file.add_picture(_block(picture))
    file.save()


def _ogg(path: Path, tags: Tags) -> None:
    from mutagen.oggopus import OggOpus
    from mutagen.oggvorbis import OggVorbis

    with path.open("rb") as stream:
        opus = b"OpusHead" in stream.read(64)
    file = (OggOpus if opus else OggVorbis)(path)
    _comments(file, tags)
    if tags.pictures:
        coded = [base64.b64encode(_block(p).write()).decode("ascii") for p in tags.pictures]
        file["metadata_block_picture"] = coded
    file.save()


def _comments(file: Any, tags: Tags) -> None:
    if file.tags is None:
        file.add_tags()
    for name, values in tags.fields.items():
        if all(32 <= ord(sign) <= 125 and sign != "=" for sign in name):
            file[name] = list(values)
    for number, chapter in enumerate(tags.chapters, 1):
        minutes, seconds = divmod(chapter.start_s, 60)
        clock = f"{int(minutes) // 60:02}:{int(minutes) % 60:02}:{seconds:06.3f}"
        file[f"CHAPTER{number:03}"] = [clock]
        file[f"CHAPTER{number:03}NAME"] = [chapter.title]


def _mp3(path: Path, tags: Tags) -> None:
    from mutagen.mp3 import MP3

    _frames(MP3(path), tags)


def _wav(path: Path, tags: Tags) -> None:
    from mutagen.wave import WAVE

    with path.open("rb") as stream:
        if stream.read(4) != b"RIFF":  # an RF64 of more than 4 GiB has no place for them
            return
    _frames(WAVE(path), tags)


def _aiff(path: Path, tags: Tags) -> None:
    from mutagen.aiff import AIFF

    _frames(AIFF(path), tags)


def _frames(file: Any, tags: Tags) -> None:
    """As ID3."""
    from mutagen import id3

    if file.tags is None:
        file.add_tags()
    utf8 = id3.Encoding.UTF8
    for name, values in tags.fields.items():
        if name == "comment":
            file.tags.add(id3.COMM(utf8, "XXX", "", list(values)))
        elif name == "lyrics":
            file.tags.add(id3.USLT(utf8, "XXX", "", "\n".join(values)))
        elif name in ID3:
            file.tags.add(getattr(id3, ID3[name])(utf8, list(values)))
        else:
            file.tags.add(id3.TXXX(utf8, name, list(values)))
    for number, picture in enumerate(tags.pictures):
        # Two pictures of one kind need different descriptions.
        text = picture.text or (str(number) if number else "")
        file.tags.add(id3.APIC(utf8, picture.mime, picture.kind, text, picture.data))
    for number, chapter in enumerate(tags.chapters):
        start, stop = (round(1000 * at) for at in (chapter.start_s, chapter.stop_s))
        title = [id3.TIT2(utf8, [chapter.title])]
        file.tags.add(id3.CHAP(f"chp{number}", start, stop, sub_frames=title))
    if tags.chapters:
        names = [f"chp{number}" for number in range(len(tags.chapters))]
        flags = id3.CTOCFlags.TOP_LEVEL | id3.CTOCFlags.ORDERED
        file.tags.add(id3.CTOC("toc", flags, names, sub_frames=[]))
    file.save()


def _m4a(path: Path, tags: Tags) -> None:
    from mutagen import mp4

    file = mp4.MP4(path)
    if file.tags is None:
        file.add_tags()
    for name, values in tags.fields.items():
        if name in MP4:
            file[MP4[name]] = list(values)
        elif name in _MP4_NUMBERS:
            file[_MP4_NUMBERS[name]] = [number_of(values)]
        elif name == "bpm" and values[0].isdecimal():
            file["tmpo"] = [min(int(values[0]), 65_535)]
        else:
            file[f"----:com.apple.iTunes:{name.upper()}"] = [v.encode() for v in values]
    covers = [
        _cover(p) for p in tags.pictures if p.mime in ("image/png", "image/jpeg", "image/jpg")
    ]
    if covers:
        file["covr"] = covers
    file.save()


def _cover(picture: Picture) -> Any:
    from mutagen.mp4 import MP4Cover

    png = picture.mime == "image/png"
    return MP4Cover(picture.data, MP4Cover.FORMAT_PNG if png else MP4Cover.FORMAT_JPEG)


def _block(picture: Picture) -> Any:
    from mutagen.flac import Picture as Block

    block = Block()
    block.data, block.mime, block.type = picture.data, picture.mime, picture.kind
    block.desc = picture.text
    return block


_WAYS: dict[str, Callable[[Path, Tags], None]] = {
    "wav": _wav,
    "aiff": _aiff,
    "flac": _flac,
    "ogg": _ogg,
    "opus": _ogg,
    "mp3": _mp3,
    "m4a": _m4a,
}
