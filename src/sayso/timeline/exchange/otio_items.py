"""What an OpenTimelineIO timeline plays: its clips, however they are nested, at their times.

Runs only where the timeline was read, in a process of its own.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, TypeAlias

from sayso.errors import FormatError
from sayso.timeline.exchange.project import Piece, Project, Row, number

NEW = "new"
"""The name of a gap for what is in no recording."""
_TIMING = re.compile(r"time|speed|retim|revers|freeze|warp|tempo|stretch", re.I)


def read_timeline(otio: Any, timeline: Any) -> Project:
    """The tracks of a timeline. Raises: FormatError."""
    if isinstance(timeline, otio.schema.SerializableCollection):
        inside = [child for child in timeline if isinstance(child, otio.schema.Timeline)]
        if len(inside) > 1:
            names = ", ".join(repr(child.name) for child in inside[:5])
            raise FormatError(f"holds {len(inside)} timelines ({names}); export one of them")
        timeline = inside[0] if inside else timeline
    if not isinstance(timeline, otio.schema.Timeline):
        raise FormatError(f"holds a {type(timeline).__name__}; expected a timeline")
    reader = _Reader(otio)
    rows: dict[str, tuple[_Track, list[Piece]]] = {}
    for track, piece in reader.composition(timeline.tracks, _Track("")):
        rows.setdefault(track.path, (track, []))[1].append(piece)
    ours = _fields(timeline, "sayso")
    hz = number(ours.get("sample_rate", 1), "damaged: sample_rate")
    if hz < 1:
        raise FormatError(f"damaged: sample_rate is {float(hz):g}; expected at least 1")
    lengths = {
        name: number(ours[f"{name}_frames"], f"damaged: {name}_frames") / hz
        for name in ("crossfade", "fade_in", "fade_out")
        if f"{name}_frames" in ours
    }
    return Project(
        rows=tuple(
            Row(name=track.name, picture=track.picture, pieces=tuple(pieces))
            for track, pieces in rows.values()
        ),
        notes=tuple(dict.fromkeys(reader.notes)),
        new=tuple(reader.new),
        tempo=ours.get("speed", 1.0),
        crossfade_s=lengths.get("crossfade"),
        fade_in_s=lengths.get("fade_in"),
        fade_out_s=lengths.get("fade_out"),
    )


@dataclass(frozen=True)
class _Track:
    """Which track a piece is of: its place in the nesting, its name and kind, whether it is on."""

    path: str
    name: str = ""
    picture: bool = False
    enabled: bool = True


_Placed: TypeAlias = tuple[_Track, Piece]


class _Reader:
    """Walks a timeline; `notes` gets what is left out, `new` the holes that we called so."""

    def __init__(self, otio: Any) -> None:
        self.notes: list[str] = []
        self.new: list[tuple[Fraction, Fraction]] = []
        self._otio, self._schema = otio, otio.schema

    def composition(self, parent: Any, track: _Track) -> list[_Placed]:
        """The pieces in a stack or a track, at its own times, without what it trims away."""
        if isinstance(parent, self._schema.Track):
            picture = parent.kind != self._schema.TrackKind.Audio
            track = replace(track, name=parent.name or track.name, picture=picture)
            placed = self._in_a_row(parent, track)
        else:
            placed = [
                one
                for number_, child in enumerate(parent)
                for one in self._item(child, replace(track, path=f"{track.path}/{number_}"))
            ]
        if parent.source_range is None:
            return placed
        low, length = _span(parent.source_range, f"the trim of {parent.name!r}")
        return [
            (where, replace(piece, at=piece.at - low))
            for where, whole in placed
            if (piece := whole.within(low, low + length)) is not None
        ]

    def _in_a_row(self, parent: Any, track: _Track) -> list[_Placed]:
        placed: list[list[_Placed]] = []
        faded: tuple[Fraction, Fraction] | None = None
        now = Fraction(0)
        for child in parent:
            if isinstance(child, self._schema.Transition):
                faded = (
                    _seconds(child.in_offset, "a transition"),
                    _seconds(child.out_offset, "a transition"),
                )
                placed[-1:] = [_heard_on(those, *faded) for those in placed[-1:]]
                continue
            inside = [
                (where, replace(piece, at=piece.at + now))
                for where, piece in self._item(child, track)
            ]
            placed.append(_heard_before(inside, *faded, first=not placed) if faded else inside)
            length = _seconds(child.duration(), f"the length of {child.name!r}")
            if isinstance(child, self._schema.Gap) and child.name == NEW and length > 0:
                self.new.append((now, length))
            now += length
            faded = None
        return [one for those in placed for one in those]

    def _item(self, item: Any, track: _Track) -> list[_Placed]:
        """What is heard of a clip or of what is nested, at times from its own beginning."""
        schema = self._schema
        if not item.enabled or str(_fields(item, "fcp_xml").get("enabled")).upper() == "FALSE":
            track = replace(track, enabled=False)
        if isinstance(item, schema.Clip):
            piece = self._clip(item, track)
            return [] if piece is None else [(track, piece)]
        if isinstance(item, schema.Gap):
            return []
        if not isinstance(item, self._otio.core.Composition):
            raise FormatError(
                f"the track {track.name!r} holds a {type(item).__name__}; expected clips, gaps and "
                "transitions"
            )
        placed = self.composition(item, track)
        if placed and self._speed(item, track) != 1:
            raise FormatError(f"{item.name!r} is nested, and does not play at its own speed")
        return placed

    def _clip(self, clip: Any, track: _Track) -> Piece | None:
        reference, what = clip.media_reference, f"the clip {clip.name!r}"
        if isinstance(reference, self._schema.GeneratorReference):
            return None
        start, length = _span(clip.trimmed_range(), what)
        if length <= 0:
            return None
        available = getattr(reference, "available_range", None)
        if available is not None:
            start -= _seconds(available.start_time, what)
        ours = _fields(clip, "sayso")
        gain_db = number(ours.get("gain_db", 0.0), f"{what}: gain_db")
        join_s = number(ours["crossfade_s"], what) if "crossfade_s" in ours else None
        return Piece(
            at=Fraction(0),
            length=length,
            start=start,
            media=getattr(reference, "target_url", None) or None,
            enabled=track.enabled,
            gain_db=float(gain_db) + self._level_db(clip),
            speed=self._speed(clip, track),
            timecoded=available is None,
            join=join_s,
        )

    def _speed(self, item: Any, track: _Track) -> Fraction:
        """How fast its effects play it. Raises: FormatError where that cannot be known."""
        speed = Fraction(1)
        for effect in item.effects if track.enabled else ():
            if not getattr(effect, "enabled", True):
                continue
            name = str(getattr(effect, "effect_name", "") or effect.name or type(effect).__name__)
            remap = _parameters(effect)
            if isinstance(effect, self._schema.LinearTimeWarp):
                speed *= number(effect.time_scalar, "a speed")
            elif remap and _fields(effect, "fcp_xml").get("effectid") == "timeremap":
                varies = str(remap.get("variablespeed", "0")).upper() in ("1", "TRUE")
                turned = str(remap.get("reverse", "FALSE")).upper() == "TRUE"
                speed *= number(remap.get("speed", "100"), "a speed") / 100 * (-1 if turned else 1)
                if varies:
                    raise FormatError(f"the speed of the clip {item.name!r} changes as it plays")
            elif _TIMING.search(name) or isinstance(effect, self._schema.TimeEffect):
                raise FormatError(
                    f"{item.name!r} has the effect {name!r}, which may move it in time; render it "
                    "into the recording first, or take it off"
                )
            elif not track.picture and "level" not in remap:
                self.notes.append(f"effects such as {name!r} are left out")
        return speed

    def _level_db(self, clip: Any) -> float:
        """The gain that Final Cut Pro's audio levels give a clip."""
        levels = [
            number(value, "a level")
            for effect in clip.effects
            if (value := _parameters(effect).get("level")) is not None
        ]
        return sum(20 * math.log10(max(float(level), 1e-50)) for level in levels)


