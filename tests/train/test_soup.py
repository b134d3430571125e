import pytest
import torch

from sayso.errors import DataError, ModelError
from sayso.train.checkpoint import read, save_model
from sayso.train.soup import average

META = {"kind": "ask", "config": {"width": 2}}


@pytest.fixture
def models(tmp_path):
    paths = []
    for number, value in enumerate((1.0, 4.0)):
        path = tmp_path / f"{number}.safetensors"
        save_model(path, {"a": torch.full((2,), value), "b": torch.tensor([[value]])}, META)
        paths.append(path)
    return paths


def test_the_mean_of_two_models_keeps_what_they_are(models, tmp_path):
    average(models, tmp_path / "mean.safetensors")
    tensors, metadata = read(tmp_path / "mean.safetensors")
    assert tensors["a"].tolist() == [2.5, 2.5] and tensors["b"].tolist() == [[2.5]]
    assert tensors["a"].dtype == torch.float32
    assert metadata == META


def test_shares_are_of_any_scale(models, tmp_path):
    average(models, tmp_path / "mean.safetensors", shares=(2, 1))
    assert read(tmp_path / "mean.safetensors")[0]["a"].tolist() == [2.0, 2.0]


def test_a_run_is_known_by_its_folder(models, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    models[0].rename(run / "average.safetensors")
    average([run, models[1]], tmp_path / "mean.safetensors")
    assert read(tmp_path / "mean.safetensors")[0]["a"].tolist() == [2.5, 2.5]


@pytest.mark.parametrize("shares", [(1,), (1, 0), (1, 2, 3)])
def test_shares_that_do_not_fit_are_refused(models, tmp_path, shares):
    with pytest.raises(DataError, match="a positive number for each"):
        average(models, tmp_path / "mean.safetensors", shares=shares)


def test_different_networks_have_no_mean(models, tmp_path):
    save_model(models[1], {"a": torch.zeros(3)}, {"kind": "ask", "config": {"width": 3}})
    with pytest.raises(ModelError, match="another network"):
        average(models, tmp_path / "mean.safetensors")
    assert not (tmp_path / "mean.safetensors").exists()
