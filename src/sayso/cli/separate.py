"""`sayso separate`: files into stems."""

from __future__ import annotations

from argparse import Namespace
from functools import reduce
from pathlib import Path

from sayso.cli.batch import is_batch, plan_batch, render_options, run_batch
from sayso.cli.opening import destination_of, open_studio, shape_moves, tell_choice
from sayso.cli.terminal import duration, note, progress_bar, show_files
from sayso.desk import NO, Desk, Extract, apply


def separate(arguments: Namespace) -> int:
    """Writes the stems of every file; one that fails is named and does not stop the others."""
    destination = destination_of(arguments)
    studio = open_studio(arguments)
    targets = studio.parts(arguments.target, two_stems=arguments.two_stems)
    desk = apply(Desk(), Extract(targets=targets))
    shape = shape_moves(arguments, desk)
    desk = reduce(apply, shape, desk)
    if is_batch(arguments):
        from sayso.batch import render_settings

        studio.require(desk)
        if arguments.dry_run:
            return plan_batch(arguments)
        tell_choice(studio, [target.removeprefix(NO) for target in targets])
        settings = render_settings(desk, **render_options(arguments, destination))
        return run_batch(arguments, settings, destination)
    session = studio.open(arguments.inputs[0], track=arguments.track, notice=note)
    session.do([Extract(targets=targets), *shape])
    studio.require(desk)
    session.check(destination)
    if arguments.dry_run:
        places = destination.choose(session.name, targets, inputs=session.inputs)
        planned = [(Path(arguments.inputs[0]).name, t, str(place)) for t, place in places.items()]
        show_files(("file", "stem", "written to"), planned, as_json=arguments.json)
        return 0
    tell_choice(studio, [target.removeprefix(NO) for target in targets])
    with progress_bar(session.name) as watch:
        result = session.render(watch=watch)
        paths = result.deliver(destination, notice=note)
    rows = [
        (Path(arguments.inputs[0]).name, target, duration(t.audio.duration_s), str(paths[target]))
        for target, t in result.tracks.items()
    ]
    show_files(("file", "stem", "length", "written to"), rows, as_json=arguments.json)
    for target, track in result.tracks.items():
        for text in track.notes:
            note(f"{target}: {text}")
    return 0
