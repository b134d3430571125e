"""One exported network that is asked by words, on ONNX Runtime: two graphs, and what they say.

`NAME.onnx` encodes a mixture, `NAME.ask.onnx` answers one question about it; `sayso.train.export`
makes both. A network hears either two channels together or one at a time; masks multiply the
mixture's own spectrum, so an answer keeps the mixture's level and phase.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, Field, ValidationError

from sayso.audio import Samples, istft, stft
from sayso.errors import ModelError
from sayso.networks.ngrams import ngram_ids
from sayso.separate.absence import REST_THRESHOLD_DB, THRESHOLD_DB, absence_gain
from sayso.separate.exported import open_model, version_of
from sayso.separate.native import by_pairs

KIND = "ask"
REST = "other"
STRETCH = 16
"""Frames of a stretch that is asked about alone."""

Spectra: TypeAlias = npt.NDArray[np.complex64]


class Shape(BaseModel):
    """What inference needs of the network's configuration."""

    sample_rate: int = Field(ge=1000, le=768_000)
    channels: Literal[1, 2] = 2
    n_fft: int = Field(ge=16, le=1 << 20)
    hop: int = Field(ge=1, le=1 << 20)
    widths: tuple[int, ...] = Field(min_length=1, max_length=12)
    buckets: int = Field(ge=2, le=1 << 30)
    text_length: int = Field(ge=1, le=1 << 16)

    @property
    def stride(self) -> int:
        """The number of frames must be a multiple of this."""
        return int(2 ** (len(self.widths) - 1))


class Told(BaseModel):
    """What a model's metadata say.

    Attributes:
        config: its shape.
        known: the wordings of sounds, plainest first.
        within: for sounds by their plainest wordings, the wider ones that hold them.
    """

    config: Shape
    known: dict[str, Annotated[list[str], Field(min_length=1)]] | None = None
    within: dict[str, list[str]] = {}


def ask_graph(path: Path) -> Path:
    """The graph that belongs beside the encode graph at `path`."""
    return path.with_name(f"{path.stem}.ask.onnx")


def read_told(metadata: Mapping[str, Any], path: Path) -> Told:
    """What the metadata of the graph at `path` say. Raises: ModelError."""
    try:
        return Told.model_validate(metadata)
    except ValidationError as error:
        raise ModelError(f"{path.name} does not say what it is: {error}") from None


@dataclass(frozen=True, slots=True)
class Heard:
    """A chunk as a network heard it.

    Attributes:
        spec: its spectrum `[C, T, F]` without the bin at half the sample rate.
        features: of each group of channels that the network hears together.
        length: of the chunk, in frames of sound.
    """

    spec: Spectra
    features: tuple[tuple[Any, Any], ...]
    length: int


