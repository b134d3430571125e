"""What can separate: names, what each hears, what it costs, and loading it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from sayso.checkpoints import WeightStore, fingerprint
from sayso.errors import ModelError, RangeError, UnknownTargetError
from sayso.separate.installed import (
    PATH_SUFFIXES,
    default_weight_store,
    is_installed,
    load_path,
    load_public,
)
from sayso.separate.protocol import Separator
from sayso.separate.public import MODELS, PublicModel, public_model


class Entry(BaseModel):
    """One line of the catalogue.

    Attributes:
        name: what `load` takes.
        hears: sounds that it can be asked for, or a few of them.
        quality: how good it is, in plain words.
        cost: how long a minute of audio takes, roughly.
        licence: of the code and, where there are any, of the weights.
        installed: whether it can be loaded now.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    hears: tuple[str, ...]
    quality: str
    cost: str
    licence: str
    installed: bool = True


def catalogue(weight_store: WeightStore | None = None) -> list[Entry]:
    """Every separator that can be named: our own, then the public ones, each the best first.

    `weight_store` is where public weights lie; None takes the platform's folder.
    """
    from sayso.separate.embedded import packaged_weights
    from sayso.separate.simple import MUSIC, SPEECH

    own = [
        Entry(
            name="embedded",
            hears=(*MUSIC, *SPEECH, "and many sounds by name"),
            quality="fair, and improving: the project's own network, asked in words",
            cost="a few seconds a minute",
            licence="GPL-3.0-or-later",
            installed=packaged_weights() is not None,
        ),
        Entry(
            name="simple",
            hears=(*MUSIC, *SPEECH),
            quality="the weakest choice: no training at all, only rules of thumb",
            cost="a second or two a minute",
            licence="GPL-3.0-or-later",
        ),
    ]
    return own + [
        _public_entry(model, weight_store or default_weight_store())
        for model in MODELS
        if model.hears
    ]


def _public_entry(model: PublicModel, weight_store: WeightStore) -> Entry:
    words = ("and any sound in words",) if model.open_words else ()
    return Entry(
        name=model.name,
        hears=(*model.hears, *words),
        quality=model.quality,
        cost=model.cost,
        licence=f"code {model.code}; weights {model.weights}",
        installed=is_installed(model, weight_store),
    )


def load(
    name: str | Path | None = None,
    *,
    threads: int | None = None,
    segment_s: float | None = None,
    overlap: float | None = None,
    weight_store: WeightStore | None = None,
) -> Separator:
    """The separator called `name`, ready to work.

    Args:
        name: from the catalogue; "auto" for the best installed one for each sound; a path to an
            exported `.onnx` model or to a checkpoint of Demucs, DNS64 or AudioSep; or several of
            these as an ensemble, "2*htdemucs+embedded" or "htdemucs+embedded:mask_max". None takes
            the best of our own.
        threads: processor threads; None takes all.
        segment_s: seconds heard at a time; None leaves it to the separator.
        overlap: share of a segment that is heard twice, 0 to 0.5; None leaves it.
        weight_store: where public weights lie; None takes the platform's folder.

    Raises: ModelError naming the nearest name, RangeError.
    """
    if name is None:
        name = next(entry.name for entry in catalogue() if entry.installed)
    options = {"segment_s": segment_s, "overlap": overlap}
    chosen = {key: value for key, value in options.items() if value is not None}
    if str(name) == "auto" or ("+" in str(name) and not Path(name).exists()):
        return _composed(str(name), weight_store, threads, chosen)
    public, path = public_model(str(name)), Path(name)
    if public is not None:
        return load_public(
            public, weight_store or default_weight_store(), threads=threads, options=chosen
        )
    if path.suffix in PATH_SUFFIXES:
        return load_path(
            path, weight_store or default_weight_store(), threads=threads, options=chosen
        )
    if str(name) == "simple":
        from sayso.separate.simple import SimpleSeparator

        return SimpleSeparator(**chosen)
    if str(name) == "embedded":
        return _asked(None, threads or 0, chosen)
    if str(name).endswith(".onnx"):
        return _exported(Path(name), threads or 0, chosen)
    raise ModelError(_unknown(str(name)))


