"""From a project to an edit: pieces become clips to the frame, overlaps joins, holes gaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from sayso.errors import FormatError
from sayso.timeline.editlist import EditList, Insert
from sayso.timeline.exchange import timecode
from sayso.timeline.exchange.media import Find, Media
from sayso.timeline.exchange.project import LONGEST, Piece, Project, number
from sayso.timeline.exchange.rows import cut_together
from sayso.timeline.timeline import (
    CROSSFADE_S,
    HIGHEST_SPEED,
    LOWEST_SPEED,
    Clip,
    Timeline,
)

_GAIN_DB = (-60.0, 24.0)
_NEAR_S = Fraction(1, 2000)
"""Holes and overlaps below it come from the rounding of programs that count in seconds."""
_SLOW_HZ = 24
"""An end beyond the recording's by no more than a picture is its end."""
_FADE_S = Fraction(1, 20)
"""Shorter fades only keep cuts from popping, as our own joins do."""
_MOST_TURNS = 10_000


@dataclass(frozen=True)
class _Stretch:
    """A piece in seconds; `speed` seconds of the recording pass in one."""

    at: Fraction
    end: Fraction
    start: Fraction
    speed: Fraction
    piece: Piece
    fade_in: Fraction
    fade_out: Fraction

    def within(self, at: Fraction, end: Fraction) -> _Stretch:
        """The part of it that is heard between two times."""
        return replace(self, at=at, end=end, start=self.start + (at - self.at) * self.speed)

    @property
    def stop(self) -> Fraction:
        """Where it ends in the recording."""
        return self.start + (self.end - self.at) * self.speed


def place(project: Project, find: Find, *, start: str | None = None) -> tuple[EditList, list[str]]:
    """The edit that a project says, and what a person should know of it.

    Args:
        project: as it was parsed.
        find: gives its recordings.
        start: the time code at which the recording starts, or seconds; None is what it says.

    Raises: FormatError for what an edit cannot hold, RangeError for another `start`; as `find`.
    """
    notes = list(project.notes)
    pieces, tracks = cut_together(project, find, notes)
    media = tracks[0]
    unit_hz = project.rate or media.picture_hz or timecode.PICTURE_HZ
    offset = _offset(pieces, unit_hz, media, start)
    stretches: list[_Stretch] = []
    for number_, piece in enumerate(pieces, 1):
        stretches += _played(number_, piece, unit_hz, media, offset)
    clips, new = _clips(project, stretches, media, notes)
    _note_fades(stretches, notes)
    faster = sum(clip.speed != 1.0 for clip in clips)
    if faster:
        notes.append(f"{faster} clip{'s' * (faster > 1)} at another speed: at the same pitch")
    edit = EditList(
        sources=tuple(track.path for track in tracks),
        source_frames=media.frames,
        timeline=_timeline(project, stretches, clips, media.sample_rate),
        new=tuple(new),
        speed=project.tempo,
    )
    return edit, notes


def _timeline(
    project: Project, stretches: Sequence[_Stretch], clips: Sequence[Clip], rate: int
) -> Timeline:
    """The clips with their joins and the fades at both ends."""
    usual, own = _joins(project, stretches)
    joined = [
        clip if join is None else clip.model_copy(update={"crossfade_frames": round(join * rate)})
        for clip, join in zip(clips, own, strict=True)
    ]
    fade_in = stretches[0].fade_in if project.fade_in_s is None else project.fade_in_s
    fade_out = stretches[-1].fade_out if project.fade_out_s is None else project.fade_out_s
    return Timeline(
        sample_rate=rate,
        clips=tuple(joined),
        crossfade_frames=round(usual * rate),
        fade_in_frames=round(fade_in * rate),
        fade_out_frames=round(fade_out * rate),
    )


def _offset(
    pieces: Sequence[Piece], unit_hz: Fraction, media: Media, start: str | None
) -> Fraction:
    """What the time codes of the pieces call the beginning of the recording, in seconds."""
    coded = [piece for piece in pieces if piece.timecoded]
    if not coded:
        return Fraction(0)
    if start is not None:
        if ":" not in start:
            return number(start, "the start of the recording")
        drop = timecode.drops(unit_hz) and ";" in start
        return timecode.parse(start, unit_hz, drop=drop) / unit_hz
    first = min(piece.start for piece in coded) / unit_hz
    last = max(piece.start + piece.length * piece.speed for piece in coded) / unit_hz
    slack = Fraction(1, _SLOW_HZ)
    length = Fraction(media.frames, media.sample_rate) + slack
    said = media.start_s or Fraction(0)
    if said - slack <= first and last <= said + length:
        return said
    if last > length and media.start_s is None:
        raise FormatError(
            f"its time codes reach from {float(first):.3f} to {float(last):.3f} s, but "
            f"{media.path} has {media.frames / media.sample_rate:.3f} s and does not say at which "
            "time code it starts. Say it, such as --start 01:00:00:00"
        )
    return Fraction(0)