class AskedNetwork:
    """The two graphs of a network, opened.

    Args:
        path: the encode graph `NAME.onnx`, with `NAME.ask.onnx` beside it.
        threads: of ONNX Runtime; 0 lets it choose.

    Raises: ModelError for missing, damaged or different files.
    """

    def __init__(self, path: Path, *, threads: int = 0) -> None:
        ask_path = ask_graph(path)
        self._encode, metadata = open_model(path, threads=threads, kind=KIND)
        self._ask, _ = open_model(ask_path, threads=threads)
        self._at_once = 1 if threads == 1 else 2
        self.version = version_of(path, ask_path)
        self.metadata: Mapping[str, Any] = metadata
        self.told = read_told(metadata, path)
        self.shape = self.told.config

    def answering(self, asked: Sequence[str]) -> Callable[[Samples], Samples]:
        """A function from `[C, t]` at the network's rate to the answers `[S, C, t]`, one a wording.

        Args:
            asked: plain wordings.
        """
        if self.shape.channels == 2:
            return by_pairs(lambda pair: self._answers(pair, asked))
        return lambda chunk: self._answers(chunk, asked)

    def _answers(self, chunk: Samples, asked: Sequence[str]) -> Samples:
        out = np.zeros((len(asked), *chunk.shape), np.float32)
        if np.any(chunk):
            heard = self.hear(chunk)

            def answer(number: int) -> None:
                out[number] = self.wave(heard, self.answer(heard, asked[number]))

            # Two at a time: one answer's transform runs beside the next one's network.
            with ThreadPoolExecutor(self._at_once) as pool:
                list(pool.map(answer, range(len(asked))))
        return out

    def hear(self, chunk: Samples) -> Heard:
        """`[C, t]`, encoded: a pair of channels, or any number of them one by one."""
        shape, bins = self.shape, self.shape.n_fft // 2
        spec = np.ascontiguousarray(
            stft(chunk, shape.n_fft, hop=shape.hop)[:, :bins].swapaxes(1, 2)
        )
        # Direct current and what the window spreads of it belong to no sound.
        spec[..., :2] = 0
        count = spec.shape[1]
        padded = -(-count // shape.stride) * shape.stride
        features: list[tuple[Any, Any]] = []
        for first in range(0, len(chunk), shape.channels):
            part = slice(first, first + shape.channels)
            same = next(
                (i for i in range(first) if np.array_equal(chunk[i : i + 1], chunk[part])), -1
            )
            if shape.channels == 1 and same >= 0:
                features.append(features[same])
                continue
            planes = np.zeros((1, shape.channels, 2, padded, bins), np.float32)
            planes[0, :, 0, :count], planes[0, :, 1, :count] = spec[part].real, spec[part].imag
            planes = planes.reshape(1, 2 * shape.channels, padded, bins)
            features.append(tuple(self._encode.run(None, {"spec": planes})))
        return Heard(spec, tuple(features), chunk.shape[1])

    def masks(self, heard: Heard, words: str, frames: Sequence[int] | None = None) -> Spectra:
        """The complex masks `[C, T, F]` of what `words` name.

        Args:
            heard: by this network.
            words: a plain wording.
            frames: the first frames of stretches of `STRETCH` frames, of which alone it is told,
                one after the other; multiples of 4. None: of all.
        """
        shape, (channels, count, bins) = self.shape, heard.spec.shape
        ids = np.array([ngram_ids(words, shape.buckets, length=shape.text_length)], np.int64)
        length = count if frames is None else len(frames) * STRETCH
        out = np.empty((channels, length, bins), np.complex64)
        done: dict[int, int] = {}
        for number, (fine, context) in enumerate(heard.features):
            part = slice(number * shape.channels, (number + 1) * shape.channels)
            if id(fine) in done:
                out[part] = out[done[id(fine)]]
                continue
            done[id(fine)] = number
            if frames is not None:
                fine = np.concatenate([fine[:, :, f : f + STRETCH] for f in frames], axis=2)
                coarse = [context[:, :, f // 4 : (f + STRETCH) // 4] for f in frames]
                context = np.concatenate(coarse, axis=2)
            (mask,) = self._ask.run(None, {"fine": fine, "context": context, "ids": ids})
            planes = mask.reshape(shape.channels, 2, -1, bins)[:, :, :length]
            out[part].real, out[part].imag = planes[:, 0], planes[:, 1]
        return out

    def answer(self, heard: Heard, words: str) -> Spectra:
        """The spectrum `[C, T, F]` of what `words` name, turned down where it is not there."""
        answer = self.masks(heard, words)
        np.multiply(answer, heard.spec, out=answer)
        return self.faded(answer, heard.spec, words)

    def faded(self, answer: Spectra, spec: Spectra, words: str) -> Spectra:
        """`answer` in place, turned down where it lies far below the mixture `spec`."""
        threshold_db = REST_THRESHOLD_DB if words == REST else THRESHOLD_DB
        rate = self.shape.sample_rate / self.shape.hop
        for first in range(0, len(answer), self.shape.channels):
            part = slice(first, first + self.shape.channels)
            gain = absence_gain(
                _power(answer[part]),
                _power(spec[part]),
                frame_rate=rate,
                threshold_db=threshold_db,
            )
            answer[part] *= gain[:, None]
        return answer

    def wave(self, heard: Heard, answer: Spectra) -> Samples:
        """The sound `[C, t]` of a spectrum; the bin at half the sample rate is zero."""
        full = np.pad(answer, ((0, 0), (0, 0), (0, 1)))
        return istft(full.swapaxes(1, 2), self.shape.n_fft, hop=self.shape.hop, length=heard.length)


def _power(spec: Spectra) -> npt.NDArray[np.float32]:
    """Of each frame of `[C, T, F]`, `[T]`."""
    parts = spec.view(np.float32)
    power: npt.NDArray[np.float32] = np.einsum("ctf,ctf->t", parts, parts)
    return power
