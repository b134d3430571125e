"""Offering better models: asked once on a terminal, told in a line elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sayso.cli.terminal import note, progress_bar
from sayso.errors import ConfigError, ModelError, OutputError

if TYPE_CHECKING:
    from sayso.separate import Models
    from sayso.separate.row import CatalogueRow

CHOICES = ("never", "ask", "always")
_DECLINED = "declined.txt"  # beside the weights: what was offered once, and not wanted
_MUSIC = ("vocals", "drums", "bass", "other")


def offer_better(models: Models, targets: Sequence[str]) -> None:
    """Fetches, asks for or tells of a recommended model that would do better at `targets`.

    SAYSO_PULL decides: "never" says nothing, "always" fetches without asking, "ask", the default,
    asks once where there is a terminal and tells elsewhere.

    Args:
        models: those that are here; looked at anew when one has come.
        targets: what is about to be asked for.
    Raises: ConfigError for another value of SAYSO_PULL.
    """
    from sayso.separate.installed import pull

    choice = os.environ.get("SAYSO_PULL") or "ask"
    if choice not in CHOICES:
        raise ConfigError(f"SAYSO_PULL is {choice!r}; expected one of {', '.join(CHOICES)}")
    better = None if choice == "never" else _better(models, targets)
    if better is None:
        return
    told = f"Better {_gain(better)}: {better.download_mb:.0f} MB, {better.weights}."
    if choice == "ask":
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            note(f"{told} `sayso models pull best` fetches what is best; SAYSO_PULL=never is quiet")
            return
        if not _wanted(models, better, told):
            return
    try:
        with progress_bar(better.name) as watch:
            pull(better, models.weight_store, watch=watch)
    except (ModelError, OutputError) as error:
        note(f"{error}. Going on with the models that are here")
    models.renew()


def _better(models: Models, targets: Sequence[str]) -> CatalogueRow | None:
    """The first recommended model that is not here and gains."""
    from sayso.separate.catalogue import find_row, is_installed
    from sayso.separate.public import BEST

    for name in BEST:
        row = find_row(name)
        assert row is not None, "what is recommended is in the catalogue"
        if is_installed(row, models.weight_store) or not row.can_run:
            continue
        # Taking out the voice helps all that is asked of what it leaves.
        asked = [*targets, *(["vocals"] if set(targets) & set(_MUSIC) else [])]
        for target in asked:
            ready = models.rank(target)
            if row.supports(target) and (not ready or row.rank(target) > ready[0].rank(target)):
                return row
    return None


def _gain(row: CatalogueRow) -> str:
    return " and ".join(row.hears) if len(row.hears) < 3 else "stems of music"


def _wanted(models: Models, row: CatalogueRow, told: str) -> bool:
    """What the person says; a no is remembered."""
    declined = models.weight_store.folder / _DECLINED
    try:
        if row.name in declined.read_text().split():
            return False
    except OSError:
        pass
    sys.stderr.write(f"{told} Fetch now? [Y/n] ")
    sys.stderr.flush()
    answer = sys.stdin.readline()
    if answer and answer.strip().lower() in ("", "y", "yes"):
        return True
    try:
        declined.parent.mkdir(parents=True, exist_ok=True)
        with declined.open("a") as out:
            out.write(f"{row.name}\n")
    except OSError:
        pass  # it will be asked again
    return False
