"""From a project to an edit: pieces become clips to the frame, overlaps joins, holes gaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from sayso.errors import FormatError
from sayso.timeline.editlist import EditList, Insert
from sayso.timeline.exchange import timecode
from sayso.timeline.exchange.media import Find, Media
from sayso.timeline.exchange.project import LONGEST, Piece, Project, number
from sayso.timeline.exchange.rows import cut_together
from sayso.timeline.timeline import CROSSFADE_S, Clip, Timeline

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
    """A piece in seconds."""

    at: Fraction
    end: Fraction
    start: Fraction
    gain_db: float
    fade_in: Fraction
    fade_out: Fraction

    def within(self, at: Fraction, end: Fraction) -> _Stretch:
        """The part of it that is heard between two times."""
        return replace(self, at=at, end=end, start=self.start + at - self.at)


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
    for place_number, piece in enumerate(pieces, 1):
        stretches += _played(place_number, piece, unit_hz, media, offset)
    clips, new, overlaps = _joined(stretches, media, notes)
    timeline = Timeline(
        sample_rate=media.sample_rate,
        clips=tuple(clips),
        crossfade_frames=_crossfade(project, overlaps, media, notes),
        fade_out_frames=_fade_out(project, stretches, overlaps, media, notes),
    )
    edit = EditList(
        sources=tuple(track.path for track in tracks),
        source_frames=media.frames,
        timeline=timeline,
        new=tuple(new),
        speed=project.tempo,
    )
    return edit, notes


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
    last = max(piece.start + piece.length for piece in coded) / unit_hz
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
    if piece.speed != 1:
        how = "backwards" if piece.speed < 0 else f"at {float(piece.speed):g} times its speed"
        raise FormatError(
            f"clip {at} plays {how if piece.speed else 'one frozen moment'}; expected its own "
            "speed. Render that clip into the recording first, or take the change off it"
        )
    stretch = _Stretch(
        at=piece.at / unit_hz,
        end=piece.end / unit_hz,
        start=piece.start / unit_hz - (offset if piece.timecoded else 0),
        gain_db=piece.gain_db,
        fade_in=piece.fade_in / unit_hz,
        fade_out=piece.fade_out / unit_hz,
    )
    low, length = piece.window or (Fraction(0), Fraction(LONGEST))
    low, length = low / unit_hz, length / unit_hz
    high = min(low + length, Fraction(media.frames, media.sample_rate))
    beyond = stretch.start + stretch.end - stretch.at - high > Fraction(1, _SLOW_HZ)
    if beyond and piece.loops and high > low:
        return _turns(at, stretch, low, high)
    if beyond and piece.window:
        raise FormatError(f"clip {at} runs on beyond the section that it plays")
    return [stretch]


def _turns(at: int, stretch: _Stretch, low: Fraction, high: Fraction) -> list[_Stretch]:
    """A stretch that begins again at `low` whenever it comes to `high`."""
    if (stretch.end - stretch.at) / (high - low) > _MOST_TURNS:
        raise FormatError(f"clip {at} plays its recording more than {_MOST_TURNS} times over")
    turns, now, start = [], stretch.at, low + (stretch.start - low) % (high - low)
    while now < stretch.end:
        until = min(stretch.end, now + high - start)
        turns.append(replace(stretch, at=now, end=until, start=start))
        now, start = until, low
    return turns


def _joined(
    stretches: Sequence[_Stretch], media: Media, notes: list[str]
) -> tuple[list[Clip], list[Insert], list[Fraction | None]]:
    """Clips that meet in the middle of overlaps; gaps; and how far each overlaps the next.

    The last are None where a gap follows.
    """
    clips: list[Clip] = []
    new: list[Insert] = []
    overlaps: list[Fraction | None] = []
    begin = stretches[0].at
    if begin > _NEAR_S:
        new.append(Insert(before=0, frames=max(1, round(begin * media.sample_rate))))
    for at, stretch in enumerate(stretches):
        after = stretches[at + 1] if at + 1 < len(stretches) else None
        end = stretch.end
        if after is not None:
            overlap = stretch.end - after.at
            if overlap > min(stretch.end - begin, after.end - after.at):
                raise FormatError(f"clip {at + 2} lies within clip {at + 1}; expected turns")
            end -= max(Fraction(0), overlap) / 2
        clips.append(_clip(at + 1, stretch.within(begin, end), media, notes))
        if after is not None:
            begin = max(end, after.at) if overlap >= -_NEAR_S else after.at
            overlaps.append(max(Fraction(0), overlap) if overlap >= -_NEAR_S else None)
            if overlap < -_NEAR_S:
                frames = max(1, round(-overlap * media.sample_rate))
                new.append(Insert(before=at + 1, frames=frames))
    return clips, new, overlaps


def _clip(at: int, stretch: _Stretch, media: Media, notes: list[str]) -> Clip:
    rate = media.sample_rate
    start_s, stop_s = stretch.start, stretch.start + stretch.end - stretch.at
    start, stop = round(start_s * rate), round(stop_s * rate)
    if 0 < stop - media.frames <= rate // _SLOW_HZ + 1:
        stop = media.frames
    if not 0 <= start < stop <= media.frames:
        raise FormatError(
            f"clip {at} runs from {float(start_s):.3f} to {float(stop_s):.3f} s; expected a "
            f"stretch within the {media.frames / rate:.3f} s of {media.path}"
        )
    gain_db = min(max(stretch.gain_db, _GAIN_DB[0]), _GAIN_DB[1])
    if gain_db != stretch.gain_db:
        notes.append(f"the gain of clip {at}, {stretch.gain_db:.1f} dB, is held at {gain_db:g} dB")
    return Clip(start=start, stop=stop, gain_db=gain_db)


def _crossfade(
    project: Project, overlaps: Sequence[Fraction | None], media: Media, notes: list[str]
) -> int:
    """The length of the joins, which are all alike in an edit."""
    if project.crossfade_s is not None:
        return round(project.crossfade_s * media.sample_rate)
    usual = Fraction(0) if project.joins else Fraction(CROSSFADE_S)
    lengths = sorted(length or usual for length in overlaps if length is not None)
    if not lengths:
        return 0 if project.joins else round(usual * media.sample_rate)
    median = lengths[len(lengths) // 2]
    if lengths[-1] - lengths[0] > 2 * _NEAR_S:
        notes.append(
            f"its crossfades take {float(lengths[0]):.3f} to {float(lengths[-1]):.3f} s; an edit "
            f"holds one length, {float(median):.3f} s"
        )
    return round(median * media.sample_rate)


def _fade_out(
    project: Project,
    stretches: Sequence[_Stretch],
    overlaps: Sequence[Fraction | None],
    media: Media,
    notes: list[str],
) -> int:
    """The fade at the very end; of others, which an edit cannot hold, the notes tell."""
    if project.fade_out_s is not None:
        return round(project.fade_out_s * media.sample_rate)
    lengths = [*(length or Fraction(0) for length in overlaps)]
    faded_in = sum(
        stretch.fade_in - overlap > _FADE_S
        for stretch, overlap in zip(stretches, [Fraction(0), *lengths], strict=True)
    )
    faded_out = sum(
        stretch.fade_out - overlap > _FADE_S
        for stretch, overlap in zip(stretches[:-1], lengths, strict=True)
    )
    if faded_in or faded_out:
        notes.append(f"{faded_in + faded_out} fades at the ends of clips are left out")
    last = stretches[-1]
    return round(min(last.fade_out, last.end - last.at) * media.sample_rate)
