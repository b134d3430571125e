from __future__ import annotations

import pytest

from sayso.errors import ModelError, RangeError, UnknownTargetError
from sayso.separate import catalogue, load, require_supported


def test_every_installed_entry_loads_and_hears_what_it_says():
    for entry in catalogue():
        if entry.installed:
            separator = load(entry.name)
            assert all(separator.supports(target) for target in separator.stems)
            assert set(separator.stems) <= set(entry.hears)


def test_the_default_is_the_best_that_is_installed():
    best = next(entry for entry in catalogue() if entry.installed)
    assert type(load()) is type(load(best.name))


def test_unknown_names_are_told_the_nearest(tmp_path):
    with pytest.raises(ModelError, match="did you mean 'simple'"):
        load("simpel")
    with pytest.raises(ModelError, match="no such file"):
        load(tmp_path / "missing.onnx")
    damaged = tmp_path / "damaged.onnx"
    damaged.write_bytes(b"no graph")
    with pytest.raises(ModelError, match="damaged"):
        load(damaged)
    with pytest.raises(RangeError, match="segment"):
        load("simple", segment_s=0.01)


def test_what_cannot_be_heard_is_said_before_any_work():
    separator = load("simple")
    require_supported(separator, ("vocals", "speech"))
    with pytest.raises(UnknownTargetError, match=r"simple cannot hear tuba; it hears vocals"):
        require_supported(separator, ("vocals", "tuba"))
    with pytest.raises(UnknownTargetError, match=r"hear kick; drums comes nearest; it hears"):
        require_supported(separator, ("kick",), nearest={"kick": "drums"}.get)
