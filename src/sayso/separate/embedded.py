"""The embedded model on ONNX Runtime: a mixture is encoded once and asked for each target.

Base install only, no torch. The weights are two graphs (`NAME.onnx`, `NAME.ask.onnx`) made by
`sayso.train.export`; ONNX Runtime is loaded with the first separator.

The network works in stereo at its own rate (44.1 kHz): other rates are resampled there and back,
so a stem holds nothing above 22 kHz (the residual keeps it); a mono signal is asked as two equal
channels; more channels are taken in pairs. Masks multiply the mixture's own spectrum, so a stem
keeps the mixture's level and phase. A sound is asked for by its plainest wording, which was asked
most in training, whatever the words of the target (`sayso.separate.query_matcher`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, Field, ValidationError

from sayso.audio import Audio, Chunking, Samples, istft, stft
from sayso.errors import ModelError, UnknownTargetError
from sayso.networks.ngrams import ngram_ids
from sayso.separate.absence import REST_THRESHOLD_DB, THRESHOLD_DB, absence_gain
from sayso.separate.exported import open_model, version_of
from sayso.separate.native import by_pairs, separate_natively
from sayso.separate.query_matcher import QueryMatcher
from sayso.watch import SILENT, Watch

KIND = "ask"
REST = "other"


class _Shape(BaseModel):
    """What inference needs of the network's configuration."""

    sample_rate: int = Field(ge=1000, le=768_000)
    n_fft: int = Field(ge=16, le=1 << 20)
    hop: int = Field(ge=1, le=1 << 20)
    widths: tuple[int, ...] = Field(min_length=1, max_length=12)
    buckets: int = Field(ge=2, le=1 << 30)
    text_length: int = Field(ge=1, le=1 << 16)

    @property
    def stride(self) -> int:
        """The number of frames must be a multiple of this."""
        return int(2 ** (len(self.widths) - 1))


class _Told(BaseModel):
    """What a model's metadata must say: its shape, and the wordings of sounds, plainest first."""

    config: _Shape
    known: dict[str, Annotated[list[str], Field(min_length=1)]] | None = None


