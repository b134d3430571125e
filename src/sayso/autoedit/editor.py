"""An editor: what was learnt of how a person edits, and its file.

The names of its scorers are here, what they do is in `scoring`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, field_validator

from sayso.atomic import writing
from sayso.autoedit.describing import JUDGES, NAMES
from sayso.autoedit.features import Array
from sayso.errors import ModelError, OutputError
from sayso.optional import require

if TYPE_CHECKING:
    from sayso.networks.autoencoder import Autoencoder
    from sayso.networks.pointer import PointerNet

POINTER, DISCRIMINATOR, ENSEMBLE = "pointer", "discriminator", "ensemble"
PARTS = ("autoencoder", "latent", DISCRIMINATOR)
"""What the ensemble is made of."""
LEARNT = (*PARTS, ENSEMBLE)
UNTAUGHT = ("level", "novelty")
SCORERS = (*LEARNT, *UNTAUGHT)
_FORMAT = "sayso-editor-3"
_ARRAYS = ("judges", "errors", "latents", "style", "weighing")


class _Told(BaseModel):
    """The plain values of an editor, as its file holds them."""

    model_config = ConfigDict(extra="forbid")

    keep_ratio: float = Field(gt=0, le=1)
    repeated: float = Field(gt=0, le=1000)
    usual_s: float | None = Field(gt=0, allow_inf_nan=False)
    repeats: int = Field(ge=1, le=1000)
    times: int = Field(ge=1, le=1000)
    rests: float = Field(ge=0, le=1)
    sure: bool
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
        judges: weights and biases [JUDGES, F + 1] of logistic regressions on descriptions of bars:
            which are heard more than once, and which are kept (the discriminator).
        errors: what the autoencoder does wrong on the edits themselves, rising.
        latents: where they lie in its latent space [n, 2 L].
        weighing: how the ensemble weighs each of `PARTS` by bar and by phrase, and a bias [7].
        style: descriptions and odds of bars that were kept [S, F + JUDGES].
        keep_ratio: the share that the person usually keeps, repeats not counted.
        repeated: how many times longer the edits are for what is repeated in them.
        usual_s: the length that the person usually cuts to, where that is steadier than the share.
        repeats: how often a bar is heard at most.
        times: how often a bar is heard that is heard more than once.
        rests: the share of pauses, by time, that is kept.
        sure: whether what is likelier kept than not is, rather than the usual share.
        by: what did best on the person's own pairs, each left out in turn: "pointer" or a scorer.
    """

    autoencoder: Autoencoder
    pointer: PointerNet
    judges: Array
    errors: Array
    latents: Array
    weighing: Array
    style: Array
    keep_ratio: float
    repeated: float = 1.0
    usual_s: float | None = None
    repeats: int = 3
    times: int = 1
    rests: float = 1.0
    sure: bool = False
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
        for name in _ARRAYS:
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
        arrays = {name: tensors[name].numpy() for name in _ARRAYS}
        shapes = {name: array.shape for name, array in arrays.items()}
        fits = (
            (pointer.config.features,) == shapes["style"][1:]
            and shapes["judges"] == (JUDGES, len(NAMES) + 1)
            and shapes["weighing"] == (2 * len(PARTS) + 1,)
            and (2 * autoencoder.config.latent,) == shapes["latents"][1:]
            and len(shapes["errors"]) == 1
            and all(array.size for array in arrays.values())
        )
        if not fits:
            raise ValueError(f"its parts have shapes that do not fit: {shapes}")
        return cls(autoencoder, pointer, **arrays, **dict(told))
