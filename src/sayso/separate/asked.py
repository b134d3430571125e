"""One exported network that is asked by words, on ONNX Runtime: two graphs, and what they say.

`NAME.onnx` encodes a mixture, `NAME.ask.onnx` answers one question about it; `sayso.train.export`
makes both. A network hears either two channels together or one at a time; masks multiply the
mixture's own spectrum, so an answer keeps the mixture's level and phase.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any, Literal

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
        shape = self.shape
        ids = [ngram_ids(words, shape.buckets, length=shape.text_length) for words in asked]
        rows = [np.array([row], np.int64) for row in ids]
        thresholds = [REST_THRESHOLD_DB if words == REST else THRESHOLD_DB for words in asked]

        def answers(heard: Samples) -> Samples:
            return self._answers(heard, rows, thresholds)

        if shape.channels == 2:
            return by_pairs(answers)
        return lambda chunk: _one_by_one(chunk, answers)

    def _answers(
        self,
        heard: Samples,
        rows: Sequence[npt.NDArray[np.int64]],
        thresholds_db: Sequence[float],
    ) -> Samples:
        """As many channels as the network hears, `[C, t]`, to `[S, C, t]`."""
        out = np.zeros((len(rows), *heard.shape), np.float32)
        if not np.any(heard):
            return out
        shape, (channels, frames) = self.shape, heard.shape
        bins = shape.n_fft // 2
        turned = np.ascontiguousarray(
            stft(heard, shape.n_fft, hop=shape.hop)[:, :bins].swapaxes(1, 2)
        )
        # Direct current and what the window spreads of it belong to no sound.
        turned[..., :2] = 0
        count = turned.shape[1]
        padded = -(-count // shape.stride) * shape.stride
        spec = np.zeros((1, channels, 2, padded, bins), np.float32)
        spec[0, :, 0, :count], spec[0, :, 1, :count] = turned.real, turned.imag
        planes = {"spec": spec.reshape(1, 2 * channels, padded, bins)}
        fine, context = self._encode.run(None, planes)
        mix_power, rate = _power(turned), shape.sample_rate / shape.hop

        def answer(number: int) -> None:
            inputs = {"fine": fine, "context": context, "ids": rows[number]}
            (mask,) = self._ask.run(None, inputs)
            parts = mask.reshape(channels, 2, padded, bins)[:, :, :count]
            # The bin at half the sample rate stays zero.
            masked = np.zeros((channels, count, bins + 1), np.complex64)
            kept = masked[..., :bins]
            kept.real, kept.imag = parts[:, 0], parts[:, 1]
            np.multiply(kept, turned, out=kept)
            masked *= absence_gain(
                _power(kept), mix_power, frame_rate=rate, threshold_db=thresholds_db[number]
            )[:, None]
            out[number] = istft(masked.swapaxes(1, 2), shape.n_fft, hop=shape.hop, length=frames)

        # Two at a time: one answer's transform runs beside the next one's network.
        with ThreadPoolExecutor(self._at_once) as pool:
            list(pool.map(answer, range(len(rows))))
        return out


def _one_by_one(chunk: Samples, answers: Callable[[Samples], Samples]) -> Samples:
    """`[C, t]` to `[S, C, t]`, one channel after the other; equal channels are heard once."""
    out = list[Samples]()
    for number, channel in enumerate(chunk):
        same = next((i for i in range(number) if np.array_equal(chunk[i], channel)), None)
        out.append(answers(channel[None]) if same is None else out[same])
    return np.concatenate(out, axis=1)


def _power(spec: npt.NDArray[np.complex64]) -> npt.NDArray[np.float32]:
    """Of each frame of `[C, T, F]`, `[T]`."""
    parts = spec.view(np.float32)
    power: npt.NDArray[np.float32] = np.einsum("ctf,ctf->t", parts, parts)
    return power
