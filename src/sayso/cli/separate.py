"""`sayso separate`: files into stems, several at a time."""

from __future__ import annotations

from argparse import Namespace
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from sayso.cli.opening import open_studio, output_options, tell_choice
from sayso.cli.terminal import duration, note, progress_bar, show_table
from sayso.desk import NO, Extract
from sayso.errors import EXIT_CODES, SaysoError, lookup

if TYPE_CHECKING:
    from sayso.studio import Studio


def separate(arguments: Namespace) -> int:
    """Writes the stems of every file; one that fails is named and does not stop the others.

    The exit code is that of the first failure.
    """
    studio = open_studio(arguments)
    targets = _targets(studio, arguments)
    tell_choice(studio, [target.removeprefix(NO) for target in targets])
    rows: list[tuple[str, ...]] = []
    failures: list[SaysoError] = []
    shares = dict.fromkeys(arguments.files, 0.0)
    with progress_bar("separating") as progress:

        def one(file: str) -> list[tuple[str, ...]]:
            def share(done: float) -> None:
                shares[file] = done
                progress(sum(shares.values()) / len(shares))

            session = studio.open(file, notice=note)
            session.do([Extract(targets=targets)])
            result = session.render(progress=share)
            paths = result.write(arguments.out, **output_options(arguments))
            return [
                (Path(file).name, target, duration(track.audio.duration_s), str(paths[target]))
                for target, track in result.tracks.items()
            ]

        with ThreadPoolExecutor(arguments.jobs) as pool:
            for future in [pool.submit(one, file) for file in shares]:
                try:
                    rows += future.result()
                except SaysoError as error:
                    failures.append(error)
                    note(str(error))
    show_table(("file", "stem", "length", "written to"), rows)
    return lookup(failures[0], EXIT_CODES, 1) if failures else 0


def _targets(studio: Studio, arguments: Namespace) -> tuple[str, ...]:
    from sayso.words import canonical

    if arguments.two_stems:
        target = canonical(arguments.two_stems)
        return (target, NO + target)
    return tuple(map(canonical, arguments.target)) or studio.separator.stems
