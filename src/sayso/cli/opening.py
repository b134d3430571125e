"""From arguments and the environment to a `Studio`."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path
from typing import Any

from sayso.cli.parser import fields
from sayso.studio import Studio


def open_studio(arguments: Namespace) -> Studio:
    """The studio that the options ask for; SAYSO_CACHE moves its cache."""
    options = fields(arguments, "model", "overlap", "threads")
    if arguments.segment is not None:
        options["segment_s"] = arguments.segment
    return Studio(cache=None if arguments.no_cache else cache_folder(), **options)


def cache_folder() -> Path:
    """Where separated stems are kept: SAYSO_CACHE, or the platform's cache folder."""
    chosen = os.environ.get("SAYSO_CACHE")
    if chosen:
        return Path(chosen)
    from platformdirs import user_cache_path

    return user_cache_path("sayso") / "stems"


def output_options(arguments: Namespace) -> dict[str, Any]:
    """How `Result.write` should name and store the tracks."""
    return fields(arguments, "format", "encoding") | {"pattern": arguments.filename}
