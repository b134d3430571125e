"""Start or resume the training run that a configuration describes."""

from __future__ import annotations

import importlib
from collections.abc import Callable

import yaml

from sayso.atomic import put
from sayso.train.config import TASKS, RunConfig
from sayso.train.loop import Outcome, Report, fit, require_free


def run(
    config: RunConfig,
    *,
    resume: bool = False,
    on_progress: Callable[[Report], None] = lambda report: None,
) -> Outcome:
    """Train; the folder then holds the configuration beside checkpoints and logs.

    What cannot be resumed stays as it is.

    Raises: ConfigError if the folder holds a run and `resume` is false; ModelError if that one
        cannot be resumed; DataError before training if the data cannot be used; OutputError.
    """
    require_free(config.folder, resume=resume)
    task = importlib.import_module(TASKS[config.kind]).build(config.task)
    text = yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False)
    return fit(
        task,
        config.loop,
        config.folder,
        resume=resume,
        on_progress=on_progress,
        begun=lambda: put(config.folder / "config.yaml", text),
    )
