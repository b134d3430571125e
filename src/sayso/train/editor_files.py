"""Teaching an editor from files: recordings, and edits of them as sound or as timelines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sayso.align.align import align
from sayso.audio import Audio, Notice, read
from sayso.autoedit.apply import choose_usual, point_out
from sayso.autoedit.baselines import by_chance, silence_cut
from sayso.autoedit.editor import POINTER, SCORERS, Editor
from sayso.autoedit.features import extract_features
from sayso.autoedit.scoring import score
from sayso.autoedit.tracks import together
from sayso.errors import DataError
from sayso.measure.edits import EditScores, compare_edits, cut_quality
from sayso.timeline import Timeline
from sayso.timeline.editlist import check_inside
from sayso.timeline.exchange import format_of, open_edit
from sayso.train.editor import EditorConfig, learn
from sayso.train.editor_lessons import Pair
from sayso.watch import SILENT, Watch

METHODS = (POINTER, *SCORERS)
SILENCE, CHANCE = "silence", "chance"
"""What is judged beside the methods."""
_CHANCES = 5


@dataclass(frozen=True, eq=False)
class Example:
    """A recording, and how it was edited."""

    name: str
    audio: Audio
    pair: Pair


@dataclass(frozen=True)
class Outcome:
    """How near a method came to the edit of a recording that it had not seen."""

    method: str
    recording: str
    scores: EditScores
    cut_quality: float | None
    timeline: Timeline


def read_examples(
    files: Sequence[str | Path],
    *,
    notice: Notice | None = None,
    watch: Watch = SILENT,
) -> list[Example]:
    """Recordings and their edits, given in turns: raw, edited, raw, edited.

    Args:
        files: an edit is a recording that will be aligned, or a timeline of any format.
        notice: told of damaged files.
        watch: progress and cancelling, polled between files.

    Raises: DataError for an odd number of files or those that do not belong together, and what
        reading, aligning and hearing raise.
    """
    if not files or len(files) % 2:
        raise DataError(
            f"{len(files)} files arrived; expected pairs: RAW EDITED, and again for each recording"
        )
    examples = []
    for at in range(0, len(files), 2):
        raw, edited = files[at : at + 2]
        try:
            audio = read(raw, notice=notice)
            timeline, beside = _timeline(raw, audio, edited, notice, watch)
            audio = together(audio, beside, watch=watch.quiet)
            examples.append(Example(Path(raw).name, audio, Pair(extract_features(audio), timeline)))
        except DataError as error:
            raise DataError(f"{Path(raw).name} and {Path(edited).name}: {error}") from None
        watch.check()
        watch.report((at + 2) / len(files))
    return examples


def _timeline(
    raw: str | Path,
    audio: Audio,
    edited: str | Path,
    notice: Notice | None,
    watch: Watch,
) -> tuple[Timeline, dict[str, Audio]]:
    """How `edited` is cut from `raw`, and the recordings that run beside that."""
    if format_of(edited) is None:
        found = align(audio, read(edited, notice=notice), watch=watch.quiet)
        if notice is not None and found.doubt is not None:
            notice(f"{Path(edited).name}: {found.doubt}")
        return found.timeline, {}
    edit = open_edit(edited, recordings=(raw,), notice=notice)
    if edit.timeline.sample_rate != audio.sample_rate:
        raise DataError(
            f"the edit counts at {edit.timeline.sample_rate} Hz, the recording has "
            f"{audio.sample_rate} Hz"
        )
    check_inside(edit, audio.frames, Path(raw).name)
    beside = {source: read(source, notice=notice) for source in edit.sources[1:]}
    return edit.timeline, beside


def leave_one_out(
    examples: Sequence[Example],
    *,
    methods: Sequence[str] = METHODS,
    config: EditorConfig | None = None,
    watch: Watch = SILENT,
) -> list[Outcome]:
    """How well each method edits each recording after learning from all the others.

    All keep as much as the others' edits do. Beside them stand "silence", which is cutting that
    alone, and "chance", five times whole phrases at random: what does no better has learnt nothing.

    Args:
        examples: at least two.
        methods: of `METHODS`.
        config: how long to learn, each time.
        watch: progress and cancelling, polled at every step.

    Raises: DataError for fewer than two examples, Cancelled.
    """
    if len(examples) < 2:
        raise DataError(f"{len(examples)} pair arrived; leaving one out takes at least two")
    outcomes = []
    for number, example in enumerate(examples):
        others = [other.pair for at, other in enumerate(examples) if at != number]
        share = watch.part(number / len(examples), (number + 1) / len(examples))
        trial = (config or EditorConfig()).model_copy(update={"trials": False})
        editor = learn(others, config=trial, watch=share)
        outcomes += [judge(editor, example, method) for method in methods]
        outcomes += beside(example, editor.keep_ratio)
    return outcomes


def judge(editor: Editor, example: Example, method: str) -> Outcome:
    """How near `method` of `editor` comes to what the person did."""
    audio, features = example.audio, example.pair.features
    if method == POINTER:
        timeline = point_out(audio, features, editor)
    else:
        scores = score(features, method, editor)
        timeline = choose_usual(editor, scores, audio)
    return _outcome(method, example, timeline)


def beside(example: Example, share: float) -> list[Outcome]:
    """What cutting silence comes to, and keeping `share` by chance, five times."""
    audio, features = example.audio, example.pair.features
    chances = [by_chance(audio, features, share, seed) for seed in range(_CHANCES)]
    silence = _outcome(SILENCE, example, silence_cut(audio))
    return [silence, *(_outcome(CHANCE, example, timeline) for timeline in chances)]


def _outcome(method: str, example: Example, timeline: Timeline) -> Outcome:
    metrics = compare_edits(timeline, example.pair.timeline, example.audio.frames)
    return Outcome(method, example.name, metrics, cut_quality(example.audio, timeline), timeline)


def best_of(outcomes: Sequence[Outcome]) -> str:
    """The method that comes nearest, kept time and boundaries together."""
    table = means(outcomes)
    own = {name: row for name, row in table.items() if name not in (SILENCE, CHANCE)}
    return max(own, key=lambda name: (own[name]["iou"] or 0) + (own[name]["boundary_f"] or 0))


def means(outcomes: Sequence[Outcome]) -> dict[str, dict[str, float | None]]:
    """Means of every figure over the recordings, by method; None for joins where there are none."""
    table: dict[str, dict[str, float | None]] = {}
    for method in dict.fromkeys(outcome.method for outcome in outcomes):
        mine = [outcome for outcome in outcomes if outcome.method == method]
        joins = [o.cut_quality for o in mine if o.cut_quality is not None]
        table[method] = {
            "iou": float(np.mean([o.scores.iou for o in mine])),
            "boundary_f": float(np.mean([o.scores.boundary_f for o in mine])),
            "keep_ratio": float(np.mean([o.scores.keep_ratio for o in mine])),
            "duration_error_s": float(np.mean([abs(o.scores.duration_error_s) for o in mine])),
            "cut_quality": float(np.mean(joins)) if joins else None,
        }
    return table
