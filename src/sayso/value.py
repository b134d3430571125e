"""The base of every value on the desk: frozen, comparable, strict, with errors in plain words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from sayso.described import describe
from sayso.errors import MoveError, RangeError, SaysoError

OUT_OF_RANGE = "out_of_range"
_RANGE_ERRORS = {"greater_than", "greater_than_equal", "less_than", "less_than_equal"}


def _writable(text: str) -> str:
    if "\0" in text or (not text.isprintable() and _HALVES.search(text)):
        raise ValueError("it holds a character that no file or database can keep")
    return text


_HALVES = re.compile("[\ud800-\udfff]")
Text = Annotated[str, AfterValidator(_writable)]
"""Free text without NUL and without halves of surrogate pairs, which JSON can smuggle in."""


class Value(BaseModel):
    """A frozen pydantic model that raises our errors instead of pydantic's.

    Raises: RangeError when a number lies outside its range, MoveError when a field is unknown,
        missing or of the wrong kind.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        ser_json_inf_nan="strings",
        json_schema_extra=describe,
    )

    def __init__(self, /, **data: Any) -> None:
        try:
            super().__init__(**data)
        except ValidationError as error:
            raise in_words(error) from None

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with the fields in `update` changed; unlike pydantic's it is validated."""
        if not update:
            return super().model_copy(deep=deep)
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return self.model_validate({**fields, **update})

    @classmethod
    def model_validate(cls, obj: Any, **kwargs: Any) -> Self:
        """Build from plain data; see the class for the errors."""
        try:
            return super().model_validate(obj, **kwargs)
        except ValidationError as error:
            raise in_words(error) from None

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **kwargs: Any) -> Self:
        """Build from JSON text; see the class for the errors."""
        try:
            return super().model_validate_json(json_data, **kwargs)
        except ValidationError as error:
            raise in_words(error) from None


def in_words(error: ValidationError) -> SaysoError:
    """The first of pydantic's complaints as one of our errors, naming the field and its range."""
    details = error.errors(include_url=False)
    first = details[0]
    out_of_range = first["type"] in _RANGE_ERRORS or first["type"] == OUT_OF_RANGE
    cls = RangeError if out_of_range else MoveError
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    return cls(f"{_sentence(first)}{more}")


def _sentence(detail: ErrorDetails) -> str:
    where = ".".join(str(part) for part in detail["loc"]) or "value"
    arrived = repr(detail.get("input"))
    if len(arrived) > 80:
        arrived = arrived[:77] + "..."
    limits: dict[str, Any] = detail.get("ctx", {})
    if detail["type"] in _RANGE_ERRORS:
        side = "at most" if detail["type"].startswith("less") else "at least"
        bound = limits.get("le", limits.get("lt", limits.get("ge", limits.get("gt"))))
        return f"{where}: {arrived} is out of range; expected {side} {bound:g}"
    if detail["type"] == OUT_OF_RANGE:
        return detail["msg"]
    if detail["type"] == "extra_forbidden":
        return f"{where}: there is no such field"
    return f"{where}: {arrived} does not fit: {detail['msg'].removeprefix('Value error, ')}"
