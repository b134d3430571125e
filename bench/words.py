"""What an instruction costs to understand, in milliseconds of processor time.

    python bench/words.py [CORPUS]

Prints what the first instruction costs (the data files are read then), what the first slip of the
pen costs (the edit distance is loaded then), and the spread over a corpus, whose earlier turns are
not counted. Without an argument the corpus of the tests is taken.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from time import process_time
from typing import Any

import yaml

from sayso.desk import History
from sayso.words import interpret
from sayso.words.interpreter import LONGEST

CORPUS = Path(__file__).parent.parent / "tests" / "words" / "corpus.yaml"
ROUNDS = 5


def milliseconds(work: Callable[[], Any]) -> float:
    """What `work` costs once."""
    start = process_time()
    work()
    return (process_time() - start) * 1e3


def after(lines: list[str]) -> History:
    """The history that these messages lead to."""
    history = History()
    for line in lines:
        history = history.push(interpret(line, history).moves)
    return history


def main() -> None:
    """Prints the table."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else CORPUS
    print(
        f"first instruction    {milliseconds(lambda: interpret('mute the drums', History())):8.2f}"
    )
    print(
        f"first slip           {milliseconds(lambda: interpret('mute the drmus', History())):8.2f}"
    )
    pairs = yaml.safe_load(path.read_text("utf-8"))
    said = [(pair["say"], after(pair.get("after", []))) for pair in pairs]
    times = [
        min(milliseconds(partial(interpret, text, history)) for _ in range(ROUNDS))
        for text, history in said
    ]
    at = max(range(len(times)), key=times.__getitem__)
    print(f"median of {len(times):4d}       {median(times):8.2f}")
    print(f"95 in 100            {quantiles(times, n=20)[-1]:8.2f}")
    print(f"slowest              {times[at]:8.2f}  {said[at][0]!r}")
    noise = " ".join(f"qz{n:x}vx" for n in range(250))[:LONGEST]
    print(f"noise                {milliseconds(lambda: interpret(noise, History())):8.2f}")
    print(f"too long             {milliseconds(lambda: interpret(noise * 50, History())):8.2f}")


if __name__ == "__main__":
    main()
