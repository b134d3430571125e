"""How speech is cleaned: one YAML file, a section a stage, in the order in which they run.

A stage whose section is missing or null is left out. Those that come with the package are named
("best", "light", "embedded", "fast", "broadcast", "published"); any other is a path.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Literal

from pydantic import Field

from sayso.configuration import parse, read_values
from sayso.desk import Cleaning
from sayso.errors import ConfigError

Measure = Literal["dnsmos", "words", "music"]


class CleanConfig(Cleaning):
    """How a file is cleaned: the stages, and what is written of it.

    Attributes:
        name: for reports; of a file its stem.
        encoding: of the output, as `sayso.audio.write` takes it; None takes the format's own.
        measures: what is measured beside the quick metrics; those whose model or extra is missing
            fail with how to get it.
        keep_stages: whether each stage's result is written, too, into a folder beside the output.
        models: folder of the public models' weights; None takes the platform's.
        threads: processor threads of the separators; None takes all.
    """

    name: str = "custom"
    encoding: Literal["pcm16", "pcm24", "float32"] | None = None
    measures: tuple[Measure, ...] = ()
    keep_stages: bool = False
    models: Path | None = None
    threads: int | None = Field(default=None, ge=1, le=256)

    @property
    def stages(self) -> Cleaning:
        """The stages alone, as a desk holds them."""
        return Cleaning(**{name: getattr(self, name) for name in Cleaning.model_fields})


def config_names() -> tuple[str, ...]:
    """Those that come with the package."""
    found = (Path(str(entry)) for entry in files("sayso.clean").joinpath("configs").iterdir())
    return tuple(sorted(path.stem for path in found if path.suffix == ".yaml"))


def load_config(name_or_path: str | Path, overrides: Sequence[str] = ()) -> CleanConfig:
    """A configuration by its name or from a file.

    Args:
        name_or_path: "embedded", or a path to a YAML file.
        overrides: such as "gate.range_db=-20" or "gate=null".
    Raises: ConfigError for an unknown name, an unknown key or a value out of its range.

    >>> load_config("embedded", ["loudness.lufs=-18"]).loudness.lufs
    -18.0
    """
    path, packaged = Path(name_or_path), config_names()
    if str(name_or_path) in packaged:
        path = Path(str(files("sayso.clean").joinpath("configs", f"{name_or_path}.yaml")))
    elif not path.is_file():
        raise ConfigError(
            f"there is no configuration {str(name_or_path)!r}; expected one of "
            f"{', '.join(packaged)}, or the path of a YAML file"
        )
    values = {"name": path.stem, **read_values(path, overrides)}
    return parse(CleanConfig, values, str(name_or_path))