def _heard_on(placed: list[_Placed], before: Fraction, after: Fraction) -> list[_Placed]:
    """The pieces before a transition: the one that ends with them sounds on through it."""
    if len(placed) != 1:
        return placed
    track, piece = placed[0]
    return [(track, replace(piece, length=piece.length + after, fade_out=before + after))]


def _heard_before(
    placed: list[_Placed], before: Fraction, after: Fraction, *, first: bool
) -> list[_Placed]:
    """The pieces after a transition: the one that begins them sounds from its beginning."""
    if len(placed) != 1:
        return placed
    track, piece = placed[0]
    lead = Fraction(0) if first else before
    earlier = replace(
        piece,
        at=piece.at - lead,
        start=piece.start - lead * piece.speed,
        length=piece.length + lead,
        fade_in=before + after,
    )
    return [(track, earlier)]


def _fields(thing: Any, key: str) -> dict[str, Any]:
    found = thing.metadata.get(key, {})
    return dict(found) if hasattr(found, "keys") else {}


def _parameters(effect: Any) -> dict[str, Any]:
    """The parameters of an effect of Final Cut Pro 7, by their ids."""
    given = _fields(effect, "fcp_xml").get("parameter", [])
    listed = [given] if hasattr(given, "keys") else given
    return {str(one.get("parameterid")): one.get("value") for one in listed if hasattr(one, "keys")}


def _span(span: Any, what: str) -> tuple[Fraction, Fraction]:
    return _seconds(span.start_time, what), _seconds(span.duration, what)


def _seconds(time: Any, what: str) -> Fraction:
    rate = number(time.rate, f"{what}: its rate")
    if rate <= 0:
        raise FormatError(f"{what} has the rate {float(rate):g}; expected frames a second")
    return number(time.value, what) / rate.limit_denominator(1001)
