"""`sayso separate`: files into stems."""

from __future__ import annotations

import re
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from sayso.cli.batch import is_batch, render_options, run_batch
from sayso.cli.opening import destination_of, open_studio, tell_choice
from sayso.cli.terminal import duration, note, progress_bar, show_table
from sayso.desk import NO, Desk, Extract, apply
from sayso.errors import RequestError

if TYPE_CHECKING:
    from sayso.studio import Studio


def separate(arguments: Namespace) -> int:
    """Writes the stems of every file; one that fails is named and does not stop the others."""
    destination = destination_of(arguments)
    studio = open_studio(arguments)
    targets = _targets(studio, arguments)
    desk = apply(Desk(), Extract(targets=targets))
    if is_batch(arguments):
        from sayso.batch import render_settings

        studio.require(desk)
        tell_choice(studio, [target.removeprefix(NO) for target in targets])
        settings = render_settings(desk, **render_options(arguments, destination))
        return run_batch(arguments, settings, destination)
    session = studio.open(arguments.inputs[0], track=arguments.track, notice=note)
    session.do([Extract(targets=targets)])
    studio.require(desk)
    session.check(destination)
    tell_choice(studio, [target.removeprefix(NO) for target in targets])
    with progress_bar(session.name) as watch:
        result = session.render(watch=watch)
        paths = result.deliver(destination, notice=note)
    rows = [
        (Path(arguments.inputs[0]).name, target, duration(t.audio.duration_s), str(paths[target]))
        for target, t in result.tracks.items()
    ]
    show_table(("file", "stem", "length", "written to"), rows)
    return 0


def _targets(studio: Studio, arguments: Namespace) -> tuple[str, ...]:
    """The sounds that were asked for, each once; several may stand in one option."""
    from sayso.words import canonical

    if arguments.two_stems:
        named = _sounds(arguments.two_stems)
        if len(named) != 1:
            raise RequestError(
                f"--two-stems takes one sound, not {arguments.two_stems!r}; use --target for each"
            )
        target = canonical(named[0])
        return (target, NO + target)
    named = [name for given in arguments.target for name in _sounds(given)]
    return tuple(dict.fromkeys(map(canonical, named))) or studio.separator.stems


def _sounds(given: str) -> list[str]:
    """The sounds of a list such as "vocals,drums" or "vocals and drums"."""
    from sayso.words import canonical
    from sayso.words.vocabulary import vocabulary

    listed = [part.strip() for part in re.split(r"[,;/|+]", given) if part.strip()]
    joined = [re.split(r"\s+(?:and|&)\s+", part) for part in listed]
    # "A man and a woman speaking" is one sound.
    known = set(vocabulary().names)
    return [
        name
        for whole, parts in zip(listed, joined, strict=True)
        for name in (parts if all(canonical(part) in known for part in parts) else [whole])
    ]
