"""Where decoded frames belong in time: silence where sound is missing, and a word about it.

Positions are in samples at the rate of the track, from the beginning of what is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

_LATE_S = 0.01  # less comes of how codecs begin
_LEAST_HOLE_S = 0.015  # time stamps of whole recordings waver by less
_WAVER_TICKS = 2  # time stamps are rounded to ticks


@dataclass(frozen=True)
class Heard:
    """A decoded frame, or None at the end, with what is known of its place.

    Attributes:
        frame: what the decoder gave.
        length: in samples.
        at: where it belongs by its time stamp; None where that only counts what was found.
        torn: something before it could not be decoded.
        lost: samples that were lost with that, by what is known of frames.
    """

    frame: Any
    length: float = 0.0
    at: float | None = None
    torn: bool = False
    lost: float = 0.0


@dataclass
class TimeLine:
    """Puts frames where they belong.

    Args:
        rate: of the track, in Hz.
        tick: what time stamps are rounded to, in samples.
        longest: a hole beyond this, in samples, is taken for a clock that was set anew.
        start_s: the time stamp at which the container says that the sound begins.
        zero_s: the time stamp of what is given first.
        stated: how many samples the header promises; None where it does not.
        delayed: the decoder dates what it gives first too late.
    """

    rate: int
    tick: float
    longest: float
    start_s: float = 0.0
    zero_s: float = 0.0
    stated: int | None = None
    delayed: bool = False
    given: float = 0.0
    holes: list[tuple[float, float]] = field(default_factory=list)
    torn: list[tuple[float, float]] = field(default_factory=list)
    jumps: list[float] = field(default_factory=list)
    late_s: float = 0.0
    _begins_torn: bool = False
    _lag: float | None = None
    _longest: float = 0.0

    def place(self, heard: Iterable[Heard]) -> Iterator[tuple[int, Heard]]:
        """Each frame, and how much silence comes before it."""
        before = None
        for item in heard:
            if before is None:
                self.given = self._late(item)
                yield int(self.given), Heard(None)
            else:
                yield self._silence(before, item), before
                self.given += before.length
            before = item
        if before is not None:
            yield self._silence(before, None), before
            self.given += before.length

    def _late(self, first: Heard) -> int:
        """How much later than the zero the sound begins, in samples."""
        stamped_s = self.start_s if first.at is None else first.at / self.rate
        # Decoders of Windows Media date their first frame later than what they make it of.
        late_s = (min(self.start_s, stamped_s) if self.delayed else stamped_s) - self.zero_s
        if not _LATE_S < late_s <= self.longest / self.rate:
            return 0
        self.late_s, self._begins_torn = late_s, first.torn
        return round(late_s * self.rate)

    def _silence(self, item: Heard, following: Heard | None) -> int:
        missing = self._missing(item, following)
        if item.frame is None:
            # A file that breaks off ends there; one that its last packets complete does not.
            end = self.given + missing
            if self.stated is None or abs(end - self.stated) > self.rate / 2:
                return 0
        if item.torn:
            self.torn.append((self.given / self.rate, missing / self.rate))
        elif missing:
            self.holes.append((self.given / self.rate, missing / self.rate))
        self.given += missing
        return missing

    def _missing(self, item: Heard, following: Heard | None) -> int:
        if item.at is None:
            return round(min(item.lost, self.longest))
        if self._lag is None:
            # A beginning that was lost makes what is left begin late, and that is silent already.
            lost = item.torn and not self.late_s
            missing = round(min(item.lost, self.longest)) if lost else 0
            self._lag = self.given + missing - item.at
            return missing
        drift = item.at + self._lag - self.given
        self._longest = max(self._longest, item.length)
        least = max(0.9 * item.length, _LEAST_HOLE_S * self.rate, _WAVER_TICKS * self.tick)
        if abs(drift) <= least:
            if item.torn:
                return max(0, self._grid(drift))
            # Frames shorter than others may be what damage has left of them.
            if item.length == self._longest or drift < 0:
                self._lag -= drift
            return 0
        if following is not None and following.at is not None:
            stray = abs(following.at - item.at - item.length) > least
            if stray:
                # One time stamp that its neighbours know nothing of is damaged itself.
                return round(min(item.lost, self.longest)) if item.torn else 0
        if 0 < drift <= self.longest:
            return self._grid(drift)
        self._lag -= drift
        self.jumps.append(self.given / self.rate)
        return 0

    def _grid(self, missing: float) -> int:
        """What is missing, as whole frames where time stamps are too coarse to tell."""
        frames = round(missing / self._longest) * self._longest if self._longest else missing
        near = abs(missing - frames) <= _WAVER_TICKS * self.tick
        return round(frames if near else missing)

    def spoil(self, item: Heard) -> None:
        """Takes a frame that was placed for one that could not be read."""
        self.torn.append((self.given / self.rate, item.length / self.rate))

    @property
    def lost(self) -> list[tuple[float, float]]:
        """Where sound is missing, and for how long, both in seconds."""
        return sorted(self.torn + self.holes)

    def notes(self, *, damaged: bool = False) -> list[str]:
        """What a person should know of all this, a sentence each.

        Args:
            damaged: whether holes are known to be damage.
        """
        told = []
        if self.late_s and (damaged or self._begins_torn):
            first, self.late_s = self.late_s, 0.0
            self.torn = [(0.0, first), *(part for part in self.torn if part[1] or part[0] > first)]
        if damaged:
            self.torn, self.holes = self.lost, []
        if self.late_s:
            told.append(f"its sound begins at {self.late_s:.3f} s; it is silent until then")
        if self.torn:
            silent_s = sum(seconds for _, seconds in self.torn)
            count = len(self.torn)
            places = "at" if count == 1 else f"in {count} places, first at"
            silent = f"{_seconds(silent_s)} that could not be read is silent"
            if silent_s == 0:
                silent = "hardly anything is missing"
            told.append(f"the file is damaged {places} {self.torn[0][0]:.1f} s; {silent}")
        if self.holes:
            at_s, seconds = self.holes[0]
            more = f" and at {len(self.holes) - 1} more places" if len(self.holes) > 1 else ""
            told.append(
                f"there is no sound from {at_s:.2f} to {at_s + seconds:.2f} s{more}; "
                "it is silent there"
            )
        if self.jumps:
            told.append(
                f"the time stamps jump at {self.jumps[0]:.1f} s; what follows was joined there"
            )
        return told


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 0.1 else f"{1000 * seconds:.0f} ms"
