"""`sayso split`: a recording into several files."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser, ArgumentTypeError, Namespace, _SubParsersAction
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sayso.cli.batch_parser import add_answer, add_encoding, add_format, add_overwrite, add_track

if TYPE_CHECKING:
    from sayso.desk import Parts
    from sayso.outputs import Destination


def build_split(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Adds `split`."""
    split = commands.add_parser("split", help="one recording into several files")
    split.set_defaults(command="split:split")
    split.add_argument("inputs", metavar="INPUT", nargs="+", help="files")
    how = split.add_mutually_exclusive_group(required=True)
    how.add_argument(
        "--at-pauses",
        metavar="S",
        nargs="?",
        const=1.0,
        default=SUPPRESS,
        type=float,
        help="in the middle of pauses of at least so many seconds (default: 1)",
    )
    how.add_argument(
        "--every", metavar="TIME", type=seconds, default=SUPPRESS, help="such as 5:00, or 300"
    )
    how.add_argument(
        "--into", metavar="N", type=int, default=SUPPRESS, help="so many parts of one length"
    )
    how.add_argument(
        "--at", metavar="TIME", type=seconds, nargs="+", default=SUPPRESS, help="such as 1:00 2:30"
    )
    how.add_argument(
        "--at-markers", action="store_true", default=SUPPRESS, help="at the chapters of the file"
    )
    split.add_argument(
        "-o", "--out", metavar="DIR", default="split", help="a folder (default: split)"
    )
    split.add_argument(
        "--filename", metavar="PATTERN", help="default: {track}/{target}.{ext}; target: mix 01, ..."
    )
    add_overwrite(split)
    add_format(split)
    add_encoding(split)
    add_track(split)
    add_answer(split)


def seconds(text: str) -> float:
    """A time as a person writes it, in seconds. Raises: ArgumentTypeError.

    >>> seconds("90"), seconds("1:30"), seconds("1:00:00.5")
    (90.0, 90.0, 3600.5)
    """
    fields = text.split(":")
    try:
        values = [float(field) for field in fields]
        if len(fields) > 3 or not all(0 <= value < 1e9 for value in values):
            raise ValueError
        if any(value >= 60 for value in values[1:]):
            raise ValueError
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no time such as 90, 1:30 or 1:00:00") from None
    total = 0.0
    for value in values:
        total = total * 60 + value
    return total


def parts_of(arguments: Namespace) -> Parts:
    """Where to split, as the options say. Raises: RangeError."""
    from sayso.desk import AtMarkers, AtPauses, AtTimes, Equal, Every

    given = vars(arguments)
    if "at_pauses" in given:
        return AtPauses(least_s=given["at_pauses"])
    if "every" in given:
        return Every(seconds=given["every"])
    if "into" in given:
        return Equal(count=given["into"])
    return AtTimes(times_s=given["at"]) if "at" in given else AtMarkers()


def split(arguments: Namespace) -> int:
    """Writes the parts of every file; one that fails is named and does not stop the others."""
    from sayso.cli.opening import destination_of
    from sayso.cli.terminal import complain, show_files
    from sayso.errors import EXIT_CODES, SaysoError, lookup

    destination, parts = destination_of(arguments), parts_of(arguments)
    rows: list[Sequence[str]] = []
    code = 0
    for name in arguments.inputs:
        try:
            rows += _of_file(Path(name), arguments, parts, destination)
        except SaysoError as error:
            if len(arguments.inputs) == 1:
                raise
            complain(f"{name}: {error}")
            code = code or lookup(error, EXIT_CODES, 1)
    show_files(("file", "part", "length", "written to"), rows, as_json=arguments.json)
    return code


def _of_file(
    path: Path, arguments: Namespace, parts: Parts, destination: Destination
) -> list[Sequence[str]]:
    from sayso.cli.terminal import duration, note, progress_bar
    from sayso.desk import Split
    from sayso.studio import Studio

    session = Studio().open(path, track=arguments.track, notice=note)
    session.do([Split(parts=parts)])
    session.check(destination)
    with progress_bar(session.name) as watch:
        result = session.render(watch=watch)
        if arguments.dry_run:
            places = destination.choose(session.name, tuple(result), inputs=session.inputs)
        else:
            places = dict(result.deliver(destination, notice=note))
    return [
        (path.name, track.title or name, duration(track.audio.duration_s), str(places[name]))
        for name, track in result.tracks.items()
    ]
