"""Embeddings of the words that AudioSep is asked with: made once, then kept on disk.

Making one takes the text tower of a 2.4 GB checkpoint; reading one takes 2 kB.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from sayso.atomic import writing
from sayso.checkpoints import fingerprint, fit, read_pickled, without_prefix
from sayso.errors import ModelError, OutputError
from sayso.optional import require

Embedding = npt.NDArray[np.float32]

PROMPTS: Mapping[str, str] = MappingProxyType(
    {
        "vocals": "singing voice",
        "drums": "drum kit",
        "bass": "bass guitar",
        "other": "guitar, piano and synthesizer",
        "speech": "human speech",
        "noise": "background noise",
    }
)
"""What AudioSep is asked for where our name of a target is none that it was trained on."""

TRAINED_ON: Mapping[str, str] = MappingProxyType(
    {
        "MUSIC": "acoustic guitar, violin, accordion, xylophone, erhu, trumpet, tuba, cello, "
        "flute, saxophone",
        "ESC-50": "one sound in a word or two: dog, rain, crying baby, clock tick, siren",
        "VGGSound, AudioSet": "names of events: people clapping, car engine starting",
        "AudioCaps, Clotho": "sentences: a man speaks while birds chirp in the background",
    }
)
"""How the sets on which it was evaluated speak of sounds; words like these work best."""


class Prompts:
    """Words to embeddings.

    Args:
        clap: checkpoint with CLAP's text tower; read when a text is new.
        tokens: RoBERTa's `vocab.json`.
        merges: RoBERTa's `merges.txt`.
        kept: folder for embeddings; None keeps none.
        config: sizes of the tower; None takes the published ones.
    """

    def __init__(
        self, clap: Path, *, tokens: Path, merges: Path, kept: Path | None, config: Any = None
    ) -> None:
        self.clap, self._tokens, self._merges = clap, tokens, merges
        self._kept, self._config = kept, config

    def embed(self, target: str) -> Embedding:
        """The embedding [D] of a target, or of what `PROMPTS` says instead of it.

        Raises: ModelError for damaged files, MissingExtraError without transformers.
        """
        text = PROMPTS.get(target, target)
        if self._kept is None:
            return self._compute(text)
        source = f"{fingerprint(self.clap)}\0{text}"
        path = self._kept / f"{hashlib.blake2b(source.encode(), digest_size=16).hexdigest()}.npy"
        try:
            found: Embedding = np.load(path, allow_pickle=False)
            return found
        except (OSError, ValueError, EOFError):
            pass  # not there, or damaged: made anew
        embedding = self._compute(text)
        # An embedding that cannot be kept is still good.
        with suppress(OutputError), writing(path) as part, part.open("wb") as file:
            np.save(file, embedding)
        return embedding

    def _compute(self, text: str) -> Embedding:
        import torch

        with torch.inference_mode():
            ids = torch.tensor([self._encode(text)])
            found: Embedding = self._tower(ids)[0].float().numpy()
        return found

    @cached_property
    def _tower(self) -> Any:
        require("transformers", extra="torch", purpose="AudioSep's text encoder")
        from sayso.networks.clap import UNUSED_KEYS, ClapText

        package = without_prefix(read_pickled(self.clap), "")
        state = package.get("state_dict", package)
        # CLAP's own checkpoint, or one of AudioSep that carries its encoder along.
        for prefix in ("module.", "query_encoder.model.", ""):
            part = without_prefix(state, prefix)
            chosen = {k: v for k, v in part.items() if k.split(".")[0] in _PARTS}
            if chosen:
                tower = ClapText(self._config)
                fit(tower, chosen, path=self.clap, unused=UNUSED_KEYS)
                return tower
        raise ModelError(f"{self.clap}: it holds no text tower; expected CLAP's checkpoint")

    @cached_property
    def _tokeniser(self) -> Any:
        library = require("tokenizers", extra="torch", purpose="AudioSep's text encoder")
        for path in (self._tokens, self._merges):
            if not path.is_file():
                raise ModelError(f"{path}: there is no such file; expected RoBERTa's {path.name}")
        try:
            return library.ByteLevelBPETokenizer.from_file(str(self._tokens), str(self._merges))
        except Exception as error:  # the library raises bare exceptions
            raise ModelError(f"{self._tokens}: no vocabulary of RoBERTa: {error}") from None

    def _encode(self, text: str) -> list[int]:
        from sayso.networks.clap import BEGIN, END

        longest = self._tower.config.longest - 2
        return [BEGIN, *self._tokeniser.encode(text).ids[:longest], END]


_PARTS = ("text_branch", "text_projection")
