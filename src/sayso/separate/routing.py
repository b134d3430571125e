"""`auto`: for each sound the best separator that is installed and can hear it, and why that one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sayso.audio import Audio
from sayso.errors import UnknownTargetError
from sayso.separate.protocol import Separator
from sayso.separate.public import FOUR, MODELS, public_model
from sayso.watch import SILENT, Watch

_DEMUCS = tuple(model.name for model in MODELS if model.kind in ("demucs", "htdemucs"))
_MUSIC = (*_DEMUCS, "spleeter", "embedded", "audiosep", "simple")
_SPEECH = ("deepfilternet3", "dns64", "audiosep", "embedded", "simple")
_WORDS = ("audiosep", "embedded", *_DEMUCS, "simple")


@dataclass(frozen=True)
class Route:
    """Which separator takes out `target`, and the reason in a sentence."""

    target: str
    model: str
    reason: str


class AutoSeparator:
    """The `Separator` that asks the best one for each target.

    Args:
        installed: names that can be loaded now.
        load: a name to its separator; called once a name, when it is first needed.
        version: changes whenever what is installed does.
    """

    name = "auto"
    stems = ("vocals", "drums", "bass", "other")

    def __init__(
        self, installed: Sequence[str], load: Callable[[str], Separator], *, version: str = ""
    ) -> None:
        self.version = version
        self._installed = tuple(installed)
        self._load = load
        self._loaded: dict[str, Separator] = {}

    def supports(self, target: str) -> bool:
        """Whether one of the installed separators does."""
        return self._choose(target) is not None

    def route(self, target: str) -> Route:
        """Which separator `target` goes to, and why. Raises: UnknownTargetError."""
        found = self._choose(target)
        if found is None:
            raise UnknownTargetError(
                f"no installed model can hear {target}; `sayso models` lists what could be"
            )
        name, better = found
        model = public_model(name)
        reason = f"{name} is the best installed model that hears {target}"
        if model is not None and target in model.figures:
            reason += f" (published SDR {model.figures[target]:g} dB)"
        if better:
            reason += f"; {better} would be better: `sayso models pull {better}`"
        return Route(target, name, reason)

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
            targets: each heard by an installed separator.
            watch: progress and cancelling, polled between chunks.
        Raises: UnknownTargetError, Cancelled.
        """
        groups: dict[str, list[str]] = {}
        for target in targets:
            groups.setdefault(self.route(target).model, []).append(target)
        stems: dict[str, Audio] = {}
        for number, (name, wanted) in enumerate(groups.items()):
            share = watch.part(number / len(groups), (number + 1) / len(groups))
            stems |= self._get(name).separate(mix, wanted, watch=share)
        return {target: stems[target] for target in targets}

    def _choose(self, target: str) -> tuple[str, str | None] | None:
        """The best installed model for `target`, and a better one that is not installed."""
        better = None
        for name in _order(target):
            model = public_model(name)
            if name not in self._installed:
                listed = model is not None and (target in model.hears or model.open_words)
                # Only what can be fetched by command is worth a hint.
                if listed and model and all(file.url for file in model.files):
                    better = better or name
                continue
            known = model is not None and not model.open_words
            if target in model.hears if known and model else self._get(name).supports(target):
                return name, better
        return None

    def _get(self, name: str) -> Separator:
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        return self._loaded[name]


def _order(target: str) -> tuple[str, ...]:
    """Models from the best to the worst for `target`."""
    if target in (*FOUR, "guitar", "piano"):
        return _MUSIC
    return _SPEECH if target in ("speech", "noise") else _WORDS
