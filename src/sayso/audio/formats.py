"""Which file formats there are, and how their samples can be stored."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sayso.errors import OutputError

OPUS_RATES = (48_000, 24_000, 16_000, 12_000, 8_000)
MP3_RATES = (48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000)
AAC_RATES = (96_000, 88_200, 64_000, *MP3_RATES)


@dataclass(frozen=True)
class Format:
    """One kind of file that can be written.

    `encodings` are ours ("pcm16", "pcm24", "float32", or "lossy"), the first being the default.
    `rates` are those that the codec takes, empty for any; `channels` the most it takes.
    """

    suffix: str
    media_type: str
    encodings: tuple[str, ...]
    rates: tuple[int, ...] = ()
    channels: int = 8
    container: str = ""
    codec: str = ""
    bit_rate: int = 0

    def holds(self, encoding: str) -> bool:
        """Whether samples can be stored so; a bit rate such as "192k" is for FFmpeg's codecs."""
        if encoding in self.encodings:
            return True
        rate = bit_rate_of(encoding)
        return rate is not None and bool(self.codec) and rate <= self.most_bits

    @property
    def most_bits(self) -> int:
        """The highest bit rate a second; 0 where none can be chosen."""
        return (320_000 if self.suffix == "mp3" else 512_000) if self.codec else 0

    @property
    def offers(self) -> str:
        """The encodings that it holds, in words."""
        rates = f", or a bit rate from 8k to {self.most_bits // 1000}k" if self.codec else ""
        return ", ".join(self.encodings) + rates


def bit_rate_of(encoding: str) -> int | None:
    """The bits a second of an encoding such as "192k"; None for others.

    >>> bit_rate_of("192k"), bit_rate_of("pcm16")
    (192000, None)
    """
    number = encoding.removesuffix("k")
    if number == encoding or not number.isdecimal() or not 8 <= int(number) <= 512:
        return None
    return int(number) * 1000


FORMATS: dict[str, Format] = {
    form.suffix: form
    for form in (
        Format("wav", "audio/wav", ("pcm24", "pcm16", "float32"), container="WAV"),
        Format("flac", "audio/flac", ("pcm24", "pcm16"), container="FLAC"),
        Format("aiff", "audio/aiff", ("pcm24", "pcm16", "float32"), container="AIFF"),
        Format("ogg", "audio/ogg", ("lossy",), container="OGG"),
        Format("mp3", "audio/mpeg", ("lossy",), MP3_RATES, 2, "mp3", "libmp3lame", 320_000),
        Format("opus", "audio/ogg", ("lossy",), OPUS_RATES, 8, "opus", "libopus", 160_000),
        Format("m4a", "audio/mp4", ("lossy",), AAC_RATES, 8, "ipod", "aac", 256_000),
        Format("aac", "audio/aac", ("lossy",), AAC_RATES, 8, "adts", "aac", 256_000),
        Format(
            "mka", "audio/x-matroska", ("lossy",), OPUS_RATES, 8, "matroska", "libopus", 160_000
        ),
    )
}


@dataclass(frozen=True)
class Picture:
    """A kind of video that sound is put back into.

    Attributes:
        container: as FFmpeg calls it.
        sound: the suffix of the format that its sound is in.
        codec: of a picture that has to be encoded.
    """

    container: str
    sound: str
    codec: str = "libx264"


PICTURES = {
    "mp4": Picture("mp4", "m4a"),
    "m4v": Picture("mp4", "m4a"),
    "mov": Picture("mov", "m4a"),
    "mkv": Picture("matroska", "mka"),
    "webm": Picture("webm", "mka", "libvpx-vp9"),
}
"""By suffix."""
SAME = {"wave": "wav", "aif": "aiff", "oga": "ogg"} | {
    suffix: kind.sound for suffix, kind in PICTURES.items()
}
"""Other suffixes of formats that can be written; of videos, the format of their sound."""
READABLE = frozenset(
    """
    3gp aac ac3 aif aiff aifc amr ape au avi caf flac flv m4a m4b m4v mka mkv mov mp2 mp3 mp4
    mpeg mpg oga ogg opus rf64 ts tta w64 wav wave webm wma wv
    """.split()  # noqa: SIM905
)
"""Suffixes by which audio and video files are known."""
SNDFILE_SUBTYPES = {"pcm16": "PCM_16", "pcm24": "PCM_24", "float32": "FLOAT", "lossy": "VORBIS"}


def format_of(path: Path) -> Format:
    """The format that a file name asks for.

    Raises: OutputError naming those that can be written.

    >>> format_of(Path("take.mp3")).codec
    'libmp3lame'
    """
    suffix = path.suffix.lower().removeprefix(".")
    suffix = SAME.get(suffix, suffix)
    if suffix not in FORMATS:
        raise OutputError(
            f"{path.name}: {suffix or 'no suffix'!r} is not a format that can be written; "
            f"expected one of {', '.join(FORMATS)}"
        )
    return FORMATS[suffix]
