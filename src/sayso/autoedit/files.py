"""Editing a file: by an editor that has learnt, or by a scorer and how much to keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sayso.atomic import put
from sayso.audio import Audio, Notice, read
from sayso.autoedit.apply import choose_usual, point_out, with_room_tone
from sayso.autoedit.choose import SHORTEST_S, Scores, choose, choose_length
from sayso.autoedit.decoding import HOTTEST, Chance
from sayso.autoedit.editor import DISCRIMINATOR, POINTER, Editor
from sayso.autoedit.features import Features, extract_features
from sayso.autoedit.scoring import score
from sayso.autoedit.tracks import together
from sayso.errors import DataError, ModelError, RangeError, RequestError
from sayso.timeline import CROSSFADE_S, Timeline
from sayso.timeline.editlist import EditList
from sayso.watch import SILENT, Watch

_WARM = 0.5


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

    With `choice.seed` it is one of several that the editor might make.

    Args:
        raw: the recording.
        editor: that has learnt; the scorers `level` and `novelty` need none.
        by: "pointer", or one of `sayso.autoedit.editor.SCORERS`; None is what did best when it
            learnt.
        choice: how much to keep and how to join it.
        tracks: recordings that run beside `raw` and are cut with it; all of them are heard.
        scores: a file that keeps the scores: where it is there, nothing is scored again.
        notice: told of damaged files.
        watch: progress and cancelling, polled between steps.

    Raises: RangeError, ModelError without an editor where one is needed, FormatError for a damaged
        file of scores, DataError for scores of another recording, Cancelled.
    """
    choice = choice or Choice()
    choice.chance()  # refuses what is out of range before anything is heard
    beside = {str(track): read(track, notice=notice) for track in tracks}
    audio = together(read(raw, notice=notice), beside, watch=watch.quiet)
    features = None
    if by is None:
        by = POINTER if editor is None else editor.by
    if by == POINTER:
        editor = _require_pointer(editor, choice)
        features = extract_features(audio, watch=watch.part(0.0, 0.5))
        timeline = _pointed(audio, features, editor, choice, watch.part(0.5, 1.0))
    else:
        timeline = _chosen(audio, _scores(audio, by, editor, scores, watch), editor, choice)
    if choice.room_tone_s is not None:
        timeline = with_room_tone(
            timeline,
            audio,
            features or extract_features(audio, watch=watch.quiet),
            choice.room_tone_s,
        )
    sources = (str(raw), *map(str, tracks))
    return EditList(sources=sources, source_frames=audio.frames, timeline=timeline)


def scores_of(
    raw: str | Path,
    *,
    editor: Editor | None = None,
    by: str | None = None,
    scores: str | Path | None = None,
    notice: Notice | None = None,
    watch: Watch = SILENT,
) -> Scores:
    """A scorer's opinion of a recording; without a name, the discriminator's, or the level.

    Args: as of `apply_file`. Raises: as that.
    """
    if by is None:
        by = "level" if editor is None else DISCRIMINATOR
    return _scores(read(raw, notice=notice), by, editor, scores, watch)


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
        temperature: how far from what is likeliest an edit may go, 0 to 5; None is 0.5 where a seed
            is named, else 0, which always gives what is likeliest.
        seed: which of the edits it is then.
    """

    threshold: float | None = None
    keep: float | None = None
    wish_s: float | None = None
    shortest_s: float = SHORTEST_S
    crossfade_s: float = CROSSFADE_S
    room_tone_s: float | None = None
    temperature: float | None = None
    seed: int | None = None

    def chance(self) -> Chance | None:
        """How the edit is drawn; None for what is likeliest. Raises: RangeError."""
        temperature = self.temperature
        if temperature is None:
            temperature = 0.0 if self.seed is None else _WARM
        seed = self.seed or 0
        if not 0 <= temperature <= HOTTEST or not 0 <= seed < 2**63:
            raise RangeError(
                f"a temperature of {temperature:g} and a seed of {seed}: expected 0 to "
                f"{HOTTEST:g}, and a whole number from 0"
            )
        return Chance(temperature, seed) if temperature else None

    def threshold_of(self, scores: Scores) -> float:
        """The threshold that is meant where no length is; half of it where none is named.

        Raises: RangeError.
        """
        if self.threshold is not None:
            if not 0 <= self.threshold <= 1:
                raise RangeError(f"a threshold of {self.threshold:g}: expected 0 to 1")
            return self.threshold
        return scores.threshold_for(0.5)

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


def _chosen(audio: Audio, scores: Scores, editor: Editor | None, choice: Choice) -> Timeline:
    chance = choice.chance()
    if chance is not None:
        scores = scores.varied(chance.temperature, chance.seed)
    wish_s = None if choice.threshold is not None else choice.length_s(audio.duration_s)
    joins = {"shortest_s": choice.shortest_s, "crossfade_s": choice.crossfade_s}
    if wish_s is not None:
        return choose_length(scores, audio, wish_s, **joins)
    if choice.threshold is None and editor is not None:
        return choose_usual(editor, scores, audio, **joins)
    return choose(scores, audio, choice.threshold_of(scores), **joins)


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
        chance=choice.chance(),
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
