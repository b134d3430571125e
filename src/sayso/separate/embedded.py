"""The embedded model on ONNX Runtime: a mixture is encoded once and asked for each target.

Base install only, no torch. The weights are made by `sayso.train.export`: a network for everything,
and where `NAME.named.onnx` lies beside it one of its own for the sounds that it knows better. Each
question goes to the network that hears its sound best; a mixture that is asked both kinds is
encoded by both. ONNX Runtime is loaded with the first separator.

Networks work at their own rate (44.1 kHz): other rates are resampled there and back, so a stem
holds nothing above 22 kHz (the residual keeps it). A sound is asked for by its plainest wording,
which was asked most in training, whatever the words of the target (`sayso.separate.query_matcher`);
a sentence about several sounds asks for their sum (`sayso.separate.captions`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from itertools import chain
from pathlib import Path
from typing import Any

from sayso.audio import Audio, Chunking, Recorder
from sayso.errors import ModelError, UnknownTargetError
from sayso.separate.asked import KIND as KIND
from sayso.separate.asked import REST, AskedNetwork, ask_graph, read_told
from sayso.separate.captions import sounds_of
from sayso.separate.exported import read_metadata
from sayso.separate.loading import Card, Loading
from sayso.separate.native import separate_natively
from sayso.separate.query_matcher import QueryMatcher
from sayso.separate.rivals import Rivalry
from sayso.watch import SILENT, Watch

VOICES = ("vocals", "speech")
MUSIC = "instrumental"


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
        self.name = "embedded" if path is None else path.stem
        path = path or packaged_weights()
        if path is None:
            raise ModelError("this installation holds no weights; give the path of a model.onnx")
        general = AskedNetwork(path, threads=threads)
        self._networks = [general]
        named = _named_graph(path)
        if named.is_file():
            self._networks.append(AskedNetwork(named, threads=threads))
        self.version = "-".join(network.version for network in self._networks)
        self.metadata: Mapping[str, Any] = general.metadata
        self._within = {k: v for n in self._networks for k, v in n.told.within.items()}
        self.wordings = QueryMatcher(general.told.known or {})
        self._better = {
            words[0]: network
            for network in self._networks[1:]
            for words in (network.told.known or {}).values()
        }
        self._rivalry = Rivalry(self._rivals(), self._within)

    def supports(self, target: str) -> bool:
        """Whether the words of `target` are near those of sounds that the model was taught."""
        return bool(sounds_of(target, self.wordings, within=self._within))

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
            targets: words; of several sounds their sum.
            watch: progress and cancelling, polled between chunks.

        Raises: UnknownTargetError naming the nearest known words, Cancelled.
        """
        asked = [self._plain(target) for target in targets]
        answers = self._answers(mix, list(dict.fromkeys(chain(*asked))), watch)
        return {
            target: _total([answers[words] for words in sounds])
            for target, sounds in zip(targets, asked, strict=True)
        }

    def _plain(self, target: str) -> tuple[str, ...]:
        sounds = sounds_of(target, self.wordings, within=self._within)
        if not sounds:
            near = ", ".join(self.wordings.nearest(target)) or "none of its words is near"
            raise UnknownTargetError(f"{self.name} was not taught {target!r}; nearest: {near}")
        return sounds

    def _rivals(self) -> dict[str, AskedNetwork]:
        """What answers of further networks are shared out against, from whom it is asked.

        All that they know, and voices and the instruments that the general one knows better.
        """
        general = self._networks[0]
        taught = [words[0] for words in (general.told.known or {}).values()]
        beside = [w for w in taught if w in VOICES or MUSIC in self._within.get(w, ())]
        return {w: general for w in beside if w != REST} | self._better

    def _answers(self, mix: Audio, asked: Sequence[str], watch: Watch) -> dict[str, Audio]:
        """What each plain wording names, each from the network that hears it best."""
        answers: dict[str, Audio] = {}
        done = 0
        for number, network in enumerate(self._networks):
            own = [w for w in asked if self._better.get(w, self._networks[0]) is network]
            if not own:
                continue
            shape = network.shape
            stems = separate_natively(
                mix,
                self._rivalry.answering(network, own) if number else network.answering(own),
                self._chunking(network, mix.frames * shape.sample_rate // mix.sample_rate),
                sample_rate=shape.sample_rate,
                sources=len(own),
                watch=watch.part(done / len(asked), (done + len(own)) / len(asked)),
            )
            done += len(own)
            answers |= dict(zip(own, stems, strict=True))
        return answers

    def _chunking(self, network: AskedNetwork, frames: int) -> Chunking:
        grid = network.shape.hop * network.shape.stride
        segment_s, overlap = self._heard
        longest = Chunking.in_seconds(
            network.shape.sample_rate, segment_s=segment_s, overlap=overlap, grid=grid
        )
        return longest.evened(frames, grid=grid)


def _total(parts: Sequence[Audio]) -> Audio:
    """The sum of audio of one shape, a block at a time."""
    if len(parts) == 1:
        return parts[0]
    recorder = Recorder(parts[0].channels, parts[0].sample_rate)
    for blocks in zip(*(part.blocks() for part in parts), strict=True):
        recorder.append(sum(blocks[1:], blocks[0]))
    return recorder.audio()


def packaged_weights() -> Path | None:
    """The encode graph that came with the package, with the other beside it; or None."""
    path = Path(str(files("sayso"))) / "weights" / "sayso.onnx"
    return path if path.is_file() and ask_graph(path).is_file() else None


def card(path: Path) -> Card:
    """What an exported model is, without its weights. Raises: ModelError."""
    told = read_told(read_metadata(path, kind=KIND), path)
    ask = ask_graph(path)
    if not ask.is_file():
        raise ModelError(f"{ask}: there is no such file; the model is made of this and {path.name}")
    wordings = QueryMatcher(told.known or {})
    stems = EmbeddedSeparator.stems
    return Card(
        path.stem,
        stems,
        hears=(*stems, "speech", "noise", "and many sounds by name"),
        supports=lambda target: bool(sounds_of(target, wordings, within=told.within)),
    )


def load(given: Loading) -> EmbeddedSeparator:
    """The separator in an exported file, or in the package. Raises: ModelError, RangeError."""
    (path, *_) = given.paths
    own = None if path == packaged_weights() else path
    return EmbeddedSeparator(own, threads=given.threads or 0, **given.cutting)


def graphs_of(path: Path) -> list[Path]:
    """The files of the model whose encode graph is at `path`, that first."""
    named = _named_graph(path)
    return [p for p in (path, ask_graph(path), named, ask_graph(named)) if p.is_file()]


def _named_graph(path: Path) -> Path:
    """Where a second network would be that answers better for some sounds."""
    return path.with_name(f"{path.stem}.named.onnx")
