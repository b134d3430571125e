"""`render`: from source and desk to a result, the one way to sound."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from sayso.audio import Audio, read
from sayso.clean import Cleaned, clean_audio
from sayso.clean.pipeline import Keep, opened
from sayso.desk import MIX, Desk, complement_of
from sayso.desk.placing import Resolved
from sayso.desk.resolving import resolve
from sayso.effects import Sound, amplify, limiter_notes, record
from sayso.errors import RangeError, SilenceError
from sayso.rendering.measured import carried_out
from sayso.rendering.mixing import Mixer
from sayso.rendering.parting import parted
from sayso.rendering.result import LOUD, Result, Track
from sayso.separate import Models, absence_note, makers_of, shared_models
from sayso.timeline import Timeline
from sayso.watch import Progress, Watch

_SEPARATING = 0.8  # the share of the work that is separation, for the progress
GONE = "what {} was to hold for was cut out"


def render(
    source: Audio | str | Path,
    desk: Desk,
    *,
    models: Models | None = None,
    watch: Watch | Progress | None = None,
    keep: Keep | None = None,
    longest_s: float | None = None,
    inputs: Sequence[Path] = (),
) -> Result:
    """The tracks that `desk` delivers, in its order; the same for the same source and desk.

    First the speech is cleaned, if the desk asks for it, then sounds are separated, then time is
    edited, then strips are mixed. Tracks have the source's rate and channels (unless the cleaning
    changes them, or something mono is panned), and its length unless the desk edits it.

    Args:
        source: audio `[C, T]` of any length, or the path of a file.
        desk: what was asked for.
        models: what separates; None takes the best of our own, loaded when first needed.
        watch: progress and cancelling, polled between blocks; may be a function that is called
            with progress 0 to 1.
        keep: given the name of each stage of the cleaning and its result.
        longest_s: the most that a track may last; None sets no bound.
        inputs: the files that audio was read from; a path as `source` tells that by itself.

    Raises: FormatError and its kin for a file that cannot be read, UnknownTargetError, RangeError
        for edits or spans beyond the end, RequestError for edits that must be made of this
        recording first, ModelError, Cancelled.
    """
    watch = Watch.of(watch)
    source, called, files = _opened(source)
    files = files or tuple(inputs)
    models = models or shared_models()
    desk = carried_out(desk, source, watch=watch)
    report = watch.part(0.0, _SEPARATING)
    targets = desk.targets()
    share = 0.5 if desk.clean and targets else float(desk.clean is not None)
    source, cleaned, no_speech, notes = _cleaned(
        source, desk, models, keep, report.part(0.0, share)
    )
    audios, absent, makers = {MIX: source}, dict[str, str](), dict[str, str]()
    if targets:
        audios |= models.separate(source, targets, watch=report.part(share, 1.0))
        absent, makers = _absent(audios, report.quiet), _makers(models, targets)
    time = timing(desk, source, longest_s)
    notes += _gone(desk, time)
    tracks = _tracks(Mixer(desk, audios, time, watch), notes, absent)
    if desk.parts is not None:
        tracks, makers = parted(desk, tracks, makers, source, time.timeline, files)
    edited = bool(desk.edits) or desk.tempo != 1.0
    told = (cleaned, no_speech, makers, desk.tempo, edited)
    return Result(tracks, called, time.timeline, files, *told)


def _cleaned(
    source: Audio, desk: Desk, models: Models, keep: Keep | None, watch: Watch
) -> tuple[Audio, Cleaned | None, str | None, tuple[str, ...]]:
    """The recording, cleaned where the desk asks for it; what that gave, or why there is none."""
    if desk.clean is None:
        return source, None, None, ()
    try:
        cleaned = clean_audio(
            source, desk.clean, open_model=partial(opened, models), keep=keep, watch=watch
        )
        return cleaned.audio, cleaned, None, cleaned.notes
    except SilenceError as error:
        silence = record(amplify(source, -math.inf), watch=watch.quiet)
        return silence, None, str(error), (str(error),)


def _tracks(mixer: Mixer, notes: tuple[str, ...], absent: Mapping[str, str]) -> dict[str, Track]:
    """The tracks that the desk delivers, each whole."""
    targets, last = mixer.desk.deliver, mixer.watch.part(_SEPARATING, 1.0)
    tracks = {}
    for at, target in enumerate(targets):
        said = (note for sound, note in absent.items() if _concerns(sound, target))
        part = last.part(at / len(targets), (at + 1) / len(targets))
        tracks[target] = _track(mixer.track(target), (*notes, *said), part)
    return tracks


def _opened(source: Audio | str | Path) -> tuple[Audio, str, tuple[Path, ...]]:
    """The recording, what it is called, and the file that it was read from."""
    if isinstance(source, Audio):
        return source, "audio", ()
    return read(source), Path(source).stem, (Path(source).absolute(),)


def timing(desk: Desk, source: Audio, longest_s: float | None = None) -> Resolved:
    """What the edits of `desk` come to on `source`, as it is once it was cleaned.

    Raises: as `sayso.desk.resolving.resolve`, and `require_brief`.
    """
    from sayso.autoedit.content import ContentAnalyser

    listener = ContentAnalyser(source)
    found = resolve(
        desk.edits,
        frames=source.frames,
        sample_rate=source.sample_rate,
        silences=listener.silences,
        listener=listener,
    )
    require_brief(desk, found.timeline, longest_s)
    return found


def require_brief(desk: Desk, timeline: Timeline, longest_s: float | None) -> float:
    """How long what `desk` makes of `timeline` lasts, in seconds.

    Raises: RangeError where that is more than `longest_s`.
    """
    lasts_s = timeline.duration_s / desk.tempo
    if longest_s is not None and lasts_s > longest_s:
        raise RangeError(
            f"the result would be {lasts_s / 3600:.1f} hours long; expected at most "
            f"{longest_s / 3600:g}. Loop less of it, cut it, or play it faster"
        )
    return lasts_s


def _absent(audios: Mapping[str, Audio], watch: Watch) -> dict[str, str]:
    """What to say of sounds that are not in the mix, by their names."""
    said = {
        target: absence_note(target, stem, audios[MIX], watch=watch)
        for target, stem in audios.items()
        if target != MIX
    }
    return {target: note for target, note in said.items() if note is not None}


def _makers(models: Models, targets: Sequence[str]) -> dict[str, str]:
    """Which model takes out each of `targets`."""
    by_model = makers_of(models.separator, targets)
    return {target: model for model, made in by_model.items() for target in made}


def _concerns(sound: str, delivered: str) -> bool:
    """Whether a track is made of `sound`, alone or among others."""
    return delivered in (sound, MIX) or complement_of(delivered) is not None


def _gone(desk: Desk, time: Resolved) -> tuple[str, ...]:
    """What to say of effects whose spans were cut out."""
    said = []
    for target, strip in desk.strips.items():
        for effect in strip.effects:
            if effect.span is not None and not time.place(effect.span):
                said.append(GONE.format(f"the {effect.effect} on {target}"))
    return tuple(said)


def _track(sound: Sound, notes: tuple[str, ...], watch: Watch) -> Track:
    audio = record(sound, watch=watch)
    watch.report(1.0)
    notes = (*notes, *limiter_notes(sound))
    peak = max(float(abs(block).max()) for block in audio.blocks())
    if peak == 0.0:
        notes = ("silent", *notes)
    elif peak > 1.0:
        notes = (LOUD, *notes)
    return Track(audio, peak, notes)
