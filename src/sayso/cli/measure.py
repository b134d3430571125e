"""`sayso measure`: the metrics of a finished batch, taken anew."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from sayso.cli.opening import models_store
from sayso.cli.terminal import note, progress_bar, show_json, show_table


def measure(arguments: Namespace) -> int:
    """Judges the outputs in a folder and writes its reports again."""
    from sayso.reports import check_report, measure_rows, read_rows, write_report
    from sayso.reports.tables import MEANINGS, averages
    from sayso.separate import Models

    out = Path(arguments.out)
    if not arguments.overwrite:
        check_report(out)
    with progress_bar("measuring") as watch:
        rows = measure_rows(
            out,
            read_rows(out),
            references=None if arguments.reference is None else Path(arguments.reference),
            transcripts=None if arguments.transcripts is None else Path(arguments.transcripts),
            measures=arguments.measures or (),
            models=Models(weight_store=models_store()),
            watch=watch,
        )
    write_report(out, rows, overwrite=arguments.overwrite)
    if arguments.json:
        show_json([row.model_dump(mode="json") for row in rows])
        return 0
    for text in dict.fromkeys(text for row in rows for text in row.notes):
        note(text)
    lines = [(MEANINGS.get(name, name), *metrics) for name, *metrics in averages(rows)]
    show_table(("metric", "before", "after", "worst after"), lines)
    return 0
