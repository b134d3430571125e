"""What the tools are like, as an agent is told, and the parameters that many of them share."""

from __future__ import annotations

from typing import Annotated

from mcp.types import ToolAnnotations
from pydantic import Field

from sayso.desk import Target as AnyTarget

LOOKS = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
"""Changes nothing."""
SETS = ToolAnnotations(
    read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)
"""Changes the desk, to the same however often; undo takes it back."""
ADDS = ToolAnnotations(
    read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=False
)
"""Changes something a second time when it is called a second time."""
WRITES = ToolAnnotations(
    read_only_hint=False, destructive_hint=True, idempotent_hint=False, open_world_hint=False
)
"""Writes files, and replaces others if it is told to."""
Recording = Annotated[
    str | None, Field(description="as `open` named it; the one opened last, if left out")
]
Target = Annotated[
    AnyTarget,
    Field(description='a sound such as "vocals" or "acoustic guitar"; "mix" is the whole'),
]
Targets = Annotated[
    list[AnyTarget],
    Field(
        min_length=1,
        max_length=32,
        description='sounds such as "vocals" or "acoustic guitar"; "no vocals" is all but them',
    ),
]
