"""An editor: what was learnt of how a person edits, its file, and its opinions.

Every scorer gives each bar a number from 0 to 1, more for what the person would rather keep:

| name | what it goes by |
|---|---|
| `autoencoder` | how well an autoencoder of the person's edits rebuilds it |
| `latent` | how near it lies to those edits in the autoencoder's latent space |
| `discriminator` | bars that were kept against bars that were not |
| `level` | how loud it is; needs nothing that was learnt |
| `novelty` | how much it differs from what came before; needs nothing that was learnt |
| `ensemble` | the mean rank of the first three |
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, field_validator

from sayso.atomic import writing
from sayso.autoedit.bars import Bars, find_bars, means
from sayso.autoedit.choose import Scores
from sayso.autoedit.describing import NAMES, describe, measure
from sayso.autoedit.features import HOP, RATE, Array, Features
from sayso.errors import ModelError, OutputError, RangeError
from sayso.optional import require
from sayso.timeline import Timeline

if TYPE_CHECKING:
    from sayso.networks.autoencoder import Autoencoder
    from sayso.networks.pointer import PointerNet

SEGMENTS = (64, 128)
"""Frames of the segments that the autoencoder hears: 2 and 4 s."""
SEGMENT_HOP = 16
LEARNT = ("autoencoder", "latent", "discriminator", "ensemble")
UNTAUGHT = ("level", "novelty")
SCORERS = (*LEARNT, *UNTAUGHT)
POINTER, DISCRIMINATOR = "pointer", "discriminator"
_FORMAT = "sayso-editor-2"
_NEIGHBOURS = 5
_BATCH = 256


class _Told(BaseModel):
    """The plain values of an editor, as its file holds them."""

    model_config = ConfigDict(extra="forbid")

    bias: FiniteFloat
    keep_ratio: float = Field(gt=0, le=1)
    repeated: float = Field(gt=0, le=1000)
    usual_s: float | None = Field(gt=0, allow_inf_nan=False)
    repeats: int = Field(ge=1, le=1000)
    by: str

    @field_validator("by")
    @classmethod
    def _known(cls, by: str) -> str:
        if by not in (POINTER, *SCORERS):
            raise ValueError(f"unknown scorer {by!r}")
        return by


@dataclass(frozen=True, eq=False)
class Editor:
    """What was learnt from pairs of recordings and edits.

    Attributes:
        autoencoder: of the edits.
        pointer: the network that edits.
        weights, bias: of the discriminator [F].
        errors: what the autoencoder does wrong on the edits themselves, rising.
        latents: where they lie in its latent space [n, L].
        style: descriptions and odds of bars that were kept [S, F + 1].
        keep_ratio: the share that the person usually keeps, repeats not counted.
        repeated: how many times longer the edits are for what is repeated in them.
        usual_s: the length that the person usually cuts to, where that is steadier than the share.
        repeats: how often a bar is heard at most.
        by: what did best on the person's own pairs, each left out in turn: "pointer" or a scorer.
    """

    autoencoder: Autoencoder
    pointer: PointerNet
    weights: Array
    bias: float
    errors: Array
    latents: Array
    style: Array
    keep_ratio: float
    repeated: float = 1.0
    usual_s: float | None = None
    repeats: int = 3
    by: str = POINTER

    def wish_s(self, duration_s: float) -> float:
        """The length in seconds that the person would give a recording of `duration_s`."""
        usual_s = self.usual_s
        if usual_s is None:
            usual_s = self.keep_ratio * self.repeated * duration_s
        return max(1.0, min(usual_s, self.repeats * duration_s))

    def save(self, path: str | Path) -> Path:
        """Writes one safetensors file, with no code in it. Raises: OutputError."""
        import torch
        from safetensors import SafetensorError
        from safetensors.torch import save_file

        tensors = {f"autoencoder/{k}": v for k, v in self.autoencoder.state_dict().items()}
        tensors |= {f"pointer/{k}": v for k, v in self.pointer.state_dict().items()}
        for name in ("weights", "errors", "latents", "style"):
            tensors[name] = torch.from_numpy(np.ascontiguousarray(getattr(self, name)))
        metadata = {
            "format": _FORMAT,
            "autoencoder": self.autoencoder.config.model_dump_json(),
            "pointer": self.pointer.config.model_dump_json(),
            "fields": json.dumps({name: getattr(self, name) for name in _Told.model_fields}),
            "names": json.dumps(NAMES),
        }
        path = Path(path)
        with writing(path) as part:
            try:
                save_file(tensors, part, metadata)
            except SafetensorError as error:  # so it says that a disk is full
                raise OutputError(f"{path}: cannot be written ({error})") from None
            part.chmod(0o644)  # safetensors makes it readable by its owner alone
        return path

    @classmethod
    def open(cls, path: str | Path) -> Editor:
        """Reads what `save` wrote. Raises: ModelError, MissingExtraError."""
        require("torch", extra="torch", purpose="an editor that has learnt")
        from safetensors import SafetensorError, safe_open

        path = Path(path)
        if not path.is_file():
            raise ModelError(f"{path}: there is no such editor; `sayso edit learn` makes one")
        try:
            with safe_open(path, "pt") as file:
                metadata = file.metadata() or {}
                tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            names = json.loads(metadata.get("names", "[]"))
            if metadata.get("format") == _FORMAT and names == list(NAMES):
                return cls._of(metadata, tensors)
        except (SafetensorError, OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
            raise ModelError(f"{path.name}: not an editor, or damaged ({error})") from None
        raise ModelError(
            f"{path.name}: not an editor of this version; `sayso edit learn` makes one"
        )

    @classmethod
    def _of(cls, metadata: Mapping[str, str], tensors: Mapping[str, Any]) -> Editor:
        """Out of what a file holds. Raises: KeyError, ValueError, RuntimeError."""
        from sayso.networks.autoencoder import Autoencoder, AutoencoderConfig
        from sayso.networks.pointer import PointerConfig, PointerNet

        told = _Told.model_validate_json(metadata["fields"])
        autoencoder = Autoencoder(AutoencoderConfig.model_validate_json(metadata["autoencoder"]))
        pointer = PointerNet(PointerConfig.model_validate_json(metadata["pointer"]))
        for name, net in (("autoencoder", autoencoder), ("pointer", pointer)):
            own = {k.split("/", 1)[1]: v for k, v in tensors.items() if k.startswith(f"{name}/")}
            net.load_state_dict(own)
            net.eval()
        arrays = {n: tensors[n].numpy() for n in ("weights", "errors", "latents", "style")}
        shapes = {name: array.shape for name, array in arrays.items()}
        fits = (
            (pointer.config.features,) == shapes["style"][1:]
            and shapes["weights"] == (len(NAMES),)
            and (autoencoder.config.latent,) == shapes["latents"][1:]
            and len(shapes["errors"]) == 1
            and all(array.size for array in arrays.values())
        )
        if not fits:
            raise ValueError(f"its parts have shapes that do not fit: {shapes}")
        return cls(autoencoder, pointer, **arrays, **dict(told))


def scaled(mel: Array) -> Array:
    """Levels in dB as the autoencoder takes them: about -1 to 1."""
    small: Array = np.clip((mel + 60) / 40, -1, 1.5).astype(np.float32)
    return small


def segments(mel: Array, length: int) -> Array:
    """Overlapping segments [n, MELS, length] of a course [MELS, N]."""
    if mel.shape[1] < length:
        return np.zeros((0, mel.shape[0], length), np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(mel, length, axis=1)[:, ::SEGMENT_HOP]
    moved: Array = np.ascontiguousarray(np.moveaxis(windows, 1, 0))
    return moved


def kept_segments(features: Features, timeline: Timeline, length: int) -> Array:
    """Segments [n, MELS, length] of what is heard in `timeline`, none of them across a cut."""
    scale = RATE / HOP / features.sample_rate
    mel = scaled(features.mel)
    parts = [
        segments(mel[:, round(clip.start * scale) : round(clip.stop * scale)], length)
        for clip in timeline.clips
    ]
    return np.concatenate(parts)


def score(features: Features, scorer: str, editor: Editor | None = None) -> Scores:
    """What a scorer thinks of every bar of a recording.

    Args:
        features: the recording.
        scorer: one of `SCORERS`.
        editor: for those that were learnt.

    Raises: RangeError for another name, ModelError where an editor is needed.
    """
    if scorer not in SCORERS:
        raise RangeError(f"scorer {scorer!r}: expected one of {', '.join(SCORERS)}")
    if scorer in LEARNT and editor is None:
        raise ModelError(f"the scorer {scorer} needs an editor; `sayso edit learn` makes one")
    bars = find_bars(features)
    return Scores.of(scorer, _values(features, bars, scorer, editor), bars, features)


def _values(features: Features, bars: Bars, scorer: str, editor: Editor | None) -> Array:
    if scorer == "level":
        level = means(features.level, bars.edges)
        values: Array = np.clip((level + 70) / 70, 0, 1)
        return values
    if scorer == "novelty":
        return _novelty(features, bars)
    assert editor is not None
    if scorer == "discriminator":
        described = describe(measure(features, bars))
        odds: Array = 1 / (1 + np.exp(-(described @ editor.weights + editor.bias)))
        return odds.astype(np.float32)
    if scorer == "ensemble":
        ranks = [_ranks(_values(features, bars, name, editor)) for name in LEARNT[:3]]
        mean: Array = np.mean(ranks, axis=0).astype(np.float32)
        return mean
    return _anomaly(features, bars, editor, latent=scorer == "latent")


def _ranks(values: Array) -> Array:
    order = np.argsort(np.argsort(values, kind="stable"))
    ranks: Array = ((order + 0.5) / len(values)).astype(np.float32)
    return ranks


def _novelty(features: Features, bars: Bars) -> Array:
    """How far each bar's spectrum lies from the mean of the four before it."""
    mel = means(scaled(features.mel), bars.edges)
    far = [
        float(np.abs(mel[:, at] - mel[:, max(0, at - 4) : at].mean(axis=1)).mean()) if at else 0.0
        for at in range(bars.count)
    ]
    values: Array = np.clip(np.array(far, np.float32) / 0.5, 0, 1)
    return values


