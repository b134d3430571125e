"""The registry: what is here, what it hears without any weights, and what is kept loaded."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from sayso.audio import Audio
from sayso.checkpoints import WeightFile, WeightStore
from sayso.errors import ModelError, RangeError, UnknownTargetError
from sayso.separate import Models, load, require_supported
from sayso.separate.catalogue import OWN, ROWS, find_row, is_installed
from sayso.separate.row import CatalogueRow, ranked

TINY = Path(__file__).parent / "stored" / "tiny.onnx"


@pytest.fixture
def models(tmp_path):
    return Models(weight_store=WeightStore(tmp_path / "models"), threads=1)


def row(**changes):
    told = {"code": "MIT", "weights": "MIT", "quality": "", "cost": "", "kind": "simple"}
    return CatalogueRow(**told | changes)


def test_every_installed_entry_hears_what_it_says(models):
    installed = [entry for entry in models.entries() if entry.installed]
    assert [entry.name for entry in installed] == ["embedded", "simple", "deepfilternet3"]
    for entry in installed:
        separator = models.open(entry.name)
        assert separator.name == entry.name
        assert separator.hears == entry.hears
        assert all(separator.supports(target) for target in separator.stems)
        assert set(separator.stems) <= set(entry.hears)


def test_the_default_is_the_best_that_is_here(models):
    assert models.open().route("vocals").model == "embedded"
    assert load().name == models.separator.name == "auto"


@pytest.mark.parametrize("row", [row for row in ROWS if row.separates], ids=lambda row: row.name)
def test_every_row_names_a_module_that_loads_it_and_says_how_good_it_is(row):
    module = import_module(f"sayso.separate.{row.kind}")
    assert callable(module.load)
    assert not row.taught or callable(module.card)
    assert set(row.ranks) <= {"music", "speech", "sounds", *row.hears}
    assert all(row.rank(stem) > 0 for stem in row.stems)


def test_what_has_no_files_is_not_installed(tmp_path):
    store = WeightStore(tmp_path)
    assert not is_installed(row(name="empty", hears=("vocals",)), store)
    one = row(name="one", hears=("vocals",), files=(WeightFile(name="a"), WeightFile(name="b")))
    (tmp_path / "a").write_bytes(b"1")
    assert not is_installed(one, store)
    (tmp_path / "b").write_bytes(b"1")
    assert is_installed(one, store)


def test_the_package_holds_both_graphs_of_the_embedded_model(monkeypatch, tmp_path):
    monkeypatch.setattr("sayso.separate.catalogue.files", lambda package: tmp_path)
    embedded = find_row("embedded")
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "sayso.onnx").write_bytes(TINY.read_bytes())
    assert not is_installed(embedded, WeightStore(tmp_path))
    assert Models(weight_store=WeightStore(tmp_path)).open().route("vocals").model == "simple"


def test_a_target_ranks_the_models_that_support_it(models):
    # A package in which others' weights lie may be installed here.
    own = {t: [row.name for row in models.rank(t) if row.packaged] for t in ("vocals", "dog")}
    assert own == {"vocals": ["embedded", "simple"], "dog": ["embedded"]}
    assert models.rank("zzxqv") == []
    best = {target: ranked(ROWS, target)[0].name for target in ("vocals", "speech", "dog")}
    assert best == {"vocals": "htdemucs_ft", "speech": "deepfilternet3", "dog": "audiosep"}
    # A word about one target outweighs one about all of its kind; equals keep their order.
    rows = [
        row(name="a", ranks={"music": 50}),
        row(name="b", ranks={"music": 10, "drums": 60}),
        row(name="c", ranks={"music": 50}),
    ]
    assert [r.name for r in ranked(rows, "drums")] == ["b", "a", "c"]
    assert [r.name for r in ranked(rows, "bass")] == ["a", "c", "b"]


def test_a_model_that_cannot_run_here_is_never_chosen(monkeypatch, models):
    lame = row(name="lame", hears=("vocals",), packaged=True, needs=("no_such_module",))
    monkeypatch.setattr("sayso.separate.models.ROWS", (lame, *OWN))
    assert next(e for e in models.entries() if e.name == "lame").installed
    assert "lame" not in [row.name for row in models.ready()]
    assert models.open("auto").route("vocals").model == "embedded"


def test_what_it_hears_is_answered_without_weights(tmp_path):
    program = """if True:
        import sys
        from pathlib import Path
        from sayso.separate import Models

        models = Models()
        for name in (None, "auto", "embedded+simple", sys.argv[1]):
            separator = models.open(name)
            assert separator.supports("vocals") and separator.route("vocals").trained
        assert models.rank("drums") and models.entries()
        print([m for m in ("onnxruntime", "torch", "scipy.signal") if m in sys.modules])
    """
    command = [sys.executable, "-c", program, str(TINY)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_weights_are_loaded_once_and_let_go(models):
    mix = Audio(np.zeros((1, 4000), np.float32), 8000)
    first = models.open(TINY)
    first.separate(mix, ["vocals"])
    engine = first.engine
    assert models.open(str(TINY)).engine is engine
    assert models.open(TINY, segment_s=2.0).engine is not engine
    models.release()
    assert first.engine is not engine


def test_the_least_recently_used_goes_first(tmp_path):
    models = Models(weight_store=WeightStore(tmp_path), kept=2)
    made = []
    for key in "abacab":
        models.use(key, lambda key=key: made.append(key))
    assert made == ["a", "b", "c", "b"]


def test_a_model_of_ones_own_that_changed_is_opened_anew(models, tmp_path):
    for name in ("tiny.onnx", "tiny.ask.onnx"):
        shutil.copy(TINY.with_name(name), tmp_path / name)
    path = tmp_path / "tiny.onnx"
    engine = models.open(path).engine
    path.write_bytes(path.read_bytes())
    assert models.open(path).engine is not engine
    (tmp_path / "tiny.ask.onnx").unlink()
    with pytest.raises(ModelError, match=r"tiny\.ask\.onnx: there is no such file"):
        models.open(path)


def test_stems_are_kept_where_asked(tmp_path, noise):
    models = Models("simple", cache=tmp_path / "stems")
    first = models.separate(noise(0.3), ["vocals"])["vocals"]
    assert len(list((tmp_path / "stems").iterdir())) == 1
    again = models.separate(noise(0.3), ["vocals"])["vocals"]
    assert np.array_equal(first.samples, again.samples)


def test_unknown_names_are_told_the_nearest(models, tmp_path):
    with pytest.raises(ModelError, match="did you mean 'simple'"):
        models.open("simpel")
    with pytest.raises(ModelError, match="recognises sounds and separates none"):
        models.open("whisper")
    with pytest.raises(ModelError, match="there is no model 'nobody'"):
        models.files("nobody")
    with pytest.raises(ModelError, match="no such file"):
        models.open(tmp_path / "missing.onnx")
    damaged = tmp_path / "damaged.onnx"
    damaged.write_bytes(b"no graph")
    with pytest.raises(ModelError, match="damaged"):
        models.open(damaged)


@pytest.mark.parametrize(
    ("cutting", "match"),
    [
        ({"segment_s": 0.01}, "segment 0.01"),
        ({"segment_s": 1e9}, "segment 1e"),
        ({"overlap": 0.9}, "overlap 0.9"),
        ({"overlap": -1}, "overlap -1"),
        ({"segment_s": float("nan")}, "segment nan"),
    ],
)
def test_impossible_cutting_is_refused_at_once(models, cutting, match):
    with pytest.raises(RangeError, match=match):
        models.open("simple", **cutting)


def test_what_cannot_be_heard_is_said_before_any_work(models):
    separator = models.open("simple")
    require_supported(separator, ("vocals", "speech"))
    with pytest.raises(UnknownTargetError, match=r"simple cannot hear tuba; it hears vocals"):
        separator.separate(Audio(np.zeros((1, 100), np.float32), 8000), ["vocals", "tuba"])
    with pytest.raises(UnknownTargetError, match=r"hear kick; drums comes nearest; it hears"):
        require_supported(separator, ("kick",), nearest={"kick": "drums"}.get)
    with pytest.raises(UnknownTargetError, match=r"hear tuba; it hears all that is low"):
        require_supported(separator, ("tuba",), hears=["all that is low"])
