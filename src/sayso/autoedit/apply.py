"""Editing a recording: by an editor's pointer, or by scores and a threshold; and room tone."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from sayso.audio import Audio
from sayso.autoedit.bars import find_bars
from sayso.autoedit.choose import (
    SHORTEST_S,
    Scores,
    choose,
    choose_at_most,
    kept_bars,
    snap,
    timeline_of,
    trimmed,
)
from sayso.autoedit.decoding import Chance, Limits, point
from sayso.autoedit.describing import describe, measure, with_odds
from sayso.autoedit.editor import POINTER, Editor
from sayso.autoedit.features import Features, extract_features
from sayso.autoedit.operations import clips_of, surroundings
from sayso.autoedit.scoring import score, usual_threshold
from sayso.errors import RangeError, RequestError
from sayso.timeline import CROSSFADE_S, Clip, Timeline
from sayso.watch import SILENT, Watch


def _pointed(
    features: Features,
    editor: Editor,
    limits: Limits,
    chance: Chance | None = None,
    watch: Watch = SILENT,
) -> tuple[Clip, ...]:
    """What the pointer keeps, before cuts move to where they are not heard."""
    duration_s = features.frames / features.sample_rate
    wish_s = editor.wish_s(duration_s) if limits.wish_s is None else limits.wish_s
    # Who wishes for more than there is, once through, has it repeated.
    repeats = max(editor.repeats, int(np.ceil(wish_s / duration_s)))
    bars = find_bars(features)
    found = point(
        editor.pointer,
        with_odds(describe(measure(features, bars)), editor.judges),
        bars,
        surroundings(bars, features),
        editor.style,
        replace(limits, repeats=repeats, wish_s=wish_s),
        chance=chance,
        watch=watch,
    )
    return clips_of(found, bars, features)


def rough_pointed(editor: Editor, features: Features) -> Timeline:
    """What the pointer makes of a recording; unheard, cuts do not move to quiet places."""
    clips = _pointed(features, editor, Limits(shortest_s=SHORTEST_S))
    return Timeline(sample_rate=features.sample_rate, clips=clips)


def rough_choice(editor: Editor, scores: Scores) -> Timeline:
    """What `scores` make of a recording, to the bar, where as much is kept as the person keeps."""
    spans = [
        (int(scores.edges[first]), int(scores.edges[last]))
        for first, last in kept_bars(scores, usual_threshold(editor, scores), SHORTEST_S)
    ]
    if editor.usual_s is not None:
        spans = trimmed(spans, _usual_frames(editor, int(scores.edges[-1]), scores.sample_rate))
    clips = tuple(Clip(start=start, stop=stop) for start, stop in spans)
    return Timeline(sample_rate=scores.sample_rate, clips=clips)


def choose_usual(
    editor: Editor,
    scores: Scores,
    audio: Audio,
    *,
    shortest_s: float = SHORTEST_S,
    crossfade_s: float = CROSSFADE_S,
) -> Timeline:
    """What `scores` make of a recording where as much is kept as the person keeps; see `choose`.

    Raises: RangeError.
    """
    threshold = usual_threshold(editor, scores)
    if editor.usual_s is None:
        return choose(scores, audio, threshold, shortest_s=shortest_s, crossfade_s=crossfade_s)
    wish = _usual_frames(editor, audio.frames, audio.sample_rate)
    return choose_at_most(
        scores, audio, threshold, wish, shortest_s=shortest_s, crossfade_s=crossfade_s
    )


def _usual_frames(editor: Editor, frames: int, rate: int) -> int:
    return round(editor.wish_s(frames / rate) * rate)


def point_out(
    audio: Audio,
    features: Features,
    editor: Editor,
    *,
    wish_s: float | None = None,
    shortest_s: float = SHORTEST_S,
    crossfade_s: float = CROSSFADE_S,
    chance: Chance | None = None,
    watch: Watch = SILENT,
) -> Timeline:
    """The timeline that the editor's pointer makes of a recording.

    Args:
        audio: the recording.
        features: the same, as it is heard.
        editor: that has learnt.
        wish_s: wished length; it is missed by at most a bar or 5%, unless all that may be heard is
            shorter. None is what the person does.
        shortest_s: of what is heard between two cuts.
        crossfade_s: length of each join.
        chance: how one of several edits is drawn; None takes what is likeliest.
        watch: progress through the recording and cancelling, polled at every step.

    Raises: RangeError, RequestError where nothing is kept, Cancelled.
    """
    if wish_s is not None and not 1 <= wish_s <= 360_000:
        raise RangeError(f"a length of {wish_s:g} s: expected 1 to 360000")
    limits = Limits(shortest_s=shortest_s, wish_s=wish_s)
    clips = _pointed(features, editor, limits, chance, watch)
    spans = []
    for clip in clips:
        start = snap(audio, clip.start, in_pause=False)
        stop = snap(audio, clip.stop, in_pause=False)
        if stop > start:
            spans.append((start, stop))
    if wish_s is not None:
        spans = trimmed(spans, round(wish_s * audio.sample_rate))
    if not spans:
        raise RequestError("the editor keeps nothing of this recording; try a scorer instead")
    return timeline_of(spans, audio, crossfade_s=crossfade_s)


def edit_like(
    editor: Editor,
    audio: Audio,
    *,
    shortest_s: float = SHORTEST_S,
    crossfade_s: float = CROSSFADE_S,
    watch: Watch = SILENT,
) -> Timeline:
    """The timeline that `editor` makes of a recording by what did best when it learnt.

    Raises: as `point_out`.
    """
    features = extract_features(audio, watch=watch.quiet)
    if editor.by == POINTER:
        return point_out(
            audio,
            features,
            editor,
            shortest_s=shortest_s,
            crossfade_s=crossfade_s,
            watch=watch.quiet,
        )
    scores = score(features, editor.by, editor)
    return choose_usual(editor, scores, audio, shortest_s=shortest_s, crossfade_s=crossfade_s)


def with_room_tone(
    timeline: Timeline, audio: Audio, features: Features, seconds: float
) -> Timeline:
    """`timeline` with `seconds` of the room's own sound in every join.

    It is a stretch of the longest pause, looped where that is too short.
    Raises: RangeError, RequestError where the recording has no pause.
    """
    if not 0.05 <= seconds <= 60:
        raise RangeError(f"room tone of {seconds:g} s: expected 0.05 to 60")
    bars = find_bars(features)
    lengths = np.where(bars.rest, bars.seconds, 0)
    longest = int(lengths.argmax())
    if not lengths[longest]:
        raise RequestError(
            "the recording never pauses, so there is no room tone to fill joins with"
        )
    low, high = (features.frame(at) for at in bars.edges[longest : longest + 2])
    margin = (high - low) // 8
    low, high = low + margin, high - margin
    wanted = round(seconds * audio.sample_rate)
    tone: list[Clip] = []
    while wanted > 0:
        length = min(wanted, high - low)
        tone.append(Clip(start=low, stop=low + length))
        wanted -= length
    clips: list[Clip] = []
    for before, after in pairwise(timeline.clips):
        clips.append(before)
        if before.stop != after.start:
            clips += tone
    return timeline.model_copy(update={"clips": (*clips, timeline.clips[-1])})