def _anomaly(features: Features, bars: Bars, editor: Editor, *, latent: bool) -> Array:
    """The share of the person's own edits that are rebuilt worse, or lie farther off."""
    total = np.zeros(features.count + 1)
    weight = np.zeros(features.count + 1)
    known = _own_distances(editor) if latent else editor.errors
    mel = scaled(features.mel)
    for length in SEGMENTS:
        parts = segments(mel, length)
        errors = _errors(parts, editor, latent=latent)
        likeness = 1 - np.searchsorted(known, errors) / len(known)
        # Beyond the worst of the edits, order still matters.
        likeness = 0.9 * likeness + 0.1 * np.exp(-errors / (known[-1] + 1e-6))
        starts = np.arange(len(parts)) * SEGMENT_HOP
        for edge, sign in ((starts, 1), (starts + length, -1)):
            np.add.at(total, edge, sign * likeness)
            np.add.at(weight, edge, sign)
    course = np.cumsum(total)[:-1] / np.maximum(np.cumsum(weight)[:-1], 1e-6)
    # The tail that no segment covers is like what comes before it.
    covered = np.flatnonzero(np.cumsum(weight)[:-1] > 0.5)
    course[covered[-1] + 1 :] = course[covered[-1]]
    return means(course.astype(np.float32), bars.edges)


