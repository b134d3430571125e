"""What is done with every item of a batch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from sayso.clean import CleanConfig
from sayso.configuration import Frozen
from sayso.desk import Desk
from sayso.errors import OutputError
from sayso.outputs import Destination, file_name

CLEAN_PATTERN = "{track}.{ext}"


class CleanSettings(Frozen):
    """Speech only: `sayso.clean.clean_file`, one output an item.

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
        model: the separator, as `sayso.studio.Studio` takes it.
        segment_s, overlap: as `Studio` takes them.
        format: a suffix that `sayso.audio.write` knows.
        encoding: as `Result.write` takes it.
        pattern: of the outputs' names; {track} is the alias.
        track: as `sayso.audio.read` takes it.
    """

    kind: Literal["batch.render"] = "batch.render"
    desk: Desk
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


def render_settings(desk: Desk, **options: str | float | None) -> RenderSettings:
    """Render `desk` from every item, with what else `RenderSettings` takes.

    Raises: OutputError for an unknown format, or a pattern by which outputs would collide.
    """
    settings = RenderSettings.model_validate({"desk": desk, **options})
    _check_format(settings.format)
    needed = ("{track}", *(("{target}",) if len(desk.deliver) > 1 else ()))
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
    return list(destination.names(alias, settings.desk.deliver).values())


def _check_format(name: str) -> None:
    from sayso.audio.formats import format_of

    format_of(Path(f"x.{name}"))
