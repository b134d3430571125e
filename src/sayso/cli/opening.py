"""From arguments and the environment to a `Studio`."""

from __future__ import annotations

import os
from argparse import ArgumentTypeError, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sayso.cli.batch_parser import amount
from sayso.cli.terminal import note
from sayso.desk import MIX, Adjust, Desk, Loudness, Mono, Move, SampleRate, Set, complement_of
from sayso.errors import ConfigError, OutputError, RequestError
from sayso.outputs import PATTERN, Destination
from sayso.separate import AUTO, Models, StemCache, makers_of
from sayso.separate.cache import LIMIT_BYTES
from sayso.studio import Studio

if TYPE_CHECKING:
    from sayso.checkpoints import WeightStore


def open_studio(arguments: Namespace) -> Studio:
    """The studio that the options ask for.

    SAYSO_CACHE moves its cache, SAYSO_MODELS the weights; SAYSO_LLM names a language model that
    reads instructions.
    """
    models = Models(
        arguments.model,
        weight_store=models_store(),
        threads=arguments.threads,
        segment_s=arguments.segment,
        overlap=arguments.overlap,
        cache=None if arguments.no_cache else stem_cache(),
    )
    return Studio(models, llm=os.environ.get("SAYSO_LLM") or None)


def tell_choice(studio: Studio, targets: Sequence[str]) -> None:
    """Says which model each target goes to where the person left it to us, and offers better ones.

    Raises: see `sayso.cli.offering.offer_better`.
    """
    from sayso.cli.offering import offer_better

    if studio.separator.name == AUTO:
        offer_better(studio.models, targets)
        makers = makers_of(studio.separator, targets)
        made = (f"{', '.join(stems)} by {model}" for model, stems in makers.items())
        if makers:
            note("; ".join(made).replace("other by the rest", "other is the rest"))


def models_store() -> WeightStore:
    """Where public weights lie: SAYSO_MODELS, or the platform's cache folder.

    Weights in the Hugging Face hub's own cache (HF_HOME) are used, too.
    """
    from platformdirs import user_cache_path

    from sayso.checkpoints import WeightStore

    chosen = os.environ.get("SAYSO_MODELS")
    folder = Path(chosen) if chosen else user_cache_path("sayso") / "models"
    hub = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface")
    return WeightStore(folder, hub=hub / "hub")


def stem_cache() -> StemCache:
    """The stems that are kept, at most what SAYSO_CACHE_LIMIT says. Raises: ConfigError."""
    return StemCache(cache_folder(), limit_bytes=cache_limit())


def cache_limit() -> int:
    """What the kept stems may take, in bytes. Raises: ConfigError."""
    text = os.environ.get("SAYSO_CACHE_LIMIT")
    try:
        return amount(text) if text else LIMIT_BYTES
    except ArgumentTypeError as error:
        raise ConfigError(f"SAYSO_CACHE_LIMIT: {error}") from None


def cache_folder() -> Path:
    """Where separated stems are kept: SAYSO_CACHE, or the platform's cache folder."""
    chosen = os.environ.get("SAYSO_CACHE")
    if chosen:
        return Path(chosen)
    from platformdirs import user_cache_path

    return user_cache_path("sayso") / "stems"


def destination_of(arguments: Namespace, *, usual: str = PATTERN) -> Destination:
    """Where the options send the outputs; `usual` is the pattern of names without --filename.

    Raises: OutputError for options that do not fit.
    """
    for option, value in (("-o", arguments.out), ("--filename", vars(arguments).get("filename"))):
        if value is not None and not value.strip():
            raise OutputError(f"{option} is empty; give it a name, or leave it out")
    return Destination.to(
        arguments.out,
        usual=usual,
        pattern=getattr(arguments, "filename", None),
        format=arguments.format,
        encoding=getattr(arguments, "encoding", None),
        overwrite=arguments.overwrite,
        encode=getattr(arguments, "encode", False),
    )


def shape_moves(arguments: Namespace, desk: Desk) -> list[Move]:
    """What --mono, --sample-rate and --lufs ask for besides, of the tracks that `desk` delivers.

    Raises: RangeError, RequestError for a loudness of what is left of a recording.
    """
    moves: list[Move] = []
    if arguments.lufs is not None:
        for target in desk.deliver:
            if complement_of(target) is not None:
                raise RequestError(
                    f"--lufs takes the mix and single sounds; {target!r} is what is left. Leave "
                    "--lufs out, or deliver the mix without it"
                )
            # A fader would move the loudness that was asked for.
            if desk.strip(target).gain_db:
                moves.append(Set(target=target, gain_db=0.0))
            moves.append(Adjust(target=target, effects=(Loudness(lufs=arguments.lufs),)))
    effects: tuple[Mono | SampleRate, ...] = (
        *([Mono()] if arguments.mono else []),
        *([SampleRate(hz=arguments.sample_rate)] if arguments.sample_rate is not None else []),
    )
    if effects:
        moves.append(Adjust(target=MIX, effects=effects))
    return moves
