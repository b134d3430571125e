"""The published experiment in one go: supervised, then semi-supervised, then both evaluated.

Both arms train the same network from the same start on the same paired songs, each until its
validation error stops falling, and are then heard on the test songs with their best weights. The
configuration is an adversarial run's. Its steps count updates of the critics, too; the supervised
arm gets as many updates of the separator, and is validated as often.

A folder holds one run an arm, and `scores.json` and `scores.csv` once both have been evaluated.

Source: Stoller, Ewert and Dixon 2018, arXiv:1711.00048, and its released code.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sayso.atomic import put
from sayso.errors import Cancelled, ConfigError
from sayso.train import adversarial_task, unet_task
from sayso.train.config import RunConfig
from sayso.train.loop import Report, require_free
from sayso.train.run import run
from sayso.train.song_scores import METRICS, SongScore, score_run, summarise
from sayso.watch import SILENT, Watch

ARMS = ("supervised", "semi-supervised")
_ENDED = "ended.json"


class Arm(NamedTuple):
    """What came of one arm."""

    name: str
    ended: Mapping[str, Any]
    scores: Sequence[SongScore]

    @property
    def medians(self) -> dict[str, dict[str, float]]:
        """Over its test songs, `[source][metric]` in dB."""
        return summarise(self.scores)


def experiment(
    config: RunConfig,
    *,
    resume: bool = False,
    on_progress: Callable[[str, Report], None] = lambda arm, report: None,
    watch: Watch = SILENT,
) -> list[Arm]:
    """Train both arms and evaluate them on the configuration's test songs.

    Args:
        config: of an adversarial run; its folder is the experiment's.
        resume: go on with what the folder holds; an arm that has ended is not trained again.
        on_progress: called with the arm's name and what its training tells.
        watch: progress and cancelling of the evaluation.
    Raises: ConfigError for another kind of run or one without validations, or if the folder holds
        an experiment that is not to be resumed; DataError; Cancelled when a signal ended training.
    """
    configs = arms(config)
    for made in configs.values():
        require_free(made.folder, resume=resume)
    for name, made in configs.items():
        if not (resume and (made.folder / _ENDED).exists()):
            _train(name, made, resume, on_progress)
    done = []
    for number, (name, made) in enumerate(configs.items()):
        part = watch.part(number / len(ARMS), (number + 1) / len(ARMS))
        scores = score_run(made.folder, watch=part)
        ended = json.loads((made.folder / _ENDED).read_text(encoding="utf-8"))
        done.append(Arm(name, ended, scores))
    put(config.folder / "scores.json", json.dumps(as_json(done), indent=1) + "\n")
    put(config.folder / "scores.csv", _as_csv(done))
    return done


def arms(config: RunConfig) -> dict[str, RunConfig]:
    """The runs of both arms, by name. Raises: ConfigError."""
    task, loop = config.task, config.loop
    if not isinstance(task, adversarial_task.Config):
        raise ConfigError(f"an experiment is configured as kind: adversarial, not {config.kind}")
    cycle = task.critic_steps + 1
    if not 0 < loop.validate_steps <= loop.max_steps or loop.validate_steps % cycle:
        raise ConfigError(
            f"loop.validate_steps is {loop.validate_steps}; an experiment needs validations: a "
            f"multiple of {cycle} (critic_steps and one of the separator), at most loop.max_steps"
        )
    paired = unet_task.Config.model_validate(
        {name: getattr(task, name) for name in unet_task.Config.model_fields}
    )
    shorter = loop.model_copy(
        update={
            "max_steps": loop.max_steps // cycle,
            "validate_steps": loop.validate_steps // cycle,
            "warmup_steps": loop.warmup_steps // cycle,
            "cooldown_steps": loop.cooldown_steps // cycle,
        }
    )
    folders = {name: config.folder / name for name in ARMS}
    return {
        ARMS[0]: RunConfig(kind="unet", folder=folders[ARMS[0]], loop=shorter, task=paired),
        ARMS[1]: config.model_copy(update={"folder": folders[ARMS[1]]}),
    }


def as_json(done: Sequence[Arm]) -> dict[str, Any]:
    """Every arm's end, songs and medians as plain values."""
    return {
        arm.name: {
            **arm.ended,
            "songs": {score.title: score.metrics for score in arm.scores if score.metrics},
            "left_out": {score.title: score.left_out for score in arm.scores if score.left_out},
            "medians": arm.medians,
        }
        for arm in done
    }


def _train(
    name: str,
    config: RunConfig,
    resume: bool,
    on_progress: Callable[[str, Report], None],
) -> None:
    outcome = run(config, resume=resume, on_progress=lambda report: on_progress(name, report))
    if outcome.reason == "stopped":
        raise Cancelled(
            f"stopped in the {name} arm at step {outcome.state.step}; --resume goes on from there"
        )
    state = outcome.state
    ended = {
        "ended": outcome.reason,
        "steps": state.step,
        "best_step": state.best_step,
        "validation_mse": -state.best,
        "minutes": round(state.seconds / 60, 2),
    }
    put(config.folder / _ENDED, json.dumps(ended))


def _as_csv(done: Sequence[Arm]) -> str:
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(("training", "song", "source", *METRICS))
    for arm in done:
        for score in arm.scores:
            for source, metrics in score.metrics.items():
                figures = (f"{metrics[name]:.4f}" for name in METRICS)
                rows.writerow((arm.name, score.title, source, *figures))
    return text.getvalue()