def _composed(
    name: str, weight_store: WeightStore | None, threads: int | None, options: dict[str, float]
) -> Separator:
    """`auto`, or the ensemble that `name` spells."""

    def part(name: str) -> Separator:
        return load(
            name,
            threads=threads,
            segment_s=options.get("segment_s"),
            overlap=options.get("overlap"),
            weight_store=weight_store,
        )

    if name == "auto":
        from sayso.separate.routing import AutoSeparator

        installed = [entry.name for entry in catalogue(weight_store) if entry.installed]
        return AutoSeparator(installed, part, version=_version(installed, weight_store))
    from sayso.desk import Fusion
    from sayso.separate.ensemble import Ensemble

    members, _, kind = name.partition(":")
    try:
        fusion = Fusion.model_validate({"kind": kind} if kind else {})
        pairs = [member.rpartition("*")[::2] for member in members.split("+")]
        weights = [float(weight or 1) for weight, _ in pairs]
    except ValueError:
        raise ModelError(
            f"{name!r} spells no ensemble; expected 'NAME+NAME' or '2*NAME+NAME:FUSION', where "
            "FUSION is mean, mask_max, mask_mean or mask_power"
        ) from None
    return Ensemble([part(member) for _, member in pairs], weights=weights, fusion=fusion)


def _version(installed: Sequence[str], weight_store: WeightStore | None) -> str:
    """Changes whenever a file of an installed model does."""
    from sayso.separate.embedded import packaged_weights

    weight_store = weight_store or default_weight_store()
    files = [file for model in MODELS if model.name in installed for file in model.files]
    found = [packaged_weights(), *map(weight_store.find, files)]
    return fingerprint(*(path for path in found if path is not None))


def _exported(path: Path, threads: int, options: dict[str, float]) -> Separator:
    from sayso.separate import unet
    from sayso.separate.exported import kind_of

    if kind_of(path) != unet.KIND:
        return _asked(path, threads, options)
    if options:
        raise RangeError(f"{path.name}: a U-Net sets its own segment and overlap; leave them out")
    return unet.UNetSeparator.load(path, threads=threads)


def _asked(path: Path | None, threads: int, options: dict[str, float]) -> Separator:
    from sayso.separate.embedded import EmbeddedSeparator

    return EmbeddedSeparator(path, threads=threads, **options)


def is_trained(separator: Separator, target: str) -> bool:
    """Whether what would answer for `target` has learned, and does not go by rules of thumb."""
    route = getattr(separator, "route", None)
    return (separator.name if route is None else route(target).model) != "simple"


def _unknown(name: str) -> str:
    from rapidfuzz.process import extractOne

    names = [entry.name for entry in catalogue()]
    nearest = extractOne(name, names)
    hint = f"did you mean {nearest[0]!r}? " if nearest and nearest[1] > 60 else ""
    return (
        f"there is no model {name!r}; {hint}expected one of {', '.join(names)}, auto, "
        "or the path of an .onnx model or a checkpoint"
    )


def require_supported(
    separator: Separator,
    targets: Sequence[str],
    *,
    nearest: Callable[[str], str | None] | None = None,
) -> None:
    """Raises UnknownTargetError, naming what can be heard, unless all `targets` can be.

    `nearest` knows which sound that can be heard comes closest to one that cannot.
    """
    deaf = [target for target in targets if not separator.supports(target)]
    if not deaf:
        return
    entry = next((entry for entry in catalogue() if entry.name == separator.name), None)
    hears = ", ".join(entry.hears if entry else separator.stems)
    close = None if nearest is None else nearest(deaf[0])
    hint = f"; {close} comes nearest" if close else ""
    raise UnknownTargetError(
        f"{separator.name} cannot hear {', '.join(deaf)}{hint}; it hears {hears}"
    )
