"""Judging finished batches: against clean references, against transcripts, by models."""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np

from sayso.audio import Audio, read, resample, upright
from sayso.clean.config import Measure
from sayso.errors import DataError, InputError
from sayso.measure.compared import Compared
from sayso.measure.metrics import evaluated
from sayso.reports.judging import judge
from sayso.reports.metrics import rounded
from sayso.reports.rows import AFTER, BEFORE, CleanRow, located, source_of
from sayso.separate import Models
from sayso.watch import SILENT, Watch

_RATE_HZ = 16_000
_PIECE_S = 30.0
_UNEQUAL_S = 0.1  # by which a reference may be longer or shorter

Find: TypeAlias = Callable[[str], Path | None]
"""From the name of a source to the file that belongs to it."""


def measure_rows(
    out: Path,
    rows: Sequence[CleanRow],
    *,
    references: Path | None = None,
    transcripts: Path | None = None,
    measures: Collection[Measure] = (),
    models: Models | None = None,
    watch: Watch = SILENT,
) -> list[CleanRow]:
    """The rows of a batch with more metrics; what cannot be judged is told in a row's notes.

    Args:
        out: the batch's folder.
        rows: as `read_rows` gives them.
        references: folder of clean recordings that are called as the sources are, whatever their
            suffix. They give SDR, SI-SDR, STOI, PESQ and the speech lost.
        transcripts: folder of text files called as the sources are, or a CSV file with the columns
            file and text. With them "words" is measured.
        measures: what else; see `sayso.reports.judging.judge`.
        models: what judges; None takes those in the platform's folder.
        watch: progress and cancelling, polled between files.
    Raises: DataError for folders and files that do not serve, ModelError, MissingExtraError,
        Cancelled.
    """
    reference_of = (lambda source: None) if references is None else by_name(references)
    said = {} if transcripts is None else read_transcripts(transcripts)
    wanted = {*measures, *(("words",) if transcripts is not None else ())}
    judged = []
    for number, row in enumerate(rows):
        watch.check()
        output = located(out, row)
        if output is not None:
            reference = reference_of(row.source)
            text = said.get(stem_of(row.source))
            row = _measured(row, output, reference, text, wanted, models)
        judged.append(row)
        watch.report((number + 1) / len(rows))
    return judged


def compare(estimate: Audio, reference: Audio, *, gain_db: float = 0.0) -> dict[str, float]:
    """All metrics that take a reference, mono at 16 kHz, means over pieces of 30 s.

    Metrics whose extra is not installed are left out, and so are pieces in which one is undefined.

    Args:
        estimate: any rate and channels.
        reference: clean speech; it may be up to 0.1 s longer or shorter.
        gain_db: what brings the estimate to the reference's level.
    Raises: DataError for other lengths.
    """
    heard = resample(upright(estimate), _RATE_HZ)
    clean = resample(upright(reference), _RATE_HZ)
    if abs(heard.frames - clean.frames) > _UNEQUAL_S * _RATE_HZ:
        raise DataError(
            f"the reference lasts {clean.duration_s:.2f} s, the sound {heard.duration_s:.2f} s; "
            "expected the same"
        )
    length, step = min(heard.frames, clean.frames), round(_PIECE_S * _RATE_HZ)
    gain = np.float32(10 ** (gain_db / 20))
    found: dict[str, list[float]] = {}
    for start in range(0, length, step):
        stop = min(start + step, length)
        piece = gain * heard.block(start, stop).mean(axis=0)
        true = clean.block(start, stop).mean(axis=0)
        one, other = (Audio(sound[None], _RATE_HZ) for sound in (piece, true))
        for name, metric in evaluated(Compared(one, other), "reference").items():
            found.setdefault(name, []).append(metric)
    return {name: float(np.mean(metrics)) for name, metrics in found.items()}


def by_name(folder: Path) -> Find:
    """Finds the file in `folder` that has the name of a source, whatever its suffix.

    Of several of one name it is the one whose folders are most alike to the source's.
    Raises: DataError for no folder; the function, where several are equally alike.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: not a folder; expected one of recordings")
    known: dict[str, list[Path]] = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        known.setdefault(path.stem, []).append(path)

    def find(source: str) -> Path | None:
        named = known.get(stem_of(source), [])
        scored = sorted(((_alike(path, source), path) for path in named), reverse=True)
        if len(scored) > 1 and scored[0][0] == scored[1][0]:
            raise DataError(
                f"{scored[1][1]} and {scored[0][1]} may both belong to {source}; expected one"
            )
        return scored[0][1] if scored else None

    return find


def read_transcripts(path: Path) -> Mapping[str, str]:
    """What is said, by the stem of the source's name. Raises: DataError."""
    try:
        if path.is_dir():
            return {file.stem: file.read_text("utf-8") for file in sorted(path.glob("**/*.txt"))}
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            return {stem_of(row["file"] or ""): row["text"] or "" for row in rows}
    except (OSError, UnicodeDecodeError, KeyError, csv.Error):
        raise DataError(
            f"{path}: no transcripts; expected a folder of .txt files, or a CSV file with the "
            "columns file and text"
        ) from None


def stem_of(source: str) -> str:
    """The name of a path or URL without folders and suffix.

    >>> stem_of("s3://bucket/a/take.1.wav")
    'take.1'
    """
    return Path(source).stem


def _measured(
    row: CleanRow,
    output: Path,
    reference: Path | None,
    transcript: str | None,
    measures: Collection[Measure],
    models: Models | None,
) -> CleanRow:
    notes = list(row.notes)
    metrics = dict(row.metrics)
    after = read(output)
    source = source_of(row, output)
    try:
        before = None if source is None else read(source)
    except InputError:
        before = None
    if reference is not None:
        try:
            metrics |= _against(row, before, after, read(reference))
        except (InputError, DataError) as error:
            notes.append(f"not compared with {reference.name}: {error}")
    metrics |= judge(before, after, measures, models=models, transcript=transcript)
    unique = tuple(dict.fromkeys(notes))
    return row.model_copy(update={"metrics": rounded(metrics), "notes": unique})


def _against(
    row: CleanRow, before: Audio | None, after: Audio, reference: Audio
) -> dict[str, float]:
    metrics: dict[str, float] = {}
    gain_db = -row.metrics.get("gain_db", 0.0)
    for suffix, audio, level_db in ((BEFORE, before, 0.0), (AFTER, after, gain_db)):
        if audio is not None:
            found = compare(audio, reference, gain_db=level_db)
            metrics |= {name + suffix: metric for name, metric in found.items()}
    return metrics


def _alike(path: Path, source: str) -> int:
    """How many of the last folders agree."""
    count = 0
    for one, other in zip(path.parent.parts[::-1], Path(source).parent.parts[::-1], strict=False):
        if one != other:
            break
        count += 1
    return count
