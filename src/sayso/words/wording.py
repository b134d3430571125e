"""Moves in plain words, so that a reply says exactly what will be done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sayso.desk import (
    LATEST_S,
    MIX,
    Adjust,
    AnyEffect,
    Clean,
    During,
    Edit,
    EditStep,
    Extract,
    Move,
    Remove,
    Reply,
    Reset,
    Set,
    Undo,
    complement_of,
)


def joined(parts: Sequence[str]) -> str:
    """A list as one says it.

    >>> joined(["the bass", "the drums", "the piano"])
    'the bass, the drums and the piano'
    """
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]])) if parts else ""


def spoken(target: str) -> str:
    """A target as one says it.

    >>> spoken("vocals"), spoken("no drums"), spoken("mix")
    ('the vocals', 'everything but the drums', 'the whole mix')
    """
    left_out = complement_of(target)
    if left_out is not None:
        return f"everything but {spoken(left_out)}"
    if target == MIX:
        return "the whole mix"
    return "the other sounds" if target == "other" else f"the {target}"


def number(value: float) -> str:
    """A number without needless zeros, with a real minus.

    >>> number(-3.0), number(0.35)
    ('−3', '0.35')
    """
    return f"{value:g}".replace("-", "−")


def clock(seconds: float) -> str:
    """Seconds as minutes and seconds.

    >>> clock(75), clock(0.5), clock(3723)
    ('1:15', '0:00.5', '1:02:03')
    """
    whole, rest = divmod(round(seconds, 3), 1)
    minutes, second = divmod(int(whole), 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f"{rest:.3f}".rstrip("0")[1:].rstrip(".") if rest else ""
    head = f"{hours}:{minutes:02d}" if hours else str(minutes)
    return f"{head}:{second:02d}{fraction}"


def _percent(share: float) -> str:
    return f"{round(abs(share) * 100):d}%"


def _frequency(hz: float) -> str:
    return f"{hz / 1000:g} kHz" if hz >= 1000 else f"{hz:g} Hz"


def _gain(e: Any, on: str, relative: bool) -> str:
    if not relative:
        return f"setting {on} to {number(e.db)} dB"
    if e.db == 0:
        return f"bringing {on} back in"
    return f"turning {on} {'up' if e.db > 0 else 'down'} by {number(abs(e.db))} dB"


def _reverb(e: Any, on: str, relative: bool) -> str:
    if relative:
        return f"giving {on} {_percent(e.amount)} {'more' if e.amount > 0 else 'less'} reverb"
    if e.amount == 0:
        return f"taking the added reverb off {on}"
    much = "a little" if e.amount < 0.25 else "some" if e.amount < 0.5 else "a lot of"
    return f"putting {much} reverb ({_percent(e.amount)}) on {on}"


def _delay(e: Any, on: str, relative: bool) -> str:
    if relative:
        return f"giving {on} {_percent(e.mix)} {'more' if e.mix > 0 else 'less'} echo"
    if e.mix == 0:
        return f"taking the added echo off {on}"
    return f"adding an echo every {number(e.time_s)} s ({_percent(e.mix)}) to {on}"


def _pitch(e: Any, on: str, relative: bool) -> str:
    if e.semitones == 0:
        return f"putting the pitch of {on} back"
    way = "up" if e.semitones > 0 else "down"
    many = "semitone" if abs(e.semitones) == 1 else "semitones"
    return f"pitching {on} {way} by {number(abs(e.semitones))} {many}"


def _compress(e: Any, on: str, relative: bool) -> str:
    strength = {"low": "lightly", "medium": "moderately", "high": "heavily"}[e.amount]
    return f"compressing {on} {strength}"


def _eq(e: Any, on: str, relative: bool) -> str:
    way = "boosting" if e.gain_db >= 0 else "cutting"
    by = f"{number(abs(e.gain_db))} dB"
    return f"{way} {_frequency(e.frequency_hz)} by {by} on {on}"


def _filter(e: Any, on: str, relative: bool) -> str:
    if e.type == "lowpass":
        return f"keeping only what lies below {_frequency(e.cutoff_hz)} of {on}"
    if e.type == "highpass":
        return f"keeping only what lies above {_frequency(e.cutoff_hz)} of {on}"
    low, high = _frequency(e.low_hz), _frequency(e.high_hz)
    return f"keeping only what lies between {low} and {high} of {on}"


def _pan(e: Any, on: str, relative: bool) -> str:
    if e.position == 0:
        return f"putting {on} in the centre"
    side = "left" if e.position < 0 else "right"
    further = "further " if relative else ""
    return f"moving {on} {_percent(e.position)} {further}to the {side}"


def _stretch(e: Any, on: str, relative: bool) -> str:
    if not relative:
        return f"playing {on} at {number(e.rate)} times its first speed"
    if e.rate >= 1:
        return f"making {on} {_percent(e.rate - 1)} faster"
    return f"slowing {on} down by {_percent(1 - e.rate)}"


def _limit(e: Any, on: str, relative: bool) -> str:
    return f"limiting the peaks of {on} to {number(e.ceiling_db)} dB"


def _loudness(e: Any, on: str, relative: bool) -> str:
    if relative:
        return f"changing the loudness of {on} by {number(e.lufs)} LU"
    return f"bringing {on} to {number(e.lufs)} LUFS"


def _mute(e: Any, on: str, relative: bool) -> str:
    return f"silencing {on}"


def _fade(e: Any, on: str, relative: bool) -> str:
    ways = [f"in over {number(e.in_s)} s"] if e.in_s else []
    ways += [f"out over {number(e.out_s)} s"] if e.out_s else []
    return f"fading {on} {joined(ways)}" if ways else f"taking the fades off {on}"


def _duck(e: Any, on: str, relative: bool) -> str:
    by = f"by {number(abs(e.db))} dB"
    if relative:
        return f"turning {on} down {by} {'less' if e.db > 0 else 'more'} under {spoken(e.under)}"
    if e.db == 0:
        return f"no longer turning {on} down under {spoken(e.under)}"
    return f"turning {on} down {by} while {spoken(e.under)} can be heard"


def _width(e: Any, on: str, relative: bool) -> str:
    if relative:
        return f"making {on} {_percent(e.amount)} {'wider' if e.amount > 0 else 'narrower'}"
    return f"making {on} mono" if e.amount == 0 else f"making {on} {_percent(e.amount)} wide"


def _reverse(e: Any, on: str, relative: bool) -> str:
    return f"playing {on} backwards"


def _balance(e: Any, on: str, relative: bool) -> str:
    if e.position == 0:
        return f"putting the sides of {on} back in balance"
    side = "right" if e.position < 0 else "left"
    return f"turning the {side} side of {on} down by {_percent(e.position)}"


def _declick(e: Any, on: str, relative: bool) -> str:
    how = f" {'more' if e.sensitivity > 0 else 'less'} eagerly" if relative else ""
    return f"mending clicks in {on}{how}"


def _deess(e: Any, on: str, relative: bool) -> str:
    by = f"{number(abs(e.db))} dB"
    if relative:
        return f"softening the s-sounds of {on} by {by} {'less' if e.db > 0 else 'more'}"
    return f"softening the s-sounds of {on} by up to {by}" if e.db else f"no longer de-essing {on}"


def _gate(e: Any, on: str, relative: bool) -> str:
    if relative:
        return f"moving the gate on {on} by {number(e.threshold_db)} dB"
    return f"silencing {on} wherever it stays below {number(e.threshold_db)} dB"


def _amount(what: str) -> Callable[[Any, str, bool], str]:
    def said(e: Any, on: str, relative: bool) -> str:
        if relative:
            return f"giving {on} {_percent(e.amount)} {'more' if e.amount > 0 else 'less'} {what}"
        return f"putting {_percent(e.amount)} {what} on {on}" if e.amount else f"no {what} on {on}"

    return said


_EFFECTS: Mapping[str, Callable[[Any, str, bool], str]] = {
    "gain": _gain, "reverb": _reverb, "delay": _delay, "pitch": _pitch, "compress": _compress,
    "eq": _eq, "filter": _filter, "pan": _pan, "stretch": _stretch, "limit": _limit,
    "loudness": _loudness, "mute": _mute, "fade": _fade, "duck": _duck, "width": _width,
    "reverse": _reverse, "balance": _balance, "declick": _declick, "deess": _deess, "gate": _gate,
    "distort": _amount("distortion"), "chorus": _amount("chorus"),
    "swap": lambda e, on, relative: f"exchanging left and right of {on}",
    "dehum": lambda e, on, relative: (
        f"taking {f'{e.mains_hz} Hz ' if e.mains_hz else ''}mains hum out of {on}"
    ),
    "normalise": lambda e, on, relative: f"bringing the peak of {on} to {number(e.peak_db)} dB",
    "mono": lambda e, on, relative: f"making {on} mono, one channel",
    "sample_rate": lambda e, on, relative: f"converting {on} to {e.hz} Hz",
}  # fmt: skip


def _of_effect(effect: AnyEffect, target: str, *, relative: bool) -> str:
    done = _EFFECTS[effect.effect](effect, spoken(target), relative)
    return done if effect.span is None else f"{done} {when(effect.span)}"


def when(span: During) -> str:
    """A span as one says it.

    >>> when(During(start_s=10, end_s=75)), when(During(start_s=-8))
    ('from 0:10 to 1:15', 'over the last 8 s')
    """

    def moment(seconds: float) -> str:
        return clock(seconds) if seconds >= 0 else f"{number(-seconds)} s before the end"

    if span.end_s is None:
        if span.start_s < 0:
            return f"over the last {number(-span.start_s)} s"
        return f"from {moment(span.start_s)} on"
    if span.start_s == 0:
        return f"up to {moment(span.end_s)}"
    return f"from {moment(span.start_s)} to {moment(span.end_s)}"


def _of_step(step: EditStep) -> str:
    match step.step:
        case "keep" | "cut" | "loop" | "move":
            return _of_span(step)
        case "cut_tail":
            return f"cutting the last {number(step.seconds)} s"
        case "keep_tail":
            return f"keeping the last {number(step.seconds)} s"
        case "shorten_to":
            return f"shortening it to {clock(step.seconds)}"
        case "keep_best":
            return "keeping only the best take of what is played more than once"
        case "loop_chorus":
            return f"playing the chorus {step.times} times"
        case "arrange":
            count = len(step.spans)
            return f"keeping {count} stretches" if count > 1 else "keeping one stretch"
        case "remove_silence":
            return f"shortening every pause to at most {number(step.longest_s)} s"
        case _:
            return f"editing it the way {step.example} was"


def _of_span(step: Any) -> str:
    if step.end_s is None:
        span = f"everything after {clock(step.start_s)}" if step.start_s else "the whole recording"
    elif step.start_s == 0:
        span = f"the first {number(step.end_s)} s"
    else:
        span = f"{clock(step.start_s)} to {clock(step.end_s)}"
    if step.step == "loop":
        return f"playing {span} {step.times} times"
    if step.step == "move":
        end = "the end" if step.to_s >= LATEST_S else "the start" if not step.to_s else None
        return f"moving {span} to {end or clock(step.to_s)}"
    return f"{'keeping only' if step.step == 'keep' else 'cutting'} {span}"


def described(move: Move) -> list[str]:
    """What a move does, each thing as a clause such as "taking the vocals out"."""
    match move:
        case Extract(targets=targets):
            return [_extracted(targets)]
        case Remove(targets=targets):
            return [f"taking {joined([spoken(target) for target in targets])} out"]
        case Adjust(target=target, effects=effects):
            return [_of_effect(effect, target, relative=move.relative) for effect in effects]
        case Set(target=target):
            return _of_controls(move, spoken(target))
        case Clean(strength=0):
            return ["cleaning the speech no more"]
        case Clean(strength=float(strength)) if strength < 1:
            return [f"cleaning the speech by {strength:.0%}"]
        case Clean():
            return ["keeping the speech and taking noise and music away"]
        case Edit(steps=steps):
            return [_of_step(step) for step in steps]
        case Undo():
            return ["taking the last change back"]
        case Reset(target=str(target)):
            return [f"putting {spoken(target)} back as at first"]
        case Reset():
            return ["going back to the original"]
        case Reply():
            return []


def _of_controls(move: Set, on: str) -> list[str]:
    parts = []
    if move.gain_db is not None:
        parts.append(f"setting {on} to {number(move.gain_db)} dB")
    if move.mute is not None:
        parts.append(f"{'muting' if move.mute else 'unmuting'} {on}")
    if move.solo is not None:
        parts.append(f"playing {on} alone" if move.solo else f"playing {on} with the others")
    if move.effects is not None:
        parts.append(
            f"setting the effects of {on}" if move.effects else f"taking the effects off {on}"
        )
    return parts


def _extracted(targets: Sequence[str]) -> str:
    sounds = [spoken(target) for target in targets if complement_of(target) is None]
    rests = [spoken(target) for target in targets if complement_of(target) is not None]
    if not sounds:
        return f"giving you {joined(rests)}"
    apart = " as tracks of their own" if len(targets) > 1 else ""
    return f"pulling out {joined(sounds + rests)}{apart}"


def summary(moves: Iterable[Move]) -> str:
    """All that the moves do in one sentence, "" if they do nothing.

    >>> summary([Remove(targets=("vocals",)), Clean()])
    'Taking the vocals out and keeping the speech and taking noise and music away.'
    """
    parts = [part for move in moves for part in described(move)]
    if not parts:
        return ""
    sentence = joined(parts)
    return f"{sentence[0].upper()}{sentence[1:]}."


def worded(reply: Reply) -> str:
    """A reply with two of its suggestions, as a sentence."""
    if not reply.suggestions:
        return reply.text
    hints = " or ".join(f'"{hint}"' for hint in reply.suggestions[:2])
    return f"{reply.text} You could say {hints}."
