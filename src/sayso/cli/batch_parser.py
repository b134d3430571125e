"""The grammar of work on many files, `sayso clean`, `sayso worker`, and of what any door writes."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, BooleanOptionalAction, _SubParsersAction
from typing import TypeAlias

_Commands: TypeAlias = "_SubParsersAction[ArgumentParser]"


def add_format(parser: ArgumentParser) -> None:
    """The kind of file that is written."""
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--format", metavar="EXT", help="wav (the default), flac, mp3, ogg, opus, ..."
    )
    for name in ("flac", "mp3"):
        form.add_argument(f"--{name}", dest="format", action="store_const", const=name)


def add_track(parser: ArgumentParser) -> None:
    """Which sound of a file is read."""
    parser.add_argument(
        "--track",
        metavar="N|LANGUAGE",
        help="of several sound tracks, such as 2 or de (default: the main one)",
    )


def add_encoding(parser: ArgumentParser) -> None:
    """How its samples are stored."""
    depth = parser.add_mutually_exclusive_group()
    for name, encoding in (("float32", "float32"), ("int24", "pcm24"), ("int16", "pcm16")):
        depth.add_argument(f"--{name}", dest="encoding", action="store_const", const=encoding)
    depth.add_argument(
        "--bitrate", dest="encoding", metavar="192k", type=bit_rate, help="of mp3, opus, m4a"
    )


def add_shape(parser: ArgumentParser) -> None:
    """Channels, rate and loudness of what is written."""
    shape = parser.add_argument_group("what is written")
    shape.add_argument("--mono", action="store_true", help="one channel, the mean of all")
    shape.add_argument("--sample-rate", metavar="HZ", type=int, help="such as 48000")
    shape.add_argument("--lufs", metavar="X", type=float, help="loudness, such as -14")
    shape.add_argument(
        "--encode", action="store_true", help="let an edit cut the picture of a video, encoded anew"
    )


def add_overwrite(parser: ArgumentParser) -> None:
    """Whether files that are there may be replaced."""
    parser.add_argument(
        "--overwrite",
        action=BooleanOptionalAction,
        default=False,
        help="replace files that are there; inputs never are",
    )


def add_answer(parser: ArgumentParser) -> None:
    """How the result is told, and whether there is to be one."""
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument(
        "--dry-run", action="store_true", help="only say what would be done, and check it"
    )


def add_batch_options(parser: ArgumentParser) -> None:
    """What every command that takes many files understands."""
    batch = parser.add_argument_group("many files", "see docs/scale.md")
    batch.add_argument("--pattern", metavar="GLOB", help="of a folder's files, such as '**/*.wav'")
    batch.add_argument(
        "-j",
        "--jobs",
        metavar="N",
        type=_processes,
        default=1,
        help="files at a time (default: 1); 0 leaves all to `sayso worker` elsewhere",
    )
    batch.add_argument(
        "--queue", metavar="URL", help="postgresql://... (default: a file in the output folder)"
    )
    batch.add_argument("--retry-failed", action="store_true", help="try failed files again")


def build_clean(commands: _Commands) -> None:
    """Adds `clean`."""
    clean = commands.add_parser("clean", help="keep speech, and nothing else")
    clean.set_defaults(command="clean:clean")
    clean.add_argument("inputs", metavar="INPUT", nargs="+", help="files, folders or URLs")
    clean.add_argument(
        "-o",
        "--out",
        metavar="DIR|FILE",
        default="cleaned",
        help="a folder, a file such as clean.mp3, or - for stdout (default: cleaned)",
    )
    add_overwrite(clean)
    clean.add_argument(
        "--config",
        metavar="NAME",
        default="best",
        help="best (the default), embedded, fast, broadcast, published, or a YAML file",
    )
    clean.add_argument(
        "--set", metavar="a.b=c", dest="overrides", action="append", default=[], help="repeatable"
    )
    add_format(clean)
    add_track(clean)
    clean.add_argument("--threads", metavar="N", type=count, help="processor threads a file")
    add_answer(clean)
    add_batch_options(clean)


def build_worker(commands: _Commands) -> None:
    """Adds `worker`."""
    worker = commands.add_parser("worker", help="work on the files of batches that others began")
    worker.set_defaults(command="batch:worker")
    worker.add_argument("--queue", metavar="URL", required=True, help="postgresql://...")
    worker.add_argument(
        "-j", "--jobs", metavar="N", type=count, default=1, help="files at a time (default: 1)"
    )
    worker.add_argument("--threads", metavar="N", type=count, help="processor threads a file")


def _processes(text: str) -> int:
    return _whole(text, least=0)


def count(text: str) -> int:
    """A number of threads or processes, 1 to 256. Raises: ArgumentTypeError."""
    return _whole(text, least=1)


def bit_rate(text: str) -> str:
    """A bit rate as an encoding, "192k". Raises: ArgumentTypeError.

    >>> bit_rate("192"), bit_rate("96k")
    ('192k', '96k')
    """
    digits = text.lower().removesuffix("bps").removesuffix("bit/s").removesuffix("k")
    if not digits.isdecimal() or not 8 <= int(digits) <= 512:
        raise ArgumentTypeError(f"{text!r} is no bit rate from 8k to 512k")
    return f"{int(digits)}k"


def amount(text: str) -> int:
    """Bytes as a person writes them. Raises: ArgumentTypeError.

    >>> amount("2G"), amount("500 MB"), amount("0")
    (2000000000, 500000000, 0)
    """
    number = text.upper().removesuffix("B").strip()
    unit = {"K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}.get(number[-1:], 1)
    try:
        count = float(number.rstrip("KMGT").strip()) * unit
    except ValueError:
        count = -1
    if not 0 <= count < 10**18:
        raise ArgumentTypeError(f"{text!r} is no size such as 2G or 500M")
    return int(count)


def _whole(text: str, *, least: int) -> int:
    if not text.isdecimal() or not least <= int(text) <= 256:
        raise ArgumentTypeError(f"{text!r} is not a whole number from {least} to 256")
    return int(text)