class EmbeddedSeparator:
    """The `Separator` of an exported ask-by-words model.

    Args:
        path: the encode graph `NAME.onnx`, with `NAME.ask.onnx` beside it; None takes the weights
            in the package.
        threads: of ONNX Runtime; 0 lets it choose.
        segment_s: seconds heard at a time.
        overlap: share of a segment that its neighbours hear too.

    Raises: ModelError for missing, damaged or different files, RangeError.
    """

    stems: tuple[str, ...] = ("vocals", "drums", "bass", "other")

    def __init__(
        self,
        path: Path | None = None,
        *,
        threads: int = 0,
        segment_s: float = 16.0,
        overlap: float = 0.2,
    ) -> None:
        self._heard = (segment_s, overlap)
        self._at_once = 1 if threads == 1 else 2
        self.name = "embedded" if path is None else path.stem
        path = path or packaged_weights()
        if path is None:
            raise ModelError("this installation holds no weights; give the path of a model.onnx")
        ask_path = path.with_name(f"{path.stem}.ask.onnx")
        self._encode, metadata = open_model(path, threads=threads, kind=KIND)
        self._ask, _ = open_model(ask_path, threads=threads)
        self.version = version_of(path, ask_path)
        self.metadata: Mapping[str, Any] = metadata
        try:
            told = _Told.model_validate(metadata)
        except ValidationError as error:
            raise ModelError(f"{path.name} does not say what it is: {error}") from None
        self._shape, self.wordings = told.config, QueryMatcher(told.known or {})

    def supports(self, target: str) -> bool:
        """Whether the words of `target` are near those of a sound that the model was taught."""
        return self.wordings.find(target) is not None

    def separate(
        self,
        mix: Audio,
        targets: Sequence[str],
        *,
        watch: Watch = SILENT,
    ) -> Mapping[str, Audio]:
        """Each target as audio of the same length, rate, channels and level as `mix`.

        Args:
            mix: any rate, channels and length.
            targets: words.
            watch: progress and cancelling, polled between chunks.

        Raises: UnknownTargetError naming the nearest known words, Cancelled.
        """
        shape = self._shape
        asked = [self._plain(target) for target in targets]
        ids = [ngram_ids(words, shape.buckets, length=shape.text_length) for words in asked]
        rows = [np.array([row], np.int64) for row in ids]
        thresholds = [REST_THRESHOLD_DB if words == REST else THRESHOLD_DB for words in asked]
        stems = separate_natively(
            mix,
            by_pairs(lambda pair: self._answers(pair, rows, thresholds)),
            self._chunking(mix.frames * shape.sample_rate // mix.sample_rate),
            sample_rate=shape.sample_rate,
            sources=len(rows),
            watch=watch,
        )
        return dict(zip(targets, stems, strict=True))

    def _plain(self, target: str) -> str:
        plain = self.wordings.find(target)
        if plain is None:
            near = ", ".join(self.wordings.nearest(target)) or "none of its words is near"
            raise UnknownTargetError(f"{self.name} was not taught {target!r}; nearest: {near}")
        return plain

    def _chunking(self, frames: int) -> Chunking:
        grid = self._shape.hop * self._shape.stride
        segment_s, overlap = self._heard
        longest = Chunking.in_seconds(
            self._shape.sample_rate, segment_s=segment_s, overlap=overlap, grid=grid
        )
        return longest.evened(frames, grid=grid)

    def _answers(
        self,
        pair: Samples,
        rows: Sequence[npt.NDArray[np.int64]],
        thresholds_db: Sequence[float],
    ) -> Samples:
        """Stereo `[2, t]` to `[S, 2, t]`."""
        out = np.zeros((len(rows), *pair.shape), np.float32)
        if not np.any(pair):
            return out
        shape, frames = self._shape, pair.shape[1]
        bins = shape.n_fft // 2
        turned = np.ascontiguousarray(
            stft(pair, shape.n_fft, hop=shape.hop)[:, :bins].swapaxes(1, 2)
        )
        # Direct current and what the window spreads of it belong to no sound.
        turned[..., :2] = 0
        count = turned.shape[1]
        padded = -(-count // shape.stride) * shape.stride
        spec = np.zeros((1, 2, 2, padded, bins), np.float32)
        spec[0, :, 0, :count], spec[0, :, 1, :count] = turned.real, turned.imag
        fine, context = self._encode.run(None, {"spec": spec.reshape(1, 4, padded, bins)})
        mix_power, rate = _power(turned), shape.sample_rate / shape.hop

        def answer(number: int) -> None:
            inputs = {"fine": fine, "context": context, "ids": rows[number]}
            (mask,) = self._ask.run(None, inputs)
            planes = mask.reshape(2, 2, padded, bins)[:, :, :count]
            # The bin at half the sample rate stays zero.
            masked = np.zeros((2, count, bins + 1), np.complex64)
            heard = masked[..., :bins]
            heard.real, heard.imag = planes[:, 0], planes[:, 1]
            np.multiply(heard, turned, out=heard)
            masked *= absence_gain(
                _power(heard), mix_power, frame_rate=rate, threshold_db=thresholds_db[number]
            )[:, None]
            out[number] = istft(masked.swapaxes(1, 2), shape.n_fft, hop=shape.hop, length=frames)

        # Two at a time: one answer's transform runs beside the next one's network.
        with ThreadPoolExecutor(self._at_once) as pool:
            list(pool.map(answer, range(len(rows))))
        return out


def packaged_weights() -> Path | None:
    """The encode graph that came with the package, or None."""
    path = Path(str(files("sayso"))) / "weights" / "sayso.onnx"
    return path if path.is_file() else None


def _power(spec: npt.NDArray[np.complex64]) -> npt.NDArray[np.float32]:
    """Of each frame of `[C, T, F]`, `[T]`."""
    parts = spec.view(np.float32)
    power: npt.NDArray[np.float32] = np.einsum("ctf,ctf->t", parts, parts)
    return power
