"""The stages of the cleaning, each from audio to audio of the same length, in constant memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np

from sayso.audio import (
    Audio,
    Recorder,
    Samples,
    calmed,
    find_wild,
    programme_lufs,
    resample,
    upright,
)
from sayso.clean.gate import gate
from sayso.clean.masks import postmask
from sayso.clean.restore import restore
from sayso.clean.shifts import Separate, shifted
from sayso.desk import Filter, Strip
from sayso.desk.cleaning import (
    Cleaning,
    Denoise,
    First,
    Hearing,
    Preprocess,
    Separation,
    TargetLoudness,
)
from sayso.effects import amplify, limit, process, record
from sayso.errors import ModelError, SilenceError
from sayso.measure.checks import clipped_share
from sayso.separate import Models, require_supported, shared_models
from sayso.separate.ensemble import fuse
from sayso.watch import SILENT, Watch

Open: TypeAlias = Callable[..., Separate | None]
"""`open_model(name, target, segment_s=, overlap=)` gives what separates it.

None where nothing trained is there; the last two only where they are asked for.
"""
Keep: TypeAlias = Callable[[str, Audio], None]
"""Given the name of each stage and its result."""

SPEECH = "speech"
_UNTRAINED = (
    "no trained separator was asked, so {}: `sayso models` lists what can be asked or installed"
)
_BEFORE = 0.8  # the share of a hearing that what is taken out before it costs
_SEPARATING = 0.8  # the share of the work that is separation, for the progress
_TRIALS, _NEAR_LU = 5, 0.05
_TOLD_LU = 0.5
_CLIPPED = 1e-4  # the share of samples from which on clipping is told
_LEAST_SLOPE = 0.25  # of loudness over gain: beyond it speech would be crushed for nothing


@dataclass(frozen=True)
class Cleaned:
    """What the cleaning gave.

    Attributes:
        audio: the speech.
        mix: the source after preprocessing, at its own level: what `audio` was taken out of.
        speech: what the stages took for speech in `mix`, at its level, before gate and loudness.
        gain_db: what the loudness stage turned everything up by.
        notes: what the person should know.
    """

    audio: Audio
    mix: Audio
    speech: Audio
    gain_db: float
    notes: tuple[str, ...] = ()


def clean_audio(
    source: Audio,
    config: Cleaning,
    *,
    open_model: Open | None = None,
    keep: Keep | None = None,
    watch: Watch = SILENT,
) -> Cleaned:
    """The speech in `source`, and nothing else.

    Args:
        source: any rate, channels and length.
        config: the stages.
        open_model: makes separators; None loads them from the catalogue, once a process.
        keep: given every stage's result.
        watch: progress and cancelling, polled between blocks.
    Returns: audio as long as the source, at its rate and channels unless the configuration
        changes them.
    Raises: SilenceError for a source that is silent throughout or in which the separators hear no
        speech; ModelError, UnknownTargetError, MissingExtraError, Cancelled.
    """
    open_model = open_model or partial(opened, shared_models())
    keep = keep or (lambda stage, audio: None)
    mix = prepare(source, config.preprocess, watch=watch)
    keep("preprocess", mix)
    loudness_lufs = programme_lufs(mix)
    if loudness_lufs == -np.inf:
        raise SilenceError("the recording is silent throughout; there is nothing to clean")
    level_lufs = config.preprocess.level_lufs
    lift_db = 0.0 if level_lufs is None else level_lufs - loudness_lufs
    work = record(amplify(mix, lift_db), watch=watch.quiet)
    speech, notes = _find_speech(work, config, open_model, keep, watch)
    speech = record(amplify(speech, -lift_db), watch=watch.quiet)
    audio, gain_db, more = _finish(speech, config, keep, watch)
    watch.report(1.0)
    return Cleaned(audio, mix, speech, gain_db, (*_heard_notes(source), *notes, *more))


def prepare(source: Audio, settings: Preprocess, *, watch: Watch = SILENT) -> Audio:
    """`source` at the rate and channels asked for, with no offset and no wild samples.

    Raises: Cancelled.
    """
    source = calmed(source)
    audio = source if settings.sample_rate is None else resample(source, settings.sample_rate)
    down = settings.channels == "mono" and audio.channels > 1
    audio = upright(audio) if down else audio
    if settings.highpass_hz is not None:
        rumble = Filter(type="highpass", cutoff_hz=settings.highpass_hz)
        audio = record(process(audio, Strip(effects=(rumble,))), watch=watch.quiet)
    offset = _offset(audio) if settings.remove_dc else np.zeros((audio.channels, 1), np.float32)
    if not down and not offset.any():
        return audio
    recorder = Recorder(1 if down else audio.channels, audio.sample_rate)
    for block in audio.blocks():
        watch.check()
        block -= offset
        recorder.append(block.mean(axis=0, keepdims=True) if down else block)
    return recorder.audio()


def opened(models: Models, name: str | None, target: str, **cutting: float) -> Separate | None:
    """What separates `target` among `models`: the one called `name`, or their own.

    `cutting` are `segment_s` and `overlap`, as `Models.open` takes them. None where nothing trained
    is there; a person who names a model gets it.
    Raises: ModelError, UnknownTargetError.
    """
    separator = models.separator if name is None else models.open(name, **cutting)
    require_supported(separator, (target,))
    if name is not None:
        return separator.separate
    # Rules of thumb do more harm than good on their own.
    return models.separate if separator.route(target).trained else None


def _offset(audio: Audio) -> Samples:
    total = np.zeros((audio.channels, 1))
    for block in audio.blocks():
        total += block.sum(axis=1, keepdims=True, dtype=np.float64)
    mean: Samples = (total / audio.frames).astype(np.float32)
    return mean


def _find_speech(
    mix: Audio,
    config: Cleaning,
    open_model: Open,
    keep: Keep,
    watch: Watch,
) -> tuple[Audio, tuple[str, ...]]:
    """Separation, denoiser and mask."""
    speech, notes, denoiser, separated = mix, tuple[str, ...](), config.denoise, False
    if config.separation is not None:
        share = watch.part(0.0, _SEPARATING)
        found, notes = _separate(mix, config.separation, open_model, share)
        if found is None:
            denoiser = denoiser or config.separation.stand_in
            done = "noise was turned down, music was not" if denoiser else "all was left as it is"
            notes = (*notes, _UNTRAINED.format(done))
        else:
            speech, separated = found, True
            keep("separation", speech)
            if config.restore is not None:
                speech = restore(speech, mix, config.restore, watch=watch)
                keep("restore", speech)
    if denoiser is not None:
        share = watch.part(_SEPARATING, 0.95)
        speech, told = _denoise(speech, denoiser, open_model, share)
        notes = (*notes, *told)
        keep("denoise", speech)
    if config.postmask is not None and separated:
        speech = postmask(speech, mix, config.postmask, watch=watch)
        keep("postmask", speech)
    if config.dry:
        speech = _mixed(mix, speech, config.dry)
        keep("dry", speech)
    return speech, notes


def _finish(
    speech: Audio, config: Cleaning, keep: Keep, watch: Watch
) -> tuple[Audio, float, tuple[str, ...]]:
    """Gate and loudness, the gain of the latter in dB, and what to know of it."""
    audio, gain_db, notes = speech, 0.0, tuple[str, ...]()
    if config.gate is not None and (level := programme_lufs(audio)) > -np.inf:
        gated = gate(audio, config.gate, loudness_lufs=level, watch=watch)
        audio = record(gated, watch=watch.quiet)
        keep("gate", audio)
    if config.loudness is not None:
        audio, gain_db, notes = _at_loudness(audio, config.loudness, watch)
        keep("loudness", audio)
    return audio, gain_db, notes


def _separate(
    mix: Audio,
    settings: Separation,
    open_model: Open,
    watch: Watch,
) -> tuple[Audio | None, tuple[str, ...]]:
    """The speech, None where nothing trained is there to find it, and what to know of it.

    A model that stands in for two is asked once.
    """
    found, asked, notes = [], set[tuple[str | None, str]](), list[str]()
    for number, hearing in enumerate(settings.separators):
        try:
            name, separate, note = _with_another(hearing, hearing.target, open_model)
            apart = hearing.after if separate is not None else None
            first = None if apart is None else _kept_first(apart, open_model)
        except ModelError:
            if not hearing.optional:
                raise
            continue
        notes += [] if note is None else [note]
        if separate is None or (note is not None and (name, hearing.target) in asked):
            continue
        asked.add((name, hearing.target))
        share = watch.part(
            number / len(settings.separators), (number + 1) / len(settings.separators)
        )
        separate = shifted(separate, hearing.shifts)
        if first is None:
            stems = separate(mix, (hearing.target,), watch=share)
        else:
            kept = first(mix, watch=share.part(0.0, _BEFORE))
            stems = separate(kept, (hearing.target,), watch=share.part(_BEFORE, 1.0))
        found.append((stems[hearing.target], hearing.weight))
    if not found:
        return None, tuple(notes)
    speech = fuse(mix, found, settings.fusion, watch=watch)
    below_lu = programme_lufs(speech) - programme_lufs(mix)
    if below_lu < settings.least_lu:
        raise SilenceError(
            f"no speech was found: what the separators heard of it lies {-below_lu:.0f} LU below "
            "the recording"
        )
    return speech, tuple(notes)


def _kept_first(first: First, open_model: Open) -> Callable[..., Audio]:
    """What keeps of a mix what a separator is to hear. Raises: as `open_model`."""
    separate = open_model(first.model, first.target)
    assert separate is not None, "a model that was named is opened"

    def keep(mix: Audio, *, watch: Watch) -> Audio:
        return separate(mix, (first.target,), watch=watch)[first.target]

    return keep


def _with_another(
    asked: Hearing | Denoise, target: str, open_model: Open
) -> tuple[str | None, Separate | None, str | None]:
    """The model that is asked, what it separates with, and a word where it is not the one named.

    Raises: as `open_model`, where there is no other to ask, or it is not there either.
    """
    cutting = asked.cutting if isinstance(asked, Hearing) else {}
    try:
        return asked.model, open_model(asked.model, target, **cutting), None
    except ModelError:
        if asked.instead is None:
            raise
        try:
            separate = open_model(asked.instead, target)
        except ModelError:
            separate = None
        if separate is None:
            raise
        note = f"{asked.model} is not installed: {asked.instead} was asked instead"
        return asked.instead, separate, note


def _denoise(
    speech: Audio,
    settings: Denoise,
    open_model: Open,
    watch: Watch,
) -> tuple[Audio, tuple[str, ...]]:
    """The speech without its noise, and what to know of it."""
    from sayso.clean.spectral import denoise

    notes = tuple[str, ...]()
    if settings.wet == 0:
        return speech, notes
    if settings.model is None:
        wet = denoise(speech, floor_db=settings.floor_db, watch=watch)
    else:
        _, separate, note = _with_another(settings, SPEECH, open_model)
        assert separate is not None, "a model that was named is opened"
        notes = () if note is None else (note,)
        wet = separate(speech, (SPEECH,), watch=watch)[SPEECH]
    return _mixed(wet, speech, settings.wet), notes


def _mixed(one: Audio, other: Audio, share: float) -> Audio:
    if share == 1:
        return one
    recorder = Recorder(one.channels, one.sample_rate)
    for a, b in zip(one.blocks(), other.blocks(), strict=True):
        recorder.append(b + np.float32(share) * (a - b))
    return recorder.audio()


def _at_loudness(
    audio: Audio, settings: TargetLoudness, watch: Watch
) -> tuple[Audio, float, tuple[str, ...]]:
    """`audio` at its loudness under its ceiling, the gain that it took in dB, and what to know."""
    measured_lufs = programme_lufs(audio)
    if measured_lufs == -np.inf:
        return audio, 0.0, ()
    gain_db, slope, lufs = settings.lufs - measured_lufs, 1.0, measured_lufs
    reached = (0.0, measured_lufs)
    held, result = limit(audio, settings.ceiling_db), audio
    # What the limiter takes away is made up for, as far as the ceiling lets it, by secants.
    for _ in range(_TRIALS):
        held = limit(amplify(audio, gain_db), settings.ceiling_db)
        result = record(held, watch=watch.quiet)
        lufs = programme_lufs(result)
        if abs(settings.lufs - lufs) < _NEAR_LU:
            break
        if abs(gain_db - reached[0]) > _NEAR_LU:
            slope = max((lufs - reached[1]) / (gain_db - reached[0]), _LEAST_SLOPE)
        reached = (gain_db, lufs)
        gain_db += (settings.lufs - lufs) / slope
    else:
        gain_db = reached[0]
    notes = [note for note in (held.note(),) if note is not None]
    if abs(settings.lufs - lufs) > _TOLD_LU:
        notes.append(
            f"it is at {lufs:.1f} LUFS, not at {settings.lufs:g}: more would crush the speech "
            f"under the ceiling of {settings.ceiling_db:g} dBTP"
        )
    return result, gain_db, tuple(notes)


def _heard_notes(source: Audio) -> Iterator[str]:
    """What is wrong with the recording itself: clicks and clipping."""
    wild = find_wild(source)
    if wild is not None:
        yield wild.note(source.sample_rate)
    share = clipped_share(source)
    if share >= _CLIPPED:
        yield f"the recording is clipped: {100 * share:.2g} % of its samples lie on flat tops"
