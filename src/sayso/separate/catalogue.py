"""What can separate: names, what each hears, what it costs, and loading it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from sayso.errors import ModelError, RangeError, UnknownTargetError
from sayso.separate.protocol import Separator


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


def catalogue() -> list[Entry]:
    """Every separator that can be named, the best first."""
    from sayso.separate.embedded import packaged_weights
    from sayso.separate.simple import MUSIC, SPEECH

    return [
        Entry(
            name="embedded",
            hears=(*MUSIC, *SPEECH, "and many sounds by name"),
            quality="good: the project's own network, asked in words",
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


def load(
    name: str | Path | None = None,
    *,
    threads: int | None = None,
    segment_s: float | None = None,
    overlap: float | None = None,
) -> Separator:
    """The separator called `name`, ready to work.

    Args:
        name: from the catalogue, or a path to an exported `.onnx` model; None takes the best that
            is installed.
        threads: processor threads; None takes all.
        segment_s: seconds heard at a time; None leaves it to the separator.
        overlap: share of a segment that is heard twice, 0 to 0.5; None leaves it.

    Raises: ModelError naming the nearest name, RangeError.
    """
    if name is None:
        name = next(entry.name for entry in catalogue() if entry.installed)
    options = {"segment_s": segment_s, "overlap": overlap}
    chosen = {key: value for key, value in options.items() if value is not None}
    if str(name) == "simple":
        from sayso.separate.simple import SimpleSeparator

        return SimpleSeparator(**chosen)
    if str(name) == "embedded":
        return _asked(None, threads or 0, chosen)
    if str(name).endswith(".onnx"):
        return _exported(Path(name), threads or 0, chosen)
    raise ModelError(_unknown(str(name)))


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


def _unknown(name: str) -> str:
    from rapidfuzz.process import extractOne

    names = [entry.name for entry in catalogue()]
    nearest = extractOne(name, names)
    hint = f"did you mean {nearest[0]!r}? " if nearest and nearest[1] > 60 else ""
    return f"there is no model {name!r}; {hint}expected one of {', '.join(names)}, or a .onnx file"


def require_heard(
    separator: Separator,
    targets: Sequence[str],
    *,
    nearest: Callable[[str], str | None] | None = None,
) -> None:
    """Raises UnknownTargetError, naming what can be heard, unless all `targets` can be.

    `nearest` knows which sound that can be heard comes closest to one that cannot.
    """
    deaf = [target for target in targets if not separator.hears(target)]
    if not deaf:
        return
    entry = next((entry for entry in catalogue() if entry.name == separator.name), None)
    hears = ", ".join(entry.hears if entry else separator.stems)
    close = None if nearest is None else nearest(deaf[0])
    hint = f"; {close} comes nearest" if close else ""
    raise UnknownTargetError(
        f"{separator.name} cannot hear {', '.join(deaf)}{hint}; it hears {hears}"
    )