def _errors(parts: Array, editor: Editor, *, latent: bool) -> Array:
    import torch

    from sayso.networks.autoencoder import reconstruction_error

    found: list[Any] = []
    with torch.inference_mode():
        for start in range(0, len(parts), _BATCH):
            batch = torch.from_numpy(parts[start : start + _BATCH])
            if latent:
                at = editor.autoencoder.encode(batch).mean(dim=2)
                found.append(_distances(at.numpy(), editor.latents, skip=0))
            else:
                found.append(reconstruction_error(editor.autoencoder, batch).numpy())
    errors: Array = np.concatenate(found).astype(np.float32)
    return errors


def _distances(points: Array, cluster: Array, *, skip: int) -> Array:
    """Mean distance of `points` [n, L] to the nearest few of `cluster` [m, L], after `skip`."""
    scale = cluster.std(axis=0) + 1e-6
    a, b = points / scale, cluster / scale
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None] - 2 * a @ b.T
    last = min(_NEIGHBOURS + skip, len(b)) - 1
    nearest = np.sort(np.partition(squares, last, axis=1)[:, : last + 1], axis=1)[:, skip:]
    distances: Array = np.sqrt(np.maximum(nearest, 0)).mean(axis=1)
    return distances


def _own_distances(editor: Editor) -> Array:
    """How far the edits lie from each other; each is its own nearest neighbour."""
    chosen = editor.latents[:: max(1, len(editor.latents) // 512)]
    own: Array = np.sort(_distances(chosen, editor.latents, skip=1))
    return own
