"""Edit decision lists in the CMX 3600 format.

An EDL does not say how many frames a second its time codes count, unless they are drop-frame codes
or a comment says it (ours do). Source times are the recording's own time code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from sayso.errors import FormatError, RequestError
from sayso.timeline.exchange import timecode
from sayso.timeline.exchange.project import Piece, Project, Row, number

if TYPE_CHECKING:
    from sayso.timeline.editlist import EditList

_MOST_EVENTS = 999
_CODE = r"(\d{1,3}(?:[:;.,]\d{2}){2}[:;.,]\d{2,3})"
_EVENT = re.compile(
    rf"(\d+)\s+(\S+)\s+(\S+)\s+([A-Z][A-Z0-9]*)(?:\s+(\d+))?\s+{_CODE}\s+{_CODE}\s+{_CODE}\s+{_CODE}"
)
_COMMENT = re.compile(
    r"\*?\s*(FROM CLIP NAME|SOURCE FILE|FROM FILE|FRAME RATE|TO CLIP NAME)\s*:\s*(.+)", re.I
)
_MOTION = re.compile(r"M2\s+\S+\s+([+-]?\d+(?:\.\d+)?)")
_CHANNELS = {
    "AA": ("A", "A2"), "B": ("V", "A"), "AA/V": ("V", "A", "A2"), "A2/V": ("V", "A2"),
}  # fmt: skip


def dump(edit: EditList, suffix: str, rate: Fraction) -> str:
    """`edit` as events of sound. Raises: RequestError for too many events, or too short ones."""
    clips, hz = edit.timeline.clips, edit.timeline.sample_rate
    if len(clips) > _MOST_EVENTS:
        raise RequestError(
            f"an EDL holds {_MOST_EVENTS} events; this edit has {len(clips)}. Export .otio or .xml"
        )
    source = edit.sources[0]
    lines = [f"TITLE: {Path(source).stem}", "FCM: NON-DROP FRAME", f"* FRAME RATE: {rate}", ""]
    gaps = {insert.before: insert.frames for insert in edit.new}
    at = 0
    for number_, clip in enumerate(clips):
        at += gaps.get(number_, 0) + clip.gap
        if not clip.frames:
            continue
        # Rounding where clips begin and end, not their lengths, keeps later ones in place.
        begin, end = (round(frames * rate / hz) for frames in (at, at + clip.frames))
        start = round(clip.start * rate / hz)
        if end <= begin:
            raise RequestError(
                f"clip {number_ + 1} is shorter than a frame of this format (1/{float(rate):g} s); "
                "export .otio or .rpp"
            )
        times = (start, start + end - begin, begin, end)
        codes = " ".join(timecode.render(time, rate) for time in times)
        lines.append(f"{number_ + 1:03}  AX       A     C        {codes}")
        lines += [f"* FROM CLIP NAME: {Path(source).name}", f"* SOURCE FILE: {source}"]
        at += clip.frames
    return "\n".join(lines) + "\n"


@dataclass
class _Event:
    """An event as it is written; `away` is the event of no length that a transition comes from."""

    number: str
    reel: str
    channel: str
    kind: str
    frames: int
    codes: tuple[str, str, str, str]
    drop: bool
    comments: dict[str, str] = field(default_factory=dict)
    motion: Fraction | None = None
    away: _Event | None = None

    @property
    def media(self) -> str | None:
        """The recording, as the comments name it."""
        keys = ["SOURCE FILE", "FROM FILE", "FROM CLIP NAME"]
        if self.away is not None:
            keys.insert(0, "TO CLIP NAME")  # the other names are of what it comes from
        named = next((self.comments[key] for key in keys if key in self.comments), None)
        return named or (None if self.reel == "AX" else self.reel)

    @property
    def is_black(self) -> bool:
        """Whether it is black picture, or silence."""
        return self.reel.upper() in ("BL", "BLACK")

    def times(self, rate: Fraction) -> tuple[int, ...]:
        """Source in and out, record in and out, in frames."""
        return tuple(timecode.parse(code, rate, drop=self.drop) for code in self.codes)


def parse(text: str, suffix: str, rate: Fraction | None) -> Project:
    """The events of `text`. Raises: FormatError."""
    events, said = _read(text)
    rate = _rate(events, rate or said)
    rows: dict[str, list[Piece]] = {}
    first = min(event.times(rate)[2] for event in events)
    for event in events:
        piece = _piece(event, rate, first)
        for channel in _CHANNELS.get(event.channel, (event.channel,)):
            row = rows.setdefault(channel, [])
            if row and piece.at < row[-1].end:
                raise FormatError(f"event {event.number} begins before the one before it ends")
            joined = _faded(event, piece, row, rate)
            if not event.is_black and piece.length:
                row.append(joined)
    return Project(
        rows=tuple(
            Row(name=name, picture=not name.startswith("A"), pieces=tuple(pieces))
            for name, pieces in rows.items()
        ),
        rate=rate,
        notes=("its wipes and keys are taken for crossfades",)
        if any(event.kind not in ("C", "D") for event in events)
        else (),
    )


def _read(text: str) -> tuple[list[_Event], Fraction | None]:
    """The events, and the frames a second that a comment says."""
    events: list[_Event] = []
    drop, rate = False, None
    for at, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if line[:1].isdigit():
            found = _EVENT.match(line)
            if found is None:
                raise FormatError(f"line {at} is no event ({line[:60]!r}); the file is damaged")
            name, reel, channel, kind, frames, *times = found.groups()
            codes = (times[0], times[1], times[2], times[3])
            dropped = drop or any(";" in code for code in codes)
            events.append(_Event(name, reel, channel, kind, int(frames or 0), codes, dropped))
        elif line.upper().startswith("FCM"):
            drop = "DROP" in line.upper() and "NON" not in line.upper()
        elif comment := _COMMENT.match(line):
            key, value = comment.group(1).upper(), comment.group(2).strip()
            if key == "FRAME RATE":
                rate = timecode.frame_rate(value.split()[0])
            elif events:
                events[-1].comments[key] = value
        elif events and (motion := _MOTION.match(line)):
            events[-1].motion = number(motion.group(1), "a speed")
        elif events and "FREEZE FRAME" in line.upper():
            events[-1].motion = Fraction(0)
    if not events:
        raise FormatError("holds no events; expected at least one")
    return _with_transitions(events), rate


def _with_transitions(events: list[_Event]) -> list[_Event]:
    """Events of no length are not heard: they say what a transition of their number comes from."""
    kept: list[_Event] = []
    for before, event in zip([None, *events], events, strict=False):
        if before and before.number == event.number and before.codes[2] == before.codes[3]:
            event.away = before
            event.comments = before.comments | event.comments
        kept.append(event)
    return [event for event in kept if event.codes[2] != event.codes[3]]


def _rate(events: list[_Event], rate: Fraction | None) -> Fraction:
    """Frames a second. Raises: FormatError where nobody says it, or what is said cannot be."""
    dropped = any(event.drop for event in events)
    if not events:
        raise FormatError("holds no events of any length; expected at least one")
    if rate is None and dropped:
        most = max(int(code[-2:]) for event in events for code in event.codes)
        return Fraction(30_000 if most < 30 else 60_000, 1001)
    if rate is None:
        raise FormatError(
            "an EDL does not say how many frames a second it counts; say it, such as --rate 25 "
            f"({timecode.USUAL_HZ})"
        )
    if dropped and not timecode.drops(rate):
        raise FormatError(
            f"its drop-frame time codes count at 29.97 or 59.94, not at {float(rate):g}"
        )
    return rate


def _piece(event: _Event, rate: Fraction, first: int) -> Piece:
    source_in, source_out, record_in, record_out = event.times(rate)
    length = record_out - record_in
    if length < 0 or source_out < source_in:
        raise FormatError(f"event {event.number} ends before it starts")
    speed = Fraction(source_out - source_in, length)
    if event.motion is not None:
        # At 29.97, 30 is what people write for their own speed.
        own = min(abs(event.motion - rate), abs(event.motion - round(rate))) < Fraction(1, 100)
        speed = Fraction(1) if own else event.motion / round(rate)
    return Piece(
        at=Fraction(record_in - first),
        length=Fraction(length),
        start=Fraction(source_in),
        media=event.media,
        speed=speed,
        timecoded=True,
    )


def _faded(event: _Event, piece: Piece, row: list[Piece], rate: Fraction) -> Piece:
    """`piece` with its transition, for which the last of `row` is heard on."""
    frames = Fraction(event.frames)
    if event.kind == "C" or not frames:
        return piece
    if (event.away is not None and event.away.is_black) or not row or row[-1].end < piece.at:
        return replace(piece, fade_in=frames)
    before = row[-1]
    if event.away is not None:
        leaves = timecode.parse(event.away.codes[0], rate, drop=event.drop)
        if leaves != before.start + before.length:
            raise FormatError(
                f"event {event.number} fades from another place than where the one before it ends"
            )
    fade_out = frames if event.is_black else before.fade_out
    row[-1] = replace(before, length=before.length + frames, fade_out=fade_out)
    return piece
