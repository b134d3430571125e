"""Figures that take a model: what listeners would say, how much music there is, the words left.

Models are opened when first needed, once a process.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sayso.audio import Audio, integrated_lufs
from sayso.checkpoints import WeightStore
from sayso.clean.config import Measure
from sayso.measure.wer import wer, words_of
from sayso.reports.rows import AFTER, BEFORE
from sayso.separate import load
from sayso.separate.catalogue import find_row, is_installed
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
    models: Path | None = None,
    transcript: str | None = None,
    watch: Watch = SILENT,
) -> dict[str, float]:
    """The figures of `measures`, before and after.

    Args:
        before: the source; None where it is not here.
        after: the output.
        measures: "dnsmos"; "music", by Cnn14, or without it by the embedded model's own estimate;
            "words", by Whisper, or without it by pocketsphinx.
        models: folder of the public models' weights; None takes the platform's.
        transcript: what is said. Without it words are compared with those of the source.
        watch: cancelling, polled between pieces.
    Raises: ModelError and MissingExtraError saying how to get what is missing, Cancelled.
    """
    figures: dict[str, float] = {}
    sounds = [(suffix, s) for suffix, s in ((BEFORE, before), (AFTER, after)) if s is not None]
    for suffix, audio in sounds:
        if "dnsmos" in measures:
            for name, score in _dnsmos(models).rate(audio, watch=watch).items():
                figures[f"dnsmos_{name}{suffix}"] = score
        if "music" in measures:
            name, figure = _music(audio, models, watch)
            figures[name + suffix] = figure
    if "words" in measures:
        figures |= _words(before, after, _transcriber(models), transcript, watch)
    return figures


def _music(audio: Audio, models: Path | None, watch: Watch) -> tuple[str, float]:
    from sayso.measure.tags import MUSIC

    listener = _listener(models)
    if listener is None:
        tags = _tagger(models).tag(audio, watch=watch.quiet)
        return "music_presence", float(np.mean(tags.presence(MUSIC)))
    music = listener.separate(audio, (_MUSIC,), watch=watch.quiet)[_MUSIC]
    return "music_level_lu", integrated_lufs(music) - integrated_lufs(audio)


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


def _weight_store(models: Path | None) -> WeightStore:
    from sayso.separate.installed import default_weight_store

    return default_weight_store() if models is None else WeightStore(models)


def _weights(name: str, models: Path | None) -> list[Path]:
    """The files of a public model. Raises: ModelError saying how to get them."""
    model = find_row(name)
    assert model is not None, "it is on the list"
    return [_weight_store(models).require(file, model=name) for file in model.files]


@lru_cache(maxsize=1)
def _dnsmos(models: Path | None) -> Dnsmos:
    from sayso.measure.dnsmos import Dnsmos

    return Dnsmos(_weights("dnsmos", models)[0])


@lru_cache(maxsize=1)
def _listener(models: Path | None) -> Separator | None:
    """What estimates music where Cnn14 is missing; None where that is installed, or neither is."""
    row = find_row("cnn14")
    if row is not None and is_installed(row, _weight_store(models)):
        return None
    separator = load()
    return separator if separator.supports(_MUSIC) and separator.route(_MUSIC).trained else None


@lru_cache(maxsize=1)
def _tagger(models: Path | None) -> Tagger:
    from sayso.measure.tags import Tagger

    return Tagger.load(*_weights("cnn14", models))


@lru_cache(maxsize=1)
def _transcriber(models: Path | None) -> Transcriber:
    from sayso.measure.transcripts import best_transcriber

    whisper = find_row("whisper")
    assert whisper is not None, "it is on the list"
    return best_transcriber(_weight_store(models).path(whisper.files[0]).parent)
