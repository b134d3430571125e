"""`sayso edit`: finding, playing, learning and repeating how somebody cuts."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from sayso.cli.parser import fields
from sayso.cli.terminal import duration, note, progress_bar, show_files, show_json, show_table
from sayso.errors import FormatError, OutputError

if TYPE_CHECKING:
    from fractions import Fraction

    from sayso.timeline.editlist import EditList
    from sayso.train.editor import EditorConfig


def align(arguments: Namespace) -> int:
    """Finds what was cut, and writes it as an edit."""
    from sayso.align.files import align_files
    from sayso.timeline.exchange import check_name

    check_name(arguments.out)
    _require_files(arguments.raw, *arguments.tracks)
    _check_out(arguments, arguments.raw, arguments.edited, *arguments.tracks)
    with progress_bar("aligning") as watch:
        edit, found = align_files(
            arguments.raw,
            arguments.edited,
            tracks=arguments.tracks,
            notice=note,
            watch=watch,
        )
    path = _written(arguments, edit)
    if found.doubt is not None:
        note(found.doubt)
    if found.new:
        note(f"{len(found.new)} stretches are not in the raw recording; they are marked as new")
    if arguments.json:
        show_json({"edit": edit.model_dump(), "known": found.known})
        return 0
    _show(edit, path, as_json=False)
    return 0


def learn(arguments: Namespace) -> int:
    """Learns from pairs, and writes an editor."""
    _need_torch("learning")
    from sayso.autoedit.editor import Editor
    from sayso.train.editor import learn
    from sayso.train.editor_files import read_examples

    _check_out(arguments, *arguments.files)
    start = Editor.open(arguments.start) if arguments.start else None
    config = _config(arguments)
    if arguments.dry_run:
        show_files(("editor",), [(arguments.out,)], as_json=arguments.json)
        return 0
    with progress_bar("listening") as watch:
        examples = read_examples(arguments.files, notice=note, watch=watch)
    pairs = [example.pair for example in examples]
    with progress_bar("learning") as watch:
        editor = learn(pairs, config=config, start=start, watch=watch)
    path = editor.save(arguments.out)
    usual = f"{editor.keep_ratio:.0%}" if editor.usual_s is None else duration(editor.usual_s)
    if arguments.json:
        show_json({"file": str(path), "pairs": len(pairs), "keeps": usual, "by": editor.by})
        return 0
    rows = [("pairs", str(len(pairs))), ("keeps", usual), ("edits by", editor.by)]
    show_table(("editor", str(path)), rows)
    return 0


def apply(arguments: Namespace) -> int:
    """Edits a recording, and writes the edit."""
    from sayso.autoedit.files import Choice, apply_file
    from sayso.timeline.exchange import check_name

    check_name(arguments.out)
    if arguments.scores and Path(arguments.scores).resolve() == Path(arguments.out).resolve():
        raise OutputError(
            f"{arguments.out} cannot hold both the edit and its scores; name two files"
        )
    _require_files(arguments.raw, *arguments.tracks)
    _check_out(arguments, arguments.raw, *arguments.tracks)
    editor = None
    if arguments.editor:
        from sayso.autoedit.editor import Editor

        editor = Editor.open(arguments.editor)
    much = ("threshold", "keep", "wish_s", "temperature", "seed")
    joins = ("shortest_s", "crossfade_s", "room_tone_s")
    with progress_bar("editing") as watch:
        edit = apply_file(
            arguments.raw,
            editor=editor,
            choice=Choice(**fields(arguments, *much, *joins)),
            tracks=arguments.tracks,
            scores=arguments.scores,
            notice=note,
            watch=watch,
            **fields(arguments, "by"),
        )
    _show(edit, _written(arguments, edit), as_json=arguments.json)
    return 0


def evaluate(arguments: Namespace) -> int:
    """Holds one edit against another, or every method against pairs that it has not seen."""
    from sayso.timeline.exchange import format_of

    if len(arguments.files) == 2 and all(map(format_of, arguments.files)):
        return _evaluate_edits(arguments)
    _need_torch("learning")
    from sayso.train.editor_files import best_of, leave_one_out, means, read_examples

    with progress_bar("listening") as watch:
        examples = read_examples(arguments.files, notice=note, watch=watch)
    with progress_bar("learning") as watch:
        outcomes = leave_one_out(examples, config=_config(arguments), watch=watch)
    table = means(outcomes)
    if arguments.listen:
        from sayso.train.listening import blind_test

        best = best_of(outcomes)
        paths = blind_test(
            arguments.listen, examples, outcomes, best, overwrite=arguments.overwrite
        )
        note(
            f"{len(paths)} files to listen to are in {arguments.listen}: your edits and those of "
            f"the {best}; write into answers.csv which is better before you open key.json"
        )
    if arguments.json:
        show_json(table)
        return 0
    columns = list(next(iter(table.values())))
    rows = [
        (name, *("" if value is None else f"{value:.3f}" for value in row.values()))
        for name, row in table.items()
    ]
    show_table(("method", *columns), rows, headed=True)
    return 0


def curve(arguments: Namespace) -> int:
    """How much is kept at every threshold, as a table and a picture."""
    from sayso.atomic import put
    from sayso.autoedit.curves import drawn, shares
    from sayso.autoedit.files import scores_of

    if arguments.out:
        _check_out(arguments, arguments.raw)
        if Path(arguments.out).suffix.lower() != ".svg":
            raise OutputError(f"{arguments.out}: the picture is an .svg; name it so")
    editor = None
    if arguments.editor:
        from sayso.autoedit.editor import Editor

        editor = Editor.open(arguments.editor)
    with progress_bar("scoring") as watch:
        scores = scores_of(
            arguments.raw,
            editor=editor,
            scores=arguments.scores,
            notice=note,
            watch=watch,
            **fields(arguments, "by"),
        )
    if arguments.out:
        put(arguments.out, drawn(scores))
    if arguments.json:
        show_json([{"threshold": a, "keeps": b} for a, b in scores.curve()])
        return 0
    length_s = float(scores.edges[-1]) / scores.sample_rate
    rows = [(f"{a:.4f}", f"{b:.1%}", duration(b * length_s)) for a, b in shares(scores)]
    show_table(("threshold", "keeps", "length"), rows, headed=True)
    return 0


def _evaluate_edits(arguments: Namespace) -> int:
    from sayso.audio import read
    from sayso.errors import DataError
    from sayso.measure.edits import compare_edits, cut_quality

    edit, truth = (_opened(file, arguments) for file in arguments.files)
    if edit.source_frames != truth.source_frames:
        raise DataError("the two edits are cut from recordings of different lengths")
    audio = read(edit.sources[0], notice=note)
    metrics = vars(compare_edits(edit.timeline, truth.timeline, audio.frames))
    metrics["cut_quality"] = cut_quality(audio, edit.timeline)
    if arguments.json:
        show_json(metrics)
        return 0
    known = {name: value for name, value in metrics.items() if value is not None}
    show_table(
        ("metric", ""), [(name, f"{value:.3f}") for name, value in known.items()], headed=True
    )
    return 0


def _config(arguments: Namespace) -> EditorConfig:
    from sayso.configuration import parse
    from sayso.train.editor import EditorConfig

    given = fields(arguments, "steps", "threads")
    if "steps" in given:
        given["autoencoder_steps"] = given["steps"]
    return parse(EditorConfig, given, "how to learn")


def _need_torch(purpose: str) -> None:
    from sayso.optional import require_all

    require_all("torch", "safetensors", extra="torch", purpose=purpose)


def render(arguments: Namespace) -> int:
    """Plays an edit into a file, or into one a track."""
    from sayso.rendering.edits import render_edit, track_paths

    edit = _opened(arguments.edit, arguments)
    if arguments.crossfade is not None:
        edit = _with_crossfade(edit, arguments.crossfade)
    if edit.new:
        note(f"{len(edit.new)} stretches are in none of the recordings; they are left out")
    _check_tracks(arguments, edit)
    paths = track_paths(edit, arguments.out)
    if not arguments.dry_run:
        with progress_bar("playing") as watch:
            paths = render_edit(
                edit, arguments.out, encoding=arguments.encoding, notice=note, watch=watch
            )
    rows = [(str(path), duration(_heard_s(edit))) for path in paths]
    show_files(("written to", "length"), rows, as_json=arguments.json)
    return 0


def export(arguments: Namespace) -> int:
    """Writes an edit in another format."""
    from sayso.timeline.exchange import check_name

    check_name(arguments.out)
    edit = _opened(arguments.edit, arguments)
    _check_out(arguments, arguments.edit, *edit.sources)
    _show(edit, _written(arguments, edit, rate=_rate(arguments)), as_json=arguments.json)
    return 0


def _opened(file: str, arguments: Namespace) -> EditList:
    from sayso.timeline.exchange import open_edit

    return open_edit(
        file,
        recordings=arguments.recordings,
        rate=_rate(arguments),
        start=arguments.start,
        notice=note,
    )


def _rate(arguments: Namespace) -> Fraction | None:
    from sayso.timeline.exchange import frame_rate

    return None if arguments.rate is None else frame_rate(arguments.rate)


def _require_files(*recordings: str) -> None:
    from sayso.cli.inputs import is_pipe

    for name in recordings:
        if is_pipe(name):
            raise FormatError(
                f"{name} is a pipe, but an edit names its recording; save it to a file"
            )


def _check_out(arguments: Namespace, *inputs: str) -> None:
    from sayso.outputs import check_file

    check_file(arguments.out, inputs=inputs, overwrite=arguments.overwrite)


def _check_tracks(arguments: Namespace, edit: EditList) -> None:
    """Raises OutputError where a track of `edit` could not be written, before one is."""
    from sayso.audio import probe
    from sayso.audio.writing import check_format
    from sayso.outputs import check_file
    from sayso.rendering.edits import track_paths

    frames = max(1, round(_heard_s(edit) * edit.timeline.sample_rate))
    for source, path in zip(edit.sources, track_paths(edit, arguments.out), strict=True):
        inputs = (arguments.edit, *edit.sources)
        check_file(path, inputs=inputs, overwrite=arguments.overwrite)
        channels = probe(source).channels
        check_format(path, arguments.encoding, channels=channels, frames=frames)


def _with_crossfade(edit: EditList, seconds: float) -> EditList:
    from sayso.errors import RangeError

    if not 0 <= seconds <= 10:
        raise RangeError(f"crossfade: {seconds:g} s is out of range; expected 0 to 10")
    frames = round(seconds * edit.timeline.sample_rate)
    clips = (clip.model_copy(update={"crossfade_frames": None}) for clip in edit.timeline.clips)
    update = {"crossfade_frames": frames, "clips": tuple(clips)}
    timeline = edit.timeline.model_copy(update=update)
    return edit.model_copy(update={"timeline": timeline})


def _heard_s(edit: EditList) -> float:
    return edit.timeline.duration_s / edit.speed


def _written(arguments: Namespace, edit: EditList, *, rate: Fraction | None = None) -> Path:
    """The file of an edit, written unless only the plan is wanted."""
    from sayso.timeline.exchange import write_edit

    if arguments.dry_run:
        return Path(arguments.out)
    return write_edit(arguments.out, edit, rate=rate, notice=note)


def _show(edit: EditList, path: Path, *, as_json: bool) -> None:
    if as_json:
        show_json({"file": str(path), "length_s": _heard_s(edit), "edit": edit.model_dump()})
        return
    rows = [("clips", str(len(edit.timeline.clips))), ("length", duration(_heard_s(edit)))]
    if edit.source_frames is not None:
        raw_s = edit.source_frames / edit.timeline.sample_rate
        rows.append(("of", duration(raw_s)))
    if edit.speed != 1.0:
        rows.append(("tempo", f"{edit.speed:.4f}"))
    show_table(("edit", str(path)), rows)
