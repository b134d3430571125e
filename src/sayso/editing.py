"""The core of editing behind every door: edit files opened with their recordings, and played.

An edit knows its recordings by path; all of them are cut at the same places.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sayso.align.align import Alignment, align
from sayso.atomic import put
from sayso.audio import Audio, Notice, Tags, Writer, read, read_tags
from sayso.autoedit.apply import point_out, with_room_tone
from sayso.autoedit.choose import SHORTEST_S, Scores, choose
from sayso.autoedit.editor import POINTER, Editor, score
from sayso.autoedit.features import Features, extract_features
from sayso.desk import Stretch, Strip
from sayso.effects import Sound, process
from sayso.errors import DataError, ModelError, RangeError, RequestError
from sayso.outputs import fitting, refuse_inputs
from sayso.timeline import CROSSFADE_S, Edited, Timeline
from sayso.timeline.chapters import carried
from sayso.timeline.editlist import EditList, Insert, check_inside
from sayso.watch import SILENT, Watch


def align_files(
    raw: str | Path,
    edited: str | Path,
    *,
    tracks: Sequence[str | Path] = (),
    notice: Notice | None = None,
    watch: Watch = SILENT,
) -> tuple[EditList, Alignment]:
    """The edit that makes `edited` of `raw`, and how sure that is.

    Args:
        raw: the whole recording.
        edited: made of it.
        tracks: recordings that run beside `raw`, such as its stems.
        notice: told of damaged files.
        watch: progress and cancelling, polled between steps.

    Raises: as `sayso.align.align.align`.
    """
    recording = read(raw, notice=notice)
    made = read(edited, notice=notice)
    found = align(recording, made, watch=watch)
    speeds = sorted(
        match.speed for match in found.matches for _ in range(match.clip.frames // 1000)
    )
    new = []
    for start, stop in found.new:
        before = sum(match.start < start for match in found.matches)
        frames = round((stop - start) * recording.sample_rate / made.sample_rate)
        new.append(Insert(before=before, frames=max(1, frames)))
    edit = EditList(
        sources=(str(raw), *map(str, tracks)),
        source_frames=recording.frames,
        timeline=found.timeline,
        new=tuple(new),
        speed=speeds[len(speeds) // 2] if speeds else 1.0,
    )
    return edit, found


def apply_file(
    raw: str | Path,
    *,
    editor: Editor | None = None,
    by: str | None = None,
    choice: Choice | None = None,
    tracks: Sequence[str | Path] = (),
    scores: str | Path | None = None,
    notice: Notice | None = None,
    watch: Watch = SILENT,
) -> EditList:
    """An edit of a recording, by an editor's pointer or by a scorer and a threshold.

    Args:
        raw: the recording.
        editor: that has learnt; the scorers `level` and `novelty` need none.
        by: "pointer", or one of `sayso.autoedit.editor.SCORERS`; None is what did best when it
            learnt.
        choice: how much to keep and how to join it.
        tracks: recordings that run beside `raw` and are cut with it.
        scores: a file that keeps the scores: where it is there, nothing is scored again.
        notice: told of damaged files.
        watch: progress and cancelling, polled between steps.

    Raises: RangeError, ModelError without an editor where one is needed, FormatError for a damaged
        file of scores, DataError for scores of another recording, Cancelled.
    """
    choice = choice or Choice()
    audio = read(raw, notice=notice)
    features = None
    if by is None:
        by = POINTER if editor is None else editor.by
    if by == POINTER:
        editor = _require_pointer(editor, choice)
        features = extract_features(audio, watch=watch.part(0.0, 0.5))
        timeline = _pointed(audio, features, editor, choice, watch.part(0.5, 1.0))
    else:
        found = _scores(audio, by, editor, scores, watch)
        threshold = choice.threshold_of(found, editor, audio.duration_s)
        timeline = choose(
            found,
            audio,
            threshold,
            shortest_s=choice.shortest_s,
            crossfade_s=choice.crossfade_s,
        )
    if choice.room_tone_s is not None:
        timeline = with_room_tone(
            timeline,
            audio,
            features or extract_features(audio, watch=watch.quiet),
            choice.room_tone_s,
        )
    sources = (str(raw), *map(str, tracks))
    return EditList(sources=sources, source_frames=audio.frames, timeline=timeline)


@dataclass(frozen=True)
class Choice:
    """How much of a recording is kept, and how it is joined.

    Attributes:
        threshold: scores from 0 to 1 that are enough; or
        keep: the share to keep; or
        wish_s: the length to come near to. Without any, the share that the editor learnt.
        shortest_s: of what is heard between two cuts.
        crossfade_s: length of each join.
        room_tone_s: seconds of the room's sound in every join, or None.
    """

    threshold: float | None = None
    keep: float | None = None
    wish_s: float | None = None
    shortest_s: float = SHORTEST_S
    crossfade_s: float = CROSSFADE_S
    room_tone_s: float | None = None

    def threshold_of(self, scores: Scores, editor: Editor | None, duration_s: float) -> float:
        """The threshold that is meant, for a recording of `duration_s`. Raises: RangeError."""
        if self.threshold is not None:
            if not 0 <= self.threshold <= 1:
                raise RangeError(f"a threshold of {self.threshold:g}: expected 0 to 1")
            return self.threshold
        if self.keep is not None:
            return scores.threshold_for(self.keep)
        if self.wish_s is not None:
            return scores.threshold_for(min(1.0, self.wish_s / duration_s))
        return scores.threshold_for(editor.keep_ratio if editor is not None else 0.5)

    def length_s(self, duration_s: float) -> float | None:
        """The length that is meant, for a recording of `duration_s`; None where none is.

        Raises: RangeError.
        """
        if self.keep is None:
            return self.wish_s
        if not 0 < self.keep <= 1:
            raise RangeError(f"the share to keep is {self.keep:g}; expected more than 0, at most 1")
        return self.keep * duration_s


def _require_pointer(editor: Editor | None, choice: Choice) -> Editor:
    if editor is None:
        raise ModelError("the pointer needs an editor; `sayso edit learn` makes one")
    if choice.threshold is not None:
        raise RequestError("the pointer knows no threshold; name a scorer, or a length or a share")
    return editor


def _pointed(
    audio: Audio,
    features: Features,
    editor: Editor,
    choice: Choice,
    watch: Watch,
) -> Timeline:
    return point_out(
        audio,
        features,
        editor,
        wish_s=choice.length_s(audio.duration_s),
        shortest_s=choice.shortest_s,
        crossfade_s=choice.crossfade_s,
        watch=watch,
    )


def _scores(
    audio: Audio,
    by: str,
    editor: Editor | None,
    file: str | Path | None,
    watch: Watch,
) -> Scores:
    if file is not None and Path(file).is_file():
        found = Scores.loads(Path(file).read_bytes())
        if (found.scorer, int(found.edges[-1])) != (by, audio.frames):
            raise DataError(
                f"{file} holds scores by {found.scorer} of {found.edges[-1]} frames; expected "
                f"{by} and {audio.frames} frames. Name another file to score anew"
            )
        return found
    found = score(extract_features(audio, watch=watch), by, editor)
    if file is not None:
        put(file, found.dumps())
    return found


def track_paths(edit: EditList, out: str | Path) -> list[Path]:
    """The file of each track of `edit` by the file `out`, as `render_edit` names them."""
    out = Path(out)
    if len(edit.sources) == 1:
        return [out]
    stems = [Path(source).stem for source in edit.sources]
    alike = len(set(map(str.casefold, stems))) < len(stems)
    names = [f"{at}-{stem}" if alike else stem for at, stem in enumerate(stems, 1)]
    files = (fitting(f"{out.stem}-{name}{out.suffix}", keep=out.suffix) for name in names)
    return [out.with_name(file) for file in files]


def render_edit(
    edit: EditList,
    out: str | Path,
    *,
    encoding: str | None = None,
    notice: Notice | None = None,
    watch: Watch = SILENT,
) -> list[Path]:
    """Plays `edit` into files and returns their paths.

    Args:
        edit: one recording goes to the file `out`, several to files of their own names beside it,
            numbered where two are called alike.
        out: a file; its suffix is the format.
        encoding: as `sayso.audio.write`.
        notice: told of damaged files.
        watch: progress and cancelling, polled between blocks.

    Raises: DataError where a recording does not fit the edit, OutputError, Cancelled.
    """
    paths = []
    for number, (source, path) in enumerate(zip(edit.sources, track_paths(edit, out), strict=True)):
        refuse_inputs(path, edit.sources)
        audio = read(source, notice=notice)
        _check_fits(edit, audio, source)
        sound: Sound = Edited(audio, edit.timeline)
        if edit.speed != 1.0:
            sound = process(sound, Strip(effects=(Stretch(rate=edit.speed),)))
        share = watch.part(number / len(edit.sources), (number + 1) / len(edit.sources))
        tags, said = carried(read_tags(source), path, edit.timeline, speed=edit.speed)
        if said and notice is not None:
            notice(said)
        paths.append(_play(sound, path, encoding, tags, share))
    return paths


def _check_fits(edit: EditList, audio: Audio, source: str) -> None:
    if audio.sample_rate != edit.timeline.sample_rate:
        raise DataError(
            f"{source} has {audio.sample_rate} Hz, but the edit counts at "
            f"{edit.timeline.sample_rate} Hz. Resample it, or align or apply anew"
        )
    check_inside(edit, audio.frames, Path(source).name)


def _play(
    sound: Sound,
    path: Path,
    encoding: str | None,
    tags: Tags,
    watch: Watch,
) -> Path:
    done = 0
    with Writer(
        path,
        sound.sample_rate,
        sound.channels,
        encoding=encoding,
        frames=sound.frames,
        tags=tags,
    ) as out:
        for block in sound.blocks():
            watch.check("stopped while writing the edit")
            out.append(block)
            done += block.shape[1]
            watch.report(done / sound.frames)
    return path
