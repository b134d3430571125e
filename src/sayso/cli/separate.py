"""`sayso separate`: files into stems."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from sayso.cli.batch import is_batch, render_options, run_batch
from sayso.cli.opening import open_studio, output_options, tell_choice
from sayso.cli.terminal import duration, note, progress_bar, show_table
from sayso.desk import NO, Desk, Extract, apply

if TYPE_CHECKING:
    from sayso.studio import Studio


def separate(arguments: Namespace) -> int:
    """Writes the stems of every file; one that fails is named and does not stop the others."""
    studio = open_studio(arguments)
    targets = _targets(studio, arguments)
    desk = apply(Desk(), Extract(targets=targets))
    if is_batch(arguments):
        from sayso.batch import render_settings

        studio.require(desk)
        tell_choice(studio, [target.removeprefix(NO) for target in targets])
        return run_batch(arguments, render_settings(desk, **render_options(arguments)))
    session = studio.open(arguments.inputs[0], notice=note)
    session.do([Extract(targets=targets)])
    tell_choice(studio, [target.removeprefix(NO) for target in targets])
    with progress_bar(session.name) as watch:
        result = session.render(watch=watch)
        paths = result.write(arguments.out, **output_options(arguments))
    rows = [
        (Path(arguments.inputs[0]).name, target, duration(t.audio.duration_s), str(paths[target]))
        for target, t in result.tracks.items()
    ]
    show_table(("file", "stem", "length", "written to"), rows)
    return 0


def _targets(studio: Studio, arguments: Namespace) -> tuple[str, ...]:
    from sayso.words import canonical

    if arguments.two_stems:
        target = canonical(arguments.two_stems)
        return (target, NO + target)
    return tuple(map(canonical, arguments.target)) or studio.separator.stems
