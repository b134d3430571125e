"""Configurations: those that come along, overrides, mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from sayso.clean import config_names, load_config
from sayso.errors import ConfigError


def test_the_packaged_ones_load_and_differ():
    assert config_names() == ("best", "broadcast", "embedded", "fast", "light", "published")
    configs = {name: load_config(name) for name in config_names()}
    assert all(config.name == name for name, config in configs.items())
    assert configs["fast"].separation is None
    assert configs["broadcast"].loudness.lufs == -16
    named = [hearing.model for hearing in configs["published"].separation.separators]
    assert named == ["htdemucs_ft", "mdx_extra_q"]
    assert configs["published"].separation.fusion.kind == "mask_max"


def test_a_stage_is_left_out_or_changed_by_an_override(tmp_path: Path):
    config = load_config("embedded", ["gate=null", "denoise.wet=0.5"])
    assert config.gate is None
    assert config.denoise.wet == 0.5
    path = tmp_path / "mine.yaml"
    path.write_text("loudness: {lufs: -18}")
    mine = load_config(path)
    assert (mine.name, mine.denoise, mine.loudness.lufs) == ("mine", None, -18)


@pytest.mark.parametrize(
    ("name", "override", "said"),
    [
        ("embeded", None, "expected one of best, broadcast, embedded"),
        ("embedded", "denoise.wet=2", "denoise.wet"),
        ("embedded", "reverb={}", "reverb"),
        ("embedded", "separation.separators=[]", "separation.separators"),
    ],
)
def test_what_is_wrong_is_named(name, override, said):
    with pytest.raises(ConfigError, match=said):
        load_config(name, [override] if override else [])
