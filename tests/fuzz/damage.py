"""Damage as files suffer it, and as somebody does it who wants to break what reads them.

`SAYSO_FUZZ_EXAMPLES` sets how many examples each test tries, other ones each time.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("SAYSO_FUZZ_EXAMPLES", "0"))
_HEADER = 300
_EXTREMES = st.sampled_from(
    [b"\0", b"\xff", b"\x7f", b"\x80", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f",
     b"\x7f\xff\xff\xff", b"\0\0\0\x80", b"\x80\0\0\0", b"\1\0\0\0", b"\0\0\0\1", b"\xff" * 8,
     b"\0\0\xc0\x7f", b"\0\0\x80\x7f", b"RIFF", b"data", b"fmt ", b"OggS", b"moov", b"ID3"]
)  # fmt: skip
ODD = [
    None, True, 0, -1, 1, 2**31, -(2**31), 2**63, -(2**63), 10**30, 0.0, -0.0, 1e-300, 1e12, 1e308,
    float("nan"), float("inf"), -float("inf"), "", "x", "1", "nan", "1e999", "\0", "\ud7ff", "/",
    "..", "a" * 5000, [], {}, [[]], [None], {"": None}, [1, 2, 3], {"x": 1}, [[0, 1], [2]],
]  # fmt: skip


class Damaged(bytes):
    """Bytes that are too many to be shown; a test that fails has left them in its file."""

    def __repr__(self) -> str:
        return f"<{len(self)} bytes>"


def attacked(few: int) -> settings:
    """`few` examples, always the same; or as many others as the environment asks for."""
    return settings(
        max_examples=EXAMPLES or few,
        derandomize=not EXAMPLES,
        database=None,
        deadline=None if EXAMPLES else 60_000,
        suppress_health_check=list(HealthCheck),
    )


@st.composite
def damaged(draw: st.DrawFn, wholes: Sequence[bytes]) -> Damaged:
    """One of `wholes` with some bytes set, lost, doubled or moved, mostly in its header."""
    data = bytearray(wholes[draw(st.integers(0, len(wholes) - 1))])
    for _ in range(draw(st.integers(1, 5))):
        near = draw(st.integers(0, min(len(data), _HEADER)))
        at = draw(st.sampled_from([near, near, len(data) - near, near * len(data) // _HEADER]))
        length = draw(st.sampled_from([1, 2, 4, 16, 200]))
        kind = draw(st.sampled_from(["set", "set", "set", "any", "cut", "double", "end"]))
        if kind == "set":
            new = draw(_EXTREMES)
            data[at : at + len(new)] = new
        elif kind == "any":
            new = draw(st.binary(min_size=1, max_size=8))
            data[at : at + len(new)] = new
        elif kind == "cut":
            del data[at : at + length]
        elif kind == "double":
            data[at:at] = data[at : at + length]
        else:
            del data[at:]
    return Damaged(data)


def assert_read_or_refused(
    path: Path,
    wholes: Sequence[bytes],
    read: Callable[[Path], object],
    fault: type[Exception],
    *,
    few: int,
    named: str,
) -> None:
    """`read` takes damaged `wholes` at `path`, or raises `fault` with `named` in its message."""

    @attacked(few)
    @given(damaged(wholes))
    def attack(data: Damaged) -> None:
        path.write_bytes(data)
        try:
            read(path)
        except fault as error:
            assert named in str(error)

    attack()


@st.composite
def altered(draw: st.DrawFn, documents: Sequence[Any]) -> Any:
    """One of `documents` (what JSON or YAML holds) with some values lost, doubled or odd."""
    document = copy.deepcopy(documents[draw(st.integers(0, len(documents) - 1))])
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(document))
        if not places:
            return draw(st.sampled_from(ODD))
        holder, key = places[draw(st.integers(0, len(places) - 1))]
        kind = draw(st.sampled_from(["odd", "odd", "odd", "odd", "lose", "swap", "name"]))
        if kind == "odd":
            holder[key] = copy.deepcopy(draw(st.sampled_from(ODD)))
        elif kind == "lose":
            del holder[key]
        elif kind == "swap":
            other, name = places[draw(st.integers(0, len(places) - 1))]
            holder[key] = copy.deepcopy(other[name])
        elif isinstance(holder, dict):
            holder[draw(st.sampled_from(["x", "", key + "s"]))] = holder.pop(key)
        else:
            holder.insert(key, copy.deepcopy(holder[key]))
    return document


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    keys: list[Any] = list(node) if isinstance(node, dict) else []
    keys += range(len(node)) if isinstance(node, list) else []
    for key in keys:
        yield node, key
        yield from _places(node[key])
