"""JSON schemas that say what each field is, from the docstrings of the models.

A field is described in the section "Attributes:" of its class or of one that it inherits from;
a name whose value is always the same describes itself.
"""

from __future__ import annotations

import inspect
import re
from typing import Any

_SECTION = re.compile(r"^(?:Attributes|Raises):\s*$", re.MULTILINE)
_ENTRY = re.compile(r"^    (\w[\w, ]*): (.*)$")


def describe(schema: dict[str, Any], model: type) -> None:
    """Adds to the JSON schema of a model what its docstring says of each field.

    What the section says is left out of the description of the whole, and None is called null.
    It is pydantic's `json_schema_extra`.
    """
    said = attributes(model)
    for name, field in schema.get("properties", {}).items():
        if "description" in field:
            continue
        if name in said:
            field["description"] = re.sub(r"\bNone\b", "null", said[name])
        elif "const" in field:
            field["description"] = f"always {field['const']!r}"
    whole = _SECTION.split(inspect.getdoc(model) or "")[0].strip()
    if "description" in schema and whole:
        schema["description"] = whole


def attributes(model: type) -> dict[str, str]:
    """What the docstring of a class, and those that it inherits from, say of each field.

    >>> class Point:
    ...     '''Where it is.
    ...
    ...     Attributes:
    ...         x, y: metres from the door,
    ...             along the walls.
    ...     '''
    >>> attributes(Point)
    {'x': 'metres from the door, along the walls.', 'y': 'metres from the door, along the walls.'}
    """
    found: dict[str, str] = {}
    for cls in reversed(model.__mro__):
        found |= _section(inspect.cleandoc(cls.__doc__ or ""))
    return found


def _section(doc: str) -> dict[str, str]:
    found: dict[str, str] = {}
    names: list[str] = []
    _, _, section = doc.partition("Attributes:\n")
    for line in section.splitlines():
        if line and not line.startswith(" "):
            break  # the next section
        if entry := _ENTRY.match(line):
            names = entry[1].split(", ")
            found |= dict.fromkeys(names, entry[2].strip())
        elif line.strip():
            found |= {name: f"{found[name]} {line.strip()}" for name in names}
    return found
