"""What kinds of sound a recording holds, and whether it holds music: Cnn14 of PANNs.

Figures are the network's probabilities, from 0 to 1, over ten seconds at a time; kinds are those of
AudioSet, and not exclusive. Their names come with the checkpoint, in `class_labels_indices.csv`.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from sayso.audio import Audio, resample, upright
from sayso.checkpoints import fit, read_pickled
from sayso.errors import ModelError
from sayso.measure.compared import Compared
from sayso.optional import require
from sayso.watch import SILENT, Watch

if TYPE_CHECKING:
    from sayso.networks.cnn14 import Cnn14, Cnn14Config

_WINDOW_S = 10.0
MUSIC = "Music"


class Tags(BaseModel):
    """How probable each kind of sound is, window by window.

    Fields:
        window_s: length of a window; the last one may be shorter.
        names: kinds.
        windows: for each window the probability of each kind.
    """

    model_config = ConfigDict(frozen=True)

    window_s: float
    names: tuple[str, ...]
    windows: tuple[tuple[float, ...], ...]

    def presence(self, name: str) -> tuple[float, ...]:
        """The probability of one kind, for each window. Raises: ModelError for no such kind."""
        if name not in self.names:
            raise ModelError(f"there is no kind of sound called {name!r} among the tags")
        index = self.names.index(name)
        return tuple(window[index] for window in self.windows)

    def top(self, count: int = 10) -> Mapping[str, float]:
        """The `count` kinds that are most probable in any window, the likeliest first."""
        greatest = np.max(np.array(self.windows), axis=0)
        best = np.argsort(-greatest, kind="stable")[:count]
        return {self.names[index]: float(greatest[index]) for index in best}


class Tagger:
    """Names the kinds of sound in a recording.

    Args:
        network: set to evaluate.
        names: of its classes, in order.
    Raises: ModelError when the names are not as many as the classes.
    """

    def __init__(self, network: Cnn14, names: Sequence[str]) -> None:
        if len(names) != network.config.classes:
            raise ModelError(
                f"there are {len(names)} names for {network.config.classes} kinds of sound"
            )
        self._network, self._names = network, tuple(names)

    @classmethod
    def load(cls, checkpoint: Path, labels: Path, *, config: Cnn14Config | None = None) -> Tagger:
        """The tagger in PANNs' files. Raises: ModelError, MissingExtraError."""
        require("torch", extra="torch", purpose="Cnn14")
        from sayso.networks.cnn14 import UNUSED_KEYS, Cnn14

        package = read_pickled(checkpoint)
        state = package.get("model") if isinstance(package, dict) else None
        if not isinstance(state, dict):
            raise ModelError(
                f"{checkpoint}: no checkpoint of PANNs; expected weights under 'model'"
            )
        network = Cnn14(config)
        fit(network, state, path=checkpoint, unused=UNUSED_KEYS)
        return cls(network, read_labels(labels))

    def tag(
        self,
        audio: Audio,
        *,
        watch: Watch = SILENT,
    ) -> Tags:
        """The kinds of sound in `audio`.

        Args:
            audio: any rate, channels and length; it is mixed to mono.
            watch: progress and cancelling, polled between windows.
        Raises: Cancelled.
        """
        mono = resample(upright(audio), self._network.config.sample_rate)
        window = round(_WINDOW_S * mono.sample_rate)
        found = []
        for start in range(0, mono.frames, window):
            watch.check()
            stop = min(start + window, mono.frames)
            # A rest too short to be heard is heard with what came before.
            if stop - start < self._network.config.shortest:
                start = max(0, stop - self._network.config.shortest)
            found.append(self._probabilities(mono.block(start, stop).mean(axis=0)))
            watch.report(stop / mono.frames)
        windows = tuple(tuple(map(float, row)) for row in found)
        return Tags(window_s=_WINDOW_S, names=self._names, windows=windows)

    def _probabilities(self, samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        import torch

        short = max(0, self._network.config.shortest - len(samples))
        with torch.inference_mode():
            waveform = torch.from_numpy(np.pad(samples, (0, short)))[None]
            found: npt.NDArray[np.float32] = self._network(waveform)[0].numpy()
        return found


def evaluate(compared: Compared) -> dict[str, float]:
    """`{"music_presence": probability}`, its mean over time, by the judge "cnn14", a `Tagger`."""
    tagger: Tagger = compared.judged_by("cnn14")
    tags = tagger.tag(compared.estimate, watch=compared.watch)
    return {"music_presence": float(np.mean(tags.presence(MUSIC)))}


def read_labels(path: Path) -> list[str]:
    """The names in AudioSet's `class_labels_indices.csv`. Raises: ModelError."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        return [row["display_name"] for row in sorted(rows, key=lambda row: int(row["index"]))]
    except FileNotFoundError:
        raise ModelError(f"{path}: there is no such file; expected AudioSet's labels") from None
    except (KeyError, ValueError, TypeError, UnicodeDecodeError, csv.Error):
        raise ModelError(
            f"{path}: not AudioSet's labels; expected columns index, mid, display_name"
        ) from None
