"""What is said in a recording: Whisper where its weights are, pocketsphinx everywhere else.

Both hear mono at 16 kHz, in pieces cut where it is quietest, so that memory does not grow with the
length. Whisper is by far the better; pocketsphinx knows English alone and brings its model along.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from pydantic import BaseModel, ConfigDict

from sayso.audio import Audio, Samples, resample, upright
from sayso.errors import ModelError
from sayso.optional import require
from sayso.watch import SILENT, Watch

RATE_HZ = 16_000
_QUIET_FRAMES = RATE_HZ // 10
_SILENCE = 1e-4
_EXTRA = "asr"


class Word(BaseModel):
    """One word and where it lies, in seconds."""

    model_config = ConfigDict(frozen=True)

    text: str
    start_s: float
    end_s: float


class Transcript(BaseModel):
    """The words of a recording in order, and what wrote them down."""

    model_config = ConfigDict(frozen=True)

    words: tuple[Word, ...]
    engine: str

    @property
    def text(self) -> str:
        """All of it in one line."""
        return " ".join(word.text for word in self.words)


class Transcriber(Protocol):
    """Hears words in a piece of speech [T] at 16 kHz, at most `piece_s` long."""

    name: str
    piece_s: float

    def hear(self, speech: Samples) -> list[Word]:
        """The words, in seconds from the piece's beginning."""


class WhisperTranscriber:
    """Whisper through faster-whisper.

    Args:
        folder: with `model.bin`, `config.json`, `tokenizer.json` and the vocabulary.
    Raises: ModelError for a folder without a model, MissingExtraError.
    """

    name = "whisper"
    piece_s = 300.0

    def __init__(self, folder: Path) -> None:
        library = require("faster_whisper", extra=_EXTRA, purpose="Whisper")
        # Without these the library would go and look for them on the network.
        for name in ("model.bin", "config.json", "tokenizer.json"):
            if not (folder / name).is_file():
                raise ModelError(f"{folder / name}: not there; run `sayso models pull whisper`")
        try:
            self._model: Any = library.WhisperModel(str(folder), device="cpu", compute_type="int8")
        except Exception as error:  # the engine raises bare exceptions
            raise ModelError(f"{folder}: no model of Whisper: {error}") from None

    def hear(self, speech: Samples) -> list[Word]:
        """The words in `speech` [T], in seconds from its beginning."""
        segments, _ = self._model.transcribe(speech, word_timestamps=True, vad_filter=False)
        return [
            Word(text=word.word.strip(), start_s=word.start, end_s=word.end)
            for segment in segments
            for word in segment.words or ()
        ]


class SphinxTranscriber:
    """Pocketsphinx with the English model that its package holds. Raises: MissingExtraError."""

    name = "pocketsphinx"
    piece_s = 20.0

    def __init__(self) -> None:
        library = require("pocketsphinx", extra=_EXTRA, purpose="writing down speech")
        self._decoder = library.Decoder(samprate=float(RATE_HZ), loglevel="FATAL")

    def hear(self, speech: Samples) -> list[Word]:
        """The words in `speech` [T], in seconds from its beginning."""
        scaled = np.clip(speech * 32767, -32768, 32767).astype("<i2")
        self._decoder.start_utt()
        self._decoder.process_raw(scaled.tobytes(), full_utt=True)
        self._decoder.end_utt()
        # Ten milliseconds a frame; marks of silence and noise stand in brackets.
        return [
            Word(
                text=part.word.split("(")[0],
                start_s=part.start_frame / 100,
                end_s=(part.end_frame + 1) / 100,
            )
            for part in self._decoder.seg() or ()
            if part.word[0] not in "<["
        ]


def best_transcriber(whisper: Path | None) -> Transcriber:
    """Whisper where `whisper` holds its files and it is installed, else pocketsphinx.

    Raises: MissingExtraError when neither is installed.
    """
    if whisper is not None and (whisper / "model.bin").is_file():
        return WhisperTranscriber(whisper)
    return SphinxTranscriber()


def transcribe(
    audio: Audio,
    transcriber: Transcriber,
    *,
    watch: Watch = SILENT,
) -> Transcript:
    """What is said in `audio`.

    Args:
        audio: any rate, channels and length.
        transcriber: who listens.
        watch: progress and cancelling, polled between pieces.
    Raises: Cancelled.
    """
    speech = resample(upright(audio), RATE_HZ)
    words: list[Word] = []
    for start, stop in pieces(speech, transcriber.piece_s):
        watch.check()
        piece = speech.block(start, stop).mean(axis=0)
        # Recognisers imagine words in silence.
        heard = transcriber.hear(piece) if np.abs(piece).max() > _SILENCE else []
        for word in heard:
            shift = start / RATE_HZ
            moved = {"start_s": word.start_s + shift, "end_s": word.end_s + shift}
            words.append(word.model_copy(update=moved))
        watch.report(stop / speech.frames)
    return Transcript(words=tuple(words), engine=transcriber.name)


def pieces(speech: Audio, longest_s: float) -> Iterator[tuple[int, int]]:
    """Where to cut `speech` into pieces: at the quietest tenth of a second of the last third."""
    longest, start = round(longest_s * speech.sample_rate), 0
    while speech.frames - start > longest:
        low = start + longest * 2 // 3
        tail = speech.block(low, start + longest).mean(axis=0).astype(np.float64)
        energy = np.cumsum(np.concatenate(([0.0], tail**2)))
        quiet = int(np.argmin(energy[_QUIET_FRAMES:] - energy[:-_QUIET_FRAMES]))
        stop = low + quiet + _QUIET_FRAMES // 2
        yield start, stop
        start = stop
    yield start, speech.frames
