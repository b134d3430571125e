"""`manifest.jsonl`: a batch's first line, and then a line an item."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ValidationError

from sayso.atomic import in_words, kept, put
from sayso.batch.storage import deliver, file_system, is_remote
from sayso.configuration import Frozen
from sayso.errors import ConfigError
from sayso.outputs import leaves, local_path, numbered, shown


def _inside(name: str) -> str:
    if not name or leaves(name):
        raise ValueError(f"{shown(name)!r} leads out of the folder")
    return name


MANIFEST = "manifest.jsonl"
"""Of the first request into a folder; that of the second is called manifest-2.jsonl."""
_MOST_BYTES = 2 << 30
"""Of a manifest: some millions of items."""
_Relative = Annotated[str, AfterValidator(_inside)]
ItemState = Annotated[
    Literal["queued", "done", "skipped", "failed", "cancelled"],
    # What earlier versions called it.
    BeforeValidator(lambda state: "skipped" if state == "passed_over" else state),
]


class Output(Frozen):
    """One file that was made.

    Attributes:
        path: below the output folder.
        sha256: hexadecimal.
        size: bytes.
    """

    path: _Relative
    sha256: str
    size: int


class Item(Frozen):
    """One file of a batch, and what became of it.

    Attributes:
        alias: its name in this batch; outputs are called after it.
        source: an absolute local path, or a URL.
        size: of the source, in bytes.
        stamp: differs when the source's content does.
        state: "queued" until it is "done", "skipped" (nothing could be made of it, which is
            no failure), "failed" or "cancelled".
        reason: why it was skipped, or failed.
        error: the class of the error with which it failed.
        source_sha256: of the source as it was read.
        outputs: what was made of it.
        notes: what a person should know.
        audio_s: seconds of sound in it.
        work_s: seconds that the work took.
        row: the metrics of a cleaned one, as `sayso.reports.CleanRow` holds them.
    """

    alias: _Relative
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


def read_manifest(out: str | Path, name: str = MANIFEST) -> tuple[Head, dict[str, Item]] | None:
    """A batch's head and its items by alias, or None where there is none.

    Of several lines for one item the last counts: they were added while the batch ran. A last line
    that breaks off was being added when the run was killed.

    Raises: ConfigError for a damaged one.
    """
    content = b""
    try:
        found = _content(out, name)
        if found is None:
            return None
        content = found
        first, *lines = content.decode().split("\n")
        head = Head.model_validate_json(first)
        whole, rest = lines[:-1], lines[-1:]
        items = [Item.model_validate_json(line) for line in whole]
        with suppress(ValidationError):
            items += [Item.model_validate_json(line) for line in rest if line]
    except ValueError as error:  # also of what is no UTF-8, and does not fit
        empty = isinstance(error, ValidationError) and not content
        what = "it is empty" if empty else str(error).splitlines()[0]
        raise ConfigError(f"{out}/{name} is damaged ({what}); move it away to begin anew") from None
    return head, {item.alias: item for item in items}


def manifests(out: str | Path) -> Iterator[tuple[str, tuple[Head, dict[str, Item]] | None]]:
    """The manifests of a folder, one a request, by name; the last is the first that is not there.

    Raises: ConfigError for a damaged one.
    """
    for number in count(1):
        name = numbered(MANIFEST, number)
        found = read_manifest(out, name)
        yield name, found
        if found is None:
            return


def _content(out: str | Path, name: str) -> bytes | None:
    try:
        if not is_remote(str(out)):
            return kept(local_path(str(out)) / name, _MOST_BYTES)
        system, path = file_system(f"{out}/{name}")
        return bytes(system.cat_file(path))
    except (FileNotFoundError, NotADirectoryError):
        return None


def write_manifest(out: str, head: Head, items: Iterable[Item], name: str = MANIFEST) -> None:
    """Replaces the manifest as a whole. Raises: OutputError."""
    lines = [head.model_dump_json(), *map(_line, items)]
    content = "".join(f"{line}\n" for line in lines)
    if not is_remote(out):
        put(local_path(out) / name, content)
        return
    with tempfile.TemporaryDirectory(prefix="sayso-") as folder:
        deliver(put(Path(folder) / name, content), out, name)


def append_item(out: str, item: Item, name: str = MANIFEST) -> None:
    """Adds what became of one item to the manifest in a local folder. Raises: OutputError."""
    path = local_path(out) / name
    with in_words(path), path.open("a", encoding="utf-8") as lines:
        lines.write(_line(item) + "\n")


def _line(item: Item) -> str:
    values: Mapping[str, Any] = item.model_dump(mode="json", exclude_defaults=True)
    return json.dumps({**values, "state": item.state}, ensure_ascii=False)
