"""What is done with every item of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, ValidationError

from sayso.clean import CleanConfig
from sayso.configuration import Frozen
from sayso.conversation import Conversation, like_of
from sayso.desk import Desk, Move, apply
from sayso.errors import OutputError, RequestError, SaysoError
from sayso.outputs import Destination, file_name

CLEAN_PATTERN = "{track}.{ext}"


class CleanSettings(Frozen):
    """Speech only: `sayso.reports.clean_file`, one output an item.

    Attributes:
        config: the stages.
        format: a suffix that `sayso.audio.write` knows.
        track: as `sayso.audio.read` takes it.
    """

    kind: Literal["batch.clean"] = "batch.clean"
    config: CleanConfig
    format: str = "wav"
    track: str | None = None


class RenderSettings(Frozen):
    """A desk: what words or targets asked for; one output a track that it delivers.

    Attributes:
        desk: what to do.
        moves: what to do besides that has to be made of each recording, such as an edit like an
            example.
        model: the separator, as `sayso.studio.Studio` takes it.
        segment_s, overlap: as `Studio` takes them.
        format: a suffix that `sayso.audio.write` knows.
        encoding: as `Result.write` takes it.
        pattern: of the outputs' names; {track} is the alias.
        track: as `sayso.audio.read` takes it.
    """

    kind: Literal["batch.render"] = "batch.render"
    desk: Desk
    moves: tuple[Move, ...] = ()
    model: str | None = None
    segment_s: float | None = None
    overlap: float | None = None
    format: str = "wav"
    encoding: str | None = None
    pattern: str = "{track}/{target}.{ext}"
    track: str | None = None


Settings: TypeAlias = Annotated[CleanSettings | RenderSettings, Field(discriminator="kind")]


def clean_settings(
    config: CleanConfig, *, format: str = "wav", track: str | None = None
) -> CleanSettings:
    """Clean every item with `config`. Raises: OutputError for an unknown format."""
    _check_format(format)
    # Where models lie and how many threads there are is for each worker's machine to know.
    plain = config.model_copy(update={"models": None, "threads": None})
    return CleanSettings(config=plain, format=format, track=track)


def conversation_settings(
    conversation: Conversation, **options: str | float | None
) -> RenderSettings:
    """Render from every item what a conversation asks for; see `render_settings`."""
    turns = tuple(move for turn in conversation.history.turns for move in turn)
    if like_of(turns) is None:
        return render_settings(conversation.desk, **options)
    return render_settings(conversation.history.start, *turns, **options)


def render_settings(desk: Desk, *moves: Move, **options: str | float | None) -> RenderSettings:
    """Render `desk` after `moves` from every item, with what else `RenderSettings` takes.

    Raises: OutputError for an unknown format, or a pattern by which outputs would collide.
    """
    settings = RenderSettings.model_validate({"desk": desk, "moves": moves, **options})
    _check_format(settings.format)
    if reduce(apply, moves, desk).parts is not None:
        raise RequestError(
            "how many files a split makes is known only of one recording at a time; "
            "`sayso split` takes several in turn"
        )
    several = len(reduce(apply, moves, desk).deliver) > 1
    needed = ("{track}", *(("{target}",) if several else ()))
    missing = [field for field in needed if field not in settings.pattern]
    if missing:
        raise OutputError(
            f"the file name pattern {settings.pattern!r} would give several files of a batch the "
            f"same name; it must hold {' and '.join(missing)}, too"
        )
    return settings


def names_of(settings: CleanSettings | RenderSettings, alias: str) -> list[str]:
    """The outputs of the item that is called `alias`, below the output folder."""
    if isinstance(settings, CleanSettings):
        speech = file_name(CLEAN_PATTERN, alias, "", settings.format)
        stages = [f"{speech.rpartition('.')[0]}.stages"] if settings.config.keep_stages else []
        return [speech, *stages]
    destination = Destination(Path(), settings.pattern, settings.format)
    desk = reduce(apply, settings.moves, settings.desk)
    return list(destination.names(alias, desk.deliver).values())


def alike(stored: Mapping[str, Any], settings: CleanSettings | RenderSettings) -> bool:
    """Whether stored settings, perhaps of an earlier version, are the same."""
    try:
        return type(settings).model_validate(stored) == settings
    except (ValidationError, SaysoError):
        return False


def _check_format(name: str) -> None:
    from sayso.audio.formats import format_of

    format_of(Path(f"x.{name}"))
