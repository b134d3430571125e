"""`manifest.jsonl`: a batch's first line, and then a line an item."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from sayso.batch.storage import deliver, file_system, is_remote
from sayso.configuration import Frozen
from sayso.errors import ConfigError

MANIFEST = "manifest.jsonl"
ItemState = Literal["queued", "done", "passed_over", "failed", "cancelled"]


class Output(Frozen):
    """One file that was made.

    Attributes:
        path: below the output folder.
        sha256: hexadecimal.
        size: bytes.
    """

    path: str
    sha256: str
    size: int


class Item(Frozen):
    """One file of a batch, and what became of it.

    Attributes:
        alias: its name in this batch; outputs are called after it.
        source: an absolute local path, or a URL.
        size: of the source, in bytes.
        stamp: differs when the source's content does.
        state: "queued" until it is "done", "passed_over" (nothing could be made of it, which is
            no failure), "failed" or "cancelled".
        reason: why it was passed over, or failed.
        error: the class of the error with which it failed.
        source_sha256: of the source as it was read.
        outputs: what was made of it.
        notes: what a person should know.
        audio_s: seconds of sound in it.
        work_s: seconds that the work took.
        row: the figures of a cleaned one, as `sayso.reports.CleanRow` holds them.
    """

    alias: str
    source: str
    size: int = 0
    stamp: str = ""
    state: ItemState = "queued"
    reason: str | None = None
    error: str | None = None
    source_sha256: str | None = None
    outputs: tuple[Output, ...] = ()
    notes: tuple[str, ...] = ()
    audio_s: float = 0.0
    work_s: float = 0.0
    row: dict[str, Any] | None = None


class Head(Frozen):
    """The first line.

    Attributes:
        batch: the batch's id; its jobs' ids begin with it.
        settings: what is done with every item, as plain values.
    """

    batch: str
    settings: dict[str, Any]
    version: Literal[1] = 1


def read_manifest(out: str | Path) -> tuple[Head, dict[str, Item]] | None:
    """A batch's head and its items by alias, or None where there is none.

    Raises: ConfigError for a damaged one.
    """
    system, path = file_system(f"{out}/{MANIFEST}")
    try:
        with system.open(path, "r", encoding="utf-8") as lines:
            head = Head.model_validate_json(next(lines))
            items = [Item.model_validate_json(line) for line in lines]
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValidationError, StopIteration, UnicodeDecodeError) as error:
        what = str(error).splitlines()[0] if str(error) else "it is empty"
        raise ConfigError(
            f"{out}/{MANIFEST} is damaged ({what}); move it away to begin anew"
        ) from None
    return head, {item.alias: item for item in items}


def write_manifest(out: str, head: Head, items: Iterable[Item]) -> None:
    """Replaces the manifest as a whole. Raises: OutputError."""
    folder = None if is_remote(out) else Path(out)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".manifest-", suffix=".part", dir=folder)
    part = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as lines:
            lines.write(head.model_dump_json() + "\n")
            for item in items:
                lines.write(_line(item) + "\n")
        part.chmod(0o644)
        deliver(part, out, MANIFEST)
    finally:
        part.unlink(missing_ok=True)


def _line(item: Item) -> str:
    values: Mapping[str, Any] = item.model_dump(mode="json", exclude_defaults=True)
    return json.dumps({**values, "state": item.state}, ensure_ascii=False)
