"""The grammar of work on many files, `sayso clean`, `sayso worker`, and of what any door writes."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, _SubParsersAction
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


def add_overwrite(parser: ArgumentParser) -> None:
    """Whether files that are there may be replaced."""
    parser.add_argument(
        "--overwrite", action="store_true", help="replace files that are there; inputs never are"
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
    clean.add_argument("--json", action="store_true", help="print JSON instead of a table")
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


def _whole(text: str, *, least: int) -> int:
    if not text.isdecimal() or not least <= int(text) <= 256:
        raise ArgumentTypeError(f"{text!r} is not a whole number from {least} to 256")
    return int(text)
