"""Material for a blind test: two edits of each recording, and nothing that tells which is whose."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sayso.atomic import put
from sayso.audio import write
from sayso.effects import record
from sayso.outputs import check_file, fitting
from sayso.timeline import Edited
from sayso.train.editor_files import Example, Outcome

_SIDES = ("A", "B")
_KEY, _ANSWERS = "key.json", "answers.csv"


def blind_test(
    folder: str | Path,
    examples: Sequence[Example],
    outcomes: Sequence[Outcome],
    method: str,
    *,
    seed: int = 0,
    overwrite: bool = False,
) -> list[Path]:
    """Writes the person's edit and `method`'s of each recording as A and B, in an order by chance.

    `answers.csv` has a line a recording to fill in; `key.json` tells which was which, afterwards.

    Args:
        folder: for the files, made where it is missing.
        examples: recordings and how they were edited.
        outcomes: of all methods, from `leave_one_out`.
        method: whose edits are held against the person's.
        seed: of the order.
        overwrite: whether files that are there are replaced.

    Raises: OutputError, before anything is written where a file is there.
    """
    folder, rng = Path(folder), np.random.default_rng(seed)
    edits = {o.recording: o.timeline for o in outcomes if o.method == method}
    names = [f"{number}-{Path(example.name).stem}" for number, example in enumerate(examples, 1)]
    files = [
        [folder / fitting(f"{name}-{side}.wav", keep=".wav") for side in _SIDES] for name in names
    ]
    for path in (*(path for pair in files for path in pair), folder / _KEY, folder / _ANSWERS):
        check_file(path, overwrite=overwrite)
    key: dict[str, dict[str, str]] = {}
    for example, pair in zip(examples, files, strict=True):
        whose = [("person", example.pair.timeline), (method, edits[example.name])]
        if rng.random() < 0.5:
            whose.reverse()
        for path, (_, timeline) in zip(pair, whose, strict=True):
            write(path, record(Edited(example.audio, timeline)))
        key |= {path.name: {"edited by": who} for path, (who, _) in zip(pair, whose, strict=True)}
    put(folder / _KEY, json.dumps(key, indent=2, ensure_ascii=False))
    rows = ["first,second,better (A or B)", *(f"{a.name},{b.name}," for a, b in files)]
    put(folder / _ANSWERS, "\n".join(rows) + "\n")
    return [path for pair in files for path in pair]
