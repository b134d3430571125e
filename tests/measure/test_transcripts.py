from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from sayso.audio import Audio
from sayso.errors import Cancelled, ModelError
from sayso.measure.transcripts import (
    RATE_HZ,
    SphinxTranscriber,
    WhisperTranscriber,
    Word,
    best_transcriber,
    pieces,
    transcribe,
)
from sayso.watch import Watch


class Counter:
    """Hears one word a piece: its number."""

    name, piece_s = "counter", 2.0

    def __init__(self):
        self.count = 0

    def hear(self, speech):
        self.count += 1
        return [Word(text=str(self.count), start_s=0.0, end_s=len(speech) / RATE_HZ)]


def speech_with_pauses(seconds, pauses):
    samples = 0.1 * np.random.default_rng(0).standard_normal((1, seconds * RATE_HZ))
    for at in pauses:
        samples[:, round((at - 0.1) * RATE_HZ) : round((at + 0.1) * RATE_HZ)] = 0
    return Audio(samples.astype(np.float32), RATE_HZ)


def test_cuts_fall_into_pauses():
    speech = speech_with_pauses(6, [1.7, 3.4, 5.1])
    cuts = [stop / RATE_HZ for _, stop in pieces(speech, 2.0)]
    assert cuts == pytest.approx([1.7, 3.4, 5.1, 6.0], abs=0.1)
    assert list(pieces(speech, 9.0)) == [(0, speech.frames)]


def test_words_lie_where_they_were_said():
    seen, counter = [], Counter()
    audio = speech_with_pauses(5, [1.7, 3.4])
    transcript = transcribe(audio, counter, watch=Watch(seen.append))
    assert transcript.text == "1 2 3"
    assert transcript.engine == "counter"
    assert transcript.words[1].start_s == pytest.approx(1.7, abs=0.1)
    assert transcript.words[-1].end_s == pytest.approx(5.0)
    assert seen[-1] == 1.0
    with pytest.raises(Cancelled):
        transcribe(audio, counter, watch=Watch(cancelled=lambda: True))


def test_pocketsphinx_hears_nothing_in_silence():
    pytest.importorskip("pocketsphinx")
    silence = Audio(np.zeros((2, 44_100), np.float32), 44_100)
    transcriber = best_transcriber(None)
    assert isinstance(transcriber, SphinxTranscriber)
    assert transcribe(silence, transcriber).text == ""


def test_whisper_needs_its_files(tmp_path):
    pytest.importorskip("faster_whisper")
    with pytest.raises(ModelError, match=r"model\.bin: not there; run `sayso models pull whisper`"):
        WhisperTranscriber(tmp_path)
    for name in ("model.bin", "config.json", "tokenizer.json"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(ModelError, match="no model of Whisper"):
        best_transcriber(tmp_path)


def test_whispers_segments_become_words():
    transcriber = object.__new__(WhisperTranscriber)
    said = [SimpleNamespace(word=" Hello", start=0.1, end=0.4)]
    segments = [SimpleNamespace(words=said), SimpleNamespace(words=None)]
    transcriber._model = SimpleNamespace(transcribe=lambda *_, **__: (iter(segments), None))
    assert transcriber.hear(np.zeros(9, np.float32)) == [Word(text="Hello", start_s=0.1, end_s=0.4)]
