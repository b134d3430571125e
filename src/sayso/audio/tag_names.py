"""What tags are called in each kind of file; our names are those of Vorbis comments."""

from __future__ import annotations

ID3 = {
    "title": "TIT2", "subtitle": "TIT3", "artist": "TPE1", "albumartist": "TPE2", "album": "TALB",
    "conductor": "TPE3", "remixer": "TPE4", "composer": "TCOM", "lyricist": "TEXT",
    "genre": "TCON", "date": "TDRC", "originaldate": "TDOR", "copyright": "TCOP",
    "organization": "TPUB", "isrc": "TSRC", "bpm": "TBPM", "key": "TKEY", "mood": "TMOO",
    "language": "TLAN", "media": "TMED", "grouping": "TIT1", "titlesort": "TSOT",
    "artistsort": "TSOP", "albumsort": "TSOA", "tracknumber": "TRCK", "discnumber": "TPOS",
    "compilation": "TCMP", "encodedby": "TENC",
}  # fmt: skip
MP4 = {
    "title": "\xa9nam", "artist": "\xa9ART", "albumartist": "aART", "album": "\xa9alb",
    "composer": "\xa9wrt", "genre": "\xa9gen", "date": "\xa9day", "comment": "\xa9cmt",
    "lyrics": "\xa9lyr", "copyright": "cprt", "grouping": "\xa9grp", "description": "desc",
    "titlesort": "sonm", "artistsort": "soar", "albumsort": "soal",
}  # fmt: skip
# What FFmpeg calls by other names than we do.
FFMPEG = {
    "album_artist": "albumartist", "track": "tracknumber", "disc": "discnumber",
    "publisher": "organization", "encoded_by": "encodedby", "year": "date",
}  # fmt: skip
# Not of the recording but of the file that it was in, or made untrue by whatever changes its sound.
_OF_THE_FILE = {
    "encoder", "encodedby", "encoder_options", "encoder_settings", "encoding", "length", "duration",
    "itunnorm", "itunsmpb", "itunpgap", "cuesheet", "major_brand", "minor_version",
    "compatible_brands", "creation_time", "handler_name", "vendor_id", "waveformatextensible_"
    "channel_mask", "metadata_block_picture", "coverart", "coverartmime", "tsse", "tlen",
    "software", "statistics", "time_reference", "coding_history", "umid", "id3v2_priv",
}  # fmt: skip
_BEGINNINGS = ("replaygain_", "r128_", "acoustid_", "id3v2_priv.", "_statistics", "number_of_",
               "chapter", "bps", "mp3gain_", "loudness_")  # fmt: skip


def is_kept(name: str) -> bool:
    """Whether a field is still true of what was made of the recording.

    >>> is_kept("artist"), is_kept("replaygain_track_gain")
    (True, False)
    """
    return name not in _OF_THE_FILE and not name.startswith(_BEGINNINGS)
