"""All benches in one command, and one page of what they found.

    python -m bench [--quick] [--songs SONGS] [--pairs NOISY CLEAN] [--store STORE]
    python -m bench --only starting asking

Prints a table a part and writes docs/benchmarks.md (`--out` elsewhere), with this machine's
description; with `--only` nothing is written unless `--out` says where. Whatever is compared is
measured in one run, so ratios hold where seconds do not. Parts that need material or packages that
are not here are skipped, and the page says which. `--quick` takes shorter material and less than a
quarter of an hour on two cores. Other programs should rest.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))  # each bench is a script of its own, too

import baselines  # noqa: E402
import costs  # noqa: E402
from costs import Given  # noqa: E402
from tables import SkippedError, Table, machine  # noqa: E402

PAGE = HERE.parent / "docs" / "benchmarks.md"
_INTRODUCTION = """# What it costs and how well it hears

Written by `python -m bench`. Whatever is compared ran in turns in one run on one machine: trust the
ratios; seconds are that machine's.
"""


def spaced(lines: Sequence[str]) -> str:
    """`lines` of Markdown, with an empty one wherever a table begins or ends."""
    text = ""
    for before, line in pairwise(["", *lines]):
        apart = before.strip() and before.startswith("|") != line.startswith("|")
        text += ("\n" if apart and line.strip() else "") + line + "\n"
    return text.rstrip()


def scripted(title: str, script: str, material: str, *options: str) -> Callable[[Given], Table]:
    """A part that takes the tables of a script as it prints them."""

    def part(given: Given) -> Table:
        where: Path | None = getattr(given, material)
        if where is None:
            raise SkippedError(f"needs --{material}")
        command = [sys.executable, str(HERE / script), str(where), *options]
        if given.quick and script != "sounds.py":
            command += ["--seconds", "10"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{script}: {done.stderr[-2000:]}")
        told = done.stdout.replace("\n## ", "\n### ").strip().splitlines()
        first = next((n for n, line in enumerate(told) if line.startswith(("|", "#"))), 0)
        # The line before a table is its caption.
        kept = told[max(0, first - 1) :]
        return Table(title, (), (), f"`python bench/{script}`\n\n" + spaced(kept))

    return part


PARTS: Mapping[str, Callable[[Given], Table]] = {
    "starting": costs.starting,
    "asking": costs.asking,
    "separating": costs.separating,
    "long": costs.long,
    "batches": costs.batches,
    "serving": costs.serving,
    "drums": baselines.drums,
    "speech": baselines.speech,
    "songs": scripted("Songs", "quality.py", "songs", "--model", "simple", "embedded"),
    "changes": scripted("Songs that were changed", "robustness.py", "songs"),
    "sounds": scripted("Speech, sounds and instruments", "sounds.py", "store"),
}


def main() -> int:
    """Measures, prints, writes; 1 where a part failed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=list(PARTS), metavar="PART", default=[],
                        help=f"some of {', '.join(PARTS)}")  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="in less than a quarter of an hour")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of each separator")
    parser.add_argument("--songs", type=Path, help="a folder with a folder of stems a song")
    parser.add_argument("--pairs", type=Path, nargs=2, metavar=("NOISY", "CLEAN"))
    parser.add_argument("--store", type=Path, help="of training material: its validation part")
    parser.add_argument("--out", type=Path, help=f"the page; default: {PAGE.name} in docs")
    arguments = parser.parse_args()
    noisy, clean = arguments.pairs or (None, None)
    places = (arguments.songs, noisy, clean, arguments.store)
    given = Given(
        arguments.quick, arguments.threads, *(place and place.resolve() for place in places)
    )
    pieces, failed = [_INTRODUCTION, machine().markdown()], False
    for name in arguments.only or PARTS:
        began = time.perf_counter()
        try:
            piece = PARTS[name](given).markdown()
        except SkippedError as error:
            piece = f"## {name}\n\nLeft out: {error}.\n"
        except Exception as error:  # the other parts are worth having all the same
            piece, failed = f"## {name}\n\nFailed: {error}\n", True
        print(f"{piece}\n({name}: {time.perf_counter() - began:.0f} s)\n", flush=True)
        pieces.append(piece)
    out = arguments.out or (None if arguments.only else PAGE)
    if out is not None:
        out.write_text("\n".join(pieces), encoding="utf-8")
        print(f"written to {out}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
