"""A whole timeline as a step, in seconds, and the step as a timeline of a recording, in frames."""

from __future__ import annotations

from collections.abc import Sequence

from sayso.desk.edits import LATEST_S, Arrange
from sayso.errors import RangeError
from sayso.timeline import Clip, Timeline


def arranged(step: Arrange, frames: int, sample_rate: int) -> Timeline:
    """The recording's own spans, as a hand put them. Raises: RangeError."""

    def of(seconds: float) -> int:
        return round(seconds * sample_rate)

    clips = []
    for span in step.spans:
        start = of(span.start_s)
        stop = frames if span.end_s is None else min(of(span.end_s), frames)
        if span.is_silence:
            start = stop = min(start, frames)
        elif start >= frames:
            raise RangeError(
                f"arrange: start_s {span.start_s:g} lies after the end; "
                f"there are {frames / sample_rate:.2f} s"
            )
        join = None if span.crossfade_s is None else of(span.crossfade_s)
        clips.append(
            Clip(
                start=start,
                stop=stop if span.is_silence else max(start + 1, stop),
                gain_db=span.gain_db,
                speed=span.speed,
                gap=of(span.gap_s),
                crossfade_frames=join,
            )
        )
    timeline = Timeline(
        sample_rate=sample_rate,
        clips=joined(clips),
        crossfade_frames=of(step.crossfade_s),
        fade_in_frames=of(step.fade_in_s),
        fade_out_frames=of(step.fade_out_s),
    )
    if timeline.duration_s > LATEST_S:
        raise RangeError(
            f"arrange: the result would be {timeline.duration_s / 3600:.0f} hours long; "
            f"expected at most {LATEST_S / 3600:g}"
        )
    return timeline


def arrangement_of(timeline: Timeline) -> Arrange:
    """The step that makes `timeline` of the recording, nothing of it left out."""
    rate = timeline.sample_rate
    spans = [
        {
            "start_s": clip.start / rate,
            "end_s": clip.stop / rate,
            "gain_db": clip.gain_db,
            "speed": clip.speed,
            "gap_s": clip.gap / rate,
            "crossfade_s": None if clip.crossfade_frames is None else clip.crossfade_frames / rate,
        }
        for clip in timeline.clips
    ]
    return Arrange.model_validate(
        {
            "spans": spans,
            "crossfade_s": timeline.crossfade_frames / rate,
            "fade_in_s": timeline.fade_in_frames / rate,
            "fade_out_s": timeline.fade_out_frames / rate,
        }
    )


def joined(clips: Sequence[Clip]) -> tuple[Clip, ...]:
    """Neighbours that follow each other in the source become one, so that no join is heard."""
    out = [clips[0]]
    for clip in clips[1:]:
        last = out[-1]
        on = clip.start == last.stop and not clip.gap and clip.crossfade_frames is None
        if on and (clip.gain_db, clip.speed) == (last.gain_db, last.speed):
            out[-1] = last.model_copy(update={"stop": clip.stop})
        else:
            out.append(clip)
    return tuple(out)
