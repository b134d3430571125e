"""Figures that take a model: what listeners would say, how much music there is, the words left.

Models are loaded when first needed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

from sayso.audio import Audio, integrated_lufs
from sayso.clean.config import Measure
from sayso.measure.compared import Compared
from sayso.measure.metrics import METRICS
from sayso.measure.wer import wer, words_of
from sayso.reports.rows import AFTER, BEFORE
from sayso.separate import Models, shared_models
from sayso.watch import SILENT, Watch

if TYPE_CHECKING:
    from sayso.measure.dnsmos import Dnsmos
    from sayso.measure.tags import Tagger
    from sayso.measure.transcripts import Transcriber
    from sayso.separate import Separator

_MUSIC = "music"


def judge(
    before: Audio | None,
    after: Audio,
    measures: Collection[Measure],
    *,
    models: Models | None = None,
    transcript: str | None = None,
    watch: Watch = SILENT,
) -> dict[str, float]:
    """The metrics of `measures`, before and after.

    Args:
        before: the source; None where it is not here.
        after: the output.
        measures: "dnsmos"; "music", by Cnn14, or without it by the embedded model's own estimate;
            "words", by Whisper, or without it by pocketsphinx.
        models: what judges; None takes those in the platform's folder.
        transcript: what is said. Without it words are compared with those of the source.
        watch: cancelling, polled between pieces.
    Raises: ModelError and MissingExtraError saying how to get what is missing, Cancelled.
    """
    models = models or shared_models()
    metrics: dict[str, float] = {}
    sounds = [(suffix, s) for suffix, s in ((BEFORE, before), (AFTER, after)) if s is not None]
    for suffix, audio in sounds:
        for name in measures:
            if "judge" in METRICS[name].needs:
                found = _judged(name, audio, models, watch.quiet)
                metrics |= {result + suffix: metric for result, metric in found.items()}
    if "words" in measures:
        metrics |= _words(before, after, _transcriber(models), transcript, watch)
    return metrics


def _judged(name: str, audio: Audio, models: Models, watch: Watch) -> Mapping[str, float]:
    if name == "music" and (listener := _listener(models)) is not None:
        music = listener.separate(audio, (_MUSIC,), watch=watch)[_MUSIC]
        return {"music_level_lu": integrated_lufs(music) - integrated_lufs(audio)}
    return METRICS[name].evaluate(
        Compared(audio, judge=lambda judge: _JUDGES[judge](models), watch=watch)
    )


def _words(
    before: Audio | None,
    after: Audio,
    transcriber: Transcriber,
    transcript: str | None,
    watch: Watch,
) -> dict[str, float]:
    from sayso.measure.transcripts import transcribe

    heard = {
        suffix: transcribe(audio, transcriber, watch=watch.quiet).text
        for suffix, audio in ((BEFORE, before), (AFTER, after))
        if audio is not None
    }
    if transcript is not None:
        if not words_of(transcript):
            return {}
        return {f"wer{suffix}": wer(text, transcript) for suffix, text in heard.items()}
    if not words_of(heard.get(BEFORE, "")):
        return {}
    return {f"wer_to_source{AFTER}": wer(heard[AFTER], heard[BEFORE])}


def _dnsmos(models: Models) -> Dnsmos:
    from sayso.measure.dnsmos import Dnsmos

    return models.use("dnsmos", lambda: Dnsmos(*models.files("dnsmos")))


def _listener(models: Models) -> Separator | None:
    """What estimates music where Cnn14 is missing; None where that is installed, or neither is."""
    if models.has("cnn14"):
        return None
    own = [row.name for row in models.rank(_MUSIC) if row.packaged and row.trained]
    return models.open(own[0]) if own else None


def _tagger(models: Models) -> Tagger:
    from sayso.measure.tags import Tagger

    return models.use("cnn14", lambda: Tagger.load(*models.files("cnn14")))


_JUDGES: Mapping[str, Callable[[Models], Any]] = {"dnsmos": _dnsmos, "cnn14": _tagger}
"""How each judge is loaded, by its name in the catalogue."""


def _transcriber(models: Models) -> Transcriber:
    from sayso.measure.transcripts import best_transcriber

    folder = models.files("whisper")[0].parent if models.has("whisper") else None
    return models.use("whisper", lambda: best_transcriber(folder))
