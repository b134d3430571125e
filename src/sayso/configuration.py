"""Configurations: YAML files with overrides, read into frozen models whose unknown keys fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from sayso.described import describe
from sayso.errors import ConfigError


class Frozen(BaseModel):
    """A configuration: immutable, unknown keys fail."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra=describe)


_MOST_BYTES = 4 << 20
Configured = TypeVar("Configured", bound=BaseModel)


def parse_yaml(text: str) -> Any:
    """The plain values that `text` holds. Raises: ValueError, whatever is wrong with it.

    >>> parse_yaml("a: [1, yes]")
    {'a': [1, True]}
    """
    try:
        return yaml.safe_load(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except (yaml.YAMLError, TypeError, OverflowError, AttributeError) as error:
        raise ValueError(str(error)) from None


def read_values(path: Path, overrides: Sequence[str] = ()) -> dict[str, Any]:
    """What a YAML file holds, after `a.b=value` overrides (values are YAML).

    Raises: ConfigError for a missing file, bad YAML or an override that does not fit.
    """
    try:
        values = parse_yaml(_text(path))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: cannot be read as YAML: {error}") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: holds {type(values).__name__}, expected keys and values")
    for override in overrides:
        _apply(values, override)
    return values


def _text(path: Path) -> str:
    with path.open("rb") as file:  # which may be a pipe
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise ValueError(f"it holds more than {_MOST_BYTES:,} bytes")
    return content.decode("utf-8")


def parse(model: type[Configured], values: Mapping[str, Any], origin: str) -> Configured:
    """`model` out of plain values; `origin` is named in errors.

    Raises: ConfigError for unknown keys and values out of range.
    """
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, e['loc'])) or 'top level'}: {e['msg']}" for e in error.errors()
        )
        raise ConfigError(f"{origin}: {wrong}") from error


def _apply(values: dict[str, Any], override: str) -> None:
    path, equals, text = override.partition("=")
    *parents, last = path.split(".")
    if not equals or not last:
        raise ConfigError(f"override {override!r}: expected a.b=value")
    for key in parents:
        inner = values.setdefault(key, {})
        if not isinstance(inner, dict):
            kind = type(inner).__name__  # all of it, with aliases, could be longer than memory
            raise ConfigError(f"override {override!r}: {key!r} holds a {kind}, not keys")
        values = inner
    try:
        values[last] = parse_yaml(text)
    except ValueError as error:
        raise ConfigError(f"override {override!r}: {text!r} is no YAML value") from error
