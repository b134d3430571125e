"""What a file says of its recording goes into what is made of it."""

from __future__ import annotations

import struct
import zlib

import pytest

from sayso.audio import Chapter, Picture, Tags, read, read_tags, write


def png(shade):
    """A picture of four pixels."""

    def chunk(name, data):
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 2, 2, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes([0, shade, shade]) * 2)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


FIELDS = {
    "title": ("Grüße aus Ōsaka",),
    "artist": ("One", "Two"),
    "album": ("Songs",),
    "albumartist": ("Various",),
    "date": ("1999-05-01",),
    "genre": ("Dub",),
    "tracknumber": ("3/12",),
    "discnumber": ("1/2",),
    "composer": ("Somebody",),
    "comment": ("a remark",),
    "lyrics": ("la la\nla",),
    "isrc": ("XX1234567890",),
    "my own field": ("kept",),
}
COVER = Picture(png(80), "image/png", 3, "front")
CHAPTERS = (Chapter(0.0, 0.4, "first"), Chapter(0.4, 1.0, "second"))
HOLDING = ["wav", "aiff", "flac", "ogg", "opus", "mp3", "m4a"]


@pytest.mark.parametrize("suffix", HOLDING)
@pytest.mark.parametrize("before", ["mp3", "flac", "m4a"])
def test_tags_and_covers_go_from_one_format_to_another(tmp_path, noise, before, suffix):
    audio = noise(1.0)
    first = write(tmp_path / f"a.{before}", audio, tags=Tags(FIELDS, (COVER,)))
    second = write(tmp_path / f"b.{suffix}", audio, tags=read_tags(first))
    found = read_tags(second)
    assert dict(found.fields) == FIELDS
    assert [picture.data for picture in found.pictures] == [COVER.data]
    assert found.pictures[0].mime == "image/png"
    # The sound is as it would be without them.
    plain = write(tmp_path / f"c.{suffix}", audio)
    assert (read(second).samples == read(plain).samples).all()


def test_matroska_keeps_them_too(tmp_path, noise):
    path = write(tmp_path / "a.mka", noise(1.0), tags=Tags(FIELDS, (COVER,), CHAPTERS))
    found = read_tags(path)
    assert found.fields["title"] == FIELDS["title"]
    assert found.fields["artist"] == ("One; Two",)
    assert [chapter.title for chapter in found.chapters] == ["first", "second"]
    assert [picture.data for picture in found.pictures] == [COVER.data]


@pytest.mark.parametrize("suffix", ["mp3", "flac", "ogg", "opus", "m4a", "mka"])
def test_chapters_are_kept_where_they_can_be(tmp_path, noise, suffix):
    path = write(tmp_path / f"a.{suffix}", noise(1.0), tags=Tags(FIELDS, (), CHAPTERS))
    found = read_tags(path).chapters
    assert [chapter.title for chapter in found] == ["first", "second"]
    assert [chapter.start_s for chapter in found] == pytest.approx([0.0, 0.4], abs=0.002)


def test_chapters_move_with_the_stretches_that_are_played():
    tags = Tags({}, (), (Chapter(0, 10, "a"), Chapter(10, 20, "b"), Chapter(20, 30, "c")))
    # 5 to 8 s, then 21 to 30 s.
    moved = tags.moved([(5.0, 8.0, 0.0, 1.0), (21.0, 30.0, 3.0, 1.0)]).chapters
    assert moved == (Chapter(0.0, 3.0, "a"), Chapter(3.0, 12.0, "c"))
    assert tags.moved([(0.0, 30.0, 0.0, 1.0)]) == tags
    twice = tags.moved([(0.0, 30.0, 0.0, 2.0)]).chapters
    assert [chapter.start_s for chapter in twice] == [0.0, 5.0, 10.0]
    assert tags.moved([(20.0, 30.0, 0.0, 1.0), (0.0, 20.0, 10.0, 1.0)]).chapters == ()


def test_what_tells_of_the_old_file_is_not_carried_on(tmp_path, noise):
    stale = {
        "title": ("x",),
        "replaygain_track_gain": ("-7.00 dB",),
        "encoder": ("old",),
        "length": ("1000",),
        "itunnorm": (" 000"),
    }
    path = write(tmp_path / "a.flac", noise(0.5), tags=Tags(stale))
    assert dict(read_tags(path).fields) == {"title": ("x",)}


def test_files_without_tags_and_damaged_ones_have_none(tmp_path, noise):
    path = write(tmp_path / "a.mp3", noise(0.5))
    assert not read_tags(path)
    assert not read_tags(tmp_path / "missing.mp3")
    data = write(tmp_path / "b.mp3", noise(0.5), tags=Tags(FIELDS, (COVER,))).read_bytes()
    for length in (3, 11, 60, 400):
        path.write_bytes(data[:length])
        read_tags(path)
    path.write_bytes(b"ID3" + bytes(range(256)) * 20)
    assert not read_tags(path)


def test_tags_of_a_wav_in_its_own_way_are_read(tmp_path, noise):
    data = write(tmp_path / "a.wav", noise(0.5)).read_bytes()
    info = (
        b"INFOINAM" + struct.pack("<I", 6) + b"Title\0" + b"IART" + struct.pack("<I", 4) + b"Me\0\0"
    )
    path = tmp_path / "b.wav"
    path.write_bytes(data + b"LIST" + struct.pack("<I", len(info)) + info)
    assert dict(read_tags(path).fields) == {"title": ("Title",), "artist": ("Me",)}