def _played(
    at: int, piece: Piece, unit_hz: Fraction, media: Media, offset: Fraction
) -> list[_Stretch]:
    """What is heard of a piece: one stretch, or one each time that it begins again."""
    if not LOWEST_SPEED <= piece.speed <= HIGHEST_SPEED:
        how = "backwards" if piece.speed < 0 else f"at {float(piece.speed):g} times its speed"
        raise FormatError(
            f"clip {at} plays {how if piece.speed else 'one frozen moment'}; expected "
            f"{LOWEST_SPEED:g} to {HIGHEST_SPEED:g} times its speed. Render that clip into the "
            "recording first, or take the change off it"
        )
    stretch = _Stretch(
        at=piece.at / unit_hz,
        end=piece.end / unit_hz,
        start=piece.start / unit_hz - (offset if piece.timecoded else 0),
        speed=piece.speed,
        piece=piece,
        fade_in=piece.fade_in / unit_hz,
        fade_out=piece.fade_out / unit_hz,
    )
    low, length = piece.window or (Fraction(0), Fraction(LONGEST))
    low, length = low / unit_hz, length / unit_hz
    high = min(low + length, Fraction(media.frames, media.sample_rate))
    beyond = stretch.stop - high > Fraction(1, _SLOW_HZ)
    if beyond and piece.loops and high > low:
        return _turns(at, stretch, low, high)
    if beyond and piece.window:
        raise FormatError(f"clip {at} runs on beyond the section that it plays")
    return [stretch]


def _turns(at: int, stretch: _Stretch, low: Fraction, high: Fraction) -> list[_Stretch]:
    """A stretch that begins again at `low` whenever it comes to `high`."""
    if (stretch.stop - stretch.start) / (high - low) > _MOST_TURNS:
        raise FormatError(f"clip {at} plays its recording more than {_MOST_TURNS} times over")
    turns, now, start = [], stretch.at, low + (stretch.start - low) % (high - low)
    while now < stretch.end:
        until = min(stretch.end, now + (high - start) / stretch.speed)
        turns.append(replace(stretch, at=now, end=until, start=start))
        now, start = until, low
    return turns


def _clips(
    project: Project, stretches: Sequence[_Stretch], media: Media, notes: list[str]
) -> tuple[list[Clip], list[Insert]]:
    """Clips that meet in the middle of overlaps, behind their gaps; and room for what is new."""
    fresh = {at for at, _ in project.new}
    clips: list[Clip] = []
    new: list[Insert] = []
    heard = Fraction(0)
    for at, stretch in enumerate(stretches):
        begin, end = max(stretch.at, heard), stretch.end
        after = stretches[at + 1] if at + 1 < len(stretches) else None
        overlap = Fraction(0) if after is None else stretch.end - after.at
        if after is not None and overlap > min(stretch.end - begin, after.end - after.at):
            raise FormatError(f"clip {at + 2} lies within clip {at + 1}; expected turns")
        end -= max(Fraction(0), overlap) / 2
        gap = round((begin - heard) * media.sample_rate) if begin - heard > _NEAR_S else 0
        if gap and heard in fresh:
            new.append(Insert(before=at, frames=gap))
            gap = 0
        clips.append(_clip(at + 1, stretch.within(begin, end), gap, media, notes))
        heard = end
    tail = [length for at_, length in project.new if at_ >= heard]
    if tail:
        new.append(Insert(before=len(clips), frames=max(1, round(tail[0] * media.sample_rate))))
    return clips, new


def _clip(at: int, stretch: _Stretch, gap: int, media: Media, notes: list[str]) -> Clip:
    rate = media.sample_rate
    start, stop = round(stretch.start * rate), round(stretch.stop * rate)
    if 0 < stop - media.frames <= rate // _SLOW_HZ + 1:
        stop = media.frames
    if not 0 <= start < stop <= media.frames:
        raise FormatError(
            f"clip {at} runs from {float(stretch.start):.3f} to {float(stretch.stop):.3f} s; "
            f"expected a stretch within the {media.frames / rate:.3f} s of {media.path}"
        )
    asked = stretch.piece.gain_db
    gain_db = min(max(asked, _GAIN_DB[0]), _GAIN_DB[1])
    if gain_db != asked:
        notes.append(f"the gain of clip {at}, {asked:.1f} dB, is held at {gain_db:g} dB")
    return Clip(start=start, stop=stop, gain_db=gain_db, speed=float(stretch.speed), gap=gap)


def _joins(
    project: Project, stretches: Sequence[_Stretch]
) -> tuple[Fraction, list[Fraction | None]]:
    """The usual length of the joins, and of each clip's with the one before where it differs."""
    told = Fraction(0) if project.joins else Fraction(CROSSFADE_S)
    lengths: list[Fraction | None] = [None]
    for before, after in pairwise(stretches):
        overlap = before.end - after.at
        lengths.append(None if overlap < -_NEAR_S else max(overlap, Fraction(0)) or told)
    if project.crossfade_s is not None:
        return project.crossfade_s, [stretch.piece.join for stretch in stretches]
    joined = sorted(length for length in lengths if length is not None)
    usual = joined[len(joined) // 2] if joined else told
    own = [
        length if length is not None and abs(length - usual) > _NEAR_S else None
        for length in lengths
    ]
    return usual, own


def _note_fades(stretches: Sequence[_Stretch], notes: list[str]) -> None:
    """Fades between the first and the last clip, which are no joins, are told."""
    lost = 0
    for before, after in pairwise(stretches):
        overlap = max(before.end - after.at, Fraction(0))
        lost += (before.fade_out - overlap > _FADE_S) + (after.fade_in - overlap > _FADE_S)
    if lost:
        notes.append(f"{lost} fade{'s' * (lost > 1)} between the first and the last clip: left out")
