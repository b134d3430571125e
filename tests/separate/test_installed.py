"""The registry and weights on disk: random ones in the published names and layouts."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("demucs")

from demucs.htdemucs import HTDemucs  # noqa: E402

from sayso.checkpoints import WeightStore  # noqa: E402
from sayso.errors import ModelError, RangeError  # noqa: E402
from sayso.networks.dns64 import DNS64, DNS64Config  # noqa: E402
from sayso.separate import Models, load  # noqa: E402
from sayso.separate.audiosep import read_resunet30  # noqa: E402
from sayso.separate.catalogue import find_row, is_installed  # noqa: E402
from sayso.separate.installed import pull, remove, take  # noqa: E402
from sayso.separate.prompts import Prompts  # noqa: E402
from sayso.separate.public import MODELS  # noqa: E402

OPTIONS = {
    "sources": ["drums", "bass", "other", "vocals"],
    "channels": 8,
    "nfft": 512,
    "depth": 3,
    "t_layers": 1,
    "t_heads": 2,
    "samplerate": 8000,
    "segment": Fraction(1),
}


@pytest.fixture
def weight_store(tmp_path):
    return WeightStore(tmp_path / "models")


def put_demucs(weight_store, name="htdemucs_torch"):
    for file in find_row(name).files:
        path = weight_store.path(file)
        path.parent.mkdir(parents=True, exist_ok=True)
        state = HTDemucs(**OPTIONS).state_dict()
        torch.save({"klass": HTDemucs, "args": (), "kwargs": OPTIONS, "state": state}, path)


def test_names_and_files_are_unique_and_complete():
    assert len({model.name for model in MODELS}) == len(MODELS)
    for model in MODELS:
        assert model.code
        assert model.weights
        assert model.files
        for file in model.files:
            assert file.url or file.gated or file.inside
            if file.name.endswith(".th"):
                assert Path(file.name).stem.endswith(file.sha256)


def test_an_installed_model_is_listed_and_loads(weight_store):
    models = Models(weight_store=weight_store, threads=1)
    assert not next(e for e in models.entries() if e.name == "htdemucs_torch").installed
    put_demucs(weight_store)
    entry = next(e for e in models.entries() if e.name == "htdemucs_torch")
    assert entry.installed
    assert "code MIT; weights not stated" in entry.licence
    separator = models.open("htdemucs_torch")
    assert separator.name == separator.engine.name == "htdemucs_torch"
    assert separator.stems == separator.engine.stems == ("drums", "bass", "other", "vocals")
    with pytest.raises(RangeError, match="hears 1 s at a time"):
        models.open("htdemucs_torch", segment_s=9).version  # noqa: B018


def test_a_bag_is_put_together(weight_store):
    put_demucs(weight_store, "htdemucs_ft")
    separator = load("htdemucs_ft", weight_store=weight_store)
    assert separator.engine._weights.tolist() == [
        [float(a == b) for b in range(4)] for a in range(4)
    ]


def test_a_missing_file_says_how_to_get_it(weight_store):
    with pytest.raises(
        ModelError, match=r"htdemucs_torch needs demucs/955717e8-8726e21a\.th.*models pull"
    ):
        load("htdemucs_torch", weight_store=weight_store)
    with pytest.raises(ModelError, match=r"dns64 needs .*CC-BY-NC 4\.0.*then put"):
        load("dns64", weight_store=weight_store)
    with pytest.raises(ModelError, match=r"cannot be fetched for you: its licence"):
        pull(find_row("dns64"), weight_store)


def test_paths_to_checkpoints_of_ones_own(weight_store, tmp_path):
    put_demucs(weight_store)
    path = weight_store.path(find_row("htdemucs_torch").files[0])
    own = load(path, weight_store=weight_store)
    assert own.stems == own.engine.stems == ("drums", "bass", "other", "vocals")
    torch.save(DNS64(DNS64Config(hidden=4, depth=2)).state_dict(), tmp_path / "mine.th")
    denoiser = load(tmp_path / "mine.th", weight_store=weight_store)
    assert denoiser.stems == denoiser.engine.stems == ("speech",)
    with pytest.raises(RangeError, match="sets its own segment"):
        load(tmp_path / "mine.th", weight_store=weight_store, segment_s=3).version  # noqa: B018
    with pytest.raises(ModelError, match="audiosep needs"):
        load(tmp_path / "mine.ckpt", weight_store=weight_store)


def test_import_by_published_name(weight_store, tmp_path):
    model = find_row("cnn14")
    source = tmp_path / "Cnn14_mAP=0.431.pth"
    source.write_bytes(b"1")
    assert take(source, weight_store) == (model, [weight_store.path(model.files[0])])
    labels = tmp_path / "class_labels_indices.csv"
    labels.write_text("a")
    take(labels, weight_store)
    assert is_installed(model, weight_store)
    assert remove(model, weight_store) == 2
    assert not is_installed(model, weight_store)
    wrong = tmp_path / "955717e8-8726e21a.th"
    wrong.write_bytes(b"1")
    with pytest.raises(ModelError, match="its sha256 begins with"):
        take(wrong, weight_store)
    with pytest.raises(ModelError, match=r"a\.bin is no file of a known model.*--model"):
        take(tmp_path / "a.bin", weight_store)


def test_ensembles_and_auto_by_name(weight_store):
    put_demucs(weight_store)
    ensemble = load("2*htdemucs_torch+simple:mask_mean", weight_store=weight_store)
    assert ensemble.name == "2*htdemucs_torch+simple"
    with pytest.raises(ModelError, match="spells no ensemble"):
        load("htdemucs_torch+simple:blend", weight_store=weight_store)
    with pytest.raises(ModelError, match="spells no ensemble"):
        load("x*htdemucs_torch+simple", weight_store=weight_store)
    auto = load("auto", weight_store=weight_store)
    assert auto.route("vocals").model == "htdemucs_torch"
    assert auto.route("noise").model in ("embedded", "simple")


@pytest.mark.parametrize(
    "package", [7, [], "klass", {3: torch.ones(1)}, {"state_dict": 5}, {"state_dict": {3: 1}}]
)
def test_checkpoints_of_anything_else_are_named(weight_store, tmp_path, package):
    path = tmp_path / "a.th"
    torch.save(package, path)
    prompts = Prompts(path, tokens=tmp_path / "vocab.json", merges=tmp_path / "m.txt", kept=None)
    for read in (lambda: load(path, weight_store=weight_store), lambda: read_resunet30(path)):
        with pytest.raises(ModelError, match=r"a\.th: no .*checkpoint"):
            read()
    with pytest.raises(ModelError, match=r"a\.th: it holds no text tower"):
        prompts.embed("a dog")
