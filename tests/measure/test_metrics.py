"""The table of metrics is complete: one signature, and every result that is told is explained."""

from __future__ import annotations

import inspect
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import get_args

import numpy as np
import pytest

import sayso.measure
from sayso.audio import Audio
from sayso.clean.config import Measure
from sayso.cli.parser import build_parser
from sayso.errors import DataError
from sayso.measure.compared import Compared
from sayso.measure.metrics import MEANINGS, METRICS, evaluated
from sayso.measure.tags import Tags
from sayso.reports.judging import _JUDGES

RATE = 16_000


@pytest.fixture(scope="module")
def compared():
    """Noisy speech, of a kind, with all that a metric may ask for."""
    rng = np.random.default_rng(1)
    at = np.arange(3 * RATE) / RATE
    speech = (np.sin(2 * np.pi * 150 * at) * (np.sin(2 * np.pi * 3 * at) > 0)).astype(np.float32)
    noise = 0.05 * rng.standard_normal(len(speech)).astype(np.float32)
    judges = {
        "dnsmos": SimpleNamespace(rate=lambda audio, watch: {"sig": 3.0, "bak": 2.0, "ovr": 1.0}),
        "cnn14": SimpleNamespace(tag=lambda audio, watch: Tags(**TAGS)),
    }
    sounds = (Audio(0.3 * x[None], RATE) for x in (speech + noise, speech, noise))
    return Compared(*sounds, heard="a b", said="a c", judge=judges.__getitem__)


TAGS = {"window_s": 10.0, "names": ("Music",), "windows": ((0.25,), (0.75,))}


def test_every_metric_has_one_signature_and_a_row():
    modules = {
        import_module(f"sayso.measure.{path.stem}")
        for path in Path(sayso.measure.__file__).parent.glob("[a-z]*.py")
    }
    found = {module.evaluate for module in modules if hasattr(module, "evaluate")}
    assert found == {metric.evaluate for metric in METRICS.values()}
    for evaluate in found:
        assert list(inspect.signature(evaluate).parameters) == ["compared"]


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_tells_what_its_row_says_and_no_more(name, compared):
    metric = METRICS[name]
    if name == "pesq":
        pytest.importorskip("pesq")
    results = metric.evaluate(compared)
    assert results.keys() == metric.results.keys()
    assert all(np.isfinite(value) for value in results.values())
    assert all(MEANINGS[result].text for result in results)
    if metric.needs and metric.needs != ("heard", "said"):
        with pytest.raises(DataError):
            metric.evaluate(Compared(compared.estimate))


def test_metrics_are_found_by_what_they_need(compared):
    assert "lufs" in evaluated(compared) and "si_sdr" not in evaluated(compared)
    against = evaluated(compared, "reference")
    assert {"sdr", "si_sdr", "stoi", "speech_loss_db"} <= against.keys()
    assert "lufs" not in against
    silent = Compared(compared.estimate, Audio(np.zeros((1, 3 * RATE), np.float32), RATE))
    assert evaluated(silent, "reference") == {}


def test_what_takes_a_model_or_a_transcript_is_asked_for_by_name():
    chosen = {name for name, metric in METRICS.items() if {"judge", "said"} & {*metric.needs}}
    assert chosen == {*get_args(Measure)}
    flags = [f"--{name}" for name in chosen]
    assert set(build_parser().parse_args(["measure", "out", *flags]).measures) == chosen
    assert {"dnsmos", "cnn14"} == _JUDGES.keys()
