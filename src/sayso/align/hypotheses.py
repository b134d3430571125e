"""Which tape speed or tempo an edit was made at: hypotheses that compete by what they explain.

Many small cuts look like a tempo to whoever only counts; so every hypothesis is followed to its
lines, and the one along which the most of the edited recording is heard in the raw one holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sayso.align.landmarks import HOP, Landmarks, landmarks, matches
from sayso.align.matching import Likeness
from sayso.align.offsets import Line, drift, settle
from sayso.align.runs import Run, estimate_speed, trace
from sayso.audio import Audio, Samples, resample
from sayso.watch import Watch

_VARISPEEDS = (1.0, 0.98, 1.02, 0.99, 1.01, 0.97, 1.03, 0.96, 1.04)
_FARTHEST = 0.06
"""Tape speeds farther from 1 than this are not believed."""
_WELL = 0.7
"""A share that, once explained, needs no other hypothesis."""
_MORE = 1.05
"""How much more than an unchanged tempo another must explain."""
_RATE = 600_000
"""The resampler takes whole rates: from this to this times the speed."""
_CLOCKS = 2e-5
"""Two recorders' clocks may differ by as much; more is undone, for it adds up."""


@dataclass(frozen=True, eq=False)
class Hypothesis:
    """One way in which the edited recording may have been made.

    Attributes:
        signal: the edited one [T] as it was before it was played `tape` times as fast.
        tape: how much faster, pitch and all.
        lines: of `signal` in the raw recording, settled; only those that are sure.
        explained: share of `signal` that lies on them, each as far as its parts agree on its place.
    """

    signal: Samples
    tape: float
    lines: list[Line]
    explained: float


def likeliest(raw: Samples, edited: Samples, marks: Landmarks, watch: Watch) -> Hypothesis:
    """The hypothesis that explains the most of `edited`; the simplest of those that do equally.

    Args:
        raw: the recording [T] at `RATE`.
        edited: what was made of it [T] at `RATE`.
        marks: landmarks of `raw`.
        watch: polled at every hypothesis.

    Raises: Cancelled.
    """
    plain = _followed(raw, edited, marks)
    step(watch, 0.55)
    if plain.explained > _WELL and _by_waveform(raw, plain) > _WELL * plain.explained:
        return _in_step(raw, edited, plain)
    tape, tempo = _counted(edited, marks, watch)
    if tape * tempo == 1.0:
        # Too little for landmarks to tell; the lines themselves drift.
        tape = drift(raw, plain.signal, plain.lines, waveform=False)
    found = [plain]
    if tape * tempo != 1.0:
        if (taped := _taped(raw, edited, marks, tape * tempo)) is not None:
            found.append(taped)
        step(watch, 0.65)
        if tempo != 1.0 and found[-1].explained < _WELL:
            found.append(_followed(raw, edited, marks, tape, tempo))
    best = plain
    for other in found[1:]:
        if other.explained > _MORE * best.explained:
            best = other
    return best


def step(watch: Watch, done: float) -> None:
    """Says how much is `done`. Raises: Cancelled."""
    watch.check("stopped while aligning")
    watch.report(done)


def _followed(
    raw: Samples, edited: Samples, marks: Landmarks, tape: float = 1.0, tempo: float = 1.0
) -> Hypothesis:
    """What a tape speed and a tempo explain."""
    signal = _respeed(edited, tape)
    at_raw, at_edited = matches(marks, landmarks(signal))
    runs = trace(at_raw, at_edited, steps=len(signal) // HOP + 1, speed=tempo)
    return _of_lines(raw, signal, tape, _lines(runs, tempo))


def _of_lines(raw: Samples, signal: Samples, tape: float, lines: Sequence[Line]) -> Hypothesis:
    settled = [settle(raw, signal, line) for line in lines]
    sure = [line for line in settled if Likeness(raw, signal, line).trusted]
    # At a wrong tempo the same notes are heard, too, but every part of a line wants another place.
    share = sum((line.stop - line.start) * line.certainty for line in sure) / len(signal)
    return Hypothesis(signal, tape, sure, share)


def _by_waveform(raw: Samples, found: Hypothesis) -> float:
    """The share of the edited recording whose very waveform is that of the raw one."""
    sides = [Likeness(raw, found.signal, line) for line in found.lines]
    return sum(s.line.stop - s.line.start for s in sides if s.waveform) / len(found.signal)


def _counted(edited: Samples, marks: Landmarks, watch: Watch) -> tuple[float, float]:
    """The tape speed, to a per cent, and the tempo at which the most landmarks find their like."""
    best = (0.0, 1.0, 1.0)
    for tape in _VARISPEEDS:
        signal = _respeed(edited, tape)
        at_raw, at_edited = matches(marks, landmarks(signal))
        tempo = estimate_speed(at_raw, at_edited)
        runs = trace(at_raw, at_edited, steps=len(signal) // HOP + 1, speed=tempo)
        if (known := _known(runs)) > best[0]:
            best = known, tape, tempo
        step(watch, 0.6)
        if best[0] > _WELL:
            break
    return best[1:]


def _taped(raw: Samples, edited: Samples, marks: Landmarks, tape: float) -> Hypothesis | None:
    """What a tape speed near `tape` explains, the exact one measured; None if it goes too far."""
    for waveform in (False, True):
        if abs(tape - 1) > _FARTHEST:
            return None
        found = _followed(raw, edited, marks, tape)
        tape *= drift(raw, found.signal, found.lines, waveform=waveform)
    return _at(raw, edited, found, tape)


def _in_step(raw: Samples, edited: Samples, plain: Hypothesis) -> Hypothesis:
    """`plain`, with the difference of two recorders' clocks undone where there is one."""
    clock = drift(raw, plain.signal, plain.lines, waveform=True)
    if abs(clock - 1) < _CLOCKS:
        return plain
    kept = _at(raw, edited, plain, clock)
    return kept if _left(raw, kept) < _left(raw, plain) else plain


def _at(raw: Samples, edited: Samples, found: Hypothesis, tape: float) -> Hypothesis:
    """`found` at a tape speed that hardly differs from its own."""
    by = tape / found.tape
    lines = [Line(x.start * by, x.stop * by, 1.0, x.offset) for x in found.lines]
    return _of_lines(raw, _respeed(edited, tape), tape, lines)


def _left(raw: Samples, found: Hypothesis) -> float:
    """Share of the power that waveforms leave unexplained along the lines, long ones for more."""
    if not found.lines:
        return 1.0
    lengths = [line.stop - line.start for line in found.lines]
    left = [1 - Likeness(raw, found.signal, line).explained for line in found.lines]
    return sum(a * b for a, b in zip(lengths, left, strict=True)) / sum(lengths)


def _respeed(signal: Samples, speed: float) -> Samples:
    """`signal` [T] as it was before it was played `speed` times as fast."""
    if speed == 1.0:
        return signal
    slowed: Samples = resample(Audio(signal[None], _RATE), round(_RATE * speed)).samples[0]
    return slowed


def _known(runs: Sequence[Run]) -> float:
    known = sum(run.stop - run.start for run in runs if run.first is not None)
    return known / max(1, runs[-1].stop)


def _lines(runs: Sequence[Run], speed: float) -> list[Line]:
    lines = []
    for run in runs:
        if run.first is not None and run.last is not None:
            offset = (run.first + run.last) / 2 * HOP
            lines.append(Line(run.start * HOP, run.stop * HOP, speed, offset))
    return lines
