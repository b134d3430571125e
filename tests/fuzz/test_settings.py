"""Odd configurations: settings within their ranges, or an error of ours that names the file."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.damage import altered, assert_read_or_refused, attacked

from sayso import clean
from sayso.clean.config import config_names
from sayso.clean.config import load_config as load_clean
from sayso.configuration import read_values
from sayso.errors import ConfigError, ModelError
from sayso.separate.demucs_files import read_bag
from sayso.train.config import load_config as load_train

CONFIGS = Path(__file__).parents[2] / "configs"
CLEAN = [
    files(clean.__name__).joinpath("configs", f"{n}.yaml").read_bytes() for n in config_names()
]
TRAIN = [path.read_bytes() for path in sorted(CONFIGS.glob("*.yaml"))]
BAG = yaml.safe_dump({"models": ["a", "b"], "weights": [[1.0, 2.0], [0.5, 0.5]], "segment": 7.8})
KINDS = {
    "clean": (load_clean, CLEAN, ConfigError),
    "train": (load_train, TRAIN, ConfigError),
    "bag": (read_bag, [BAG.encode()], ModelError),
}


@pytest.mark.parametrize("kind", list(KINDS))
def test_damaged_files(tmp_path, kind):
    load, wholes, fault = KINDS[kind]
    path = tmp_path / "a.yaml"

    assert_read_or_refused(path, wholes, load, fault, few=80, named=str(path))


@pytest.mark.parametrize("kind", list(KINDS))
def test_files_that_claim_odd_things(tmp_path, kind):
    load, wholes, fault = KINDS[kind]
    path = tmp_path / "a.yaml"

    @attacked(80)
    @given(altered([yaml.safe_load(whole) for whole in wholes]))
    def attack(document):
        path.write_text(yaml.safe_dump(document), encoding="utf-8")
        try:
            load(path)
        except fault as error:
            assert str(path) in str(error)

    attack()


def test_overrides(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes(CLEAN[0])
    pieces = [
        "a",
        "separation",
        "preprocess",
        ".",
        "=",
        "..",
        "0",
        "[",
        "{",
        ":",
        "&x",
        "*x",
        "!!",
        "\n",
    ]
    text = st.one_of(st.text(max_size=20), st.lists(st.sampled_from(pieces)).map("".join))

    @attacked(150)
    @given(text)
    def attack(override):
        try:
            load_clean(path, [override])
        except ConfigError as error:
            assert str(error)

    attack()


def test_nesting_and_aliases_without_end(tmp_path):
    path = tmp_path / "a.yaml"
    laughs = "a: &a [x, x]\n" + "".join(
        f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n"
        for a, b in zip("abcdefghi", "bcdefghij", strict=True)
    )
    for text in (
        "[" * 100_000,
        "a: " * 10_000,
        "{" * 5000 + "}" * 5000,
        laughs,
        "&a [*a]",
        "a: &a {b: *a}",
    ):
        path.write_text(text)
        with pytest.raises(ConfigError):
            load_clean(path)
        with pytest.raises((ConfigError, ModelError)):
            read_bag(path)
    with pytest.raises(ConfigError):
        read_values(tmp_path)
