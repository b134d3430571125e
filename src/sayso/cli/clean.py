"""`sayso clean`: speech only, of one file or of thousands."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from sayso.cli.batch import is_batch, run_batch
from sayso.cli.opening import models_shelf
from sayso.cli.terminal import duration, note, progress_bar, show_json, show_table
from sayso.errors import FormatError


def clean(arguments: Namespace) -> int:
    """Writes the speech of every input, with the figures that prove it."""
    from sayso.clean import load_config

    config = load_config(arguments.config, arguments.overrides)
    if is_batch(arguments):
        from sayso.batch import clean_settings

        return run_batch(arguments, clean_settings(config, format=arguments.format))
    from sayso.reports import clean_file, write_report

    source = Path(arguments.inputs[0])
    out = Path(arguments.out)
    here = {
        "models": config.models or models_shelf().folder,
        "threads": arguments.threads or config.threads,
    }
    with progress_bar(source.name) as watch:
        row = clean_file(
            source,
            out / f"{source.stem}.{arguments.format}",
            config.model_copy(update=here),
            watch=watch,
        )
    if row.status == "passed_over":
        raise FormatError(row.reason)
    for text in row.notes:
        note(text)
    write_report(out, [row])
    if arguments.json:
        show_json(row.model_dump(mode="json"))
        return 0
    rows = [(name, f"{value:.4g}") for name, value in row.figures.items()]
    rows = [("length", duration(row.duration_s)), *rows, ("written to", str(row.output))]
    show_table((source.name, ""), rows)
    return 0
