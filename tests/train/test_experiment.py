"""Both arms of the published experiment, out of one configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from sayso.errors import ConfigError
from sayso.train.config import parse_config
from sayso.train.experiment import arms

SONGS = {
    part: [{"layout": "folder", "root": part}]
    for part in ("supervised", "unsupervised", "validation", "test")
}


def _values(**loop: int) -> dict:
    return {
        "kind": "adversarial",
        "folder": "runs",
        "loop": {"max_steps": 600, "validate_steps": 60, **loop},
        "task": {"songs": SONGS, "learning_rate": 1e-3, "network": {"output": "linear"}},
    }


def test_both_arms_get_as_many_updates_of_the_separator() -> None:
    made = arms(parse_config(_values(warmup_steps=12), "test"))
    supervised, semi = made["supervised"], made["semi-supervised"]
    assert (supervised.kind, semi.kind) == ("unet", "adversarial")
    assert (supervised.folder, semi.folder) == (
        Path("runs/supervised"),
        Path("runs/semi-supervised"),
    )
    assert (supervised.loop.max_steps, supervised.loop.validate_steps) == (100, 10)
    assert (supervised.loop.warmup_steps, semi.loop.warmup_steps) == (2, 12)
    assert supervised.task.songs == semi.task.songs
    assert supervised.task.network == semi.task.network
    assert supervised.task.learning_rate == 1e-3


@pytest.mark.parametrize("steps", [0, 50, 606])
def test_an_experiment_without_validations_is_refused(steps: int) -> None:
    with pytest.raises(ConfigError, match="needs validations: a multiple of 6"):
        arms(parse_config(_values(validate_steps=steps), "test"))


def test_another_kind_is_refused() -> None:
    values = _values()
    values["kind"] = "unet"
    with pytest.raises(ConfigError, match="kind: adversarial, not unet"):
        arms(parse_config(values, "test"))
